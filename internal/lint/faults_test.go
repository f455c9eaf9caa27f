package lint

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The tests and scripts that docs/reliability.md and SECURITY.md name exist.
func TestFaultsHaveTests(t *testing.T) {
	var tests strings.Builder
	for _, s := range load(t).sources {
		if s.test {
			b, err := os.ReadFile("../../" + s.path)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(b)
		}
	}
	named, faults := 0, 0
	for _, page := range []string{"docs/reliability.md", "SECURITY.md"} {
		text := read(t, page)
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`").FindAllStringSubmatch(text, -1) {
			named++
			if !strings.Contains(tests.String(), "\nfunc "+m[1]+"(") {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
		for _, line := range regexp.MustCompile(`(?m)^.*\bscripts? .*$`).FindAllString(text, -1) {
			_, list, _ := strings.Cut(line, "script")
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(list, -1) {
				if _, err := os.Stat("../../cmd/sentiment/testdata/script/" + m[1] + ".txtar"); err != nil {
					t.Errorf("%s names the script %s: %v", page, m[1], err)
				}
			}
		}
		faults += strings.Count(text, "\n| ")
	}
	if named < 100 || faults < 50 {
		t.Errorf("found %d names of tests in %d rows of tables", named, faults)
	}
}

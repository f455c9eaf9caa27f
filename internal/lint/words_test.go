package lint

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// foreign matches what says more about the machine that a file was written on
// than about the project: absolute paths, private hosts, unfinished places.
var foreign = regexp.MustCompile(strings.Join([]string{
	`(^|[\s"'=(:` + "`" + `])/(work|home|root|Users)/[A-Za-z0-9._-]+`,
	`\b[a-z0-9-]+\.(internal|corp|lan|intranet)\b(/|:[0-9])`,
	`\bhttps?://(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.)`,
	`\b(TODO|FIXME|XXX)\b`,
}, "|"))

func TestTrackedFilesSpeakOfTheProjectAlone(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	cmd.Dir = "../.."
	list, err := cmd.Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		if strings.Contains(name, "testdata/") || strings.HasSuffix(name, "words_test.go") || strings.HasSuffix(name, ".s") || name == "LICENSE" {
			continue
		}
		b, err := os.ReadFile("../../" + name)
		if err != nil || bytes.IndexByte(b[:min(len(b), 8000)], 0) >= 0 {
			continue // deleted in the working tree, or binary
		}
		for i, line := range bytes.Split(b, []byte("\n")) {
			if m := foreign.Find(line); m != nil {
				t.Errorf("%s:%d: %q has no place in the project", name, i+1, m)
			}
		}
	}
}

func TestForeign(t *testing.T) {
	for line, want := range map[string]bool{
		`open("/home/jane/data.tsv")`: true, // lint: ok
		"see /root/go/bin":            true,
		"// TODO: later":              true,
		"http://192.168.1.5/x":        true,
		"/tmp/x.model":                false,
		"the root of the work":        false,
		"https://go.dev/root/":        false,
	} {
		if foreign.MatchString(line) != want {
			t.Errorf("%q: foreign is %t, want %t", line, !want, want)
		}
	}
}

package lint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// fronted matches a sentence or a clause that begins with "of", as those of TestFronted
// do. Readers have to turn it round.
var (
	fronted = regexp.MustCompile(`(?:(?:^|[.;:!?] )Of (\w+))|` +
		`[,;:(] ?(?:and |but |or )?of (?:an?|the|these|those|either|each|both|all|any|such|several|two|many|equal|texts?|words?)` +
		`(?: [\w'-]+){1,6}? (?:(?:that|those) of|from (?:its|their)|the first|the last|only|none|neither|there is|it is|they are)\b`)
	notFronted = []string{"course", "returns", "knows", "yields"} // the others are functions called Of
)

func frontedIn(text string) string {
	for _, m := range fronted.FindAllStringSubmatch(strings.Join(strings.Fields(text), " "), -1) {
		if !slices.Contains(notFronted, m[1]) {
			return m[0]
		}
	}
	return ""
}

func TestPlainEnglish(t *testing.T) {
	tree := load(t)
	for _, s := range tree.sources {
		for _, c := range s.ast.Comments {
			if of := frontedIn(c.Text()); of != "" {
				t.Errorf("%s: %q: put the subject first", tree.at(s, c.Pos()), of)
			}
		}
	}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/tutorials/*.md", "pretrained/*.md", "bench/*.md"} {
		pages, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			b, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for paragraph := range strings.SplitSeq(string(b), "\n\n") {
				if of := frontedIn(paragraph); of != "" && filepath.Base(page) != filepath.Base(thirdParty) {
					t.Errorf("%s: %q: put the subject first", page, of)
				}
			}
		}
	}
}

func TestFronted(t *testing.T) {
	for text, want := range map[string]bool{
		"Encoder returns the encoder of n, of an ensemble that of the first member.": true,
		"They are read anew; of a stream those of\nthe window.":                      true,
		"Words are counted. Of a word the first 64 bytes count.":                     true,
		"FromClassifier returns the start, of an ensemble from its first member.":    true,
		"Of returns the buckets of a word. Of course.":                               false,
		"The names of the heads, of the labels and of the texts are kept.":           false,
		"the norm of the weights":                                                    false,
	} {
		if got := frontedIn(text); (got != "") != want {
			t.Errorf("%q: found %q, want one: %t", text, got, want)
		}
	}
}

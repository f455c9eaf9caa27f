package corpora

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A label is spelled as the files have it, where they agree.
func TestSpelling(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  map[string]string
	}{
		{"one way", []string{"pos\na,neg\nb,pos"}, map[string]string{"negative": "neg", "positive": "pos"}},
		{"capitals", []string{"Positive\na,NEG\nb,other"}, map[string]string{"negative": "NEG", "positive": "Positive"}},
		{"as it is read", []string{"negative\na,positive"}, map[string]string{}},
		{"two ways", []string{"pos\na,positive\nb,neg\nc,pos"}, map[string]string{"negative": "neg"}},
		{"two files that agree", []string{"pos", "pos\na,neg"}, map[string]string{"negative": "neg", "positive": "pos"}},
		{"two that do not", []string{"pos\na,neg", "Pos\na,other"}, map[string]string{"negative": "neg"}},
		{"one of them as it is read", []string{"pos", "positive"}, map[string]string{}},
	} {
		all := &Dataset{}
		for _, content := range tt.files {
			r, err := New(strings.NewReader("text,label\nx,"+content+"\n"), "a.csv", Options{})
			if err != nil {
				t.Fatal(err)
			}
			d, err := ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := all.Append(d); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(tt.want, all.Spelling(0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

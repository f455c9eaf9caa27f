package checklist

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const small = `
capability = "negation"
[[test]]
name = "not good"
type = "MFT"
want = ["negative"]
texts = ["The {thing} was not {good}.", "I didn't like it."]
fill.thing = ["food", "film"]
fill.good = ["good", "great"]
[[test]]
name = "contractions"
type = "INV"
pairs = [["I don't like it.", "I do not like it.", "I dont like it."]]
[[test]]
capability = "entities"
name = "places"
type = "INV"
vary = "place"
texts = ["Our {thing} in {place} was filthy."]
fill.place = ["Oslo", "Lagos", "London"]
fill.thing = ["hotel", "flat"]
[[test]]
name = "stronger"
type = "DIR"
up = "positive"
tolerance = 0.05
pairs = [["It was {good}.", "It was very {good}."]]
fill.good = ["good", "nice"]
`

func parse(t *testing.T, text string) Suite {
	t.Helper()
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSlotsMakeEveryCombination(t *testing.T) {
	var got [][][]string
	for _, one := range parse(t, small) {
		got = append(got, one.Cases)
	}
	want := [][][]string{
		{{"The food was not good."}, {"The food was not great."}, {"The film was not good."}, {"The film was not great."}, {"I didn't like it."}},
		{{"I don't like it.", "I do not like it."}, {"I don't like it.", "I dont like it."}},
		{
			{"Our hotel in Oslo was filthy.", "Our hotel in Lagos was filthy."}, {"Our hotel in Oslo was filthy.", "Our hotel in London was filthy."},
			{"Our flat in Oslo was filthy.", "Our flat in Lagos was filthy."}, {"Our flat in Oslo was filthy.", "Our flat in London was filthy."},
		},
		{{"It was good.", "It was very good."}, {"It was nice.", "It was very nice."}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	const head = "capability = 'c'\n[[test]]\nname = 'n'\n"
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "no [[test]]"},
		{"no TOML", "[[test", "toml"},
		{"an unknown key", head + "type = 'MFT'\nwant = ['a']\ntext = ['x']", "unknown key test.text"},
		{"no name", "[[test]]\ntype = 'MFT'", "no name"},
		{"no capability", "[[test]]\nname = 'n'", "no capability"},
		{"no type", head, `type ""`},
		{"another type", head + "type = 'mft'", `type "mft", want MFT, INV or DIR`},
		{"an MFT without labels", head + "type = 'MFT'\ntexts = ['x']", "MFT tests, and no others, want labels"},
		{"an INV with labels", head + "type = 'INV'\nwant = ['a']\npairs = [['x', 'y']]", "MFT tests, and no others, want labels"},
		{"an empty label", head + "type = 'MFT'\nwant = ['']\ntexts = ['x']", "a label is empty"},
		{"a DIR without direction", head + "type = 'DIR'\npairs = [['x', 'y']]", "a label that goes up"},
		{"tolerance of an MFT", head + "type = 'MFT'\nwant = ['a']\ntolerance = 0.1\ntexts = ['x']", "tolerance = 0.1"},
		{"tolerance above 1", head + "type = 'INV'\ntolerance = 2.0\npairs = [['x', 'y']]", "tolerance = 2"},
		{"tolerance that is no number", head + "type = 'INV'\ntolerance = nan\npairs = [['x', 'y']]", "tolerance = NaN"},
		{"pairs of an MFT", head + "type = 'MFT'\nwant = ['a']\npairs = [['x', 'y']]", "neither pairs nor vary"},
		{"texts of an INV", head + "type = 'INV'\ntexts = ['x']", "pairs, or texts and vary"},
		{"a pair of one", head + "type = 'INV'\npairs = [['x']]", "1 texts, want at least 2"},
		{"no texts", head + "type = 'INV'", "no texts"},
		{"an empty text", head + "type = 'MFT'\nwant = ['a']\ntexts = [' ']", "an empty text"},
		{"an open brace", head + "type = 'MFT'\nwant = ['a']\ntexts = ['x {y']", "brace"},
		{"a closed brace", head + "type = 'MFT'\nwant = ['a']\ntexts = ['x } y {z}']", "brace"},
		{"a slot that nothing fills", head + "type = 'MFT'\nwant = ['a']\ntexts = ['x {y}']", "nothing fills the slot {y}"},
		{"a filling without slot", head + "type = 'MFT'\nwant = ['a']\ntexts = ['x']\nfill.y = ['z']", "fill.y fills no slot"},
		{"vary without slot", head + "type = 'INV'\nvary = 'y'\ntexts = ['x']", `vary = "y"`},
		{"vary of one word", head + "type = 'INV'\nvary = 'y'\ntexts = ['x {y}']\nfill.y = ['z']", "at least two"},
		{"a case twice", head + "type = 'MFT'\nwant = ['a']\ntexts = ['x', 'x']", `"n" and again of "n"`},
		{"too many cases", head + "type = 'MFT'\nwant = ['a']\ntexts = ['" + strings.Repeat("{y}", 18) + "']\nfill.y = ['a', 'b']\n" +
			"[[test]]\nname = 'n'\ntype = 'MFT'\nwant = ['a']\ntexts = ['{a}{b}{c}{d}{e}{f}']\n" + wide("abcdef"), "more than 20000 cases"},
	} {
		_, err := Parse([]byte(test.text))
		if !errors.Is(err, ErrSuite) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// wide fills slots with ten words each.
func wide(slots string) string {
	var b strings.Builder
	for _, s := range slots {
		fmt.Fprintf(&b, "fill.%c = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']\n", s)
	}
	return b.String()
}

// broken is a classifier that fails.
func broken(context.Context, []string) ([][]float32, error) { return nil, errors.New("out of order") }

func answers(table map[string][]float32, other []float32) Classifier {
	return func(_ context.Context, texts []string) ([][]float32, error) {
		var out [][]float32
		for _, text := range texts {
			p, ok := table[text]
			if !ok {
				p = other
			}
			out = append(out, p)
		}
		return out, nil
	}
}

func TestRunJudgesByType(t *testing.T) {
	s := parse(t, small)
	r, err := s.Run(t.Context(), []string{"negative", "positive"}, answers(map[string][]float32{
		"The film was not great.":        {0.4, 0.6},   // wrong
		"I do not like it.":              {0.45, 0.55}, // another label, but within 0.1 of 0.54
		"I dont like it.":                {0.3, 0.7},   // further off
		"I don't like it.":               {0.54, 0.46},
		"Our flat in London was filthy.": {0.6, 0.4}, // far, but the same label
		"It was good.":                   {0.3, 0.7},
		"It was very good.":              {0.32, 0.68}, // within 0.05
		"It was nice.":                   {0.3, 0.7},
		"It was very nice.":              {0.4, 0.6}, // too low, the label the same
	}, []float32{0.9, 0.1}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Rate{
		{"negation", MFT, "", 5, 4, 0.8},
		{"negation", INV, "", 2, 1, 0.5},
		{"entities", INV, "", 4, 4, 1},
		{"negation", DIR, "", 2, 1, 0.5},
	}
	if diff := cmp.Diff(want, r.Rates); diff != "" {
		t.Error(diff)
	}
	if r.All.Cases != s.Len() || r.All.Passed != 10 || r.Skipped != 0 || len(r.Types) != 3 || len(r.Tests) != 4 {
		t.Errorf("all %+v, skipped %d, types %v", r.All, r.Skipped, r.Types)
	}
	var failed []string
	for _, f := range r.Failures {
		last := f.Answers[len(f.Answers)-1]
		failed = append(failed, fmt.Sprintf("%s %.2f %s", last.Label, last.Prob, last.Text))
	}
	if diff := cmp.Diff([]string{"positive 0.60 The film was not great.", "positive 0.70 I dont like it.", "positive 0.60 It was very nice."}, failed); diff != "" {
		t.Error(diff)
	}
}

func TestTestsOfOtherLabelsAreSkipped(t *testing.T) {
	r, err := parse(t, small).Run(t.Context(), []string{"positive", "rest"}, answers(nil, []float32{0.5, 0.5}))
	if err != nil {
		t.Fatal(err)
	}
	if r.Skipped != 5 || r.All.Cases != 8 {
		t.Errorf("%d skipped, %d cases; want the 5 that want negative skipped", r.Skipped, r.All.Cases)
	}
}

func TestRunRefusesWhatAreNoProbabilities(t *testing.T) {
	s := parse(t, small)
	for name, c := range map[string]Classifier{
		"out of order":      broken,
		"0 answers":         func(context.Context, []string) ([][]float32, error) { return nil, nil },
		"1 probabilities":   answers(nil, []float32{1}),
		"probability 2 for": answers(nil, []float32{2, -1}),
	} {
		if _, err := s.Run(t.Context(), []string{"negative", "positive"}, c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

// What the default suite promises: docs and results speak of it.
func TestDefaultSuite(t *testing.T) {
	s := Default()
	written, cases := 0, map[string]int{}
	for _, one := range s {
		written += one.Written
		cases[one.Capability] += len(one.Cases)
	}
	t.Logf("%d cases of %d written texts and groups, %d tests, %d capabilities", s.Len(), written, len(s), len(cases))
	if s.Len() < 600 || written < 350 {
		t.Errorf("%d cases of %d written, want at least 600 of 350", s.Len(), written)
	}
	for c, n := range cases {
		if n < 15 {
			t.Errorf("%s has %d cases, want at least 15", c, n)
		}
	}
	if diff := cmp.Diff([]string{"negative", "neutral", "positive"}, s.Labels()); diff != "" {
		t.Error(diff)
	}
	names := map[string]bool{}
	for _, one := range s {
		key := one.Capability + ": " + one.Name
		if names[key] {
			t.Errorf("two tests are called %s", key)
		}
		names[key] = true
		for _, c := range one.Cases {
			if len(c) == 2 && c[0] == c[1] {
				t.Errorf("%s: nothing changes in %q", key, c)
			}
		}
	}
}

// Blame and praise of the suite are in balance, so that no constant answer does
// well.
func TestDefaultSuiteIsBalanced(t *testing.T) {
	count, all := map[string]int{}, 0
	for _, one := range Default() {
		if one.Type == MFT && len(one.Want) == 1 {
			count[one.Want[0]] += len(one.Cases)
			all += len(one.Cases)
		}
	}
	t.Log(count)
	for label, n := range count {
		if share := float64(n) / float64(all); share < 0.1 || share > 0.5 {
			t.Errorf("%.0f %% of the MFT cases want %s", 100*share, label)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("capability = 'c'\n[[test]]\nname = 'n'\ntype = 'DIR'\nup = 'a'\nvary = 'x'\ntexts = ['{x}{x}']\nfill.x = ['a', 'b']"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrSuite) {
				t.Fatalf("%v is not ErrSuite", err)
			}
			return
		}
		labels := append(s.Labels(), "other")
		row := make([]float32, len(labels))
		row[0] = 1
		r, err := s.Run(t.Context(), labels, answers(nil, row))
		if err != nil {
			t.Fatal(err)
		}
		if r.All.Cases != s.Len() || r.All.Passed+len(r.Failures) != s.Len() || s.Len() == 0 {
			t.Fatalf("%d cases, %d passed, %d failed of %d", r.All.Cases, r.All.Passed, len(r.Failures), s.Len())
		}
		for _, f := range r.Failures {
			if f.Type != MFT {
				t.Fatalf("a constant answer fails %+v", f)
			}
		}
	})
}

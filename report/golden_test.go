package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden from what the code prints")

// golden compares what write prints with testdata/name.golden.
func golden(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s (-golden +got):\n%s", path, d)
	}
}

// hostile is text that tries to leave its cell.
const hostile = "pos|x <b>&\x1b[31m\tred\r\nline \u202eright\u009b \"q\" `c` [l](http://h) \xff"

func hostileTable() ([]string, [][]any) {
	return []string{"label", "n", "f1", "note " + hostile}, [][]any{
		{hostile, 3, 0.5, nil},
		nil,
		{"中文标签", 12345, float32(0.1), "é́ 👩‍👩‍👧 ok"},
		{"-", -1, math.NaN(), "=1+1"},
	}
}

func TestTableStyles(t *testing.T) {
	header, rows := hostileTable()
	for _, style := range report.Styles() {
		t.Run(string(style), func(t *testing.T) {
			golden(t, "table_"+string(style), func(w io.Writer) error { return report.Table(w, header, rows, style) })
		})
	}
}

// obeyed are characters and bytes that a terminal may obey: every control code,
// alone and in a row, C1 codes in one byte and in two, line ends, and what turns
// the direction of the text.
func obeyed() []string {
	var list []string
	for r := range rune(0xa0) {
		if r < ' ' || r >= 0x7f {
			list = append(list, string(r))
		}
	}
	for b := 0x80; b < 0x100; b++ {
		list = append(list, string([]byte{byte(b)}))
	}
	for r := range unicode.Bidi_Control.R16 {
		for c := unicode.Bidi_Control.R16[r].Lo; c <= unicode.Bidi_Control.R16[r].Hi; c++ {
			list = append(list, string(rune(c)))
		}
	}
	return append(list, "\u2028", "\u2029", "\x1b]0;title\x07", "\x9b31m", "\xc2", "\xed\xa0\x80", "\u202e\u0007\x1b[2J")
}

// checkClean reports what of s a terminal may obey, but for the characters kept.
func checkClean(t *testing.T, what, s, kept string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%s prints bytes that are no text: %q", what, s)
	}
	for _, r := range s {
		if (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029') && !strings.ContainsRune(kept, r) {
			t.Errorf("%s prints %U: %.1000q", what, r, s)
			return
		}
	}
}

func TestClean(t *testing.T) {
	for _, bad := range obeyed() {
		for _, s := range []string{bad, "a" + bad + "b", bad + "é 中 👩‍👩‍👧"} {
			got := report.Clean(s)
			checkClean(t, "Clean", got, "")
			if again := report.Clean(got); again != got {
				t.Errorf("Clean(%q) is %q, and %q when it is cleaned again", s, got, again)
			}
		}
	}
	for in, want := range map[string]string{
		"":                          "",
		"plain é 中 👩‍👩‍👧":           "plain é 中 👩‍👩‍👧",
		"a\x1b[31mb\r\n\tc\x7f":     "a [31mb   c ",
		"a\x9b31mb":                 "a\ufffd31mb",
		"a\u009b31mb":               "a 31mb",
		"\ufffd":                    "\ufffd",
		"\u202egpj.exe\u2066\u200f": "gpj.exe",
		"two\u2028lines\u2029":      "two lines ",
	} {
		if got := report.Clean(in); got != want {
			t.Errorf("Clean(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestParseStyle(t *testing.T) {
	for _, s := range report.Styles() {
		if got, err := report.ParseStyle(strings.ToUpper(string(s))); got != s || err != nil {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
	if got, err := report.ParseStyle("markdown"); got != report.Markdown || err != nil {
		t.Errorf("markdown: %s, %v", got, err)
	}
	if got, err := report.ParseStyle("xml"); err == nil || !strings.Contains(err.Error(), `"jsonl"`) {
		t.Errorf("xml: %s, %v", got, err)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range obeyed() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkClean(t, "Clean", report.Clean(s), "") })
}

// TestNoControlCharacters holds every style to what a terminal may be shown,
// wherever the text stands: in a header, a cell, an evaluation or a comparison.
// JSON escapes them; see TestJSONKeepsTheText.
func TestNoControlCharacters(t *testing.T) {
	for _, style := range report.Styles() {
		kept := "\n"
		if style == report.TSV {
			kept = "\n\t"
		}
		check := func(what string, write func(io.Writer) error) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			checkClean(t, fmt.Sprintf("%s of %s", style, what), b.String(), kept)
		}
		bad := strings.Join(obeyed(), "x")
		var rows [][]any
		for _, s := range append(obeyed(), hostile) {
			rows = append(rows, []any{s, 1}, []any{"x" + s + "y", s})
		}
		check("a table", func(w io.Writer) error { return report.Table(w, []string{"text", "n"}, rows, style) })
		check("a header", func(w io.Writer) error { return report.Table(w, []string{"h" + bad, bad}, [][]any{{1, 2}}, style) })
		p := predictions()
		p.Head += bad
		p.Labels = []string{"negative" + bad, "neutral", bad}
		for i := range p.Rows {
			r := &p.Rows[i]
			r.ID, r.Text, r.Source, r.Language = bad+r.ID, bad+r.Text, r.Source+bad, bad
		}
		e, err := evaluate.New(p, evaluate.Options{Resamples: 10, Seed: 1, Slices: true, Mistakes: 3, Coverage: true, Abstain: 0.6, Precision: 0.35})
		if err != nil {
			t.Fatal(err)
		}
		q := *p
		q.Predicted, q.Probs = make([]int, p.Len()), nil
		c, err := evaluate.Compare(p, &q, evaluate.CompareOptions{Resamples: 10, Seed: 1, Changes: 2})
		if err != nil {
			t.Fatal(err)
		}
		pair := report.Comparison{A: "a" + bad, B: bad, Comparison: c}
		check("evaluations", func(w io.Writer) error { return report.Write(w, style, e, e) })
		check("a brief evaluation", func(w io.Writer) error { return report.WriteBrief(w, style, e) })
		check("comparisons", func(w io.Writer) error { return report.WriteComparisons(w, style, pair, pair) })
		check("a brief comparison", func(w io.Writer) error { return report.WriteBriefComparisons(w, style, pair) })
		if style == report.Text || style == report.Markdown {
			check("sections", func(w io.Writer) error {
				return report.WriteSections(w, style, report.Section{Title: bad, Header: []string{bad}, Rows: [][]any{{bad}}})
			})
			check("a classification report", func(w io.Writer) error {
				_, err := io.WriteString(w, report.ClassificationReport(e, 2))
				return err
			})
		}
		for n := 1; n < 20; n++ {
			checkClean(t, "an excerpt", report.Excerpt(bad, n), "")
		}
	}
}

func TestTablesCanBeReadBack(t *testing.T) {
	header, rows := hostileTable()
	var b bytes.Buffer
	if err := report.Table(&b, header, rows, report.CSV); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 4 || records[2][0] != "中文标签" || records[2][2] != "0.1" || records[3][2] != "" {
		t.Errorf("CSV read back: %q", records)
	}
	b.Reset()
	if err := report.Table(&b, header, rows, report.JSON); err != nil {
		t.Fatal(err)
	}
	var objects []map[string]any
	if err := json.Unmarshal(b.Bytes(), &objects); err != nil {
		t.Fatal(err)
	}
	if len(objects) != 3 || objects[0]["label"] != strings.ToValidUTF8(hostile, "\ufffd") || objects[2]["f1"] != nil || objects[1]["n"] != 12345.0 {
		t.Errorf("JSON read back: %q", objects)
	}
	b.Reset()
	if err := report.Table(&b, header, nil, report.JSON); err != nil || strings.TrimSpace(b.String()) != "[]" {
		t.Errorf("no rows as JSON: %q, %v", b.String(), err)
	}
}

func TestTableErrors(t *testing.T) {
	if err := report.Table(io.Discard, []string{"a", "b"}, [][]any{{1}}, report.Text); err == nil || !strings.Contains(err.Error(), "row 0 has 1 cells, the header has 2") {
		t.Errorf("short row: got error %v", err)
	}
	if err := report.Table(io.Discard, nil, nil, "yaml"); err == nil || !strings.Contains(err.Error(), `no style "yaml"`) {
		t.Errorf("unknown style: got error %v", err)
	}
	if s, err := report.ParseStyle("Markdown"); err != nil || s != report.Markdown {
		t.Errorf("ParseStyle(Markdown) = %q, %v", s, err)
	}
}

// predictions is a small head with every optional part.
func predictions() *evaluate.Predictions {
	p := &evaluate.Predictions{Head: "sentiment", Labels: []string{"negative", "neutral", "posi|tive"}}
	for i := range 24 {
		probs := []float32{0.1, 0.2, 0.7}
		probs[i%3], probs[2] = probs[2], probs[i%3]
		p.Add((i+i/8)%3, probs, evaluate.Row{
			ID: string(rune('a' + i)), Text: "text <" + strings.Repeat("word ", i) + "\x1b[1mend", Tokens: 1 + i*3,
			Source: []string{"imdb", "sst"}[i%2],
		})
	}
	return p
}

func TestWriteStyles(t *testing.T) {
	e, err := evaluate.New(predictions(), evaluate.Options{Resamples: 100, Seed: 1, Slices: true, Mistakes: 3, Coverage: true, Abstain: 0.6, Precision: 0.35})
	if err != nil {
		t.Fatal(err)
	}
	for _, style := range report.Styles() {
		t.Run(string(style), func(t *testing.T) {
			golden(t, "write_"+string(style), func(w io.Writer) error { return report.Write(w, style, e) })
		})
	}
	golden(t, "brief_table", func(w io.Writer) error { return report.WriteBrief(w, report.Text, e) })
}

func multi() *evaluate.MultiPredictions {
	p := &evaluate.MultiPredictions{Head: "topics", Labels: []string{"grain", "wheat", "trade"}}
	for i := range 12 {
		var gold []int
		for k := range 3 {
			if i>>k&1 == 1 {
				gold = append(gold, k)
			}
		}
		p.Add(gold, []float32{float32(i%4) / 3, float32(i%3) / 2, float32(i) / 11}, evaluate.Row{ID: string(rune('a' + i))})
	}
	return p
}

func TestWriteMultiLabel(t *testing.T) {
	e, err := evaluate.NewMulti(multi(), evaluate.Options{Mistakes: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, style := range []report.Style{report.Text, report.Markdown} {
		golden(t, "multi_"+string(style), func(w io.Writer) error { return report.Write(w, style, e) })
	}
}

func TestWriteSeveralHeads(t *testing.T) {
	e, err := evaluate.New(predictions(), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := evaluate.NewMulti(multi(), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Write(&b, report.JSON, e, m); err != nil {
		t.Fatal(err)
	}
	var got map[string]evaluate.Evaluation
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["sentiment"].N != 24 || got["topics"].N != 12 {
		t.Errorf("heads read back: %d, of %d and %d rows", len(got), got["sentiment"].N, got["topics"].N)
	}
}

func TestWriteManyLabels(t *testing.T) {
	p := &evaluate.Predictions{}
	for k := range 20 {
		p.Labels = append(p.Labels, string(rune('a'+k)))
		p.Gold = append(p.Gold, k, k, k)
		p.Predicted = append(p.Predicted, k, (k+1)%20, (k*k)%20)
	}
	e, err := evaluate.New(p, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "labels_table", func(w io.Writer) error { return report.Write(w, report.Text, e) })
}

func TestWriteComparison(t *testing.T) {
	a, b := predictions(), predictions()
	for i := 8; i < 14; i++ {
		copy(b.Probs[3*i:], []float64{0, 0, 0})
		b.Probs[3*i+b.Gold[i]] = 1
	}
	copy(b.Probs[0:], []float64{0, 1, 0})
	c, err := evaluate.Compare(a, b, evaluate.CompareOptions{Resamples: 100, Seed: 1, Changes: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, style := range report.Styles() {
		golden(t, "compare_"+string(style), func(w io.Writer) error {
			return report.WriteComparisons(w, style, report.Comparison{A: "old", B: "new|er", Comparison: c})
		})
	}
	answers := *b // another tool's, without probabilities
	answers.Predicted, answers.Probs = make([]int, b.Len()), nil
	d, err := evaluate.Compare(a, &answers, evaluate.CompareOptions{Resamples: 100, Seed: 1, Changes: 2})
	if err != nil {
		t.Fatal(err)
	}
	several := []report.Comparison{{A: "old", B: "new|er", Comparison: c}, {A: "old", B: "tool", Comparison: d}}
	for _, style := range report.Styles() {
		golden(t, "compare_several_"+string(style), func(w io.Writer) error {
			return report.WriteBriefComparisons(w, style, several...)
		})
	}
}

// TestClassificationReportIsScikitLearns compares the text with what
// scikit-learn prints, kept by package evaluate's gen_sklearn.py.
func TestClassificationReportIsScikitLearns(t *testing.T) {
	b, err := os.ReadFile("../evaluate/testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Single []struct {
			Name, Report string
			Labels       []string
			Gold         []int
			Probs        []float64
		}
		Multi []struct {
			Name, Report string
			Labels       []string
			Gold         []bool
			Probs        []float64
			Thresholds   []float64
		}
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	check := func(name, want string, e *evaluate.Evaluation, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(want, "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if d := cmp.Diff(strings.Join(lines, "\n"), report.ClassificationReport(e, 2)); d != "" {
			t.Errorf("%s (-scikit-learn +got):\n%s", name, d)
		}
	}
	checked := 0
	for _, c := range g.Single {
		if c.Report == "" || strings.Contains(c.Report, ".0\n") {
			continue // of unseen labels without an accuracy row; of no right answer with support as 28.0
		}
		e, err := evaluate.New(&evaluate.Predictions{Labels: c.Labels, Gold: c.Gold, Probs: c.Probs}, evaluate.Options{})
		check(c.Name, c.Report, e, err)
		checked++
	}
	for _, c := range g.Multi {
		e, err := evaluate.NewMulti(&evaluate.MultiPredictions{Labels: c.Labels, Gold: c.Gold, Probs: c.Probs, Thresholds: c.Thresholds}, evaluate.Options{})
		check(c.Name, c.Report, e, err)
		checked++
	}
	if checked < 15 {
		t.Errorf("%d reports compared, want at least 15", checked)
	}
}

// What JSON escapes is read again as the text that it was.
func TestJSONKeepsTheText(t *testing.T) {
	for _, s := range append(obeyed(), hostile, "plain é 中 👩‍👩‍👧") {
		if !utf8.ValidString(s) {
			continue
		}
		var table, section bytes.Buffer
		var rows, whole []map[string]string
		if err := report.Table(&table, []string{s}, [][]any{{s}}, report.JSON); err != nil {
			t.Fatal(err)
		}
		if err := report.WriteJSON(&section, []map[string]string{{s: s}}); err != nil {
			t.Fatal(err)
		}
		checkClean(t, "JSON", table.String()+section.String(), "\n")
		want := []map[string]string{{s: s}}
		for _, err := range []error{json.Unmarshal(table.Bytes(), &rows), json.Unmarshal(section.Bytes(), &whole)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(want, rows) + cmp.Diff(want, whole); d != "" {
			t.Error(d)
		}
	}
}

package audit_test

import (
	"encoding/json"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/corpora/audit"
	"github.com/textlstm/textlstm/report"
)

// A test file that has a text of the training file.
func ExampleAudit() {
	var a audit.Audit
	a.Options.Near = -1
	train := a.Add("train.tsv", read("train.tsv", "pos\tA superb film.\nneg\tA  superb FILM.\nneg\tA bore.\n"), new(corpora.Report))
	a.Add("test.tsv", read("test.tsv", "neg\ta bore.\npos\tNice.\n"), new(corpora.Report))
	fmt.Println(train.Findings.DuplicateRows, "copy in train.tsv")
	var b strings.Builder
	if err := a.Write(&b, report.JSON, 10); err != nil {
		log.Fatal(err)
	}
	_, leaks, _ := strings.Cut(b.String(), `"leaks": `)
	fmt.Print(strings.TrimSuffix(leaks, "}\n"))
	// Output:
	// 1 copy in train.tsv
	// [
	//     {
	//       "train": "train.tsv",
	//       "test": "test.tsv",
	//       "rows": 1,
	//       "test_rows": [
	//         "test.tsv:2"
	//       ],
	//       "near_duplicates": 0
	//     }
	//   ]
}

func read(name, rows string) *corpora.Dataset {
	r, err := corpora.New(strings.NewReader("label\ttext\n"+rows), name, corpora.Options{})
	if err != nil {
		log.Fatal(err)
	}
	d, err := corpora.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	return d
}

// found is an audit of two files with a finding of every kind.
func found() *audit.Audit {
	a := &audit.Audit{Options: corpora.CheckOptions{Near: 0.6, Rare: 2}}
	f := a.Add("a.tsv", read("a.tsv", "pos\tone two three four five six seven eight\nneg\tone two three four five six seven nine\npos\ttwice\nneg\tTwice\nneutral\tonce\npos\ttwice\n"),
		&corpora.Report{Rows: 6, Refused: 2, Errors: []*corpora.ParseError{{File: "a.tsv", Line: 9, Err: corpora.ErrColumns}, {File: "a.tsv", Line: 10, Err: corpora.ErrColumns}}})
	f.Wrong = []corpora.WrongLabel{{Index: 4, Head: "label", Given: "neutral", Suggested: "positive", Margin: 0.25}, {Index: 0, Head: "label"}}
	a.Add("b.tsv", read("b.tsv", "pos\tone two three four five six seven eight nine\nneg\ttwice\nneg\tonce\n"), &corpora.Report{Rows: 3})
	return a
}

func TestSections(t *testing.T) {
	var b strings.Builder
	if err := found().Write(&b, report.Text, 1); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"a.tsv 6 2 0 0 2 1 1 1", "a.tsv b.tsv 2 66.7 %",
		"a.tsv: refused rows (the first 1 of 2)", "a.tsv:9: wrong columns",
		"a.tsv: texts that occur more than once\n", "3 a.tsv:4 twice",
		"label negative, positive a.tsv:4 twice", "a.tsv:2 a.tsv:3 one two three",
		"a.tsv: rare labels of label\n", "neutral 1",
		"a.tsv: labels that are probably wrong (the first 1 of 2)", "label neutral positive 0.250 a.tsv:6 once",
		"b.tsv: rows that are in a.tsv (the first 1 of 2)", "b.tsv:3 a.tsv:4 twice", "b.tsv: rows that are almost in a.tsv",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestJSON(t *testing.T) {
	for limit, want := range map[int]string{0: "[a.tsv:9: wrong columns a.tsv:10: wrong columns] [[a.tsv:4 a.tsv:5 a.tsv:7]] 2 2", 1: "[a.tsv:9: wrong columns] [[a.tsv:4 a.tsv:5 a.tsv:7]] 1 1"} {
		var b strings.Builder
		if err := found().Write(&b, report.JSON, limit); err != nil {
			t.Fatal(err)
		}
		var d struct {
			Files []struct {
				Errors     []string
				Duplicates [][]string                `json:"duplicate_texts"`
				Rare       map[string]map[string]int `json:"rare_labels"`
				WrongCount int                       `json:"label_errors"`
				Wrong      []struct{ Row string }    `json:"probable_label_errors"`
			}
			Leaks []struct {
				Rows int
				Test []string `json:"test_rows"`
			}
		}
		if err := json.Unmarshal([]byte(b.String()), &d); err != nil {
			t.Fatal(err)
		}
		f := d.Files[0]
		if got := fmt.Sprint(f.Errors, f.Duplicates, len(f.Wrong), len(d.Leaks[0].Test)); got != want || f.WrongCount != 2 || d.Leaks[0].Rows != 2 {
			t.Errorf("limit %d: %s, %d and %d in all, want %s, 2 and 2", limit, got, f.WrongCount, d.Leaks[0].Rows, want)
		}
		if diff := cmp.Diff(map[string]map[string]int{"label": {"neutral": 1}}, f.Rare); diff != "" {
			t.Errorf("rare labels (-want +got):\n%s", diff)
		}
	}
}

func TestWriteStats(t *testing.T) {
	r, err := corpora.New(strings.NewReader("label\ttext\npos\ta b\n\tc\nbroken\n"), "a.tsv", corpora.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := corpora.Describe(r, corpora.StatsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := audit.WriteStats(&b, report.Markdown, s); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"| rows | 2 |", "| label | (none) | 1 | 50.0 % |", "| label | positive | 1 | 50.0 % |", "| words | 3 | 1.5 |", "## Refused rows and notes"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

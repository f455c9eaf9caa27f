package corpora_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/textlstm/textlstm/corpora"
)

// A Reader streams rows; one that cannot be read is refused, and the next read.
func ExampleReader() {
	const file = "label\ttext\nneg\tA bore.\nonly one column\npos\tA delight.\n"
	r, err := corpora.New(strings.NewReader(file), "reviews.tsv", corpora.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for ex, err := range r.All() {
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		fmt.Println(ex.ID, ex.Labels[0], ex.Text)
	}
	fmt.Println(r.Report().Rows, "rows,", r.Report().Refused, "refused")
	// Output:
	// reviews.tsv:1 negative A bore.
	// refused: reviews.tsv:3: 1 columns, want 2: wrong columns
	// reviews.tsv:3 positive A delight.
	// 2 rows, 1 refused
}

// Several heads read several label columns of one file.
func ExampleOptions_heads() {
	const file = `{"body":"Late again.","mood":"neg","about":"delivery"}`
	r, err := corpora.New(strings.NewReader(file), "reviews.jsonl", corpora.Options{
		TextColumns: []string{"body"},
		Heads:       []corpora.Head{{Name: "sentiment", Column: "mood"}, {Name: "topic", Column: "about"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ex, err := r.Read()
	fmt.Println(r.Heads(), ex.Labels, ex.Text, err)
	// Output: [sentiment topic] [negative delivery] Late again. <nil>
}

// Split keeps texts that are equal up to case and white space together.
func ExampleDataset_Split() {
	d := &corpora.Dataset{Heads: []string{"label"}}
	for i := range 20 {
		label := []string{"negative", "positive"}[i%2]
		d.Examples = append(d.Examples, corpora.Example{Text: fmt.Sprint("text ", i), Labels: []string{label}})
	}
	parts, err := d.Split(1, 0.8, 0.2)
	if err != nil {
		fmt.Println(err)
		return
	}
	train, dev := parts[0], parts[1]
	fmt.Println(train.Counts(0), dev.Counts(0), len(corpora.Leaks(train, dev)))
	// Output: map[negative:8 positive:8] map[negative:2 positive:2] 0
}

// A Writer converts between formats.
func ExampleNewWriter() {
	w, err := corpora.NewWriter(os.Stdout, corpora.JSONL, corpora.WriterOptions{Heads: []string{"label"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	w.Write(corpora.Example{Text: "A \"delight\".", Labels: []string{"positive"}})
	w.Write(corpora.Example{Text: "No label here."})
	w.Close()
	// Output:
	// {"label":"positive","text":"A \"delight\"."}
	// {"text":"No label here."}
}

// LabelErrors names the labels that a model contradicts with confidence.
func ExampleLabelErrors() {
	gold := []int{0, 0, 0, 1, 1, 1}
	probs := [][]float32{{0.9, 0.1}, {0.8, 0.2}, {0.25, 0.75}, {0.3, 0.7}, {0.1, 0.9}, {0.4, 0.6}}
	found, err := corpora.LabelErrors(gold, probs)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range found {
		fmt.Printf("example %d is labelled %d, rather %d (%.2f)\n", e.Index, e.Given, e.Suggested, e.Margin)
	}
	// Output: example 2 is labelled 0, rather 1 (0.50)
}

// Describe counts what a corpus holds.
func ExampleDescribe() {
	const file = "label\ttext\nneg\tA bore, a bore.\npos\tA delight.\n"
	r, err := corpora.New(strings.NewReader(file), "reviews.tsv", corpora.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := corpora.Describe(r, corpora.StatsOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Rows, s.Labels[0], s.Tokens.Total, s.Vocabulary)
	// Output: 2 map[negative:1 positive:1] 6 3
}

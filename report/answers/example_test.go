package answers_test

import (
	"fmt"
	"log"
	"os"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/answers"
)

// The answers as CSV, the surest spam first.
func ExampleNewWriter() {
	heads := []classify.Head{{Name: "folder", Labels: []string{"ham", "spam"}}}
	w := answers.NewWriter(os.Stdout, report.CSV, heads, answers.Options{Sort: "spam"})
	for i, probs := range [][]float32{{0.75, 0.25}, {0.125, 0.875}} {
		r := &answer.Record{ID: fmt.Sprint(i + 1)}
		r.Tokens = 4
		r.Scores = []classify.Score{{Label: i, Probs: probs}}
		if err := w.Write(r); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// id,folder,folder_prob,tokens,unknown
	// 2,spam,0.8750,4,0
	// 1,ham,0.7500,4,0
}

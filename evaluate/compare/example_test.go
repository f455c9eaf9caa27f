package compare_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/compare"
)

// VADER against the label that is most frequent.
func ExampleRun() {
	data := read("pos\tA superb film.\nneg\tAn awful bore.\npos\tI love it!\nneg\tI hate it.\n")
	vader, _ := compare.Parse(compare.VADER)
	majority, _ := compare.Parse(compare.Majority)
	o := compare.Options{CompareOptions: evaluate.CompareOptions{Resamples: 100}}
	done, err := compare.Run(context.Background(), []compare.System{majority, vader}, data, data, o)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range done {
		f, err := c.Metric("accuracy")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("accuracy of %s %.2f, of %s %.2f\n", c.A, float64(f.A), c.B, float64(f.B))
	}
	// Output: accuracy of majority 0.50, of vader 1.00
}

func read(rows string) *corpora.Dataset {
	r, err := corpora.New(strings.NewReader("label\ttext\n"+rows), "rows.tsv", corpora.Options{})
	if err != nil {
		log.Fatal(err)
	}
	d, err := corpora.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	return d
}

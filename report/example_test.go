package report_test

import (
	"fmt"
	"os"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
)

func ExampleTable() {
	header := []string{"epoch", "loss", "note"}
	rows := [][]any{
		{1, 0.69, "start"},
		{2, 0.4137, ""},
		{10, 0.25, "best | kept"},
	}
	for _, style := range []report.Style{report.Text, report.Markdown, report.CSV, report.JSONL} {
		if err := report.Table(os.Stdout, header, rows, style); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// epoch    loss  note
	//     1  0.6900  start
	//     2  0.4137
	//    10  0.2500  best | kept
	// | epoch |   loss | note         |
	// |------:|-------:|:-------------|
	// |     1 | 0.6900 | start        |
	// |     2 | 0.4137 |              |
	// |    10 | 0.2500 | best \| kept |
	// epoch,loss,note
	// 1,0.69,start
	// 2,0.4137,
	// 10,0.25,best | kept
	// {"epoch":1,"loss":0.69,"note":"start"}
	// {"epoch":2,"loss":0.4137,"note":""}
	// {"epoch":10,"loss":0.25,"note":"best | kept"}
}

func ExampleWrite() {
	e, err := evaluate.New(&evaluate.Predictions{
		Head:      "sentiment",
		Labels:    []string{"negative", "positive"},
		Gold:      []int{0, 0, 0, 1, 1},
		Predicted: []int{0, 0, 1, 1, 1},
	}, evaluate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := report.Write(os.Stdout, report.Text, e); err != nil {
		fmt.Println(err)
	}
	// Output:
	// sentiment: 5 texts, 2 labels
	//
	//               precision    recall  f1-score   support
	//
	//     negative       1.00      0.67      0.80         3
	//     positive       0.67      1.00      0.80         2
	//
	//     accuracy                           0.80         5
	//    macro avg       0.83      0.83      0.80         5
	// weighted avg       0.87      0.80      0.80         5
	//
	// figure               value
	// accuracy            0.8000
	// balanced accuracy   0.8333
	// macro precision     0.8333
	// macro recall        0.8333
	// macro f1            0.8000
	// weighted precision  0.8667
	// weighted recall     0.8000
	// weighted f1         0.8000
	// mcc                 0.6667
	// cohen kappa         0.6154
	//
	// gold \ predicted    negative     positive
	// negative          2 (66.7 %)   1 (33.3 %)
	// positive           0 (0.0 %)  2 (100.0 %)
}

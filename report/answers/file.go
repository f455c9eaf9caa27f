package answers

import (
	"io"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/fsx"
)

// WriteFile writes the predictions of the examples of data as JSON lines, without those
// that have none; to no file where its name is "".
func WriteFile(file string, data *corpora.Dataset, heads []classify.Head, predictions []classify.Prediction) error {
	if file == "" {
		return nil
	}
	return fsx.WriteFile(fsx.OS{}, file, func(w io.Writer) error {
		lines := answer.NewWriter(w, heads, answer.Options{}, false)
		for i, p := range predictions {
			if p.Scores == nil {
				continue
			}
			if err := lines.Write(&answer.Record{ID: data.Examples[i].ID, Prediction: p}); err != nil {
				return err
			}
		}
		return lines.Close()
	})
}

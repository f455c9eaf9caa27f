package crossval_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
)

// Among sixty plain texts the one whose label was turned round is found, by its index
// among all; texts without a label do not count.
func TestLabelErrors(t *testing.T) {
	d := &corpora.Dataset{Heads: []string{"other", "mood"}, Sources: []corpora.Source{{Name: "a", Labels: [][]string{nil, {"bad", "good"}}}}}
	for i := range 80 {
		label := []string{"bad", "good"}[i%2]
		text := map[string]string{"bad": "awful poor boring", "good": "lovely great superb"}[label]
		switch {
		case i == 41:
			label = "bad"
		case i%4 == 2:
			label = ""
		}
		d.Examples = append(d.Examples, corpora.Example{Text: fmt.Sprint(text, " number ", i), Labels: []string{"", label}})
	}
	tr := train.Trainer{Config: train.Config{Seed: 1, Epochs: 10, Model: classify.Config{Embed: 8, LSTM: lstm.Config{HiddenSize: 8}}}}
	tr.Schedule.Rate = 0.02
	var folds []int
	wrong, err := crossval.LabelErrors(t.Context(), tr, d, 1, 3, func(fold int) { folds = append(folds, fold) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, folds); diff != "" {
		t.Errorf("folds (-want +got):\n%s", diff)
	}
	if len(wrong) == 0 || wrong[0].Margin <= 0 {
		t.Fatalf("found %+v", wrong)
	}
	wrong[0].Margin = 0
	if diff := cmp.Diff(corpora.WrongLabel{Index: 41, Head: "mood", Given: "bad", Suggested: "good"}, wrong[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if wrong, err := crossval.LabelErrors(t.Context(), tr, d, 0, 3, nil); wrong != nil || err != nil {
		t.Errorf("a head without labels: %v, %v", wrong, err)
	}
	d.Separator = ","
	if _, err := crossval.LabelErrors(t.Context(), tr, d, 1, 3, nil); !errors.Is(err, corpora.ErrData) {
		t.Errorf("several labels to a text: error %v", err)
	}
}

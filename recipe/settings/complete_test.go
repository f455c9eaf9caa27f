package settings

import (
	"slices"
	"testing"

	"github.com/textlstm/textlstm/train"
)

func TestComplete(t *testing.T) {
	for beginning, want := range map[string][]string{
		"model.lstm.d":          {"model.lstm.direction=", "model.lstm.dropout="},
		"model.lstm.direction=": {"model.lstm.direction=forward", "model.lstm.direction=reverse", "model.lstm.direction=bidirectional"},
		"optimizer.kind=s":      {"optimizer.kind=sgd"},
		"refit=":                {"refit=true", "refit=false"},
		`model.pool=["m`:        {`model.pool=["mean"]`, `model.pool=["max"]`},
		"model.heads":           nil,
		"epochs=":               nil,
		"none":                  nil,
	} {
		if got := Complete(train.Config{}, beginning); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", beginning, got, want)
		}
	}
	all := Complete(train.Config{}, "")
	for _, setting := range all {
		if s, err := Read("", []string{setting + "null"}); err != nil || s.Over(new(train.Config)) != nil {
			t.Errorf("%s is no setting", setting)
		}
	}
	if len(all) < 50 {
		t.Errorf("%d settings", len(all))
	}
}

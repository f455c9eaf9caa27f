package recipe_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

func TestBudgetText(t *testing.T) {
	for _, s := range []string{"1m30s", "2m", "3h", "0s", "1.5s"} {
		var b recipe.Budget
		if err := b.Set(s); err != nil || b.String() != s {
			t.Errorf("%s became %s, error %v", s, b, err)
		}
	}
	for _, s := range []string{"", "2", "-1m", "soon"} {
		if err := new(recipe.Budget).Set(s); err == nil {
			t.Errorf("%q: no error", s)
		}
	}
}

// TestRunWithin wants the n-grams alone where there is no time for more, and of plenty the
// settings' own network, and that each says what it was.
func TestRunWithin(t *testing.T) {
	data := &corpora.Dataset{Heads: []string{"label"}}
	for i := range 60 {
		label, words := "good", "a fine and lovely film "
		if i%2 == 1 {
			label, words = "bad", "a dull and dreary film "
		}
		data.Examples = append(data.Examples, corpora.Example{Text: words + strings.Repeat("indeed ", i%7), Labels: []string{label}})
	}
	texts, err := recipe.Split(data, 0.2, 1)
	if err != nil {
		t.Fatal(err)
	}
	c := recommend.For(data)
	c.Epochs, c.Refit, c.Model.LSTM.HiddenSize, c.Model.Embed = 2, false, 4, 4
	for _, tt := range []struct {
		budget time.Duration
		card   string
		said   string
	}{
		{time.Nanosecond, "1ns: model.no_deep=true refit=false refit_ngrams=false", "n-grams alone took"},
		{time.Hour, "epochs=2 refit=false", "now epochs=2 refit=false"},
	} {
		var said []string
		out := filepath.Join(t.TempDir(), "m")
		tr := &train.Trainer{Config: c, Resume: true} // of no checkpoint
		if _, err := recipe.RunWithin(t.Context(), recipe.Budget(tt.budget), tr, texts, out, func(s string) { said = append(said, s) }); err != nil {
			t.Fatal(err)
		}
		m, err := classify.Load(out)
		if err != nil {
			t.Fatal(err)
		}
		// A network may learn no more from so few texts than the n-grams.
		if all := strings.Join(said, "; "); !strings.Contains(all, tt.said) || !strings.Contains(m.Card().Budget, tt.card) && !strings.Contains(all, "no better") {
			t.Errorf("%s: card %q, said %q", tt.budget, m.Card().Budget, said)
		}
	}
	c.Model.NoDeep = true
	var wrong *recipe.Error
	if _, err := recipe.RunWithin(t.Context(), recipe.Budget(time.Hour), &train.Trainer{Config: c}, texts, filepath.Join(t.TempDir(), "m"), func(string) {}); !errors.As(err, &wrong) {
		t.Errorf("without a network: %v, want a *recipe.Error", err)
	}
}

package recipe

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/recipe/settings"
	"github.com/textlstm/textlstm/train"
)

// laid is a config of the settings for a tiny training, with one of a key.
func laid(t *testing.T, k settings.Key, value string) (train.Config, error) {
	t.Helper()
	s, err := settings.Read("", append([]string{
		"model.embed=4", "model.lstm.hidden_size=4", "model.vocab.min_count=1", "epochs=2", "batch_size=4",
		"model.ngrams.words=2", "model.ngrams.char_min=3", "model.ngrams.char_max=3", "model.ngrams.bits=10", "model.ngrams.min_count=1",
	}, setting(k.Path, value)...))
	if err != nil {
		t.Fatal(err)
	}
	var c train.Config
	return c, s.Over(&c)
}

// Every number, of whatever size, is refused by its name before training, or trains
// to a model that can be written, or to an error that says that training diverged.
func TestNumbersOfAnySize(t *testing.T) {
	texts := &corpora.Dataset{Heads: []string{"label"}}
	for i, text := range []string{"good film", "bad film", "a lovely plot", "an awful plot", "good good", "bad bad film", "good plot", "awful film"} {
		texts.Examples = append(texts.Examples, corpora.Example{ID: fmt.Sprint(i), Text: text, Labels: []string{[]string{"yes", "no"}[i%2]}})
	}
	trained, refused := 0, 0
	for _, k := range settings.Keys(train.Config{}) {
		if k.Type != "number" {
			continue
		}
		name := k.Path[strings.LastIndexByte(k.Path, '.')+1:]
		for _, v := range []string{
			"-1e300", "-1", "-1e-320", "1e-320", "1e-45", "1e-38", "1e-30", "1e-20", "1e-10", "1e-5", "0.1", "0.999999999", "1", "1e5", "1e10", "1e20", "1e30", "1e38", "1e39", "1e300",
		} {
			c, err := laid(t, k, v)
			if err != nil {
				t.Errorf("%s = %s: %v", k.Path, v, err)
				continue
			}
			r, err := (&train.Trainer{Config: c}).Fit(t.Context(), texts, texts)
			var config *train.ConfigError
			var diverged *train.DivergedError
			switch {
			case errors.As(err, &config):
				refused++
				if !strings.Contains(strings.ToLower(err.Error()), strings.ReplaceAll(name, "_", "")) && !strings.Contains(err.Error(), name) {
					t.Errorf("%s = %s: %v, without the setting's name", k.Path, v, err)
				}
			case errors.As(err, &diverged):
			case err != nil:
				t.Errorf("%s = %s: %v", k.Path, v, err)
			default:
				trained++
				if _, err := r.Model.WriteTo(new(bytes.Buffer)); err != nil {
					t.Errorf("%s = %s: %v", k.Path, v, err)
				}
			}
		}
	}
	t.Logf("%d trained, %d refused", trained, refused)
	if trained < 100 || refused < 100 {
		t.Errorf("%d trained, %d refused", trained, refused)
	}
}

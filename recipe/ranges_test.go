package recipe

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
)

// context is what a setting needs to have any effect.
var context = map[string][]string{
	"optimizer.alpha":              {"optimizer.kind=rmsprop"},
	"optimizer.momentum":           {"optimizer.kind=sgd"},
	"optimizer.nesterov":           {"optimizer.kind=sgd", "optimizer.momentum=0.9"},
	"schedule.gamma":               {"schedule.kind=step"},
	"schedule.every":               {"schedule.kind=step"},
	"schedule.start":               {"schedule.warmup=0.3"},
	"ema.bias_correct":             {"ema.decay=0.9"},
	"adversarial.epsilon":          {"adversarial.weight=1"},
	"model.lstm.dropout":           {"model.lstm.layers=2"},
	"model.heads[].wide":           {"refit=false"},
	"model.heads[].loss.smoothing": nil,
	"model.heads[].lexicon":        nil,
	"model.heads[].loss.gamma":     nil,
	"model.ngrams.skip":            nil,
}

// laid is a config of the settings for a tiny training, with one of a key.
func laid(t *testing.T, k Key, value string) (train.Config, error) {
	t.Helper()
	sets := append([]string{
		"model.embed=4", "model.lstm.hidden_size=4", "model.vocab.min_count=1", "epochs=2", "batch_size=4",
		"model.ngrams.words=2", "model.ngrams.char_min=3", "model.ngrams.char_max=3", "model.ngrams.bits=10", "model.ngrams.min_count=1",
	}, context[k.Path]...)
	if head, ok := strings.CutPrefix(k.Path, "model.heads[]."); ok {
		for _, group := range []string{"loss"} {
			if name, ok := strings.CutPrefix(head, group+"."); ok {
				head, value = group, fmt.Sprintf("{%q: %s}", name, value)
			}
		}
		sets = append(sets, fmt.Sprintf(`model.heads=[{"name": "label", %q: %s}]`, head, value))
	} else {
		sets = append(sets, k.Path+"="+value)
	}
	s, err := ReadSettings("", sets)
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
	for _, k := range Keys(train.Config{}) {
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

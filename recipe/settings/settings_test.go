package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestOver(t *testing.T) {
	for name, text := range map[string]string{
		"c.toml": "epochs = 3\n[model.lstm]\nhidden_size = 7\nlayers = 2\n",
		"c.JSON": `{"epochs": 3, "model": {"lstm": {"hidden_size": 7, "layers": 2}}}`,
	} {
		s, err := Read(write(t, name, text), []string{"model.lstm.layers=3", `model.pool=["max"]`, "metric=accuracy"})
		if err != nil {
			t.Fatal(err)
		}
		c := train.Config{Epochs: 8, Seed: 4}
		c.Model.Embed = 5
		if err := s.Over(&c); err != nil {
			t.Fatal(err)
		}
		want := train.Config{Epochs: 3, Seed: 4, Metric: "accuracy"}
		want.Model.Embed = 5
		want.Model.LSTM.HiddenSize, want.Model.LSTM.Layers = 7, 3
		want.Model.Pool = append(want.Model.Pool, "max")
		if diff := cmp.Diff(want, c); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A list of settings takes the place of the one that was there, which stays as it is.
func TestOverReplacesLists(t *testing.T) {
	s, err := Read("", []string{`model.lstm.stack=[{"units":32}]`})
	if err != nil {
		t.Fatal(err)
	}
	stack := []nn.Layer{{Units: 64, Direction: nn.Bidirectional}}
	var c train.Config
	c.Model.LSTM.Stack, c.Model.Pool = stack, []nn.Pooling{nn.Last}
	if err := s.Over(&c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]nn.Layer{{Units: 32}}, c.Model.LSTM.Stack); diff != "" || len(c.Model.Pool) != 1 {
		t.Errorf("pool %v, stack (-want +got):\n%s", c.Model.Pool, diff)
	}
	if diff := cmp.Diff([]nn.Layer{{Units: 64, Direction: nn.Bidirectional}}, stack); diff != "" {
		t.Errorf("the list that was there (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, set, want string }{
		{"c.toml", "epochs = ", "", "c.toml: toml: line 1"},
		{"c.json", "{", "", "c.json: unexpected end of JSON input"},
		{"c.toml", "epochs = 3", "epochs", "--set epochs: want path=value"},
		{"c.toml", "epochs = 3", "epochs.x=1", "--set epochs.x=1: epochs is no group of settings"},
		{"c.toml", "epochs = 'three'", "", "settings: epochs is a string, want a whole number"},
		{"c.toml", "epoch = 3", "", "settings: unknown field \"epoch\"\ndid you mean epochs?"},
		{"c.json", `{"model": {"lstm": {"hiden_size": 3}}}`, "", "unknown field \"model.lstm.hiden_size\"\ndid you mean model.lstm.hidden_size?"},
		{"c.toml", "", "hidden_size=3", "unknown field \"hidden_size\"\ndid you mean model.lstm.hidden_size?"},
		{"c.toml", "[lstm]\nhidden_size = 3", "", "unknown field \"lstm\"\ndid you mean model.lstm.hidden_size?"},
		{"c.toml", "", "dropout=0.5", "did you mean model.lstm.dropout, model.dropout?"},
		{"c.toml", "", "gru.hidden_size=64", "did you mean model.gru.hidden_size?"},
		{"c.toml", "lr = 0.1", "", "did you mean schedule.rate?"},
		{"c.toml", "[[model.heads]]\nname = 'x'\n[[model.heads]]\nlabel = ['y']", "", "unknown field \"model.heads.label\"\ndid you mean model.heads.labels?"},
		{"c.toml", "", "zzz=3", "unknown field \"zzz\""},
		{"c.toml", "model = 3", "", "settings: model is a number, want a group of settings"},
	} {
		var sets []string
		if tt.set != "" {
			sets = append(sets, tt.set)
		}
		s, err := Read(write(t, tt.name, tt.text), sets)
		if err == nil {
			err = s.Over(new(train.Config))
		}
		var settings *Error
		if !errors.As(err, &settings) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %q: %v, want an Error with %q", tt.text, tt.set, err, tt.want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.toml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v, want os.ErrNotExist", err)
	}
}

func TestWriteFile(t *testing.T) {
	c := train.Config{Seed: 1 << 60, ClipNorm: 1e-21}
	c.Model.NoDeep = true
	for _, name := range []string{"c.toml", "c.json"} {
		file := filepath.Join(t.TempDir(), name)
		if err := writeConfig(file, c); err != nil {
			t.Fatal(err)
		}
		s, err := Read(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got train.Config
		if err := s.Over(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	c.Seed = 1 << 63
	if err := writeConfig(filepath.Join(t.TempDir(), "c.toml"), c); err == nil || !strings.Contains(err.Error(), "9223372036854775808") {
		t.Errorf("a seed that TOML cannot hold: %v", err)
	}
}

func writeConfig(file string, config any) error {
	tree, err := Of(config)
	if err != nil {
		return err
	}
	return tree.WriteFile(file)
}

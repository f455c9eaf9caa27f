package train_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/fsx/fsxtest"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/train"
)

// FuzzCheckpoint puts any description before the tensors of a real checkpoint:
// it is refused, or the training goes on to its end.
func FuzzCheckpoint(f *testing.F) {
	const key, path = "textlstm.checkpoint", "/c/checkpoint-00000001.safetensors"
	c := small()
	c.Epochs, c.EMA.Decay = 2, 0.9
	d, dev := reviews(16, 1), reviews(4, 2)
	mem := fsxtest.NewMem()
	tr := train.On(mem, train.Trainer{Config: c, Checkpoint: "/c"})
	if _, stopped := interrupted(f, tr, d, dev, 4); !stopped { // after the first epoch and a batch
		f.Fatal("the training was not interrupted")
	}
	file, err := tensorfile.ReadFile(mem, path, tensorfile.Limits{})
	if err != nil {
		f.Fatal(err)
	}
	text := file.Meta[key]
	f.Add(text)
	for old, new := range map[string]string{
		`"epoch":1`:        `"epoch":9223372036854775807`,
		`"batch":1`:        `"batch":-1`,
		`"step":3`:         `"step":1e300`,
		`"loss":`:          `"loss":-`,
		`"history":[`:      `"history":[null,`,
		`"best":{`:         `"best":null,"x":{`,
		`"good":{`:         `"good":null,"x":{`,
		`"tokens":`:        `"tokens":-`,
		`"elapsed":`:       `"elapsed":-`,
		`"version":2`:      `"version":1.5`,
		`"value":{`:        `"value":[],"x":{`,
		`texts","value":"`: `texts","value":"0`,
		`"halvings":0`:     `"halvings":3`,
	} {
		f.Add(strings.Replace(text, old, new, 1))
	}
	f.Fuzz(func(t *testing.T, meta string) {
		mem := fsxtest.NewMem()
		if err := mem.MkdirAll("/c", 0o777); err != nil {
			t.Fatal(err)
		}
		if fsx.WriteFile(mem, path, func(w io.Writer) error {
			return tensorfile.Write(w, map[string]string{key: meta}, file.Tensors)
		}) != nil {
			return // not UTF-8
		}
		tr := train.On(mem, train.Trainer{Config: c, Checkpoint: "/c", Resume: true})
		r, err := tr.Fit(context.Background(), d, dev)
		if (r == nil) == (err == nil) || errors.Is(err, context.Canceled) {
			t.Fatalf("result %v, err = %v", r, err)
		}
	})
}

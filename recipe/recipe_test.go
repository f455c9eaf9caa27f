package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

func TestSourcePath(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recipe.toml")
	recipe := "[[data]]\nfile = \"a.tsv\"\n[[data]]\nfile = \"./b.tsv\"\n[[dev]]\nfile = \"/c.tsv\"\n"
	if err := os.WriteFile(file, []byte(recipe), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := append(append(r.Data, r.Dev...), Files("./d.tsv")...)
	want := []string{filepath.Join("corpora", "a.tsv"), filepath.Join(filepath.Dir(file), "b.tsv"), "/c.tsv", "./d.tsv"}
	for i, s := range files {
		if got := s.path("corpora"); got != want[i] {
			t.Errorf("%s is read from %s, want %s", s.File, got, want[i])
		}
	}
}

// An end by an error, or of the context, leaves no file behind.
func TestStreamLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "texts.tsv")
	if err := os.WriteFile(file, []byte("label\ttext\npos\tgood\nneg\tbad\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		src  Source
		want error
	}{
		{"cancelled", cancelled, Source{File: file}, context.Canceled},
		{"missing", t.Context(), Source{File: filepath.Join(dir, "missing.tsv")}, os.ErrNotExist},
		{"read", t.Context(), Source{File: file}, nil},
	} {
		texts, err := (&Recipe{Data: []Source{tt.src}}).SpoolTexts(tt.ctx, corpora.Options{}, "", dir, 0)
		if !errors.Is(err, tt.want) {
			t.Fatalf("%s: error %v, want %v", tt.name, err, tt.want)
		}
		if err == nil {
			texts.Close()
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 1 {
			t.Errorf("%s: left behind: %v", tt.name, entries)
		}
	}
}

// A file of lists of labels and one of single labels are one corpus, in either order.
func TestStreamJoinsSetsAndLabels(t *testing.T) {
	dir := t.TempDir()
	sets, single := filepath.Join(dir, "sets.jsonl"), filepath.Join(dir, "single.tsv")
	for file, rows := range map[string]string{
		sets:   `{"label":["a","b"],"text":"one"}` + "\n",
		single: "label\ttext\na\ttwo\n",
	} {
		if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, data := range [][]Source{Files(sets, single), Files(single, sets)} {
		texts, err := (&Recipe{Data: data}).SpoolTexts(t.Context(), corpora.Options{}, "", dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer texts.Close()
		if got := texts.Header().Separator; got != corpora.DefaultSeparator {
			t.Errorf("%s first: separator %q", data[0].File, got)
		}
	}
}

// A label whose texts are all set aside for dev is one of the head's.
func TestStreamKeepsLabelsOfDev(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "texts.tsv")
	rows := "label\ttext\n"
	for i := range 20 {
		rows += fmt.Sprintf("good\ta fine film %d\nbad\ta dull film %d\n", i, i)
	}
	rare := "rare\tone of a kind\n"
	if err := os.WriteFile(file, []byte(rows+rare), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read("", []string{"epochs=1", "model.embed=4", "model.lstm.hidden_size=4", "model.vocab.min_count=1"})
	if err != nil {
		t.Fatal(err)
	}
	r.Data = Files(file)
	aside := func(x *corpora.Example) bool { return x.Labels[0] == "rare" }
	for r.Seed = range uint64(50) {
		texts, err := r.SpoolTexts(t.Context(), corpora.Options{Labelled: true}, "", dir, 0.3)
		if err != nil {
			t.Fatal(err)
		}
		defer texts.Close()
		if texts.Dev().Filter(aside).Len() == 0 {
			continue
		}
		result, err := texts.Fit(t.Context(), &train.Trainer{Config: r.Config})
		if err != nil {
			t.Fatal(err)
		}
		if got := result.Model.Heads()[0].Labels; !slices.Equal(got, []string{"bad", "good", "rare"}) {
			t.Errorf("labels %q", got)
		}
		return
	}
	t.Fatal("the rare text is never set aside")
}

// A recipe with every setting is the same config over whatever defaults, those that
// are zero in it included.
func TestWriteAll(t *testing.T) {
	base := train.Config{Crop: 0.5, Refit: true}
	base.Model.Dropout, base.Model.Pipeline, base.Model.Ngrams.Words = 0.3, "fields", 2
	base.Model.Pool = []nn.Pooling{nn.Last}
	base.Model.Directions = []nn.Direction{nn.Forward, nn.Reverse}
	for name, c := range map[string]train.Config{"zero": {}, "resolved": train.Config{}.Resolve(), "base": base} {
		file := filepath.Join(t.TempDir(), "all.toml")
		var b bytes.Buffer
		r := &Recipe{Data: []Source{{File: "a.tsv", Repeat: 2}}, Budget: Budget(2 * time.Minute)}
		r.Data = append(r.Data, Files("flag.tsv")...)
		if err := r.WriteAll(&b, c); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := Read(file, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := read.Over(base)
		if err != nil {
			t.Fatal(err)
		}
		c.Model.LSTM.InputSize = 0 // it follows from Embed
		if diff := cmp.Diff(c, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
		if len(read.Data) != 1 || read.Data[0].File != "a.tsv" || read.Data[0].Repeat != 2 {
			t.Errorf("%s: sources %+v, want a.tsv twice", name, read.Data)
		}
		if read.Budget != r.Budget {
			t.Errorf("%s: budget %s, want %s", name, read.Budget, r.Budget)
		}
	}
}

// Zeros that the recipe or the paths name are written: they are not the defaults of
// other texts.
func TestWriteFileZeros(t *testing.T) {
	r, err := Read("", []string{"model.dropout=0", "refit=false", "epochs=3"})
	if err != nil {
		t.Fatal(err)
	}
	defaults := train.Config{Crop: 0.5, Refit: true, Patience: 2}
	defaults.Model.Dropout, defaults.Model.WordDropout = 0.3, 0.2
	c, err := r.Over(defaults)
	if err != nil {
		t.Fatal(err)
	}
	c.Model.WordDropout = 0 // the best, for instance
	file := filepath.Join(t.TempDir(), "best.toml")
	if err := r.WriteFile(file, c, "model.word_dropout"); err != nil {
		t.Fatal(err)
	}
	read, err := Read(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read.Over(defaults)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Errorf("-written +read:\n%s", diff)
	}
}

// A setting that is wrong with any texts is found by Read, before they are read; one that
// texts or a start may put right is not.
func TestReadChecks(t *testing.T) {
	for _, set := range []string{
		"optimizer.kind=x", "schedule.kind=x", "schedule.rate=-1", "ema.decay=2", "nbsvm.c=-1", "adversarial.vat=-1", "distill.labels=-1", "metric=x", "metric=topic:x",
		"epochs=-1", "batch_size=-1", "patience=-1", "crop=2", "finetune.decay=0.5", "clip_norm=-1",
		"model.pipeline=x", "model.embed=-1", "model.vocab.min_count=-1", "model.chunk=-1", "model.dropout=1", "model.word_dropout=-1", `model.languages=["english"]`,
		"model.pool=[" + strings.Repeat(`"max",`, 16) + `"max"]`,
	} {
		_, err := Read("", []string{set})
		var config *train.ConfigError
		if !errors.As(err, &config) {
			t.Errorf("%s: %v, want a *train.ConfigError", set, err)
		}
	}
	for _, sets := range [][]string{
		nil, {"model.no_deep=true"}, {"model.ngrams.words=3"}, {"metric=topic:accuracy"}, {"metric=rmse"}, {"model.subword.min=2"},
		{`model.heads=[{"name":"topic"}]`}, {"model.vocab.buckets=100"}, {"optimizer.kind=sgd", "optimizer.momentum=0.9", "optimizer.nesterov=true"},
	} {
		if _, err := Read("", sets); err != nil {
			t.Errorf("%q: %v", sets, err)
		}
	}
}

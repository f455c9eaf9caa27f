package recipe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
	"github.com/textlstm/textlstm/vocab"
)

// texts are n English texts of two labels.
func texts(n int) *corpora.Dataset {
	d := &corpora.Dataset{Heads: []string{"mood"}, Sources: []corpora.Source{{Name: "a", Labels: [][]string{{"bad", "good"}}}}}
	for i := range n {
		label := []string{"bad", "good"}[i%2]
		text := map[string]string{"bad": "an awful film and a poor story", "good": "a lovely film and a great story"}[label]
		d.Examples = append(d.Examples, corpora.Example{Text: fmt.Sprint(text, " number ", i), Labels: []string{label}})
	}
	return d
}

// small are settings of a training that takes no time.
var small = []string{"epochs=2", "seed=3", "model.lstm.hidden_size=4", "model.embed=4"}

func readSmall(t *testing.T, more ...string) *Recipe {
	t.Helper()
	r, err := Read("", append(more, small...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Little English text starts from the embedded language model, but not where the
// settings, vectors or the language say otherwise.
func TestBegin(t *testing.T) {
	english := texts(20)
	foreign := texts(20)
	for i := range foreign.Examples {
		foreign.Examples[i].Text = fmt.Sprintf("Der Film Nummer %d war leider nicht gut und viel zu lang für mich und meine Freunde.", i)
	}
	vectors := filepath.Join(t.TempDir(), "a.vec")
	if err := os.WriteFile(vectors, []byte("film 1 2 3\nstory 4 5 6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := Read("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		recipe  *Recipe
		start   Start
		vectors Vectors
		data    *corpora.Dataset
		want    string
	}{
		{"little English", plain, Auto, "", english, "language"},
		{"the zero start", plain, "", "", english, "language"},
		{"another language", plain, Auto, "", foreign, ""},
		{"random weights", plain, None, "", english, ""},
		{"another network", readSmall(t), Auto, "", english, ""},
		{"vectors", plain, Auto, Vectors(vectors), english, "a.vec"},
		{"texts on disk", plain, Auto, "", nil, ""},
		{"by name", plain, Default, "", foreign, "default"},
	} {
		recommended := recommend.For(english)
		b, err := tt.recipe.begin(tt.start, tt.vectors, tt.data, recommended)
		if err != nil {
			t.Fatal(err)
		}
		if b.Name != tt.want || (b.Start != nil) != (tt.want == "language" || tt.want == "default") {
			t.Errorf("%s: begins with %q, start %v, want %q", tt.name, b.Name, b.Start != nil, tt.want)
		}
		if b.Start != nil && b.Config.CheckStart(b.Start) != nil {
			t.Errorf("%s: %v", tt.name, b.Config.CheckStart(b.Start))
		}
		if tt.vectors != "" && b.Config.Model.Embed != 3 {
			t.Errorf("%s: model.embed = %d, the file has vectors of 3", tt.name, b.Config.Model.Embed)
		}
	}
	var model *ModelError
	if _, err := plain.begin("missing.model", "", english, train.Config{}); !errors.As(err, &model) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a model that is not there: %v", err)
	}
	if _, err := plain.begin(Auto, "missing.vec", english, train.Config{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("vectors that are not there: %v", err)
	}
}

func TestStartNames(t *testing.T) {
	for s, want := range map[Start]string{"": "false ", Auto: "false ", None: "false ", Default: "true ", Language: "true ", "./default": "true ./default"} {
		if got := fmt.Sprint(s.Explicit(), " ", s.File()); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// A share is set aside by label; a tenth, but no more than so many, if none is given.
func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		n     int
		share float64
		dev   int
	}{{40, 0.25, 10}, {40, -1, 4}, {20_000, -1, DevTexts}, {40, 0, 0}} {
		s, err := Split(texts(tt.n), tt.share, 1)
		if err != nil {
			t.Fatal(err)
		}
		dev := 0
		if s.Dev() != nil {
			dev = s.Dev().Len()
		}
		if dev != tt.dev || s.Len() != tt.n-tt.dev || s.Train().Len() != s.Len() {
			t.Errorf("%v of %d texts: %d aside of %d, want %d", tt.share, tt.n, dev, s.Len(), tt.dev)
		}
	}
	if _, err := Split(texts(2), 0.1, 1); !errors.Is(err, corpora.ErrData) {
		t.Errorf("too few: %v", err)
	}
	twice, err := corpora.Join(texts(20), texts(20))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Split(twice, 0.5, 1); err != nil || s.Dev().Len() != 10 || s.Len() != 20 {
		t.Errorf("a copy among the dev texts: %v, %d", err, s.Dev().Len())
	}
}

// A label all of whose texts are set aside is among the model's.
func TestLabelsOfDevTexts(t *testing.T) {
	d := texts(30)
	d.Sources[0].Labels[0] = append(d.Sources[0].Labels[0], "odd")
	for i := range d.Examples {
		d.Examples[i].Source = 0
	}
	rest, dev := d.Subset([]int{0, 1, 2, 3, 4, 5, 6, 7}), d.Subset([]int{8, 9})
	dev.Examples[0].Labels = []string{"odd"}
	r := readSmall(t)
	tr := new(train.Trainer)
	if _, err := r.Setup(t.Context(), tr, InMemory(rest, nil), Options{Start: None}, nil); err != nil {
		t.Fatal(err)
	}
	result, err := memory{rest, dev, true}.Fit(t.Context(), tr)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bad", "good", "odd"}, result.Model.Heads()[0].Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

// Texts on disk and in memory make models of the same labels; Run writes the model and
// removes the checkpoints.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("mood\ttext\n")
	for _, e := range texts(60).Examples {
		fmt.Fprintf(&rows, "%s\t%s\n", e.Labels[0], e.Text)
	}
	file := filepath.Join(dir, "a.tsv")
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r := readSmall(t, "card.name=test")
	r.Data = Files(file)
	opts := corpora.Options{Heads: []corpora.Head{{Name: "mood", Column: "mood"}}}
	spooled, err := r.SpoolTexts(t.Context(), opts, "", dir, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	read, err := r.ReadTexts(opts, "", 0.2)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Texts{"disk": spooled, "memory": read} {
		if n := s.Len() + s.Dev().Len(); n != 60 || s.Dev().Len() == 0 {
			t.Errorf("%s: %d texts, %d of them aside", name, n, s.Dev().Len())
		}
		if diff := cmp.Diff([]string{"mood"}, s.Header().Heads); diff != "" {
			t.Errorf("%s: heads (-want +got):\n%s", name, diff)
		}
		tr := &train.Trainer{Card: r.CardOf("", r.Data)}
		if name == "memory" {
			tr.Checkpoint = filepath.Join(dir, "checkpoint")
		}
		if _, err := r.Setup(t.Context(), tr, s, Options{Start: None}, nil); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, name)
		if _, err := Run(t.Context(), tr, s, out); err != nil {
			t.Fatal(err)
		}
		m, err := classify.Load(out)
		if err != nil {
			t.Fatal(err)
		}
		if c := m.Card(); c.Name != "test" || c.Data[0] != "a.tsv" {
			t.Errorf("%s: card %+v", name, c)
		}
		if diff := cmp.Diff([]string{"bad", "good"}, m.Heads()[0].Labels); diff != "" {
			t.Errorf("%s: labels (-want +got):\n%s", name, diff)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "checkpoint")); !os.IsNotExist(err) {
		t.Errorf("the checkpoints are still there: %v", err)
	}
}

// Vectors fill the words that the file has, and say how many.
func TestVectors(t *testing.T) {
	vectors := filepath.Join(t.TempDir(), "a.vec")
	if err := os.WriteFile(vectors, []byte("film 1 2 3\nstory 4 5 6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read("", []string{"epochs=1", "model.lstm.hidden_size=4"})
	if err != nil {
		t.Fatal(err)
	}
	d := texts(20)
	var log bytes.Buffer
	tr := new(train.Trainer)
	from, err := r.Setup(t.Context(), tr, InMemory(d, nil), Options{Vectors: Vectors(vectors)}, &log)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := InMemory(d, nil).Fit(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	if from != "a.vec" || tr.Card.Start != "a.vec" || tr.Fingerprint == "" || strings.Count(log.String(), "vectors: ") != 1 {
		t.Errorf("from %q, card %q, sum %q, log %q", from, tr.Card.Start, tr.Fingerprint, log.String())
	}
	tr.Model.Embed = 9
	var wrong *Error
	if _, err := InMemory(d, nil).Fit(t.Context(), tr); !errors.As(err, &wrong) {
		t.Errorf("vectors of another width: %v", err)
	}
}

// Words that a file of vectors lacks have others in each member of an ensemble.
func TestVectorsOfMembers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.vec")
	if err := os.WriteFile(file, []byte("film 1 2 3\nstory 4 5 6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := vocab.New([]string{"story", "unheard"}, []int64{2, 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	prepare := Vectors(file).prepare(io.Discard)
	rows := map[string][][]float32{}
	for seed := range uint64(2) {
		n, err := classify.NewNetwork(classify.Config{
			Embed: 3, LSTM: lstm.Config{HiddenSize: 2}, Heads: []classify.Head{{Name: "label", Labels: []string{"a", "b"}}},
		}.Resolve(), v.Len())
		if err != nil {
			t.Fatal(err)
		}
		n.Init(rand.New(rand.NewPCG(seed, 0)))
		if err := prepare(n, v); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"story", "unheard"} {
			rows[word] = append(rows[word], n.Embed().Row(v.ID(word)))
		}
	}
	if story := rows["story"]; !slices.Equal(story[0], []float32{4, 5, 6}) || !slices.Equal(story[1], story[0]) {
		t.Errorf("a word of the file: %v", story)
	}
	if unheard := rows["unheard"]; slices.Equal(unheard[0], unheard[1]) {
		t.Errorf("both networks have %v", unheard[0])
	}
}

// What WriteFile writes Read reads: the settings, and the sources but those of flags.
func TestWriteRecipe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "in.toml")
	if err := os.WriteFile(file, []byte("epochs = 3\n[card]\nname = \"n\"\n[[data]]\nfile = \"./b.tsv\"\ngroup = \"g\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Dev = Files("c.tsv")
	c := r.Config
	c.BatchSize = 7
	out := filepath.Join(dir, "out.json")
	if err := r.WriteFile(out, c); err != nil {
		t.Fatal(err)
	}
	again, err := Read(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again.Epochs != 3 || again.BatchSize != 7 || again.Card.Name != "n" || len(again.Dev) != 0 || again.Data[0].Group != "g" || again.Data[0].path("x") != filepath.Join(dir, "b.tsv") {
		t.Errorf("got %+v", again)
	}
}

// Copies of dev texts are left out of the training texts where a source says so.
func TestApart(t *testing.T) {
	dir := t.TempDir()
	for name, rows := range map[string]string{"a.tsv": "x\tone\ny\ttwo\nx\tTwo \ny\tthree\n", "b.tsv": "y\tTWO\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("label\ttext\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for apart, want := range map[bool][]string{false: {"one", "two", "Two ", "three"}, true: {"one", "three"}} {
		r := &Recipe{Data: []Source{{File: "a.tsv"}}, Dev: []Source{{File: "b.tsv", Apart: apart}}}
		texts, err := r.ReadTexts(corpora.Options{}, dir, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		if got := texts.Train().Texts(); !slices.Equal(got, want) || texts.Dev().Len() != 1 {
			t.Errorf("apart %t: training texts %q, want %q", apart, got, want)
		}
		var wrong *Error
		if _, err := r.SpoolTexts(t.Context(), corpora.Options{}, dir, dir, 0); errors.As(err, &wrong) != apart {
			t.Errorf("apart %t: spooling: %v", apart, err)
		}
	}
}

// The group of each source, by what the recipe says or by file; each text once.
func TestReadGroups(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.tsv", "b.tsv", "c.tsv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("label\ttext\nx\tone of "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &Recipe{Data: []Source{{File: "a.tsv", Group: "g"}, {File: "b.tsv"}, {File: "c.tsv", Group: "h", Repeat: 3}}}
	once, err := r.ReadOnce(corpora.Options{}, dir)
	if err != nil || once.Len() != 3 || r.Data[2].Repeat != 3 {
		t.Errorf("%v: %d texts, want each once", err, once.Len())
	}
	for _, tt := range []struct {
		by   string
		want []string
	}{{"group", []string{"g", "", "h"}}, {"source", []string{"a.tsv", "b.tsv", "c.tsv"}}} {
		d, groups, err := r.ReadGroups(corpora.Options{}, dir, tt.by)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, groups[:min(3, len(groups))]); diff != "" || len(groups) != len(d.Sources) {
			t.Errorf("%s: %d groups of %d sources (-want +got):\n%s", tt.by, len(groups), len(d.Sources), diff)
		}
	}
	one := &Recipe{Data: []Source{{File: "a.tsv", Group: "g"}, {File: "b.tsv", Group: "g"}}}
	var wrong *Error
	if _, _, err := one.ReadGroups(corpora.Options{}, dir, "group"); !errors.As(err, &wrong) {
		t.Errorf("one group: %v", err)
	}
}

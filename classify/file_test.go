package classify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/lstm"
)

func quantized(t testing.TB, m *classify.Model) *classify.Model {
	t.Helper()
	q, err := m.Quantize()
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func answers(t testing.TB, m *classify.Model) []classify.Prediction {
	t.Helper()
	p, err := m.PredictBatch(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	check := func(t *testing.T, m *classify.Model) {
		b := encode(t, m)
		if !bytes.Equal(b, encode(t, m)) {
			t.Error("writing a model twice gives other bytes")
		}
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		loaded, err := classify.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if saved, err := os.ReadFile(path); err != nil || !bytes.Equal(b, saved) {
			t.Errorf("Save writes other bytes than WriteTo (err = %v)", err)
		}
		decoded, err := classify.Decode(slices.Clone(b))
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]*classify.Model{"loaded": loaded, "decoded": decoded} {
			if diff := cmp.Diff(m.Config(), got.Config()); diff != "" {
				t.Errorf("%s config (-want +got):\n%s", name, diff)
			}
			if diff := cmp.Diff(m.Card(), got.Card()); diff != "" {
				t.Errorf("%s card (-want +got):\n%s", name, diff)
			}
			if m.Vocab().Len() != got.Vocab().Len() || m.NumParams() != got.NumParams() || m.Pipeline().String() != got.Pipeline().String() {
				t.Errorf("%s: %d ids, %d weights, pipeline %s, want %d, %d, %s", name, got.Vocab().Len(), got.NumParams(), got.Pipeline(),
					m.Vocab().Len(), m.NumParams(), m.Pipeline())
			}
			checkAnswers(t, name, answers(t, m), answers(t, got))
			if !bytes.Equal(b, encode(t, got)) {
				t.Errorf("%s, the model is written as other bytes", name)
			}
		}
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { check(t, newModel(t, k.set)) })
		t.Run(k.name+", quantised", func(t *testing.T) { check(t, quantized(t, newModel(t, k.set))) })
	}
}

// Eight bits give about the same answers, in a file of less than half the size
// even where little of it is weights.
func TestQuantize(t *testing.T) {
	m := newModel(t, func(c *classify.Config) {
		c.Embed, c.LSTM.HiddenSize = 32, 32
		c.Ngrams.Bits = 12
	})
	q := quantized(t, m)
	if !q.Config().Int8 || m.Config().Int8 {
		t.Errorf("int8 is %t after, %t before", q.Config().Int8, m.Config().Int8)
	}
	if a, b := len(encode(t, m)), len(encode(t, q)); 2*b > a+6000 {
		t.Errorf("%d bytes, quantised %d", a, b)
	}
	loaded, err := classify.Decode(encode(t, q))
	if err != nil {
		t.Fatal(err)
	}
	for h, l := range loaded.Wide().Heads { // in half the memory, as they lie in the file
		if l.Half == nil || l.Weights != nil {
			t.Errorf("head %d: the weights of n-grams are read as %d of 16 and %d of 32 bits", h, len(l.Half), len(l.Weights))
		}
	}
	want, got := answers(t, m), answers(t, q)
	for i := range want {
		for h := range want[i].Scores {
			for c, p := range want[i].Scores[h].Probs {
				if d := got[i].Scores[h].Probs[c] - p; d > 0.02 || d < -0.02 {
					t.Errorf("text %d, head %d, label %d: probability %v, quantised %v", i, h, c, p, got[i].Scores[h].Probs[c])
				}
			}
		}
	}
}

// The tensors have the names and shapes of PyTorch's LSTM, Embedding and Linear.
func TestPyTorchNames(t *testing.T) {
	f := open(t, encode(t, newModel(t, kinds[0].set)))
	got := map[string][]int{}
	for _, tensor := range f.Tensors {
		if !strings.HasPrefix(tensor.Name, "wide.") {
			got[tensor.Name] = tensor.Shape
		}
	}
	want := map[string][]int{
		"embedding.weight":              {20, 6},
		"heads.sentiment.hidden.weight": {4, 20}, "heads.sentiment.hidden.bias": {4},
		"heads.sentiment.weight": {3, 4}, "heads.sentiment.bias": {3},
		"heads.topic.weight": {2, 20}, "heads.topic.bias": {2},
	}
	for _, cell := range []string{"", "_reverse"} {
		want["encoder.weight_ih_l0"+cell] = []int{20, 6}
		want["encoder.weight_hh_l0"+cell] = []int{20, 5}
		want["encoder.bias_ih_l0"+cell] = []int{20}
		want["encoder.bias_hh_l0"+cell] = []int{20}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tensors (-want +got):\n%s", diff)
	}
}

// PyTorch's second bias is added to the first.
func TestTwoBiases(t *testing.T) {
	m := newModel(t, deepOnly)
	f := open(t, encode(t, m))
	for i := range f.Tensors {
		if name, ok := strings.CutPrefix(f.Tensors[i].Name, "encoder.bias_hh"); ok {
			ih, err := f.Float32("encoder.bias_ih" + name)
			if err != nil {
				t.Fatal(err)
			}
			hh := make([]float32, len(ih))
			for j := range ih { // split exactly
				hh[j] = ih[j] / 2
				ih[j] /= 2
			}
			f.Tensors[i] = tensorfile.Float32("encoder.bias_hh"+name, hh, len(hh))
			for j := range f.Tensors {
				if f.Tensors[j].Name == "encoder.bias_ih"+name {
					f.Tensors[j] = tensorfile.Float32("encoder.bias_ih"+name, ih, len(ih))
				}
			}
		}
	}
	got, err := classify.Decode(write(t, f.Meta, f.Tensors))
	if err != nil {
		t.Fatal(err)
	}
	checkAnswers(t, "a bias in two halves", answers(t, m), answers(t, got))
}

func open(t testing.TB, b []byte) *tensorfile.File {
	t.Helper()
	f, err := tensorfile.Decode(b, tensorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t testing.TB, meta map[string]string, tensors []tensorfile.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tensorfile.Write(&b, meta, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A tampered file is a valid container with other content.
type tampered struct {
	meta    map[string]any // the description
	config  map[string]any
	lstm    map[string]any
	heads   []any
	tensors []tensorfile.Tensor
}

func (f *tampered) head(i int) map[string]any { return f.heads[i].(map[string]any) }

func (f *tampered) drop(name string) {
	f.tensors = slices.DeleteFunc(f.tensors, func(t tensorfile.Tensor) bool { return t.Name == name })
}

func tamper(t testing.TB, b []byte, change func(*tampered)) []byte {
	t.Helper()
	file := open(t, b)
	f := &tampered{tensors: slices.Clone(file.Tensors)}
	if err := json.Unmarshal([]byte(file.Meta["textlstm"]), &f.meta); err != nil {
		t.Fatal(err)
	}
	f.config = f.meta["config"].(map[string]any)
	f.lstm = f.config["lstm"].(map[string]any)
	f.heads = f.config["heads"].([]any)
	change(f)
	text, err := json.Marshal(f.meta)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, map[string]string{"textlstm": string(text)}, f.tensors)
}

func TestTamperedFiles(t *testing.T) {
	joint, deep := encode(t, newModel(t, kinds[0].set)), encode(t, newModel(t, deepOnly))
	int8s := encode(t, quantized(t, newModel(t, kinds[0].set)))
	zeros := func(name string, shape ...int) tensorfile.Tensor {
		n := 1
		for _, s := range shape {
			n *= s
		}
		return tensorfile.Float32(name, make([]float32, n), shape...)
	}
	for _, tt := range []struct {
		name   string
		file   []byte
		change func(*tampered)
		want   []string // in the error
	}{
		{"a newer version", deep, func(f *tampered) { f.meta["version"] = 99 }, []string{"version 99", "1 to 1", "newer program"}},
		{"version 0", deep, func(f *tampered) { f.meta["version"] = 0 }, []string{"version 0"}},
		{"no version", deep, func(f *tampered) { delete(f.meta, "version") }, []string{"version 0"}},
		{"a version that is no number", deep, func(f *tampered) { f.meta["version"] = "one" }, []string{"metadata textlstm"}},
		{"an unknown field", deep, func(f *tampered) { f.meta["colour"] = 1 }, []string{"colour"}},
		{"an unknown field of the config", deep, func(f *tampered) { f.config["depth"] = 1 }, []string{"depth"}},
		{"more members than there are", deep, func(f *tampered) { f.config["members"] = 3 }, []string{"asks for 2223 weights", "the file holds"}},
		{"buckets of n-grams that are not there", deep, func(f *tampered) { f.config["subword"] = map[string]any{"min": 3, "max": 6, "bits": 24} }, []string{"asks for 100664037 weights", "the file holds"}},
		{"no vocabulary", deep, func(f *tampered) { delete(f.meta, "vocab") }, []string{"no vocabulary"}},
		{"a token twice", deep, func(f *tampered) { f.meta["vocab"].(map[string]any)["tokens"].([]any)[1] = "the" }, []string{"duplicate"}},
		{"an empty config", deep, func(f *tampered) { f.meta["config"] = map[string]any{} }, []string{"embed = 0", "no heads"}},
		{"an unknown pipeline", deep, func(f *tampered) { f.config["pipeline"] = "words|rot13" }, []string{"rot13"}},
		{"an unknown direction", deep, func(f *tampered) { f.lstm["direction"] = "sideways" }, []string{"sideways"}},
		{"an unknown pooling", deep, func(f *tampered) { f.config["pool"] = []string{"median"} }, []string{"median"}},
		{"a pooling twice", deep, func(f *tampered) { f.config["pool"] = []string{"max", "max"} }, []string{"max", "twice"}},
		{"an unknown loss", deep, func(f *tampered) { f.head(0)["loss"] = map[string]any{"kind": "hinge"} }, []string{"head sentiment", "hinge"}},
		{"inputs of another width", deep, func(f *tampered) {
			f.lstm["input_size"] = 7
			for _, cell := range []string{"", "_reverse"} {
				f.drop("encoder.weight_ih_l0" + cell)
				f.tensors = append(f.tensors, zeros("encoder.weight_ih_l0"+cell, 20, 7))
			}
		}, []string{"input_size = 7", "embed = 6"}},
		{"a label without a row", deep, func(f *tampered) { f.head(0)["labels"] = []string{"a", "b", "c", "d"} }, []string{"heads.sentiment.weight", "[3 4]", "[4 4]"}},
		{"a row without a label", deep, func(f *tampered) { f.head(0)["labels"] = []string{"a", "b"} }, []string{"heads.sentiment.weight", "[3 4]", "[2 4]"}},
		{"a label twice", deep, func(f *tampered) { f.head(0)["labels"] = []string{"a", "b", "a"} }, []string{"head sentiment", `"a"`, "twice"}},
		{"a head twice", deep, func(f *tampered) { f.head(1)["name"] = "sentiment" }, []string{`"sentiment"`, "twice"}},
		{"a head without a name", deep, func(f *tampered) { f.head(1)["name"] = "" }, []string{"empty"}},
		{"a head with one label", deep, func(f *tampered) { f.head(1)["labels"] = []string{"a"} }, []string{"head topic has 1 labels", "at least 2"}},
		{"a norm above 1", joint, func(f *tampered) { f.head(1)["wide_norm"] = 1.5 }, []string{"head topic", "wide_norm = 1.5"}},
		{"a negative scale", joint, func(f *tampered) { f.head(1)["wide"] = -1 }, []string{"head topic", "wide = -1"}},
		{"a word without a vector", deep, func(f *tampered) {
			v := f.meta["vocab"].(map[string]any)
			v["tokens"], v["counts"] = append(v["tokens"].([]any), "more"), nil
		}, []string{"embedding.weight", "[20 6]", "[21 6]"}},
		{"a missing tensor", deep, func(f *tampered) { f.drop("heads.topic.bias") }, []string{"heads.topic.bias", "no such tensor"}},
		{"a large missing tensor", deep, func(f *tampered) { f.drop("encoder.weight_hh_l0") }, []string{`tensor "encoder.weight_hh_l0": no such tensor`, "asks for 741 weights", "holds 681"}},
		{"a missing second bias", deep, func(f *tampered) { f.drop("encoder.bias_hh_l0") }, []string{"encoder.bias_hh_l0", "no such tensor"}},
		{"an extra tensor", deep, func(f *tampered) { f.tensors = append(f.tensors, zeros("spare", 3)) }, []string{"spare", "unexpected"}},
		{"a wide branch that the config lacks", joint, func(f *tampered) { delete(f.config, "ngrams") }, []string{"wide.tags", "unexpected"}},
		{"a wide branch that the file lacks", deep, func(f *tampered) { f.config["ngrams"] = map[string]any{"words": 1, "bits": 7, "min_count": 1} }, []string{"wide.tags", "no such tensor"}},
		{"a table of another size", joint, func(f *tampered) { f.config["ngrams"].(map[string]any)["bits"] = 4 }, []string{"wide.tags", "[128 2]", "[16 2]"}},
		{"a table that no memory holds", joint, func(f *tampered) { f.config["ngrams"].(map[string]any)["bits"] = 60 }, []string{"bits = 60"}},
		{"nothing is left", deep, func(f *tampered) { f.config["no_deep"] = true }, []string{"nothing is left"}},
		{"eight bits without scales", int8s, func(f *tampered) { f.drop("embedding.weight.scale") }, []string{"embedding.weight.scale", "no such tensor"}},
		{"eight bits where there are none", deep, func(f *tampered) { f.config["int8"] = true }, []string{"embedding.weight"}},
		{"names that fall together", deep, func(f *tampered) { f.head(1)["name"] = "sentiment.hidden" }, []string{"sentiment.hidden", "name of the hidden layer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := classify.Decode(tamper(t, tt.file, tt.change))
			if !errors.Is(err, classify.ErrFormat) {
				t.Fatalf("err = %v, want it to wrap ErrFormat", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("err = %q, want it to say %q", err, want)
				}
			}
		})
	}
	if _, err := classify.Decode(tamper(t, joint, func(*tampered) {})); err != nil {
		t.Errorf("an untouched file: %v", err)
	}
}

// A config that asks for more than the file has is refused before anything is
// allocated, however its sizes multiply.
func TestHugeConfigs(t *testing.T) {
	deep := encode(t, newModel(t, deepOnly))
	other := map[string]string{ // what is refused otherwise, or by how much
		"hidden_size 2^62": "pool: Size is", "buckets 2^60": "1152921504606846976 buckets",
		"buckets 2^26": fmt.Sprintf("asks for %d weights", 6*(1<<26)+741), "many labels": fmt.Sprintf("asks for %d weights", 3000*1001+21_642),
		"a head's hidden layer of 2^40": fmt.Sprintf("asks for %d weights", int64(24*(1<<40)+645)),
	}
	for _, tt := range []struct {
		name   string
		change func(*tampered)
	}{
		{"hidden_size 2^30", func(f *tampered) { f.lstm["hidden_size"] = int64(1 << 30) }},
		{"hidden_size 2^32, whose square is 0", func(f *tampered) { f.lstm["hidden_size"] = int64(1 << 32) }},
		{"hidden_size 2^61", func(f *tampered) { f.lstm["hidden_size"] = int64(1 << 61) }},
		{"hidden_size 2^62", func(f *tampered) { f.lstm["hidden_size"] = int64(1 << 62) }},
		{"layers 2^30", func(f *tampered) { f.lstm["layers"] = int64(1 << 30) }},
		{"layers 2^62", func(f *tampered) { f.lstm["layers"] = int64(1 << 62) }},
		{"embed 2^40", func(f *tampered) { f.config["embed"], f.lstm["input_size"] = int64(1<<40), int64(1<<40) }},
		{"embed 2^60", func(f *tampered) { f.config["embed"], f.lstm["input_size"] = int64(1<<60), int64(1<<60) }},
		{"buckets 2^26", func(f *tampered) { f.meta["vocab"].(map[string]any)["buckets"] = int64(1 << 26) }},
		{"buckets 2^60", func(f *tampered) { f.meta["vocab"].(map[string]any)["buckets"] = int64(1 << 60) }},
		{"a head's hidden layer of 2^40", func(f *tampered) { f.head(0)["hidden"] = int64(1 << 40) }},
		{"a head's hidden layer of 2^62", func(f *tampered) { f.head(0)["hidden"] = int64(1 << 62) }},
		{"many labels", func(f *tampered) {
			labels := make([]string, 3000)
			for i := range labels {
				labels[i] = strings.Repeat("x", 1+i%50) + strings.Repeat("y", i/50)
			}
			f.head(0)["labels"], f.head(0)["hidden"] = labels, 1000
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := tamper(t, deep, tt.change)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := classify.Decode(b)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, classify.ErrFormat) {
				t.Errorf("err = %v, want it to wrap ErrFormat", err)
			}
			want, ok := other[tt.name]
			if !ok {
				want = "weights, the file holds 781"
			}
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("err = %v, want %q", err, want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
				t.Errorf("%d bytes allocated for a file of %d", got, len(b))
			}
		})
	}
	_, err := classify.Decode(tamper(t, deep, func(f *tampered) { f.lstm["hidden_size"] = 500 }))
	if err == nil || !strings.Contains(err.Error(), "asks for 2") || !strings.Contains(err.Error(), "holds 781") {
		t.Errorf("err = %v, want both numbers of weights", err)
	}
}

// What is accepted is used without a panic, whatever strange values it has.
func TestStrangeConfigs(t *testing.T) {
	joint := encode(t, newModel(t, kinds[0].set))
	int8s := encode(t, quantized(t, newModel(t, kinds[0].set)))
	for _, tt := range []struct {
		name   string
		file   []byte
		change func(*tampered)
	}{
		{"the longest chunk", joint, func(f *tampered) { f.config["chunk"] = math.MaxInt }},
		{"chunks of one token", joint, func(f *tampered) { f.config["chunk"] = 1 }},
		{"scales that overflow", joint, func(f *tampered) { f.head(0)["deep"], f.head(0)["wide"] = 1e308, 1e308 }},
		{"tags all equal", joint, func(f *tampered) {
			for i := range f.tensors {
				if f.tensors[i].Name == "wide.tags" {
					f.tensors[i].Data = bytes.Repeat([]byte{1}, len(f.tensors[i].Data))
				}
			}
		}},
		{"eight bits that overflow", int8s, func(f *tampered) {
			for i := range f.tensors {
				if n := len(f.tensors[i].Data) / 4; strings.HasSuffix(f.tensors[i].Name, ".scale") {
					f.tensors[i] = tensorfile.Float32(f.tensors[i].Name, slices.Repeat([]float32{3e38}, n), n)
				}
			}
		}},
		{"no poolings", joint, func(f *tampered) { f.config["pool"] = []string{"mean", "attention"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := classify.Decode(tamper(t, tt.file, tt.change))
			if err != nil {
				if !errors.Is(err, classify.ErrFormat) {
					t.Errorf("err = %v, want it to wrap ErrFormat", err)
				}
				return
			}
			for _, text := range texts {
				checkProbs(t, m, m.Predict(text))
			}
		})
	}
}

// No file with a flipped bit and no part of a file is a model.
func TestDamagedFiles(t *testing.T) {
	b := encode(t, newModel(t, func(c *classify.Config) {
		deepOnly(c)
		c.Heads = c.Heads[1:]
		c.LSTM = lstm.Config{HiddenSize: 2}
	}))
	step := 1
	if testing.Short() {
		step = 13
	}
	check := func(name string, at int, damaged []byte) {
		m, err := classify.Decode(damaged)
		if !errors.Is(err, classify.ErrFormat) || m != nil {
			t.Fatalf("%s at %d: err = %v, want it to wrap ErrFormat", name, at, err)
		}
	}
	for bit := 0; bit < 8*len(b); bit += step {
		b[bit/8] ^= 1 << (bit % 8)
		check("bit flipped", bit, b)
		b[bit/8] ^= 1 << (bit % 8)
	}
	for n := 0; n < len(b); n += step {
		check("cut", n, b[:n:n])
	}
	check("longer", len(b), append(slices.Clone(b), 0))
	if _, err := classify.Decode(b); err != nil {
		t.Errorf("the undamaged file: %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other := string(write(t, map[string]string{"format": "pt"}, []tensorfile.Tensor{tensorfile.Float32("w", []float32{1}, 1)}))
	for _, tt := range []struct {
		path, want string
	}{
		{file("empty", ""), "empty"},
		{file("text", "not a model at all, only words\n"), "not a safetensors file"},
		{file("pickle", "\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}"), "pickle"},
		{file("other.safetensors", other), `"textlstm"`},
		{dir, "directory"},
	} {
		_, err := classify.Load(tt.path)
		if !errors.Is(err, classify.ErrFormat) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
			t.Errorf("%s: err = %v, want ErrFormat, the path and %q", filepath.Base(tt.path), err, tt.want)
		}
	}
	_, err := classify.Load(filepath.Join(dir, "missing"))
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, classify.ErrFormat) {
		t.Errorf("a missing file: err = %v, want fs.ErrNotExist and not ErrFormat", err)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.safetensors")
	first, second := newModel(t, deepOnly), newModel(t, wideOnly)
	for _, m := range []*classify.Model{first, second} {
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, encode(t, m)) {
			t.Error("the file is not the model")
		}
	}
	// A model that cannot be written leaves the old file and no other.
	for _, p := range first.Deep().Params() {
		p.Data[0] = float32(math.Inf(1))
	}
	if err := first.Save(path); !errors.Is(err, tensorfile.ErrNotFinite) {
		t.Errorf("an infinite weight: err = %v, want ErrNotFinite", err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, encode(t, second)) {
		t.Errorf("a failed Save changed the file (err = %v)", err)
	}
	if err := second.Save(filepath.Join(dir, "no", "such", "directory")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v, want fs.ErrNotExist", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v are left, want the model alone (err = %v)", entries, err)
	}
}

// FuzzDecode reads any bytes. Checksums stop nearly all of them early:
// FuzzDescription goes deeper.
func FuzzDecode(f *testing.F) {
	for _, set := range []func(*classify.Config){deepOnly, wideOnly} {
		b := encode(f, newModel(f, set))
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte{})
	f.Add([]byte("\x10\x00\x00\x00\x00\x00\x00\x00{\"__metadata__\":{}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := classify.Decode(b)
		if err != nil {
			if !errors.Is(err, classify.ErrFormat) {
				t.Fatalf("err = %v, want it to wrap ErrFormat", err)
			}
			return
		}
		checkProbs(t, m, m.Predict("a good film !"))
	})
}

// FuzzDescription puts any description before the tensors of a real model.
func FuzzDescription(f *testing.F) {
	file := open(f, encode(f, newModel(f, kinds[0].set)))
	text := file.Meta["textlstm"]
	f.Add(text)
	for old, new := range map[string]string{
		`"hidden_size":5`:                     `"hidden_size":1073741824`,
		`"bidirectional"`:                     `"reverse"`,
		`"embed":6`:                           `"embed":-6`,
		`"unify|words|camel|lower"`:           `"words|max:1"`,
		`"book"`:                              `"film"`,
		`"vocab":{"tok`:                       `"vocab":{"buckets":99,"tok`,
		`"pool":`:                             `"chunk":2,"pool":`,
		`"version":1`:                         `"version":1e400`,
		`["max","mean"]`:                      `["mean","max"]`,
		`"labels":["film"`:                    `"loss":{"kind":"binary-cross-entropy"},"labels":["film"`,
		`"deep":0.5`:                          `"deep":1e308`,
		`"min_count":2`:                       `"min_count":9223372036854775807`,
		`"char_max":4`:                        `"char_max":16`,
		`"name":"sentiment"`:                  `"name":"\u0000"`,
		`"labels":["film","book"],"deep":0.5`: `"labels":null,"loss":{"kind":"squared-error"},"mean":3e38,"scale":3e38,"deep":1e30`,
	} {
		if !strings.Contains(text, old) {
			f.Fatalf("the description lacks %s:\n%s", old, text)
		}
		f.Add(strings.Replace(text, old, new, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		meta := maps.Clone(file.Meta)
		meta["textlstm"] = text
		var b bytes.Buffer
		if err := tensorfile.Write(&b, meta, file.Tensors); err != nil {
			return // not UTF-8
		}
		m, err := classify.Decode(b.Bytes())
		if err != nil {
			if !errors.Is(err, classify.ErrFormat) {
				t.Fatalf("err = %v, want it to wrap ErrFormat", err)
			}
			return
		}
		for _, text := range texts {
			checkProbs(t, m, m.Predict(text))
		}
		if _, err := m.WriteTo(&b); err != nil {
			t.Fatalf("a model that was read cannot be written: %v", err)
		}
	})
}

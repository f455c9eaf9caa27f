package torch_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/golden"
	"github.com/textlstm/textlstm/internal/zoo"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/torch"
	"github.com/textlstm/textlstm/nn"
)

const goldens = "../testdata/torch"

// Networks of PyTorch answer as they do there. What the state_dict does not say is given.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(goldens + "/*.json")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".json")
		for _, suffix := range []string{".pt", ".safetensors"} {
			name := filepath.Base(base) + suffix
			t.Run(name, func(t *testing.T) {
				c := golden.Read(t, file)
				f, err := torch.Open(base + suffix)
				if err != nil {
					t.Fatal(err)
				}
				o := torch.Options{Pool: []nn.Pooling{c.Pool}}
				if strings.HasPrefix(name, "one-unit") {
					o.Labels = []string{"no", "yes"}
				}
				n, err := f.Network(o)
				if err != nil {
					t.Fatal(err)
				}
				c.Check(t, n)
			})
		}
	}
}

// What is written is read as it was, and mapped files find content at multiples of 64.
func TestWrite(t *testing.T) {
	tensors := []torch.Tensor{
		{Name: "a.weight", DType: "F32", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}},
		{Name: "a.bias", DType: "F32", Shape: []int{2}, Data: []float32{-1, 0.5}},
		{Name: "scale", DType: "F32", Shape: nil, Data: []float32{7}},
		{Name: "none", DType: "F32", Shape: []int{0, 4}},
	}
	var b bytes.Buffer
	if err := torch.Write(&b, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := torch.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range tensors {
		got := f.Tensors[i]
		if got.Name != want.Name || got.DType != want.DType || !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Data, want.Data) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if at := bytes.Index(b.Bytes(), binary.LittleEndian.AppendUint32(nil, 0x3f800000)); at%64 != 0 {
		t.Errorf("the first tensor stands at byte %d", at)
	}
	tensors[0].Shape[0] = 3
	if err := torch.Write(&b, tensors); err == nil {
		t.Error("a shape of other size than the values is no error")
	}
}

// An export of one network comes back as that network.
func TestExportComesBack(t *testing.T) {
	for _, k := range zoo.Kinds() {
		m, err := zoo.Make(k, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, err := torch.Export(m, "x.pt")
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		merged := k.Name == "layers" || k.Name == "average" // what a state_dict does not say
		if k.Config.Members > 0 || m.Wide() != nil || k.Config.HasSubword() || merged {
			continue
		}
		f := &torch.File{Tensors: x.Tensors}
		n, err := f.Network(torch.Options{Pool: m.Config().Pool})
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		if k.Name == "reverse" {
			continue // PyTorch has it as one that reads forwards, turned around by the module
		}
		want := interop.Of(m)[0]
		if !slices.Equal(n.Embedding.Data, want.Embedding.Data) || len(n.Heads) != len(want.Heads) {
			t.Errorf("%s: another embedding, or %d heads for %d", k.Name, len(n.Heads), len(want.Heads))
		}
		for l, layer := range want.Layers {
			for d, c := range layer.Cells {
				got := n.Layers[l].Cells[d]
				if !slices.Equal(got.Recurrent.Data, c.Recurrent.Data) || !slices.Equal(got.Bias, c.Bias) || !slices.Equal(got.Peephole, c.Peephole) {
					t.Errorf("%s: layer %d, direction %d is another", k.Name, l, d)
				}
			}
		}
	}
}

func tensor(name string, shape ...int) torch.Tensor {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return torch.Tensor{Name: name, DType: "F32", Shape: shape, Data: make([]float32, n)}
}

// lstm is a small network under unusual names.
func lstm() []torch.Tensor {
	return []torch.Tensor{
		tensor("tab.weight", 9, 4), tensor("r.weight_ih_l0", 12, 4), tensor("r.weight_hh_l0", 12, 3),
		tensor("out.weight", 2, 5), tensor("out.bias", 2), tensor("mid.weight", 5, 3), tensor("mid.bias", 5),
	}
}

func TestNames(t *testing.T) {
	for name, o := range map[string]torch.Options{
		"guess": {},
		"map":   {Map: map[string]string{"encoder": "r", "embedding": "tab", "hidden": "mid", "head": "out"}, Activation: nn.Tanh},
	} {
		n, err := (&torch.File{Tensors: lstm()}).Network(o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l := n.Heads[0].Layers; n.Embedding.Rows != 9 || len(l) != 2 || l[0].Name != "mid" || l[0].Activation == "" {
			t.Errorf("%s: %+v", name, n)
		}
	}
	m, err := torch.ParseMap("encoder=rnn, embed=emb")
	if want := map[string]string{"encoder": "rnn", "embedding": "emb"}; err != nil || !maps.Equal(m, want) {
		t.Errorf("%v, %v", m, err)
	}
	for _, bad := range []string{"", "encoder", "encoder=", "x=y", "embed=a,embedding=b"} {
		if m, err := torch.ParseMap(bad); err == nil {
			t.Errorf("map %q is %v", bad, m)
		}
	}
}

// Linear layers of one shape are applied in the order of the file, or in that of the map.
func TestLinearLayersOfOneShape(t *testing.T) {
	f := &torch.File{Tensors: []torch.Tensor{
		tensor("r.weight_ih_l0", 12, 4), tensor("r.weight_hh_l0", 12, 3),
		tensor("a.weight", 3, 3), tensor("b.weight", 3, 3), tensor("c.weight", 3, 3), tensor("out.weight", 2, 3),
	}}
	for hidden, want := range map[string]string{"": "a b c out", "a+b+c": "a b c out", "b+c+a": "b c a out"} {
		var o torch.Options
		if hidden != "" {
			o.Map = map[string]string{"hidden": hidden, "head": "out"}
		}
		n, err := f.Network(o)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range n.Heads[0].Layers {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("hidden=%s: %s, want %s", hidden, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for want, more := range map[string][]torch.Tensor{
		"layer att: MultiheadAttention":              {tensor("att.in_proj_weight", 9, 3)},
		"layer r: proj_size":                         {tensor("r.weight_hr_l0", 2, 3)},
		"layer norm: BatchNorm":                      {tensor("norm.running_mean", 3)},
		"layer conv: weight has 3 dimensions":        {tensor("conv.weight", 3, 3, 3)},
		"layer cell: a cell":                         {tensor("cell.weight_ih", 12, 3)},
		"norm.weight: shape [3], type \"F32\"":       {tensor("norm.weight", 3), tensor("norm.bias", 3)},
		"tab, other may each be":                     {tensor("other.weight", 7, 4)},
		"s_l0 reads 4 numbers, r_l0 before it gives": {tensor("s.weight_ih_l0", 12, 4), tensor("s.weight_hh_l0", 12, 3)},
		"extra has no place in a network":            {tensor("extra", 3)},
		"r.weight_ih_l0 [12 4] F32":                  {tensor("extra", 3)},
	} {
		_, err := (&torch.File{Tensors: append(lstm(), more...)}).Network(torch.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	rnn := []torch.Tensor{tensor("r.weight_ih_l0", 3, 4), tensor("r.weight_hh_l0", 3, 3), tensor("fc.weight", 2, 3)}
	if _, err := (&torch.File{Tensors: rnn}).Network(torch.Options{}); err == nil || !strings.Contains(err.Error(), "nn.RNN") {
		t.Error(err)
	}
}

// Files that are something else say so.
func TestFormat(t *testing.T) {
	for want, content := range map[string]string{
		"begins neither":      "some text",
		"before 1.6":          "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
		"cut off":             "PK\x03\x04 and nothing",
		"begins neither as a": "",
	} {
		_, err := torch.Read(strings.NewReader(content), int64(len(content)))
		if !errors.Is(err, torch.ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
	if _, err := torch.Open(t.TempDir()); !errors.Is(err, torch.ErrFormat) {
		t.Error(err)
	}
	if _, err := torch.Open("testdata/none"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// series is a network of numbers that PyTorch has trained.
func series(t *testing.T) *interop.Network {
	t.Helper()
	f, err := torch.Open(goldens + "/series.pt")
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.Network(torch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A network without biases, which mean zeros, is written with zeros.
func TestExportWithoutBiases(t *testing.T) {
	n := series(t)
	for i := range n.Layers {
		for d := range n.Layers[i].Cells {
			n.Layers[i].Cells[d].Bias = nil
		}
	}
	width := n.Layers[len(n.Layers)-1].OutputSize()
	n.Pool = []nn.Pooling{nn.Attention}
	hidden := interop.Dense{Name: "hidden", Weight: interop.Matrix{Rows: 5, Cols: width, Data: make([]float32, 5*width)}}
	n.Attention = &interop.Attention{Hidden: hidden, Context: make([]float32, 5)}
	x, err := torch.ExportNetwork(n, "x.pt")
	if err != nil {
		t.Fatal(err)
	}
	biases := 0
	for _, v := range x.Tensors {
		if strings.Contains(v.Name, "bias") {
			biases++
			if v.Shape[0] == 0 || len(v.Data) != v.Shape[0] {
				t.Errorf("%s %v of %d values", v.Name, v.Shape, len(v.Data))
			}
		}
	}
	if biases < 6 {
		t.Errorf("%d biases", biases)
	}
	got, err := (&torch.File{Tensors: x.Tensors}).Network(torch.Options{})
	if err != nil || len(got.Layers[0].Cells[0].Bias) != got.Layers[0].Cells[0].Input.Rows {
		t.Error(err)
	}
}

// The exports are those that PyTorch has run.
func TestVerified(t *testing.T) {
	exports := map[string][]byte{}
	for _, k := range zoo.Kinds() {
		m, err := zoo.Make(k, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, err := torch.Export(m, "model.pt")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		b.WriteString(x.Module)
		if err := torch.Write(&b, x.Tensors); err != nil {
			t.Fatal(err)
		}
		exports[k.Name] = b.Bytes()
	}
	x, err := torch.ExportNetwork(series(t), "series.pt")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString(x.Module)
	if err := torch.Write(&b, x.Tensors); err != nil {
		t.Fatal(err)
	}
	exports["series"] = b.Bytes()
	golden.Verified(t, "../testdata/verified-torch.json", exports)
}

// A series network that goes on training has PyTorch's gradients.
func TestGradients(t *testing.T) {
	c := golden.Read(t, goldens+"/series.json")
	s, err := series(t).Sequential()
	if err != nil {
		t.Fatal(err)
	}
	var pass interop.Pass
	for _, row := range c.Rows {
		var lay nn.Layout
		lay.Reset([]int{len(row)})
		y, err := s.Forward(&pass, nn.Batch{Layout: &lay, X: row}, nn.Mode{Train: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Backward(&pass, []float32{2 * (y[0] - 1)}); err != nil {
			t.Fatal(err)
		}
	}
	names := strings.NewReplacer("layers.0.", "lstm1.", "layers.1.", "lstm2.", "dense.0.", "dense.", "bias_l0", "bias_ih_l0")
	for _, p := range s.Params() {
		want := c.Gradients[names.Replace(p.Name)]
		if len(want) != len(p.Grad) {
			t.Fatalf("%s: %d gradients, want %d", p.Name, len(p.Grad), len(want))
		}
		for i, g := range p.Grad {
			if d := math.Abs(float64(g) - want[i]); !(d <= golden.Limit*max(1, math.Abs(want[i]))) {
				t.Errorf("%s[%d]: gradient %v, want %v", p.Name, i, g, want[i])
			}
		}
	}
}

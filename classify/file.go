package classify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/modelfile"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// formatVersion is the newest version of the model file that this code knows.
const formatVersion = 1

// MetadataKey is the entry of a model file's metadata that holds its description.
const MetadataKey = "textlstm"

// A description is what a model file holds beside its tensors, as JSON.
type description struct {
	Version int               `json:"version"`
	Config  Config            `json:"config"`
	Vocab   *vocab.Vocabulary `json:"vocab"`
	Card    Card              `json:"card,omitzero"`
}

// ErrFormat says that a file is not a model that this code can read. Errors
// wrapping it say why.
var ErrFormat = errors.New("classify: not a readable model")

// WriteTo writes m as a safetensors file: the tensors under the names of
// Network.Params, those of several members with the member before them, PyTorch's
// two LSTM biases (the second one zero) in place of our one, and one metadata entry with everything else as JSON. Equal models
// give equal bytes.
func (m *Model) WriteTo(w io.Writer) (int64, error) {
	if err := m.check(); err != nil {
		return 0, err
	}
	d, err := json.Marshal(description{Version: formatVersion, Config: m.cfg, Vocab: m.vocab, Card: m.card})
	if err != nil {
		return 0, err
	}
	var tensors []tensorfile.Tensor
	for _, b := range m.branches {
		tensors = append(tensors, b.tensors(m.cfg)...)
	}
	counter := &fsx.CountingWriter{W: w}
	err = tensorfile.Write(counter, map[string]string{MetadataKey: string(d)}, tensors)
	return counter.N, err
}

// memberPrefix is before the names of the tensors of member k: nothing where
// there is one only.
func (c Config) memberPrefix(k int) string {
	if c.NumMembers() == 1 {
		return ""
	}
	return fmt.Sprintf("members.%d.", k)
}

// deepTensors are the tensors of one network.
func deepTensors(prefix string, params []*nn.Param, int8s bool) []tensorfile.Tensor {
	var tensors []tensorfile.Tensor
	for _, t := range modelfile.Tensors(params, int8s) {
		if twin, ok := secondBias(t.Name); ok {
			t.Name = strings.Replace(t.Name, "bias_", "bias_ih_", 1)
			tensors = append(tensors, tensorfile.Float32(prefix+twin, make([]float32, t.Shape[0]), t.Shape...))
		}
		t.Name = prefix + t.Name
		tensors = append(tensors, t)
	}
	return tensors
}

// secondBias returns the name of PyTorch's bias_hh for the parameter of an LSTM bias.
func secondBias(name string) (string, bool) {
	if !strings.HasPrefix(name, "encoder.bias_l") {
		return "", false
	}
	return strings.Replace(name, "bias_", "bias_hh_", 1), true
}

// Save writes m to a file, atomically: whatever happens, the file is the old
// one or the new one, whole.
func (m *Model) Save(path string) error {
	return fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error {
		_, err := m.WriteTo(w)
		return err
	})
}

// Load reads a model file. Errors that are the content's fault wrap ErrFormat and
// name the file.
func Load(path string) (*Model, error) {
	return modelfile.Load(path, tensorfile.Limits{}, ErrFormat, decode)
}

// Decode reads a model from the bytes of a model file. The model may keep
// parts of b, which must not be changed afterwards.
func Decode(b []byte) (*Model, error) { return modelfile.Decode(b, ErrFormat, decode) }

func decode(f *tensorfile.File) (*Model, error) {
	var d description
	if err := f.Describe(MetadataKey, formatVersion, &d); err != nil {
		return nil, err
	}
	if d.Vocab == nil {
		return nil, fmt.Errorf("metadata %s: no vocabulary", MetadataKey)
	}
	cfg := d.Config
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	var branches []Branch
	var names []string
	for _, k := range branchKinds {
		if !k.in(cfg) || k.load == nil {
			continue
		}
		b, read, err := k.load(f, d)
		if err != nil {
			return nil, err
		}
		branches, names = append(branches, b), append(names, read...)
	}
	if err := f.CheckNames(names...); err != nil {
		return nil, err
	}
	return New(cfg, d.Vocab, d.Card, branches...)
}

// readParams fills the parameters of one network from a file and returns the
// names it has read.
func readParams(f *tensorfile.File, prefix string, params []*nn.Param) (names []string, err error) {
	for _, p := range params {
		if p.Int8 != nil {
			q, read, err := modelfile.Int8(f, prefix+p.Name, p.Shape...)
			if err != nil {
				return nil, err
			}
			*p.Int8 = q
			p.Changed()
			names = append(names, read...)
			continue
		}
		name := p.Name
		twin, ok := secondBias(name)
		if ok {
			name = strings.Replace(name, "bias_", "bias_ih_", 1)
			names = append(names, prefix+twin)
		}
		names = append(names, prefix+name)
		if err := f.CopyFloat32(p.Data, prefix+name, p.Shape...); err != nil {
			return nil, err
		}
		if ok {
			second, err := f.Float32(prefix+twin, p.Shape...)
			if err != nil {
				return nil, err
			}
			for i, v := range second {
				p.Data[i] += v
			}
		}
		p.Changed()
	}
	return names, nil
}

// checkSizes compares what a config asks memory for with what the file holds,
// before any of it is allocated.
func checkSizes(f *tensorfile.File, d description) error {
	err := modelfile.Holds(f, d.Config.numDeepParams(d.Vocab.Len()))
	if err == nil {
		return nil
	}
	if name, ok := firstMissing(f, d.Config, d.Config.memberPrefix(0)); ok {
		return fmt.Errorf("tensor %q: no such tensor; %w", name, err)
	}
	return err
}

// firstMissing returns the first of the large tensors of a config that the file
// lacks. It looks at the first member of an ensemble, and takes no more steps than
// the file has tensors.
func firstMissing(f *tensorfile.File, cfg Config, prefix string) (name string, ok bool) {
	missing := func(n string) bool {
		name = prefix + n
		_, there := f.Lookup(name)
		return !there
	}
	if missing("embedding.weight") {
		return name, true
	}
	shape := cfg.EncoderShape()
	for l := range shape.Layers {
		suffixes := []string{"", "_reverse"}
		switch shape.Layer(l).Direction {
		case nn.Forward:
			suffixes = suffixes[:1]
		case nn.Reverse:
			suffixes = suffixes[1:]
		}
		for _, s := range suffixes {
			if missing(fmt.Sprintf("encoder.weight_ih_l%d%s", l, s)) || missing(fmt.Sprintf("encoder.weight_hh_l%d%s", l, s)) {
				return name, true
			}
		}
	}
	for _, h := range cfg.Heads {
		for i := range h.HiddenLayers() {
			if missing(h.HiddenName(i) + ".weight") {
				return name, true
			}
		}
		if missing("heads." + h.Name + ".weight") {
			return name, true
		}
	}
	return "", false
}

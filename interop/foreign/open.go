package foreign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/hdf5"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/internal/archive"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/interop/onnx"
	"github.com/textlstm/textlstm/interop/torch"
	"github.com/textlstm/textlstm/nn"
)

// ErrFormat says that a file is no model of a framework that this package knows.
var ErrFormat = errors.New("foreign: no model of Keras, PyTorch, safetensors or ONNX")

// ErrOptions says that a file of its format does not take the options.
var ErrOptions = errors.New("foreign: options that say too much")

// Options say what files of some formats do not. The zero value takes all from the file.
type Options struct {
	// Map names the modules of a state_dict by what they are, see torch.Options.
	Map map[string]string

	// Tokens name the rows of the embedding, see interop.Text. Pipeline makes the tokens of a
	// text; "" means classify.DefaultPipeline, without Tokens "fields", which reads ids.
	Tokens   []string
	Pipeline string

	// Pool and Activation are what a state_dict does not say, see torch.Options. They and Map
	// are refused with other formats.
	Pool       []nn.Pooling
	Activation nn.Activation

	// Labels name the scores, Loss says what they mean, see interop.Head.
	Labels []string
	Loss   nn.LossKind
}

func (o *Options) text() interop.Text {
	t := interop.Text{Pipeline: o.Pipeline, Tokens: o.Tokens}
	if t.Pipeline == "" && t.Tokens != nil {
		t.Pipeline = classify.DefaultPipeline
	}
	return t
}

// stateDictAlone refuses what files of a format say themselves.
func (o *Options) stateDictAlone(format string) error {
	if len(o.Map) > 0 || len(o.Pool) > 0 || o.Activation != "" {
		return fmt.Errorf("%w: a map of names, a pooling and an activation are for a state_dict, %s says them itself", ErrOptions, format)
	}
	return nil
}

// A File is an open model of another framework.
type File struct {
	Format  string // such as ONNX
	Entries []Entry

	network func(o Options) (*interop.Network, error)
	close   func() error
}

// Close closes the file, which must be open for Network.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// An Entry is something in a file: a tensor, or what a graph reads or computes.
type Entry struct {
	Name  string
	Type  string // of a tensor's elements, else input, output or the name of an operator
	Shape string
}

// Network returns what the file computes. An [interop.Error] names what cannot be
// represented.
func (f *File) Network(o Options) (*interop.Network, error) { return f.network(o) }

// Open reads a file. Errors that are the content's fault wrap ErrFormat or that of the
// format's package.
func Open(name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is no regular file", name, ErrFormat)
	}
	head, err := start(name)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte(hdf5.Magic)), bytes.HasPrefix(head, []byte("PK")) && isKeras(name, info.Size()):
		f, err := keras.Open(name, "")
		if err != nil {
			return nil, err
		}
		return layers(f)
	case bytes.HasPrefix(head, []byte("PK")), len(head) > 8 && head[8] == '{', len(head) > 0 && head[0] == 0x80:
		f, err := torch.Open(name)
		if err != nil {
			return nil, err
		}
		if _, own := f.Meta[classify.MetadataKey]; own {
			return nil, fmt.Errorf("%s: %w: it is a model of this module", name, ErrFormat)
		}
		return stateDict(f, head[0] == 'P'), nil
	case len(head) > 0 && head[0] == 0x08: // the version, the first field of a model of ONNX
		f, err := onnx.Open(name)
		if err != nil {
			return nil, err
		}
		return graph(f), nil
	}
	return nil, fmt.Errorf("%s: %w", name, ErrFormat)
}

// start returns the first bytes of a file.
func start(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 9))
}

// isKeras says whether an archive is one of Keras.
func isKeras(name string, size int64) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	a, err := archive.Open(f, size)
	return err == nil && a.Has("config.json")
}

// layers describes a model of Keras.
func layers(f *keras.File) (*File, error) {
	entries, err := f.Entries()
	if err != nil {
		f.Close()
		return nil, err
	}
	out := &File{Format: "Keras", close: f.Close, network: func(o Options) (*interop.Network, error) {
		if err := o.stateDictAlone("Keras"); err != nil {
			return nil, err
		}
		return f.Network(keras.Options{Vocabulary: o.Tokens, Pipeline: o.Pipeline, Labels: o.Labels, Loss: o.Loss})
	}}
	for _, e := range entries {
		shape := ""
		if e.Shape != nil {
			shape = fmt.Sprint(e.Shape)
		}
		out.Entries = append(out.Entries, Entry{e.Name, e.Type, shape})
	}
	return out, nil
}

func stateDict(f *torch.File, archive bool) *File {
	out := &File{Format: "safetensors"}
	if archive {
		out.Format = "PyTorch state_dict"
	}
	for _, t := range f.Tensors {
		out.Entries = append(out.Entries, Entry{t.Name, t.DType, fmt.Sprint(t.Shape)})
	}
	out.network = func(o Options) (*interop.Network, error) {
		return f.Network(torch.Options{Map: o.Map, Text: o.text(), Pool: o.Pool, Activation: o.Activation, Labels: o.Labels, Loss: o.Loss})
	}
	return out
}

func graph(f *onnx.File) *File {
	out := &File{Format: strings.TrimSpace("ONNX " + f.Producer)}
	for _, v := range f.Inputs {
		out.Entries = append(out.Entries, Entry{v.Name, "input", fmt.Sprint(v.Shape)})
	}
	for _, v := range f.Outputs {
		out.Entries = append(out.Entries, Entry{v.Name, "output", fmt.Sprint(v.Shape)})
	}
	for _, t := range f.Tensors {
		out.Entries = append(out.Entries, Entry{t.Name, t.DType, fmt.Sprint(t.Shape)})
	}
	for _, n := range f.Nodes {
		if n.Op == "LSTM" || n.Op == "GRU" || n.Op == "RNN" || n.Op == "Loop" {
			out.Entries = append(out.Entries, Entry{n.Name, n.Op, ""})
		}
	}
	out.network = func(o Options) (*interop.Network, error) {
		if err := o.stateDictAlone("ONNX"); err != nil {
			return nil, err
		}
		return f.Network(onnx.Options{Text: o.text(), Labels: o.Labels, Loss: o.Loss})
	}
	return out
}

// maxVocabulary is the largest file of a vocabulary.
const maxVocabulary = 256 << 20

// ReadTokens reads a vocabulary: a token a line in the order of the rows of the embedding,
// or JSON, a list in that order or an object of rows by tokens.
func ReadTokens(name string) ([]string, error) {
	b, err := fsx.ReadFile(fsx.OS{}, name, maxVocabulary)
	if err != nil {
		return nil, err
	}
	var tokens []string
	switch content := bytes.TrimSpace(b); {
	case bytes.HasPrefix(content, []byte("[\"")):
		err = json.Unmarshal(content, &tokens)
	case bytes.HasPrefix(content, []byte("{")):
		tokens, err = byRow(content)
	default:
		for line := range strings.Lines(string(b)) {
			tokens = append(tokens, strings.TrimRight(line, "\r\n"))
		}
	}
	if err == nil && len(tokens) == 0 {
		err = errors.New("no tokens")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: want a token a line, or JSON: a list, or an object of rows by tokens: %w", name, err)
	}
	return tokens, nil
}

// byRow reads an object of rows by tokens.
func byRow(content []byte) ([]string, error) {
	var rows map[string]int
	if err := json.Unmarshal(content, &rows); err != nil {
		return nil, err
	}
	tokens := make([]string, len(rows))
	seen := make([]bool, len(rows))
	for token, row := range rows {
		if row < 0 || row >= len(rows) || seen[row] {
			return nil, fmt.Errorf("token %q has row %d of %d, which is no row or another's", token, row, len(rows))
		}
		tokens[row], seen[row] = token, true
	}
	return tokens, nil
}

package keras

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/template"

	_ "embed"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/hdf5"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/internal/python"
	"github.com/textlstm/textlstm/nn"
)

// An Exported network is the arrays of a .weights.h5 and the Python script that builds the
// model and loads them.
type Exported struct {
	Arrays []hdf5.Array
	Script string
}

// Write writes the .weights.h5.
func (x *Exported) Write(w io.Writer) error { return hdf5.Write(w, x.Arrays) }

//go:embed model.py.tmpl
var scriptSource string

var scriptTemplate = template.Must(template.New("script").Parse(scriptSource))

// A script is what the Python source is made of.
type script struct {
	File    string
	Text    bool     // it reads tokens, not numbers
	Chain   []string // layers of a Sequential model, where it is one
	Inputs  int      // width of the numbers
	Members []string
	Heads   []head
	Padding interop.Padding

	Thresholds             string
	Chunk, Padded, Context int
	Subwords, Wide         bool
	Norm                   bool // some head divides by the number of n-grams
	Lexicon, Peepholes     bool
	EmbeddingRows, Width   int
	Rows                   int // of the wide branch
	Pools                  []string

	own int // variables of the model's own so far
}

// A head is one question, in Python.
type head struct {
	python.Head
	Dense, Answer string
	Columns       int
	Opposite      bool
}

// Export returns a classifier as Keras has it: a Sequential model where it is a chain of
// Keras's layers, else a keras.Model with what Keras lacks written out (peepholes, attention,
// pooling that knows the ends of texts, the wide branch). file is the name that the script
// gives to the weights. Weights in eight bits become float32. The model reads what
// [interop.Rows] makes of texts.
func Export(m *classify.Model, file string) (*Exported, error) {
	cfg := m.Config()
	s := &script{File: file, Text: true, Chunk: cfg.Chunk, Wide: cfg.HasWide(), Lexicon: cfg.HasLexicon(), Padding: interop.PaddingOf(m)}
	x := new(Exported)
	networks := interop.Of(m)
	for _, h := range cfg.Heads {
		s.Heads = append(s.Heads, newHead(&h, len(networks)))
		s.Norm = s.Norm || s.Wide && h.WideNorm != 0
	}
	if len(networks) == 1 && s.plain(&cfg) && isChain(networks[0]) {
		if err := s.chain(x, networks[0]); err != nil {
			return nil, err
		}
		return x, s.write(x)
	}
	for k, n := range networks {
		s.member(x, n, k)
	}
	if s.Wide {
		s.wide(x, m.Wide())
	}
	return x, s.write(x)
}

// ExportNetwork returns a network of numbers as Keras has it, as Export does.
func ExportNetwork(n *interop.Network, file string) (*Exported, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	if n.Embedding != nil {
		return nil, fmt.Errorf("keras: a network that reads tokens: make a classifier of it and export that")
	}
	s, x := &script{File: file, Inputs: n.InputSize()}, new(Exported)
	for _, h := range n.Heads {
		s.Heads = append(s.Heads, head{Head: python.Head{Name: strconv.Quote(cmp.Or(h.Name, "label")), Deep: "1.0"}, Answer: "s"})
	}
	if len(n.Heads) == 1 && isChain(n) {
		if err := s.chain(x, n); err != nil {
			return nil, err
		}
		return x, s.write(x)
	}
	s.member(x, n, 0)
	return x, s.write(x)
}

func (x *Exported) add(path string, data []float32, shape ...int) {
	x.Arrays = append(x.Arrays, hdf5.Array{Path: path, Shape: shape, Data: data})
}

// transposed adds a matrix [rows][cols] as [cols][rows], which is how Keras has it.
func (x *Exported) transposed(path string, m *interop.Matrix) {
	x.add(path, interop.Transpose(m.Data, m.Rows, m.Cols), m.Cols, m.Rows)
}

// ownVariable adds a variable of the model itself.
func (s *script) ownVariable(x *Exported, data []float32) {
	x.add(fmt.Sprintf("vars/%d", s.own), data, len(data))
	s.own++
}

// cell adds the weights of one direction of a layer. Keras has the gates of a GRU in the
// order z, r, h.
func (x *Exported) cell(path, kind string, c *interop.Cell) {
	if kind == interop.GRU {
		turn := func(v []float32) []float32 {
			if v == nil {
				return make([]float32, c.Input.Rows)
			}
			return interop.Blocks(v, 1, 0, 2)
		}
		input, recurrent := c.Input, c.Recurrent
		input.Data, recurrent.Data = turn(input.Data), turn(recurrent.Data)
		x.transposed(path+"/vars/0", &input)
		x.transposed(path+"/vars/1", &recurrent)
		x.add(path+"/vars/2", slices.Concat(turn(c.Bias), turn(c.RecurrentBias)), 2, c.Input.Rows)
		return
	}
	x.transposed(path+"/vars/0", &c.Input)
	x.transposed(path+"/vars/1", &c.Recurrent)
	x.add(path+"/vars/2", interop.OrZeros(c.Bias, c.Input.Rows), c.Input.Rows)
	if c.Peephole != nil {
		x.add(path+"/vars/3", c.Peephole, 3, len(c.Peephole)/3)
	}
}

// dense adds the weights of a layer.
func (x *Exported) dense(path string, d *interop.Dense) {
	x.transposed(path+"/vars/0", &d.Weight)
	x.add(path+"/vars/1", interop.OrZeros(d.Bias, d.Weight.Rows), d.Weight.Rows)
}

// plain says whether a model of one network is that network: one head, whose answer is the
// activation of its scores.
func (s *script) plain(cfg *classify.Config) bool {
	if s.Wide || s.Lexicon || cfg.Chunk > 0 || cfg.HasSubword() || len(cfg.Heads) != 1 {
		return false
	}
	h := &cfg.Heads[0]
	return cmp.Or(h.Deep, 1) == 1 && (h.Labelled() || h.Mean == 0 && cmp.Or(h.Scale, 1) == 1)
}

// isChain says whether a network is a chain of Keras's own layers.
func isChain(n *interop.Network) bool {
	if len(n.Pool) > 1 || len(n.Pool) == 1 && n.Pool[0] != nn.Last {
		return false
	}
	for i, l := range n.Layers {
		if l.Cells[0].Peephole != nil || l.Direction == nn.Reverse && i < len(n.Layers)-1 {
			return false
		}
	}
	return true
}

// chain writes a network as the layers of a Sequential model. Weights are under the names
// of the layers' classes, with a number from the second one on.
func (s *script) chain(x *Exported, n *interop.Network) error {
	count := map[string]int{}
	path := func(class string) string {
		count[class]++
		if k := count[class]; k > 1 {
			return fmt.Sprintf("layers/%s_%d", class, k-1)
		}
		return "layers/" + class
	}
	if e := n.Embedding; e != nil {
		s.Chain = append(s.Chain, `keras.Input((None,), dtype="int32")`, fmt.Sprintf("L.Embedding(%d, %d, mask_zero=True)", e.Rows, e.Cols))
		x.add(path("embedding")+"/vars/0", e.Data, e.Rows, e.Cols)
	} else {
		s.Chain = append(s.Chain, fmt.Sprintf("keras.Input((None, %d))", n.InputSize()))
	}
	for i := range n.Layers {
		l := &n.Layers[i]
		options := ""
		if i < len(n.Layers)-1 {
			options = ", return_sequences=True"
		}
		if l.Direction == nn.Reverse {
			options += ", go_backwards=True"
		}
		class := strings.ToUpper(l.Kind)
		text := fmt.Sprintf("L.%s(%d%s)", class, l.Units(), options)
		if l.Direction != nn.Bidirectional {
			x.cell(path(l.Kind)+"/cell", l.Kind, &l.Cells[0])
		} else {
			text = fmt.Sprintf("L.Bidirectional(%s, merge_mode=%q)", text, cmp.Or(l.Merge, nn.Concat))
			at := path("bidirectional")
			x.cell(at+"/forward_layer/cell", l.Kind, &l.Cells[0])
			x.cell(at+"/backward_layer/cell", l.Kind, &l.Cells[1])
		}
		s.Chain = append(s.Chain, text)
	}
	h := n.Heads[0]
	for i := range h.Layers {
		d := &h.Layers[i]
		a := d.Activation
		if i == len(h.Layers)-1 && s.Heads[0].Answer != "s" {
			a = nn.Activation(strings.TrimSuffix(strings.TrimPrefix(s.Heads[0].Answer, "ops."), "(s)"))
		}
		s.Chain = append(s.Chain, fmt.Sprintf("L.Dense(%d%s)", d.Weight.Rows, activationOption(a)))
		x.dense(path("dense"), d)
	}
	return nil
}

// activationOption is the argument of Dense for an activation.
func activationOption(a nn.Activation) string {
	if a == "" || a == nn.Identity {
		return ""
	}
	return fmt.Sprintf(", activation=%q", a)
}

// member adds the weights of one network, whose attributes end in its number, and says how
// it is made.
func (s *script) member(x *Exported, n *interop.Network, k int) {
	if e := n.Embedding; e != nil {
		s.EmbeddingRows, s.Width = e.Rows, e.Cols
		x.add(fmt.Sprintf("embedding_%d/vars/0", k), e.Data, e.Rows, e.Cols)
	}
	if w := n.Subwords; w != nil { // and a row of padding
		s.Subwords = true
		x.add(fmt.Sprintf("subwords_%d/vars/0", k), append(slices.Clone(w.Data), make([]float32, w.Cols)...), w.Rows+1, w.Cols)
	}
	var layers []string
	for i := range n.Layers {
		l := &n.Layers[i]
		kind := l.Kind
		if l.Cells[0].Peephole != nil {
			kind, s.Peepholes = "peephole", true
		}
		layers = append(layers, fmt.Sprintf("(%q, %d, %q, %q)", kind, l.Units(), l.Direction, cmp.Or(l.Merge, nn.Concat)))
		for d := range l.Cells {
			x.cell(fmt.Sprintf("encoder_%d_%d_%d/cell", k, i, d), l.Kind, &l.Cells[d])
		}
	}
	s.Members = append(s.Members, "["+strings.Join(layers, ", ")+"]")
	s.Padded = n.Padded
	if a := n.Attention; a != nil {
		s.Context = len(a.Context)
		x.dense(fmt.Sprintf("attention_%d", k), &a.Hidden)
		s.ownVariable(x, a.Context)
	}
	s.Pools = nil
	for _, p := range n.Pool {
		s.Pools = append(s.Pools, strconv.Quote(string(p)))
	}
	if len(s.Pools) == 0 {
		s.Pools = []string{strconv.Quote(string(nn.Last))}
	}
	for i := range n.Heads {
		h := &n.Heads[i]
		var dense []string
		for j := range h.Layers {
			d := &h.Layers[j]
			x.dense(fmt.Sprintf("head_%d_%d_%d", k, i, j), d)
			dense = append(dense, fmt.Sprintf("L.Dense(%d%s)", d.Weight.Rows, activationOption(d.Activation)))
		}
		s.Heads[i].Dense = strings.Join(dense, ", ")
	}
}

// wide adds the weights of the wide branch, with a row of zeros for padding.
func (s *script) wide(x *Exported, w *classify.Wide) {
	s.Rows = w.Dictionary.Rows()
	for i, l := range w.Heads {
		h, cols := &s.Heads[i], l.Columns()
		var table []float32
		for r := range s.Rows {
			table = l.AppendRow(table, int32(r))
		}
		x.add(fmt.Sprintf("wide_%d/vars/0", i), append(table, make([]float32, cols)...), s.Rows+1, cols)
		h.Columns, h.Opposite = cols, cols < l.Labels
		s.ownVariable(x, l.Bias)
	}
}

// newHead says in Python how the scores of a head of an ensemble are put together.
func newHead(h *classify.Head, members int) head {
	out := head{Head: python.HeadOf(h, members)}
	switch {
	case !h.Labelled():
		out.Answer = "s"
		if h.Mean != 0 || cmp.Or(h.Scale, 1) != 1 {
			out.Answer = python.Number(h.Mean) + " + " + python.Number(cmp.Or(h.Scale, 1)) + " * s"
		}
	case h.MultiLabel():
		out.Answer = "ops.sigmoid(s)"
	default:
		out.Answer = "ops.softmax(s)"
	}
	return out
}

func (s *script) write(x *Exported) error {
	var heads []python.Head
	for _, h := range s.Heads {
		heads = append(heads, h.Head)
	}
	s.Thresholds = python.Thresholds(heads)
	var b strings.Builder
	if err := scriptTemplate.Execute(&b, s); err != nil {
		return err
	}
	x.Script = b.String()
	return nil
}

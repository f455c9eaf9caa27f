package torch

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	_ "embed"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/internal/python"
	"github.com/textlstm/textlstm/nn"
)

// An Exported network is a state_dict and the Python source of the module that loads it.
type Exported struct {
	Tensors []Tensor
	Module  string
}

//go:embed module.py.tmpl
var moduleSource string

var moduleTemplate = template.Must(template.New("module").Parse(moduleSource))

// Export returns a classifier as PyTorch has it. file is the name that the module's comment
// gives to the state_dict. Weights in eight bits become float32. The module reads what
// [interop.Rows] makes of texts.
func Export(m *classify.Model, file string) (*Exported, error) {
	cfg := m.Config()
	s := &module{File: file, Chunk: cfg.Chunk, Wide: cfg.HasWide(), Lexicon: cfg.HasLexicon(), Padding: interop.PaddingOf(m), Text: true}
	x := new(Exported)
	for k, n := range interop.Of(m) {
		p := fmt.Sprintf("members.%d.", k)
		if err := s.member(x, n, p); err != nil {
			return nil, err
		}
	}
	for i, h := range cfg.Heads {
		s.Heads = append(s.Heads, newHead(&h, len(s.Members)))
		if !s.Wide {
			continue
		}
		s.Norm = s.Norm || h.WideNorm != 0
		l := m.Wide().Heads[i]
		rows, cols := m.Wide().Dictionary.Rows(), l.Columns()
		var table []float32
		for r := range rows {
			table = l.AppendRow(table, int32(r))
		}
		x.add(fmt.Sprintf("wide.%d.weight", i), append(table, make([]float32, cols)...), rows+1, cols)
		x.add(fmt.Sprintf("wide_bias.%d", i), l.Bias, cols)
		s.Bags = append(s.Bags, fmt.Sprintf("nn.EmbeddingBag(%d, %d, mode=\"sum\", padding_idx=%d)", rows+1, cols, rows))
		s.Biases = append(s.Biases, fmt.Sprintf("torch.zeros(%d)", cols))
	}
	return x, s.write(x)
}

// ExportNetwork returns a network of numbers as PyTorch has it.
func ExportNetwork(n *interop.Network, file string) (*Exported, error) {
	if n.Embedding != nil {
		return nil, fmt.Errorf("torch: a network that reads tokens: make a classifier of it and export that")
	}
	s := &module{File: file}
	x := new(Exported)
	if err := s.member(x, n, "members.0."); err != nil {
		return nil, err
	}
	for _, h := range n.Heads {
		s.Heads = append(s.Heads, head{Head: python.Head{Name: strconv.Quote(h.Name), Deep: "1.0"}, Answer: "scores[%s]"})
	}
	return x, s.write(x)
}

func (x *Exported) add(name string, data []float32, shape ...int) {
	x.Tensors = append(x.Tensors, Tensor{Name: name, DType: "F32", Shape: shape, Data: data})
}

func (x *Exported) matrix(name string, m *interop.Matrix) { x.add(name, m.Data, m.Rows, m.Cols) }

// A module is what the Python source is made of, much of it in Python.
type module struct {
	File    string
	Text    bool // it reads tokens, not numbers
	Members []string
	Bags    []string
	Biases  []string
	Heads   []head
	Padding interop.Padding

	Thresholds      string
	Chunk, Subwords int
	Wide, Lexicon   bool
	Norm            bool // some head divides by the number of n-grams
	Peepholes       bool
	Turns, Merges   bool // some layer reads backwards alone, or merges directions
	Embedding       string
	Context         int
	Padded          int
	Pools           []string
	Dense           []string
}

// A head is one question in Python.
type head struct {
	python.Head
	Answer   string
	Opposite bool
}

// member adds the weights of one network, and says how it is made.
func (s *module) member(x *Exported, n *interop.Network, prefix string) error {
	if n.Embedding != nil {
		s.Embedding = fmt.Sprintf("nn.Embedding(%d, %d)", n.Embedding.Rows, n.Embedding.Cols)
		x.matrix(prefix+"embedding.weight", n.Embedding)
	}
	if w := n.Subwords; w != nil { // and a row of padding
		s.Subwords = w.Rows
		x.add(prefix+"subwords.weight", append(slices.Clone(w.Data), make([]float32, w.Cols)...), w.Rows+1, w.Cols)
	}
	var layers []string
	for i := range n.Layers {
		l := &n.Layers[i]
		cell := map[string]string{interop.LSTM: "nn.LSTM", interop.GRU: "nn.GRU"}[l.Kind]
		if (l.Cells[0].Peephole != nil) != (n.Layers[0].Cells[0].Peephole != nil) {
			return &interop.Error{Layer: l.Name, What: "peepholes in some layers alone"}
		}
		if l.Cells[0].Peephole != nil {
			cell, s.Peepholes = "PeepholeLSTM", true
		}
		s.Turns = s.Turns || s.Peepholes || l.Direction == nn.Reverse
		s.Merges = s.Merges || !l.Merge.Joins()
		layers = append(layers, fmt.Sprintf("(%s, %d, %d, %q, %q)", cell, l.InputSize(), l.Units(), l.Direction, cmp.Or(l.Merge, nn.Concat)))
		x.layer(fmt.Sprintf("%sencoder.%d.", prefix, i), l)
	}
	s.Members = append(s.Members, "Member(["+strings.Join(layers, ", ")+"])")
	s.Padded = n.Padded
	if a := n.Attention; a != nil {
		s.Context = len(a.Context)
		x.matrix(prefix+"pool.hidden.weight", &a.Hidden.Weight)
		x.add(prefix+"pool.hidden.bias", interop.OrZeros(a.Hidden.Bias, a.Hidden.Weight.Rows), a.Hidden.Weight.Rows)
		x.add(prefix+"pool.context", a.Context, len(a.Context))
	}
	s.pools(n)
	s.Dense = nil
	for i, h := range n.Heads {
		list, err := s.dense(x, fmt.Sprintf("%sheads.%d.", prefix, i), &h, max(len(n.Pool), 1))
		if err != nil {
			return err
		}
		s.Dense = append(s.Dense, list)
	}
	return nil
}

// layer adds the weights of a recurrent layer under the names of nn.LSTM and nn.GRU, which
// know no layer that reads backwards alone: that is one that reads forwards, turned around.
func (x *Exported) layer(prefix string, l *interop.Layer) {
	for d, c := range l.Cells {
		suffix := "_l0"
		if d == 1 {
			suffix = "_l0_reverse"
		}
		rows := c.Input.Rows
		x.matrix(prefix+"weight_ih"+suffix, &c.Input)
		x.matrix(prefix+"weight_hh"+suffix, &c.Recurrent)
		x.add(prefix+"bias_ih"+suffix, interop.OrZeros(c.Bias, rows), rows)
		x.add(prefix+"bias_hh"+suffix, interop.OrZeros(c.RecurrentBias, rows), rows)
		if c.Peephole != nil {
			x.add(prefix+"weight_peephole"+suffix, c.Peephole, 3, len(c.Peephole)/3)
		}
	}
}

// pools says in Python how the states become one vector.
func (s *module) pools(n *interop.Network) {
	s.Pools = nil
	kinds := n.Pool
	if len(kinds) == 0 {
		kinds = []nn.Pooling{nn.Last}
	}
	for _, k := range kinds {
		s.Pools = append(s.Pools, map[nn.Pooling]string{
			nn.Last:      s.finals(),
			nn.Mean:      "(x * mask).sum(1) / lengths.clamp(min=1)[:, None]",
			nn.Max:       s.maximum(),
			nn.Attention: "((torch.tanh(self.pool.hidden(x)) @ self.pool.context)[:, :, None].masked_fill(~mask, -1e30).softmax(1) * x).sum(1)",
		}[k])
	}
}

// finals is nn.Last in Python.
func (s *module) finals() string {
	const states = "torch.cat([y[torch.arange(len(y)), (lengths - 1).clamp(min=0)][:, :self.split], y[:, 0, self.split:]], 1)"
	if s.Merges {
		return "merged(" + states + ", merge)"
	}
	return states
}

// maximum is nn.Max in Python, with zeros for the padding of shorter texts where the model
// counts that.
func (s *module) maximum() string {
	const most = "x.masked_fill(~mask, -torch.inf).amax(1)"
	if s.Padded == 0 {
		return most
	}
	return fmt.Sprintf("torch.where(lengths[:, None] < %d, %s.clamp(min=0), %s)", s.Padded, most, most)
}

// The modules of activations.
var activations = map[nn.Activation]string{
	nn.ReLU: "nn.ReLU()", nn.Tanh: "nn.Tanh()", nn.Sigmoid: "nn.Sigmoid()", nn.GELU: "nn.GELU()", nn.SiLU: "nn.SiLU()", nn.ELU: "nn.ELU()",
	interop.Softmax: "nn.Softmax(1)",
}

// dense adds the layers of a head and says how they are made.
func (s *module) dense(x *Exported, prefix string, h *interop.Head, pools int) (string, error) {
	var list []string
	width := fmt.Sprintf("%d * width", pools)
	for i, d := range h.Layers {
		p := fmt.Sprintf("%s%d.", prefix, len(list))
		x.matrix(p+"weight", &d.Weight)
		x.add(p+"bias", interop.OrZeros(d.Bias, d.Weight.Rows), d.Weight.Rows)
		list = append(list, fmt.Sprintf("nn.Linear(%s, %d)", width, d.Weight.Rows))
		width = strconv.Itoa(d.Weight.Rows)
		if d.Activation == "" || d.Activation == nn.Identity || s.Text && i == len(h.Layers)-1 {
			continue
		}
		a := activations[d.Activation]
		if a == "" {
			return "", &interop.Error{Layer: d.Name, What: fmt.Sprintf("activation %q", d.Activation)}
		}
		list = append(list, a)
	}
	return "nn.Sequential(" + strings.Join(list, ", ") + ")", nil
}

// newHead says in Python how the scores of a head are put together.
func newHead(h *classify.Head, members int) head {
	out := head{Head: python.HeadOf(h, members), Opposite: h.Width() == 2 && !h.MultiLabel()}
	switch {
	case !h.Labelled():
		out.Answer = python.Number(h.Mean) + " + " + python.Number(cmp.Or(h.Scale, 1)) + " * scores[%s]"
	case h.MultiLabel():
		out.Answer = "scores[%s].sigmoid()"
	default:
		out.Answer = "scores[%s].softmax(1)"
	}
	return out
}

func (s *module) write(x *Exported) error {
	var heads []python.Head
	for i := range s.Heads {
		heads = append(heads, s.Heads[i].Head)
		s.Heads[i].Answer = fmt.Sprintf(s.Heads[i].Answer, s.Heads[i].Name)
	}
	s.Thresholds = python.Thresholds(heads)
	var b strings.Builder
	if err := moduleTemplate.Execute(&b, s); err != nil {
		return err
	}
	x.Module = b.String()
	return nil
}

package keras

import (
	"encoding/json"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// cellOptions are those of LSTM and GRU that matter when they do not learn.
type cellOptions struct {
	Units      int             `json:"units"`
	Activation json.RawMessage `json:"activation"`
	Gates      json.RawMessage `json:"recurrent_activation"`
	Bias       bool            `json:"use_bias"`
	Sequences  bool            `json:"return_sequences"`
	State      bool            `json:"return_state"`
	Backwards  bool            `json:"go_backwards"`
	Stateful   bool            `json:"stateful"`
	Zeros      bool            `json:"zero_output_for_mask"`
	ResetAfter bool            `json:"reset_after"`
	TimeMajor  bool            `json:"time_major"`
}

// cellOptions reads those of a recurrent layer.
func (l *layer) cellOptions() (c cellOptions, err error) {
	c.Bias = true
	if l.Class != "LSTM" && l.Class != "GRU" {
		return c, refuse(l.name(), "a %s within Bidirectional, want LSTM or GRU", l.Class)
	}
	if err := l.checkType(); err != nil {
		return c, err
	}
	if err := l.options(&c); err != nil {
		return c, err
	}
	activation, err := l.activation(c.Activation)
	if err != nil {
		return c, err
	}
	gates, err := l.activation(c.Gates)
	if err != nil {
		return c, err
	}
	for _, bad := range []struct {
		is   bool
		what string
	}{
		{activation != nn.Tanh, "activation " + string(c.Activation) + ", want tanh"},
		{gates != nn.Sigmoid, "recurrent_activation " + string(c.Gates) + ", want sigmoid"},
		{c.State, "return_state=True: its states are read, want its output alone"},
		{c.Stateful, "stateful=True: it keeps its state from batch to batch: build it with stateful=False and load the weights"},
		{c.TimeMajor, "time_major=True, want False"},
		{l.Class == "GRU" && !c.ResetAfter, "reset_after=False: it resets the state before the product, want reset_after=True"},
	} {
		if bad.is {
			return c, refuse(l.name(), "%s", bad.what)
		}
	}
	return c, nil
}

func (b *builder) recurrent(l *layer, at place, in []value) (value, error) {
	v, err := single(l, in, rows, numbers)
	if err != nil {
		return v, err
	}
	if v.depth != len(b.net.Layers) {
		return v, refuse(l.name(), "a second recurrent layer that reads the same as another, want each to read the one below")
	}
	out := interop.Layer{Name: l.name()}
	inner, c := l, cellOptions{}
	if l.Class == "Bidirectional" {
		inner, c, err = b.bidirectional(l, at, &out)
	} else {
		c, err = b.oneDirection(l, at, &out)
	}
	if err != nil {
		return v, err
	}
	out.Kind = map[string]string{"LSTM": interop.LSTM, "GRU": interop.GRU}[inner.Class]
	b.net.Layers = append(b.net.Layers, out)
	depth := len(b.net.Layers)
	if !c.Sequences {
		return value{what: vector, depth: depth, pools: []nn.Pooling{nn.Last}}, nil
	}
	return value{what: rows, depth: depth, mask: v.mask, steps: v.steps, zeros: c.Zeros}, nil
}

// oneDirection reads a layer that is not Bidirectional.
func (b *builder) oneDirection(l *layer, at place, out *interop.Layer) (cellOptions, error) {
	c, err := l.cellOptions()
	if err != nil {
		return c, err
	}
	if c.Backwards {
		if c.Sequences {
			return c, refuse(l.name(), "go_backwards=True with return_sequences=True: its rows are in the other order")
		}
		out.Direction = nn.Reverse
	}
	return c, b.cell(l, at, "cell", 0, c, out)
}

// bidirectional reads both directions, of which the backward one may have no config.
func (b *builder) bidirectional(l *layer, at place, out *interop.Layer) (*layer, cellOptions, error) {
	var w struct {
		Merge    *nn.Merge `json:"merge_mode"`
		Layer    layer     `json:"layer"`
		Backward *layer    `json:"backward_layer"`
	}
	var c cellOptions
	if err := l.options(&w); err != nil {
		return nil, c, err
	}
	if w.Merge == nil || w.Merge.Validate() != nil {
		return nil, c, refuse(l.name(), "merge_mode %v, want concat, sum, ave or mul", w.Merge)
	}
	inner := &w.Layer
	inner.Name = l.name() // by which the user knows it
	c, err := inner.cellOptions()
	if err != nil {
		return nil, c, err
	}
	if c.Backwards {
		return nil, c, refuse(l.name(), "a forward layer with go_backwards=True")
	}
	if w.Backward != nil {
		w.Backward.Name = l.name()
		back, err := w.Backward.cellOptions()
		if err != nil {
			return nil, c, err
		}
		same := w.Backward.Class == inner.Class && back.Units == c.Units && back.Sequences == c.Sequences && back.Bias == c.Bias
		if !same || !back.Backwards {
			return nil, c, refuse(l.name(), "a backward layer that is not like the forward one, but for its direction")
		}
	}
	out.Direction, out.Merge = nn.Bidirectional, *w.Merge
	n := 2
	if c.Bias {
		n = 3
	}
	if err := b.cell(inner, at, "forward_layer/cell", 0, c, out); err != nil {
		return nil, c, err
	}
	if err := b.cell(inner, at, "backward_layer/cell", n, c, out); err != nil {
		return nil, c, err
	}
	c.Zeros = true // Bidirectional sees to it
	return inner, c, nil
}

// cell adds the weights of one direction. Keras has the gates of an LSTM in the order that
// they have here, i, f, c, o, and those of a GRU as z, r, h; its matrices are transposed.
func (b *builder) cell(l *layer, at place, part string, first int, c cellOptions, out *interop.Layer) error {
	n, gates := 2, 4
	if c.Bias {
		n = 3
	}
	if l.Class == "GRU" {
		gates = 3
	}
	list, err := b.read(l, at, part, first, n)
	if err != nil {
		return err
	}
	width := 0
	if len(list[0].Shape) == 2 {
		width = list[0].Shape[0]
	}
	var cell interop.Cell
	if cell.Input, err = matrix(l, list[0], width, gates*c.Units); err != nil {
		return err
	}
	if cell.Recurrent, err = matrix(l, list[1], c.Units, gates*c.Units); err != nil {
		return err
	}
	switch {
	case c.Bias && gates == 4:
		cell.Bias, err = floats(l, list[2], 4*c.Units)
	case c.Bias:
		var both []float32
		if both, err = floats(l, list[2], 2, 3*c.Units); err == nil {
			cell.Bias, cell.RecurrentBias = both[:3*c.Units], both[3*c.Units:]
		}
	}
	if err != nil {
		return err
	}
	if gates == 3 {
		for _, v := range []*[]float32{&cell.Input.Data, &cell.Recurrent.Data, &cell.Bias, &cell.RecurrentBias} {
			if *v != nil {
				*v = interop.Blocks(*v, 1, 0, 2)
			}
		}
	}
	out.Cells = append(out.Cells, cell)
	return nil
}

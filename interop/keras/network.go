package keras

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// Options say what a file does not. The zero value takes all from the file.
type Options struct {
	// Vocabulary has the words of a TextVectorization whose own is not in the file (legacy
	// .h5 and .weights.h5 have none), or of a model that reads ids, as get_vocabulary()
	// lists them: "", "[UNK]", and so on. Without one, a model of ids reads texts of numbers.
	Vocabulary []string

	// Pipeline makes words of the texts of a model that reads ids, as what has made the ids
	// did; "" means classify.DefaultPipeline, without a vocabulary "fields". Truncation and
	// padding are stages of it: max:80|pad:80. It is also what makes words, without truncation,
	// for a TextVectorization whose standardize or split is a function of Python.
	Pipeline string

	// Labels name the classes of the first head, in order; without any they are 0, 1, ...
	Labels []string

	// Loss says what the scores mean, as in interop.Head; "" means what the model was compiled
	// with.
	Loss nn.LossKind
}

// Network follows the graph of the model and reads its weights. Errors wrap ErrFormat where
// the file is damaged; an [interop.Error] names what cannot be represented.
func (f *File) Network(o Options) (*interop.Network, error) {
	n, err := f.network(o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return n, nil
}

func (f *File) network(o Options) (*interop.Network, error) {
	var top layer
	if err := json.Unmarshal(f.Config, &top); err != nil {
		return nil, fmt.Errorf("the JSON of the model: %w", err)
	}
	if top.Class == "" {
		return nil, fmt.Errorf("the JSON of the model has no class_name: model.to_json() writes it")
	}
	b := &builder{file: f, options: o, net: new(interop.Network)}
	out, names, err := b.model(&top, "", nil, 0)
	if err != nil {
		return nil, err
	}
	if err := b.heads(out, names); err != nil {
		return nil, err
	}
	if err := b.setText(); err != nil {
		return nil, err
	}
	return b.net, b.net.Validate()
}

// heads makes heads of the outputs, all of which read the same vector.
func (b *builder) heads(out []value, names []string) error {
	losses := b.file.losses(names)
	for i, v := range out {
		name := names[i]
		switch {
		case v.what != vector:
			return refuse(name, "the output is %s, want a vector", v.what)
		case len(v.dense) == 0:
			return refuse(name, "the output of a recurrent layer or a pooling, want a Dense layer")
		case v.depth != len(b.net.Layers) || i > 0 && !slices.Equal(v.pools, b.net.Pool):
			return refuse(name, "the outputs read different vectors, want the same pooling of the last recurrent layer")
		}
		b.net.Pool = v.pools
		h := interop.Head{Name: name, Layers: v.dense, Loss: cmp.Or(b.options.Loss, losses[i].kind(v.dense[len(v.dense)-1]))}
		if len(out) == 1 {
			h.Name = ""
		}
		if i == 0 {
			h.Labels = b.options.Labels
		}
		b.net.Heads = append(b.net.Heads, h)
	}
	return nil
}

// A loss is what a model was compiled with for an output.
type loss struct {
	name   string
	logits bool // the output is what a sigmoid or softmax would take
}

// losses are those of the outputs, empty where the file does not say them.
func (f *File) losses(names []string) []loss {
	list := make([]loss, len(names))
	var c struct {
		Loss json.RawMessage `json:"loss"`
	}
	if len(f.Compiled) == 0 || json.Unmarshal(f.Compiled, &c) != nil {
		return list
	}
	var each []json.RawMessage
	var byName map[string]json.RawMessage
	switch {
	case json.Unmarshal(c.Loss, &each) == nil && len(each) == len(list):
		for i := range list {
			list[i] = parseLoss(each[i])
		}
	case json.Unmarshal(c.Loss, &byName) == nil && byName["class_name"] == nil:
		for i, name := range names {
			list[i] = parseLoss(byName[name])
		}
	default:
		for i := range list {
			list[i] = parseLoss(c.Loss)
		}
	}
	return list
}

// parseLoss reads a loss by name, or with a config.
func parseLoss(raw json.RawMessage) (l loss) {
	if json.Unmarshal(raw, &l.name) == nil {
		return l
	}
	var c struct {
		Class  string `json:"class_name"`
		Config struct {
			Logits bool `json:"from_logits"`
		} `json:"config"`
	}
	if json.Unmarshal(raw, &c) != nil {
		return l
	}
	return loss{snake(c.Class), c.Config.Logits}
}

// kind is what a last layer without activation gives: scores or numbers. "" leaves it to
// the layer's width and activation.
func (l loss) kind(last interop.Dense) nn.LossKind {
	switch {
	case last.Activation != "":
		return ""
	case l.logits && l.name == "binary_crossentropy" && last.Weight.Rows > 1:
		return nn.BinaryCrossEntropy
	case l.logits:
		return nn.CrossEntropy
	case l.name == "mse" || l.name == "mean_squared_error" || l.name == "mae" || l.name == "mean_absolute_error" || l.name == "huber":
		return nn.SquaredError
	}
	return ""
}

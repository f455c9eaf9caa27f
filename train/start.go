package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/lm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// Finetune says how a network that has learned something before goes on
// learning (Howard & Ruder 2018). The zero value treats it as a new one: one
// epoch of heads alone and a Decay of 2.6 gained nothing. (Accuracy in four
// folds of the training texts, joint, from a language model of IMDB's texts: SST-2
// 82.4 with them and 82.0 without, CR 81.9 and 82.4, by nothing at all 80.8 and
// 81.4. A standard error is half a point.)
type Finetune struct {
	// HeadEpochs is the number of epochs at the start in which pooling and heads
	// learn alone.
	HeadEpochs int `json:"head_epochs,omitempty"`

	// Decay divides the learning rate: that of the encoder once, that of the word
	// vectors twice. 0 means 1. Howard & Ruder take 2.6.
	Decay float64 `json:"decay,omitempty"`
}

// From returns c as of a model that starts from a language model: with its
// pipeline, its word vectors' width and its encoder. A Vocab.MaxSize of 0
// becomes 50,000, since words come from two sources.
func (c Config) From(m *lm.Model) Config {
	from := m.Config()
	c.Model.Pipeline, c.Model.Embed = from.Pipeline, from.Embed
	if c.Model.Vocab.MaxSize == 0 {
		c.Model.Vocab.MaxSize = 50_000
	}
	to := &c.Model.LSTM
	to.HiddenSize, to.Layers, to.Direction, to.Peephole = from.LSTM.HiddenSize, from.LSTM.Layers, from.LSTM.Direction, from.LSTM.Peephole
	return c
}

// checkStart reports a language model that the network cannot start from.
func (f *fit) checkStart() error {
	m := f.t.Start
	if m == nil {
		return nil
	}
	if f.cfg.Model.NoDeep {
		return fmt.Errorf("train: no_deep leaves nothing to start from a language model")
	}
	from, to := m.Config(), f.cfg.Model
	for _, d := range []struct {
		name       string
		here, want any
	}{
		{"embed", to.Embed, from.Embed},
		{"lstm.hidden_size", to.LSTM.HiddenSize, from.LSTM.HiddenSize},
		{"lstm.layers", to.LSTM.NumLayers(), from.LSTM.NumLayers()},
		{"lstm.direction", to.LSTM.Direction, from.LSTM.Direction},
		{"lstm.peephole", to.LSTM.Peephole, from.LSTM.Peephole},
	} {
		if d.here != d.want {
			return fmt.Errorf("train: model.%s = %v, the language model to start from has %v: want them equal", d.name, d.here, d.want)
		}
	}
	for k, d := range to.Directions {
		if d != from.LSTM.Direction {
			return fmt.Errorf("train: model.directions[%d] = %v, the language model to start from has %v: want them equal", k, d, from.LSTM.Direction)
		}
	}
	return nil
}

// startFrom copies the encoder, and the vectors of the words that both know.
func startFrom(n *classify.Network, v *vocab.Vocabulary, m *lm.Model) {
	for id, token := range v.All() {
		if from, known := m.Vocab().Lookup(token); known {
			copy(n.Embed().Row(id), m.Embed().Row(from))
		}
	}
	copy(n.Embed().Row(vocab.Unk), m.Embed().Row(vocab.Unk))
	n.Embed().Weight.Changed()
	learned := map[string]*nn.Param{}
	for _, p := range m.LSTM().Params() {
		learned[p.Name] = p
	}
	for _, p := range n.Params() {
		if from := learned[p.Name]; from != nil {
			copy(p.Data, from.Data)
			p.Changed()
		}
	}
}

// learning lists the parameters that learn in the epoch under way.
func (f *fit) learning() []*nn.Param {
	if !f.net.HeadsOnly {
		return f.net.Params()
	}
	return aboveEncoder(f.net.Params())
}

// aboveEncoder lists the parameters of pooling and heads.
func aboveEncoder(params []*nn.Param) []*nn.Param {
	return slices.DeleteFunc(slices.Clone(params), func(p *nn.Param) bool {
		return strings.HasPrefix(p.Name, "embedding.") || strings.HasPrefix(p.Name, "encoder.")
	})
}

// unfreeze begins the first epoch in which all learn. The optimiser is made
// anew, since its correction for young moments goes by its steps.
func (f *fit) unfreeze() (err error) {
	f.Fresh = f.Step
	f.optimizer, err = nn.NewOptimizer(f.cfg.Optimizer)
	return err
}

// setRates gives the parts of the network their shares of the learning rate.
func (c Config) setRates(params []*nn.Param) {
	if c.Finetune.Decay == 0 {
		return
	}
	for _, p := range params {
		switch {
		case strings.HasPrefix(p.Name, "embedding."):
			p.LRScale = float32(1 / (c.Finetune.Decay * c.Finetune.Decay))
		case strings.HasPrefix(p.Name, "encoder."):
			p.LRScale = float32(1 / c.Finetune.Decay)
		}
	}
}

// startPrint identifies what a training starts from; "" for nothing.
func startPrint(m *lm.Model) string {
	if m == nil {
		return ""
	}
	h := sha256.New()
	words, _ := json.Marshal(m.Vocab()) // strings and numbers cannot fail
	h.Write(words)
	for _, p := range m.Params() {
		binary.Write(h, binary.LittleEndian, p.Data) // nor can a hash
	}
	return hex.EncodeToString(h.Sum(nil))
}

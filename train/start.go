package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/tokenize"
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

	// Heads has the pooling and the heads start from those of a classifier too, where
	// it has the same: it then keeps more of what it knew.
	Heads bool `json:"heads,omitempty"`
}

// A Start is what a network may start from in place of random weights: the word
// vectors and the encoder of another model, and the words that it knows. It does
// not change; any number of trainings may share it.
type Start struct {
	model  classify.Config // pipeline, shapes and heads
	vocab  *vocab.Vocabulary
	params []*nn.Param // in float32, the word vectors first
	above  []*nn.Param // pooling and heads, none of a language model
}

// FromLanguageModel returns the start from a language model, which shares its
// weights.
func FromLanguageModel(m *lm.Model) *Start {
	c := m.Config()
	return &Start{model: classify.Config{Pipeline: c.Pipeline, Embed: c.Embed, LSTM: c.LSTM}, vocab: m.Vocab(), params: m.Params()}
}

// FromClassifier returns the start from a trained classifier, or from the first
// member of an ensemble: all that is below pooling and heads, and with Finetune.Heads
// those too. It shares the weights but those in eight bits, which become float32. It
// is an error if there is no deep branch.
func FromClassifier(m *classify.Model) (*Start, error) {
	if m.Deep() == nil {
		return nil, errors.New("train: a classifier without a deep branch has neither word vectors nor an encoder to start from")
	}
	m = m.Member(0)
	s := &Start{model: m.Config(), vocab: m.Vocab()}
	for _, p := range m.Deep().Params() {
		to := &s.above
		if belowPooling(p) {
			to = &s.params
		}
		*to = append(*to, &nn.Param{Name: p.Name, Group: p.Group, Shape: p.Shape, Data: p.Values()})
	}
	return s, nil
}

// Sum identifies a start: a hash of its words and weights in hexadecimal.
func (s *Start) Sum() string {
	h := sha256.New()
	words, _ := json.Marshal(s.vocab) // strings and numbers cannot fail
	h.Write(words)
	for _, p := range slices.Concat(s.params, s.above) {
		binary.Write(h, binary.LittleEndian, p.Data) // nor can a hash
	}
	return hex.EncodeToString(h.Sum(nil))
}

// startTexts is the number of texts, those of all epochs together, that a network
// which starts from another sees at least, or it has not learned enough. Accuracy
// on 30 % of the training texts in 3, 4 and 8 epochs: MR 82.7 in 3 and 82.3 in 8,
// SST-2 84.6, 85.2 and 84.5, SST-5 49.3, 49.0 and 47.3; but of less text, CR 82.0
// in 4 and 83.4 in 8, TweetEval 73.6 and 74.5.
const startTexts = 18_000

// From largeTexts texts on there are enough steps for batches of largeBatch, which take a
// sixth less processor time than those of 32, unless a head has many labels, which ask for
// more than fewEpochs. Accuracy of the network alone on 30 % of the training texts, with
// batches of 32 and of 64: SST-2 82.8 and 84.1, but TREC-6 89.2 and 88.1.
const (
	largeTexts = 5000
	fewEpochs  = 8
	largeBatch = 64
)

// From returns c as of a model that starts from another: with its pipeline, its
// word vectors' width, its vectors of character n-grams if it has some, and its
// encoder. A Vocab.MaxSize of 0 becomes 50,000, since words come from two sources.
// It takes fewer epochs, as many as suit so many training texts, since the network
// has less to learn, and larger batches of many; 0 texts leave them as they are.
func (c Config) From(s *Start, texts int) Config {
	c = c.WithWords()
	if texts >= largeTexts && c.Epochs <= fewEpochs {
		c.BatchSize = max(c.BatchSize, largeBatch)
	}
	if texts > 0 {
		c.Epochs = min(c.Epochs, max(2, c.Epochs/4, startTexts/texts))
	}
	from, to := s.model, &c.Model
	to.Pipeline, to.Embed = from.Pipeline, from.Embed
	if from.HasSubword() {
		to.Subword = from.Subword
	}
	if to.Vocab.MaxSize == 0 {
		to.Vocab.MaxSize = 50_000
	}
	*to = to.LikeEncoder(from)
	return c
}

// WithWords returns settings with words, where package recommend chose stems in their
// place: for word vectors learned from other texts, which are of words.
func (c Config) WithWords() Config {
	if words, lang, ok := strings.Cut(c.Model.Pipeline, "|stem:"); ok {
		c.Model.Pipeline, c.Model.Ngrams.Stem = words, tokenize.Lang(lang)
	}
	return c
}

// CheckStart reports settings whose network is not of the shapes of a start.
func (c Config) CheckStart(s *Start) error {
	if c.Model.NoDeep {
		return errors.New("train: no_deep leaves nothing to start from another model")
	}
	from, to := s.model, c.Model
	here, want, name := to.EncoderShape(), from.EncoderShape(), to.EncoderName()
	type field struct {
		name       string
		here, want any
	}
	fields := []field{
		{"embed", to.Embed, from.Embed},
		{"encoder", name, from.EncoderName()},
		{"lstm.peephole", to.LSTM.Peephole, from.LSTM.Peephole},
	}
	if here.Stack == nil && want.Stack == nil {
		fields = append(fields, field{name + ".hidden_size", here.Hidden, want.Hidden},
			field{name + ".layers", here.Layers, want.Layers},
			field{name + ".direction", here.Direction, want.Direction})
	} else {
		fields = append(fields, field{name + ".stack", fmt.Sprint(here.AllLayers()), fmt.Sprint(want.AllLayers())})
	}
	for k, d := range to.Directions {
		fields = append(fields, field{fmt.Sprintf("directions[%d]", k), d, want.Direction})
	}
	if from.HasSubword() {
		fields = append(fields, field{"subword", to.Subword, from.Subword})
	}
	for _, d := range fields {
		if d.here != d.want {
			return fmt.Errorf("train: model.%s = %v, the model to start from has %v: want them equal", d.name, d.here, d.want)
		}
	}
	return nil
}

// copyTo copies to a network of the config the vectors of the words that both know, the
// encoder, and the vectors of character n-grams if both have some; pooling and heads
// if it is to have them.
func (s *Start) copyTo(n *classify.Network, v *vocab.Vocabulary, c Config) {
	words, rest := s.params[0], s.params[1:]
	row := func(id vocab.ID) []float32 { return words.Data[int(id)*words.RowLen():][:words.RowLen()] }
	for id, token := range v.All() {
		if from, known := s.vocab.Lookup(token); known {
			copy(n.Embed().Row(id), row(from))
		}
	}
	copy(n.Embed().Row(vocab.Unk), row(vocab.Unk))
	n.Embed().Weight.Changed()
	learned := map[string]*nn.Param{}
	for _, p := range rest {
		learned[p.Name] = p
	}
	if c.Finetune.Heads {
		for _, p := range s.above {
			if s.same(p.Name, c.Model) {
				learned[p.Name] = p
			}
		}
	}
	for _, p := range n.Params() {
		if from := learned[p.Name]; from != nil && slices.Equal(from.Shape, p.Shape) {
			copy(p.Data, from.Data)
			p.Changed()
		}
	}
}

// same says whether a parameter above the encoder means the same in a model of config
// c: whether both pool alike, and a head has the same labels.
func (s *Start) same(param string, c classify.Config) bool {
	if !slices.Equal(c.Pool, s.model.Pool) {
		return false
	}
	name, ofHead := strings.CutPrefix(param, "heads.")
	named := func(h classify.Head) bool { return strings.HasPrefix(name, h.Name+".") && h.Name != "" }
	from, to := slices.IndexFunc(s.model.Heads, named), slices.IndexFunc(c.Heads, named)
	return !ofHead || from >= 0 && to >= 0 && slices.Equal(s.model.Heads[from].Labels, c.Heads[to].Labels)
}

// learning says which parameters of a network learn in an epoch: those of pooling and
// heads alone in the first ones.
func learning(n *classify.Network, headEpochs int) func(epoch int) []*nn.Param {
	all := n.Params()
	above := aboveEncoder(all)
	return func(epoch int) []*nn.Param {
		if epoch < headEpochs {
			return above
		}
		return all
	}
}

// aboveEncoder lists the parameters of pooling and heads.
func aboveEncoder(params []*nn.Param) []*nn.Param {
	return slices.DeleteFunc(slices.Clone(params), belowPooling)
}

// belowPooling says whether p is of the word vectors or the encoder.
func belowPooling(p *nn.Param) bool { return p.Group != nn.HeadGroup }

// setRates gives the parts of the network their shares of the learning rate.
func (c Config) setRates(params []*nn.Param) {
	if c.Finetune.Decay == 0 {
		return
	}
	for _, p := range params {
		switch p.Group {
		case nn.EmbeddingGroup:
			p.LRScale = float32(1 / (c.Finetune.Decay * c.Finetune.Decay))
		case nn.EncoderGroup:
			p.LRScale = float32(1 / c.Finetune.Decay)
		}
	}
}

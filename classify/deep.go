package classify

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Deep is the deep branch: a network, or an ensemble of several, each with word
// vectors, encoder and heads of its own, whose scores it averages. They share what a
// text is read as: pipeline and vocabulary. The mean is of the scores (logits): its
// probabilities are those of the mean of the members' log-probabilities, which
// differ from the scores by what the normalisation takes off, without an
// exponential.
type Deep struct {
	members []*Network
	params  []*nn.Param
}

// maxMembers bounds the members of an ensemble.
const maxMembers = 64

// NumMembers is the number of networks whose scores the deep branch averages:
// Members, or 1 where that is 0.
func (c Config) NumMembers() int { return max(c.Members, 1) }

// Member returns the config of member k, from 0, as one of a single network.
func (c Config) Member(k int) Config {
	if len(c.Directions) > 0 {
		c = c.withDirection(c.Directions[k])
	}
	c.Members, c.Directions = 0, nil
	return c
}

// checkMembers reports what is wrong with the fields about ensembles.
func (c Config) checkMembers() error {
	switch {
	case c.Members < 0 || c.Members > maxMembers:
		return fmt.Errorf("classify: members = %d, want 0 to %d", c.Members, maxMembers)
	case c.Members > 0 && c.NoDeep:
		return fmt.Errorf("classify: members = %d of a deep branch that no_deep leaves out", c.Members)
	case len(c.Directions) > 0 && (c.Members < 2 || len(c.Directions) != c.Members):
		return fmt.Errorf("classify: %d directions for %d members, want one for each of several", len(c.Directions), c.NumMembers())
	}
	if len(c.Directions) > 0 && c.EncoderShape().Stack != nil {
		return fmt.Errorf("classify: directions of the members beside %s.stack, which has those of its layers: leave one out", c.EncoderName())
	}
	for k := range c.Directions {
		if err := c.Member(k).checkEncoder(); err != nil {
			return fmt.Errorf("classify: member %d: %w", k, err)
		}
	}
	return nil
}

// NewDeep returns the deep branch of a resolved config with all weights zero, for a
// vocabulary of rows ids.
func NewDeep(cfg Config, rows int) (*Deep, error) { return newDeep(cfg, rows, false) }

// newDeep is NewDeep, with weights in eight bits still to be given if int8s says so.
func newDeep(cfg Config, rows int, int8s bool) (*Deep, error) {
	d := new(Deep)
	for k := range cfg.NumMembers() {
		m, err := newNetwork(cfg.Member(k), rows, int8s)
		if err != nil {
			return nil, err
		}
		d.members = append(d.members, m)
		d.params = append(d.params, m.params...)
	}
	return d, nil
}

// Members returns the networks whose scores d averages.
func (d *Deep) Members() []*Network { return d.members }

// Params returns the weights of the members, one after the other, each under the
// names that it has alone.
func (d *Deep) Params() []*nn.Param { return d.params }

// Init draws all weights, those of one member after the other.
func (d *Deep) Init(r *rand.Rand) {
	for _, m := range d.members {
		m.Init(r)
	}
}

// Member returns the model with member k of its deep branch, from 0, alone:
// all of it where there is one. It shares the weights.
func (m *Model) Member(k int) *Model {
	branches := slices.Clone(m.branches)
	for i, b := range branches {
		if d, ok := b.(*Deep); ok {
			branches[i] = &Deep{members: d.members[k : k+1], params: d.members[k].params}
		}
	}
	return m.with(m.cfg.Member(k), branches...)
}

// Forward returns the scores of texts as Network.Forward does in inference: the
// mean of the members'. They alias ws.
func (d *Deep) Forward(ws *Workspace, texts []Encoded) ([][]float32, error) {
	if len(d.members) == 1 {
		return d.members[0].Forward(ws, texts, nn.Mode{})
	}
	for k, member := range d.members {
		ws.Cache = nil
		if ws.caches != nil {
			ws.Cache = ws.caches[k]
		}
		logits, err := member.Forward(ws, texts, nn.Mode{})
		if err != nil {
			return nil, err
		}
		if len(ws.mean) != len(logits) {
			ws.mean = make([][]float32, len(logits))
		}
		for h, l := range logits {
			if k == 0 {
				ws.mean[h] = append(ws.mean[h][:0], l...)
			} else {
				vec.Add(ws.mean[h], l)
			}
		}
	}
	for _, l := range ws.mean {
		vec.Scale(1/float32(len(d.members)), l)
	}
	return ws.mean, nil
}

// Name is "deep".
func (d *Deep) Name() string { return "deep" }

// Scale is Head.Deep.
func (d *Deep) Scale(h *Head) *float64 { return &h.Deep }

// NumParams counts the weights of all members.
func (d *Deep) NumParams() (n int) {
	for _, p := range d.params {
		n += p.Len()
	}
	return n
}

func (d *Deep) check(c Config, v *vocab.Vocabulary) error {
	if n := len(d.members); n != c.NumMembers() {
		return fmt.Errorf("classify: a deep branch of %d members, the config says %d", n, c.NumMembers())
	}
	for _, m := range d.members {
		if rows := m.embed.Rows(); rows != v.Len() {
			return fmt.Errorf("classify: %d rows of word vectors for a vocabulary of %d", rows, v.Len())
		}
		m.Index(v)
	}
	return nil
}

func (d *Deep) readsTokens(c Config) bool { return c.HasSubword() }

func (d *Deep) begin(*Model, *worker)          {} // the ids are there
func (d *Deep) read(*worker, []tokenize.Token) {}
func (d *Deep) end(*worker, *Encoded)          {}

func (d *Deep) addScores(m *Model, w *worker, sums [][]float32) error {
	if w.ws.caches = m.inputCaches(d); w.ws.caches != nil {
		w.ws.Cache = w.ws.caches[0]
	}
	scores, err := d.Forward(&w.ws, w.texts)
	switch {
	case err != nil && w.ws.ctx.Err() != nil:
		return err
	case err != nil:
		panic(err) // ids come from the model's own vocabulary
	}
	for h := range sums {
		vec.Axpy(orOne(m.cfg.Heads[h].Deep), scores[h], sums[h])
	}
	return nil
}

func (d *Deep) tensors(c Config) (tensors []tensorfile.Tensor) {
	for k, m := range d.members {
		tensors = append(tensors, deepTensors(c.memberPrefix(k), m.params, c.Int8)...)
	}
	return tensors
}

// loadDeep reads the deep branch of a model file.
func loadDeep(f *tensorfile.File, d description) (Branch, []string, error) {
	if err := checkSizes(f, d); err != nil {
		return nil, nil, err
	}
	deep, err := newDeep(d.Config, d.Vocab.Len(), d.Config.Int8)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for k, m := range deep.members {
		read, err := readParams(f, d.Config.memberPrefix(k), m.params)
		if err != nil {
			return nil, nil, err
		}
		names = append(names, read...)
	}
	return deep, names, nil
}

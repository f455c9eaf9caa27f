package classify

import (
	"errors"
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// An ensemble is a network of several members, each with word vectors, encoder
// and heads of its own, whose scores it averages. They share what a text is
// read as: pipeline and vocabulary, and beside them the wide branch. The mean
// is of the scores (logits): its probabilities are those of the mean of the
// members' log-probabilities, which differ from the scores by what the
// normalisation takes off, without an exponential.

// maxMembers bounds the members of an ensemble.
const maxMembers = 64

// errEnsemble says that a whole ensemble was to be trained.
var errEnsemble = errors.New("classify: the members of an ensemble are trained one by one")

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
	for k := range c.Directions {
		if err := c.Member(k).checkEncoder(); err != nil {
			return fmt.Errorf("classify: member %d: %w", k, err)
		}
	}
	return nil
}

// newEnsemble is newNetwork for a config of several members.
func newEnsemble(cfg Config, rows int, int8s bool) (*Network, error) {
	var members []*Network
	for k := range cfg.NumMembers() {
		m, err := newNetwork(cfg.Member(k), rows, int8s)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return join(cfg, members), nil
}

// join makes members an ensemble. Its own parts are those of the first member.
func join(cfg Config, members []*Network) *Network {
	n := *members[0]
	n.cfg, n.members, n.params = cfg, members, nil
	for _, m := range members {
		n.params = append(n.params, m.params...)
	}
	return &n
}

// Members returns the networks whose scores n averages: n itself where it is
// not an ensemble.
func (n *Network) Members() []*Network {
	if n.members == nil {
		return []*Network{n}
	}
	return n.members
}

// Member returns the model with member k of its deep branch, from 0, alone:
// all of it where there is one. It shares the weights.
func (m *Model) Member(k int) *Model {
	return &Model{
		cfg: m.cfg.Member(k), pipeline: m.pipeline, vocab: m.vocab,
		net: m.net.Members()[k], wide: m.wide, card: m.card, cacheOff: m.cacheOff,
	}
}

// average is Forward of an ensemble: the mean of the members' scores.
func (n *Network) average(ws *Workspace, texts [][]vocab.ID, mode nn.Mode) ([][]float32, error) {
	if mode.Train {
		return nil, errEnsemble
	}
	if len(ws.mean) != len(n.heads) {
		ws.mean = make([][]float32, len(n.heads))
	}
	for k, member := range n.members {
		ws.Cache = nil
		if ws.caches != nil {
			ws.Cache = ws.caches[k]
		}
		logits, err := member.Forward(ws, texts, mode)
		if err != nil {
			return nil, err
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
		vec.Scale(1/float32(len(n.members)), l)
	}
	return ws.mean, nil
}

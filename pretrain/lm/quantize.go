package lm

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/modelfile"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// Quantize returns the model with its most frequent words alone, at most so
// many, 0 for all, and with word vectors and encoder rounded to eight bits, one
// scale for each word and for each gate of each unit. Its file is a quarter of the
// size for as many words. In memory the weights are float32 as before.
func (m *Model) Quantize(words int) (*Model, error) {
	if words < 0 {
		return nil, fmt.Errorf("lm: %d words, want 0 or more", words)
	}
	if words == 0 {
		words = m.vocab.Known()
	}
	var tokens []string
	var counts []int64
	for id, token := range m.vocab.All() {
		if len(tokens) < words {
			tokens, counts = append(tokens, token), append(counts, m.vocab.Count(id))
		}
	}
	v, err := vocab.New(tokens, counts, m.vocab.Buckets())
	if err != nil {
		return nil, err
	}
	q := &Model{cfg: m.cfg, vocab: v, int8: true}
	q.cfg.Vocab.MaxSize = min(m.cfg.Vocab.MaxSize, words)
	if q.net, err = newNetwork(q.cfg, v); err != nil {
		return nil, err
	}
	for i, p := range q.net.params {
		from := m.net.params[i]
		if len(p.Data) == len(from.Data) {
			copy(p.Data, from.Data)
		} else { // a row for each word, in the same order: those of buckets come last
			w, kept := p.RowLen(), v.Len()-v.Buckets()
			copy(p.Data, from.Data[:kept*w])
			copy(p.Data[kept*w:], from.Data[len(from.Data)-v.Buckets()*w:])
		}
		if p.Quantize {
			keep(p, p.Rounded())
		}
		p.Changed()
	}
	return q, nil
}

// read fills a parameter from a file and returns the names of what it has read.
func read(f *tensorfile.File, p *nn.Param, int8s bool) ([]string, error) {
	if t, _ := f.Lookup(p.Name); !int8s || t.DType != tensorfile.I8 {
		return []string{p.Name}, f.CopyFloat32(p.Data, p.Name, p.Shape...)
	}
	q, names, err := modelfile.Int8(f, p.Name, p.Shape...)
	if err != nil {
		return nil, err
	}
	keep(p, &q)
	return names, nil
}

// keep gives a parameter in float32 the values of eight bits.
func keep(p *nn.Param, q *nn.Int8) {
	copy(p.Data, (&nn.Param{Shape: p.Shape, Int8: q}).Values())
}

package train

import (
	"github.com/textlstm/textlstm/train/loop"
)

// Sizes are what the memory that a training takes depends on, beside its settings.
type Sizes struct {
	Words  int  // of the vocabulary
	Ngrams int  // of the wide branch
	Tokens int  // of the largest batch
	Texts  int  // to train on
	Dev    bool // there are dev texts
}

// Need is the memory that a training with the resolved settings c takes, its heads with
// their labels. The texts themselves do not count.
func (c Config) Need(s Sizes, workers int) (n loop.Need) {
	n.Tokens = s.Tokens
	if !c.Model.NoDeep {
		weights, largest := c.weights(s.Words)
		n.Model = 4 * (weights + largest) // and the gradients of the member in training
		n.Weights = 4 * largest * float64(c.loop(c.Epochs).Copies(s.Dev)-2)
		n.Batch = c.batchBytes(s.Tokens)
	}
	if c.Model.HasWide() {
		weights, fitting := c.wideBytes(s, workers)
		n.Model += weights
		n.Wide = fitting
	}
	return n
}

// weights is the number of those of the network, and of its largest member, but for
// pooling and heads, which are small.
func (c Config) weights(words int) (all, largest float64) {
	for k := range c.Model.NumMembers() {
		m := c.Model.Member(k)
		rows := float64(words)
		if m.HasSubword() {
			rows += float64(int64(1) << m.Subword.Bits)
		}
		n := rows*float64(m.Embed) + m.NumEncoderParams()
		all, largest = all+n, max(largest, n)
	}
	return all, largest
}

// batchBytes is what a step on so many tokens keeps: the word vectors with their
// gradient; for each layer and direction the gates, the cell, the output; and the
// gradients of the outputs. Slices grow by a quarter more than they need.
func (c Config) batchBytes(tokens int) float64 {
	most := 0.0
	vectors := 3
	if c.Adversarial.On() {
		vectors += 3 // those moved, how far, and the random direction
	}
	for k := range c.Model.NumMembers() {
		m := c.Model.Member(k)
		s := m.EncoderShape()
		kept, widest := 0.0, 0.0
		for _, layer := range s.AllLayers() {
			width := float64(layer.NumDirections()) * float64(layer.Units)
			kept, widest = kept+(4+1+1)*width, max(widest, width)
		}
		most = max(most, float64(vectors*m.Embed)+kept+3*widest)
	}
	return (4*most + 16) * float64(tokens) * 5 / 4
}

// wideBytes is what the weights of the wide branch take, and what fitting it takes
// beside them: for each label fitted at a time the ratios, weights and counts of all
// n-grams, and a few numbers a text.
func (c Config) wideBytes(s Sizes, workers int) (weights, fitting float64) {
	columns, most := 0, 0
	for _, h := range c.Model.Heads {
		l := h.Linear()
		columns, most = columns+l.Columns(), max(most, l.Columns())
	}
	fitting = float64(min(most, workers)) * (24*float64(s.Ngrams) + 64*float64(s.Texts))
	return 4 * float64(s.Ngrams) * float64(columns), fitting
}

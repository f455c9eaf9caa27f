package train

import (
	"github.com/textlstm/textlstm/train/loop"
)

// Need is the memory that a training with the resolved settings c takes for a
// vocabulary of so many words, a largest batch of so many tokens and so many texts;
// evaluated says whether there are dev texts. The texts themselves do not count.
func (c Config) Need(words, tokens, texts int, evaluated bool, workers int) (n loop.Need) {
	n.Tokens = tokens
	if !c.Model.NoDeep {
		weights, largest := c.weights(words)
		n.Model = 4 * (weights + largest) // and the gradients of the member in training
		n.Weights = 4 * largest * float64(c.loop(c.Epochs).Copies(evaluated)-2)
		n.Batch = c.batchBytes(tokens)
	}
	if c.Model.HasWide() {
		n.Wide = c.wideBytes(texts, workers)
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
	if c.Adversarial.on() {
		vectors += 3 // those moved, how far, and the random direction
	}
	for k := range c.Model.NumMembers() {
		m := c.Model.Member(k)
		s := m.EncoderShape()
		H, D, L := float64(s.Hidden), float64(s.NumDirections()), float64(s.Layers)
		most = max(most, float64(vectors*m.Embed)+L*D*(4*H+H+H)+3*D*H)
	}
	return (4*most + 16) * float64(tokens) * 5 / 4
}

// wideBytes is what fitting the wide branch takes: for each label fitted at a time
// the ratios, weights and counts of all rows, and a few numbers a text.
func (c Config) wideBytes(texts, workers int) float64 {
	rows := float64(int64(1) << c.Model.Ngrams.Bits)
	columns := 0
	for _, h := range c.Model.Heads {
		columns = max(columns, h.Width())
	}
	return float64(min(columns, workers))*(24*rows+64*float64(texts)) + 4*rows*float64(columns)
}

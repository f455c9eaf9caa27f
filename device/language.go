package device

import (
	"math"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/train"
)

// OpenLanguage is lm.Device's.
func (d *Device) OpenLanguage(params []*nn.Param, c lm.Config, tokens int) (lm.Engine, error) {
	config := train.Config{BatchTokens: c.BatchTokens, Optimizer: c.Optimizer, EMA: c.EMA}
	config.Model.Embed, config.Model.LSTM = c.Embed, c.LSTM
	config.Model.LSTM.Tied = false // a language model drops inputs place by place
	e, err := d.open(params, config, tokens, outputOf(params, c, tokens))
	if err != nil {
		return nil, err
	}
	l := &language{engine: e, bias: e.byName["output.bias"]}
	l.inText, l.inOutput = make([]int32, l.bias.n), make([]int32, l.bias.n)
	for id := range l.inText {
		l.inText[id], l.inOutput[id] = -1, -1
	}
	l.dX = l.table.g // the words of a text are the first of its rows
	for _, a := range []**array{&l.rows[0], &l.rows[1], &l.h[0], &l.h[1], &l.dH, &l.u, &l.dU, &l.targets, &l.expected, &l.hits,
		&l.sample, &l.sampleExpected, &l.lowered, &l.targetLowered, &l.vectors, &l.dots, &l.scores, &l.chances, &l.dTargets,
		&l.dOutput, &l.places, &l.starts, &l.list} {
		*a = e.array(1)
	}
	if e.err != nil {
		e.Close()
		return nil, e.err
	}
	return l, nil
}

// outputOf is the size of the predictions of so many tokens.
func outputOf(params []*nn.Param, c lm.Config, tokens int) output {
	H, D, P := int64(c.LSTM.HiddenSize), int64(c.Embed), int64(tokens)*int64(c.LSTM.NumDirections())
	S := min(int64(c.Samples), int64(params[0].Shape[0]))
	scores := P * S
	return output{scores, scores + P*(2*H+4*D+12) + 2*S*D}
}

// A language trains a language model: what follows the layers of an engine are predictions of words
// against a sample, all of a batch at once, those of one direction after those of the other: P in all.
type language struct {
	*engine
	bias *weight

	// By word: where it is among the words of the batch, and among those of the output, which are
	// those of the sample and then the other targets. -1 between steps, and for none.
	inText, inOutput []int32

	rows           [2]*array // by direction, [n] of whose states
	h              [2]*array // [n][H] the states
	dH             *array    // [n][H]
	u, dU          *array    // [P][D] the projected states, and the gradient of those of one direction
	targets        *array    // [P]
	expected, hits *array    // [P]
	sample         *array    // [S]
	sampleExpected *array    // [S]
	lowered        *array    // [S] biases less what was expected
	targetLowered  *array    // [P] the same of the targets
	vectors        *array    // [S][D] of the sample
	dots           *array    // [P] states and vectors of targets
	scores         *array    // [P][S], later their gradient
	chances        *array    // [P] that the target is the word
	dTargets       *array    // [P] the gradient of its score
	dOutput        *array    // [O][D] that of the vectors of the words of the output
	places         *array    // by row of the gradient of the table, its word's place in the output; -1 for none
	starts, list   *array    // [O+1] and [P]: the predictions of each word of the output
	first          [3]int    // by direction, its first prediction
	words, outputs int       // U of the text, O of the output
	samples        int       // S
}

// Learn is lm.Engine's.
func (l *language) Learn(b *lm.Batch) (loss float64, err error) {
	l.mode = b.Mode
	for _, w := range l.weights {
		if !w.p.Sparse {
			l.zero(w.g, w.n)
		}
	}
	l.lay(b)
	P, D := l.first[2], l.cfg.Model.Embed
	if P == 0 {
		l.table.touched, l.bias.touched = nil, nil
		return 0, l.err
	}
	l.forwardWords()
	for i := range l.layers {
		l.forwardLayer(i)
	}
	for d := range b.Predictions {
		l.project(d, &b.Predictions[d])
	}
	l.compare()
	top := l.layers[len(l.layers)-1]
	n := l.batch.Layout.Rows() * top.width
	l.room(l.dY[0], n)
	l.zero(l.dY[0], n)
	for d := range b.Predictions {
		l.backwardProject(d, &b.Predictions[d])
	}
	l.room(l.table.g, len(l.table.touched)*D)
	for i := len(l.layers) - 1; i >= 0; i-- {
		l.backwardLayer(i)
	}
	l.sumPlaces()
	l.backwardOutput()

	chances := make([]float32, P)
	if read(l.engine, chances, l.chances); l.err != nil {
		return 0, l.err
	}
	for _, p := range chances {
		loss -= math.Log(max(float64(p), math.SmallestNonzeroFloat32))
	}
	return loss / float64(P), nil
}

// lay puts a batch on the device.
func (l *language) lay(b *lm.Batch) {
	packed := classify.Packed{Layout: b.Layout, Index: make([]int32, len(b.IDs)), Texts: b.Layout.B()}
	for s := range packed.Texts {
		packed.Groups = append(packed.Groups, s)
	}
	for row, id := range b.IDs {
		if l.inText[id] < 0 {
			l.inText[id] = int32(len(packed.Vectors))
			packed.Vectors = append(packed.Vectors, int32(id))
		}
		packed.Index[row] = l.inText[id]
	}
	l.words, l.samples = len(packed.Vectors), len(b.Sample.Words)
	packed.Words = packed.Vectors
	l.place(packed)

	var output, targets, owners, hits []int32
	var expected []float32
	for o, id := range b.Sample.Words {
		output, l.inOutput[id] = append(output, int32(id)), int32(o)
	}
	for d, p := range b.Predictions {
		write(l.engine, l.rows[d], p.Rows)
		for _, id := range p.Targets {
			if l.inOutput[id] < 0 {
				l.inOutput[id] = int32(len(output))
				output = append(output, int32(id))
			}
			targets, owners = append(targets, int32(id)), append(owners, l.inOutput[id])
		}
		expected, hits = append(expected, p.Expected...), append(hits, p.Hits...)
		l.first[d+1] = len(targets)
	}
	l.first[2], l.outputs = len(targets), len(output)
	write(l.engine, l.targets, targets)
	write(l.engine, l.expected, expected)
	write(l.engine, l.hits, hits)
	write(l.engine, l.sample, output[:l.samples])
	write(l.engine, l.sampleExpected, b.Sample.Expected)
	l.lists(owners, nil, l.outputs, l.starts, l.list)
	l.touch(l.bias, output)
	l.merge(packed.Vectors, output)
}

// merge lists the words of the text and then the others of the output, whose vectors a step moves,
// and forgets where they are.
func (l *language) merge(text, output []int32) {
	var touched, places []int32
	for _, id := range text {
		touched, places = append(touched, id), append(places, l.inOutput[id])
	}
	for o, id := range output {
		if l.inText[id] < 0 {
			touched, places = append(touched, id), append(places, int32(o))
		}
	}
	l.touch(l.table, touched)
	write(l.engine, l.places, places)
	for _, id := range touched {
		l.inText[id], l.inOutput[id] = -1, -1
	}
}

// project maps the states of a direction that have something to predict into the space of the word
// vectors.
func (l *language) project(d int, p *lm.Predictions) {
	n, H, D := len(p.Rows), l.units(), l.cfg.Model.Embed
	top := l.layers[len(l.layers)-1]
	l.room(l.h[d], n*H)
	l.room(l.u, l.first[2]*D)
	l.each("gather", n*H, l.h[d], top.y, l.rows[d], H, top.width, d*H)
	l.dropStates(p, l.h[d], n*H)
	name := "output." + p.Name
	l.product(n, D, H, rows(l.h[d], H), transposed(l.byName[name+".weight"].w, H), l.byName[name+".bias"].w, 0, l.u, l.first[d]*D, D)
}

// units is H of a direction.
func (l *language) units() int { return l.layers[len(l.layers)-1].units }

// dropStates applies the dropout of states to them or their gradient.
func (l *language) dropStates(p *lm.Predictions, x *array, n int) {
	if m := newMask(p.Dropout.P, p.Dropout.Seed); m.dropped > 0 {
		l.drop(m, x, x, n, 0)
	}
}

// compare makes the gradients of the scores of all predictions.
func (l *language) compare() {
	P, S, D := l.first[2], l.samples, l.cfg.Model.Embed
	for _, a := range []*array{l.targetLowered, l.dots, l.chances, l.dTargets} {
		l.room(a, P)
	}
	l.room(l.lowered, S)
	l.room(l.vectors, S*D)
	l.room(l.scores, P*S)
	l.each("gather", S*D, l.vectors, l.table.w, l.sample, D, D, 0)
	l.each("lowered", S, l.lowered, l.bias.w, l.sample, l.sampleExpected)
	l.each("lowered", P, l.targetLowered, l.bias.w, l.targets, l.expected)
	l.each("dotRows", P, l.dots, l.u, D, l.table.w, D, 0, l.targets)
	l.product(P, S, D, rows(l.u, D), transposed(l.vectors, D), l.lowered, 0, l.scores, 0, S)
	l.launch("compareWords", P, 1, items, 0, S, l.scores, l.hits, l.dots, l.targetLowered, 1/float32(P), l.dTargets, l.chances)
}

// backwardProject finds the gradients of a projection and of the states of its direction.
func (l *language) backwardProject(d int, p *lm.Predictions) {
	n, S, H, D := len(p.Rows), l.samples, l.units(), l.cfg.Model.Embed
	if n == 0 {
		return
	}
	l.room(l.dU, n*D)
	l.room(l.dH, n*H)
	l.product(n, D, S, rows(l.scores, S).from(l.first[d]), rows(l.vectors, D), nil, 0, l.dU, 0, D)
	l.each("addRows", n*D, l.dU, l.dTargets, l.table.w, l.targets, l.first[d], D)
	l.zero(l.dH, n*H)
	l.denseBackward("output."+p.Name, l.dH, l.dU, l.h[d], n, H, D)
	l.dropStates(p, l.dH, n*H)
	l.each("scatter", n*H, l.dY[0], l.dH, l.rows[d], H, l.layers[len(l.layers)-1].width, d*H)
}

// backwardOutput finds the gradient of the biases, and adds that of the words of the output to that
// of the words of the text.
func (l *language) backwardOutput() {
	P, S, O, D := l.first[2], l.samples, l.outputs, l.cfg.Model.Embed
	l.room(l.dOutput, O*D)
	l.product(S, D, P, transposed(l.scores, S), rows(l.u, D), nil, 0, l.dOutput, 0, D)
	l.each("sumWeighted", O*D, l.dOutput, S, l.starts, l.list, l.dTargets, l.u, D, true)
	l.room(l.bias.g, O)
	l.zero(l.bias.g, S)
	l.sumColumns(l.bias.g, P, S, l.scores)
	l.each("sumWeighted", O, l.bias.g, S, l.starts, l.list, l.dTargets, nil, 1, false)
	l.each("addOutput", len(l.table.touched)*D, l.table.g, l.words, l.dOutput, l.places, D)
}

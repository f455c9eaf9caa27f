package lm

import (
	"math/rand/v2"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A network is the learned part of a language model.
type network struct {
	cfg        Config
	embed      *embed.Table
	encoder    nn.Encoder
	predictors []predictor // by direction of the encoder
	bias       *nn.Param   // [V][1], of each word's score
	params     []*nn.Param
	vocab      *vocab.Vocabulary
}

// A predictor names the words beside those that one direction has read.
type predictor struct {
	name string
	step int       // from a word to the one to predict: 1 or -1
	proj *nn.Dense // state → the space of the word vectors
}

// newNetwork returns the network of a resolved config with all weights zero.
func newNetwork(cfg Config, v *vocab.Vocabulary) (*network, error) {
	table, err := embed.New(v.Len(), cfg.Embed)
	if err != nil {
		return nil, err
	}
	encoder, err := lstm.New(cfg.LSTM)
	if err != nil {
		return nil, err
	}
	n := &network{cfg: cfg, embed: table, encoder: encoder, vocab: v}
	n.params = append(n.params, table.Weight)
	for _, p := range encoder.Params() {
		p.Name = "encoder." + p.Name
		n.params = append(n.params, p)
	}
	if cfg.LSTM.Direction != lstm.Reverse {
		n.predictors = append(n.predictors, predictor{name: "next", step: 1})
	}
	if cfg.LSTM.Direction != lstm.Forward {
		n.predictors = append(n.predictors, predictor{name: "previous", step: -1})
	}
	for i := range n.predictors {
		p := &n.predictors[i]
		p.proj = nn.NewDense("output."+p.name, cfg.LSTM.HiddenSize, cfg.Embed)
		n.params = append(n.params, p.proj.Params()...)
	}
	n.bias = nn.NewParam("output.bias", v.Len(), 1)
	n.bias.Sparse = true
	n.params = append(n.params, n.bias)
	return n, nil
}

func (n *network) init(r *rand.Rand) {
	n.embed.Init(r)
	n.encoder.Init(r)
	for _, p := range n.predictors {
		p.proj.Init(r)
	}
}

// A piece is a stretch of a text that is read at once.
type piece struct{ text, from, to int32 }

func (p piece) len() int { return int(p.to - p.from) }

// pieces cuts texts into stretches of at most chunk words. A text of one word
// has nothing to predict.
func pieces(texts [][]vocab.ID, chunk int) []piece {
	var list []piece
	for i, ids := range texts {
		if len(ids) < 2 {
			continue
		}
		for from := 0; from < len(ids); from += chunk {
			list = append(list, piece{int32(i), int32(from), int32(min(from+chunk, len(ids)))})
		}
	}
	return list
}

// A workspace holds the activations of one batch.
type workspace struct {
	workers int
	pass    nn.Pass
	layout  nn.Layout
	lengths []int
	batch   Batch
	x       []float32 // [Rows][D]
	h, dH   []float32 // [n][H] the states that have something to predict
	u, dU   []float32 // [n][D] their projections
	dY      []float32
	softmax softmax
}

// lay places a batch in packed rows and lists what is to be predicted.
func (n *network) lay(ws *workspace, texts [][]vocab.ID, batch []piece) {
	ws.lengths = ws.lengths[:0]
	for _, p := range batch {
		ws.lengths = append(ws.lengths, p.len())
	}
	ws.layout.Reset(ws.lengths)
	b := &ws.batch
	b.Layout, b.IDs = &ws.layout, resize(b.IDs, ws.layout.Rows())
	b.Predictions = resize(b.Predictions, len(n.predictors))
	for d := range b.Predictions {
		p := &b.Predictions[d]
		p.Name, p.Targets, p.Rows = n.predictors[d].name, p.Targets[:0], p.Rows[:0]
	}
	for s, p := range batch {
		ids, rank := texts[p.text], ws.layout.Rank()[s]
		for t := range p.len() {
			row, at := ws.layout.Offset(t)+rank, int(p.from)+t
			b.IDs[row] = ids[at]
			for d := range n.predictors {
				to := at + n.predictors[d].step
				if to >= 0 && to < len(ids) && n.vocab.IsKnown(ids[to]) {
					p := &b.Predictions[d]
					p.Targets, p.Rows = append(p.Targets, ids[to]), append(p.Rows, int32(row))
				}
			}
		}
	}
}

// prepare makes a batch of pieces that is compared with a sample.
func (n *network) prepare(ws *workspace, texts [][]vocab.ID, batch []piece, s *sample, mode nn.Mode) {
	n.lay(ws, texts, batch)
	ws.batch.against(s, mode, func(d int) nn.Dropout {
		return nn.Dropout{P: n.cfg.Dropout, Seed: seed.For(mode.Seed, "lm dropout", uint64(d))}
	})
}

// encode runs the encoder over what lay has placed and returns its output rows.
func (n *network) encode(ws *workspace, mode nn.Mode) ([]float32, error) {
	ws.x = resize(ws.x, len(ws.batch.IDs)*n.cfg.Embed)
	n.embed.Gather(ws.x, ws.batch.IDs)
	ws.pass = n.encoder.Pass(ws.pass)
	return ws.pass.Forward(nn.Batch{Layout: ws.batch.Layout, X: ws.x}, mode, ws.workers)
}

// project gathers the states of direction d that have something to predict,
// drops some of their values and maps them into the space of the word vectors:
// [n][D].
func (n *network) project(ws *workspace, d int, y []float32, drop nn.Dropout) []float32 {
	H, W := n.cfg.LSTM.HiddenSize, n.cfg.LSTM.OutputSize()
	rows := ws.batch.Predictions[d].Rows
	ws.h = resize(ws.h, len(rows)*H)
	for i, r := range rows {
		copy(ws.h[i*H:(i+1)*H], y[int(r)*W+d*H:])
	}
	drop.Apply(ws.h, 0)
	ws.u = resize(ws.u, len(rows)*n.cfg.Embed)
	proj := n.predictors[d].proj
	proj.Workers = ws.workers
	proj.Forward(ws.u, ws.h, len(rows))
	return ws.u
}

// learn adds to the gradients of all parameters those of the mean loss of the
// predictions of what prepare has made, and returns that loss.
func (n *network) learn(ws *workspace) (loss float64, err error) {
	for _, p := range n.params {
		p.NeedGrad()
	}
	b := &ws.batch
	y, err := n.encode(ws, b.Mode)
	if err != nil {
		return 0, err
	}
	count := b.count()
	if count == 0 {
		return 0, nil
	}
	H, W := n.cfg.LSTM.HiddenSize, n.cfg.LSTM.OutputSize()
	ws.dY = resize(ws.dY, len(y))
	clear(ws.dY)
	for d := range b.Predictions {
		p := &b.Predictions[d]
		if len(p.Rows) == 0 {
			continue // pieces of one word, of which that direction has nothing to predict
		}
		u := n.project(ws, d, y, p.Dropout)
		ws.dU = resize(ws.dU, len(u))
		loss += ws.softmax.eval(n.embed, n.bias, ws.dU, u, p, &b.Sample, 1/float32(count), ws.workers)
		ws.dH = resize(ws.dH, len(ws.h))
		n.predictors[d].proj.Backward(ws.dH, ws.dU, ws.h, len(p.Rows))
		p.Dropout.Apply(ws.dH, 0)
		for i, r := range p.Rows {
			copy(ws.dY[int(r)*W+d*H:int(r)*W+(d+1)*H], ws.dH[i*H:])
		}
	}
	dX, err := ws.pass.Backward(ws.dY, nn.Want{Params: true})
	if err != nil {
		return 0, err
	}
	n.embed.AddGrad(b.IDs, dX)
	return loss / float64(count), nil
}

func resize[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n, n+n/4)
	}
	return s[:n]
}

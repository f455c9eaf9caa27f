package train

import (
	"errors"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// maxHalvings is how often a training that diverges is given another chance.
const maxHalvings = 3

// rollBack turns an epoch that diverged into one that has not begun, at half
// the learning rate. Other errors, and divergence after too many such attempts,
// it returns.
func (f *fit) rollBack(err error) error {
	var diverged *DivergedError
	if !errors.As(err, &diverged) || f.Halvings == maxHalvings {
		return err
	}
	halvings := f.Halvings + 1
	if err := f.restore(f.good); err != nil {
		return err
	}
	f.Halvings = halvings
	f.warn(diverged)
	return nil
}

// checkFinite reports a value that is not a finite number.
func (f *fit) checkFinite(name string, values []float32) error {
	sum := float32(0)
	for _, v := range values {
		sum += v - v // 0, or NaN if v is not finite
	}
	if sum == 0 {
		return nil
	}
	for _, v := range values {
		if v-v != 0 {
			return f.diverged(name, float64(v))
		}
	}
	return nil
}

func (f *fit) diverged(name string, value float64) *DivergedError {
	return &DivergedError{Epoch: f.Epoch + 1, Step: f.Step + 1, Name: name, Value: value, Halvings: f.Halvings}
}

// runStep trains on one batch.
func (f *fit) runStep(all [][]vocab.ID, batch []int) error {
	texts := gather(all, batch)
	f.net.HeadsOnly = f.Epoch < f.cfg.Finetune.HeadEpochs
	params := f.learning()
	nn.ZeroGrad(f.net.Params())
	mode := lstm.Mode{Train: true, Seed: seed.For(f.cfg.Seed, "step", uint64(f.Step))}
	f.ws.Unknown = f.train.unknown
	logits, err := f.net.Forward(&f.ws, texts, mode)
	if err != nil {
		return err
	}
	loss, dLogits := f.loss(logits, batch)
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return f.diverged("loss", loss)
	}
	g, err := f.net.BackwardWords(&f.ws, dLogits)
	if err != nil {
		return err
	}
	if f.cfg.Adversarial.on() && !f.net.HeadsOnly {
		more, err := f.addAdversarial(batch, logits, g)
		if err != nil {
			return err
		}
		if loss += more; math.IsNaN(loss) || math.IsInf(loss, 0) {
			return f.diverged("adversarial loss", loss)
		}
	}
	norm := nn.ClipNorm(params, f.cfg.ClipNorm)
	if f.ema != nil {
		f.ema.Update()
	}
	if err := f.move(params); err != nil {
		return err
	}
	if f.Step == 0 {
		f.Loss = loss
	}
	f.Loss += 0.02 * (loss - f.Loss)
	f.Sum += loss
	f.Norm, f.WorstNorm = norm, max(f.WorstNorm, norm)
	if norm > f.cfg.ClipNorm {
		f.Clipped++
	}
	f.Tokens += int64(tokens(all, batch))
	f.Batch++
	f.Step++
	return nil
}

// move takes the optimiser's step and looks at what has moved.
func (f *fit) move(params []*nn.Param) error {
	err := f.optimizer.Step(params, float32(f.rate()))
	var bad *nn.DivergedError
	if errors.As(err, &bad) {
		return f.diverged("gradient of "+bad.Name, float64(bad.Value))
	}
	if err != nil {
		return err
	}
	for _, p := range params {
		if !p.Sparse {
			if err := f.checkFinite(p.Name, p.Data); err != nil {
				return err
			}
			continue
		}
		w := p.RowLen()
		for _, r := range p.Touched {
			if err := f.checkFinite(p.Name, p.Data[int(r)*w:(int(r)+1)*w]); err != nil {
				return err
			}
		}
	}
	return nil
}

// loss returns the loss of a batch, and its gradient by head, nil for a head
// that no text of the batch has a label of.
func (f *fit) loss(logits [][]float32, batch []int) (loss float64, dLogits [][]float32) {
	dLogits = slices.Clone(f.dLogits)
	for h := range logits {
		head := &f.cfg.Model.Heads[h]
		C, t := len(head.Labels), &f.targets[h]
		if !f.train.targets(h, C, batch, t) && f.train.soft == nil {
			dLogits[h] = nil
			continue
		}
		if len(f.dLogits[h]) < len(logits[h]) {
			f.dLogits[h] = make([]float32, len(logits[h]))
		}
		dLogits[h] = f.dLogits[h][:len(logits[h])]
		l := 0.0
		if f.train.soft == nil {
			l = head.Loss.Eval(dLogits[h], logits[h], len(batch), C, t, 0)
		} else {
			l = f.taughtLoss(h, dLogits[h], logits[h], batch, t)
		}
		if w := head.Weight; w != 0 {
			l *= w
			for i := range dLogits[h] {
				dLogits[h][i] *= float32(w)
			}
		}
		loss += l
	}
	return loss, dLogits
}

// tokens counts those of a batch.
func tokens(texts [][]vocab.ID, batch []int) int {
	n := 0
	for _, i := range batch {
		n += len(texts[i])
	}
	return n
}

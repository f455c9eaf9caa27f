package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/score"
	"github.com/textlstm/textlstm/vocab"
)

var nan = float32(math.NaN())

// A Trainer fits models. Its fields are read once, when Fit begins; the zero
// value trains with the default Config. It may be used for several trainings,
// one after the other.
type Trainer struct {
	Config

	// Workers is the number of goroutines that share the work; 0 means
	// GOMAXPROCS. It changes no bit of the model.
	Workers int

	// Card describes the model; Fit adds seed, epochs and figures.
	Card classify.Card

	// Checkpoint, if not "", is a directory, made if need be, in which Fit keeps
	// its state: the newest two checkpoints, each with all that is needed to go
	// on. They are written every so often after a batch, after an epoch if a
	// tenth of that time has passed, and when ctx ends. A crash at any moment
	// leaves the newest one whole. No other training may use the directory.
	Checkpoint string

	// Every is the time between two checkpoints; 0 means 5 minutes.
	Every time.Duration

	// Resume makes Fit go on from the newest checkpoint, if there is one, and end
	// with the model that it would have ended with uninterrupted, byte for byte.
	// Data, config and seed must be the same; a *MismatchError says what is not.
	// Without Resume, Fit refuses a directory that has checkpoints.
	Resume bool

	// FS is the file system for checkpoints. Nil means the machine's; another is
	// not locked.
	FS fsx.FS

	// OnProgress, if not nil, is called from Fit's goroutine after every batch
	// and after every evaluation. It should return soon.
	OnProgress func(Progress)

	// Start, if not nil, is what to start from instead of random word vectors and
	// a random encoder: a language model or a classifier. The config must ask for
	// its sizes, as Config.From makes it do, and for a pipeline whose tokens it
	// knows. Its words join the vocabulary with the counts that they have there.
	Start *Start

	// Unlabelled, if not nil, has texts for virtual adversarial training; labels
	// that they have are ignored. A step takes a batch of them beside one of the
	// others. They add nothing to the vocabulary.
	Unlabelled *corpora.Dataset

	// Teacher, if not nil, is a model whose probabilities the one in training is
	// to learn, as Config.Distill says: the heads are its heads, and texts need no
	// labels. Those that they have say more to the wide branch, which learns from
	// the teacher's answers where there are none. FitStream has no use for it.
	Teacher *classify.Model

	// Prepare, if not nil, is called once with the network as it was drawn, for
	// instance to fill in pretrained word vectors; of an ensemble with each
	// member.
	Prepare func(*classify.Network, *vocab.Vocabulary) error

	ends []int // by member, the epoch to end after; nil for the last
}

// A Result is what Fit returns.
type Result struct {
	Model   *classify.Model
	Config  Config  // resolved
	History []Epoch // of an ensemble one member's after the other's

	// Dev has the evaluations on the dev texts, if there were any, of the whole
	// model as "joint" and of its branches alone as "deep" and "wide".
	Dev map[string]*DevScore
}

// Fit trains a model on the texts of data. With dev it keeps the weights of the
// epoch that scores best there, or with Config.Refit goes on to train on all
// texts; without dev (nil) it keeps those of the last epoch. The same
// data, config and seed give the same model, byte for byte, whatever Workers is.
//
// Where Config.Model has several members, it trains one after the other, the
// first as it would be alone, the others with seeds that follow from Seed. Each
// keeps its own best epoch; the branches' scales are fitted for the mean.
//
// A loss, gradient or weight that is not finite sends it back to the start of
// the epoch, with half the learning rate from there on; the fourth time is a
// *DivergedError. What cannot fit into memory is a *MemoryError before the
// first step. The other errors are ctx's, and those about config, data and
// checkpoints.
func (t *Trainer) Fit(ctx context.Context, data, dev *corpora.Dataset) (*Result, error) {
	c, err := t.openCheckpoints(t.Checkpoint)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if !t.Refit || dev == nil {
		return t.fit(ctx, c, data, dev)
	}
	second, err := t.openCheckpoints(refitDir(t.Checkpoint))
	if err != nil {
		return nil, err
	}
	defer second.close()
	r, err := t.fit(ctx, c, data, dev)
	if err != nil {
		return nil, err
	}
	return t.refit(ctx, second, r, data, dev)
}

// fit is one training, with its checkpoints.
func (t *Trainer) fit(ctx context.Context, c *checkpoints, data, dev *corpora.Dataset) (*Result, error) {
	f, err := t.start(ctx, c, data, dev)
	if err != nil {
		return nil, err
	}
	r, err := f.run(ctx)
	if err != nil && ctx.Err() != nil && c != nil && f.net != nil {
		if err := f.saveNow(); err != nil {
			f.warn(err)
		}
	}
	return r, err
}

// A fit is one training under way.
type fit struct {
	t      *Trainer
	cfg    Config
	model  *classify.Model   // in training
	full   Config            // of all members; cfg is that of the one in training
	nets   *classify.Network // all members; nil without a deep branch
	net    *classify.Network // the member in training; nil without a deep branch
	train  *set              // of a stream those of the window in training
	stream *Stream           // nil if the texts are in memory
	deep   *classify.Model   // reads a stream for training
	dev    *corpora.Dataset  // nil without one
	devSet *set

	optimizer *nn.Optimizer
	ema       *nn.EMA
	ws        classify.Workspace
	targets   []nn.Targets // by head
	dLogits   [][]float32
	adversary adversary

	position
	good        *state // at the start of the epoch, to go back to
	bestWeights [][]float32
	plans       []plan // by member; none of a stream
	seen        int    // texts of this epoch, since it began or was resumed
	start       time.Time

	checkpoints *checkpoints // nil if there are none
	identity    identity
}

func (t *Trainer) start(ctx context.Context, c *checkpoints, data, dev *corpora.Dataset) (*fit, error) {
	f := &fit{t: t, cfg: t.Config.Resolve(), dev: dev, start: time.Now(), checkpoints: c}
	var err error
	if f.cfg.Model.Heads, err = t.heads(f.cfg, data); err != nil {
		return nil, err
	}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	if len(data.Examples) == 0 {
		return nil, fmt.Errorf("train: no texts: %w", corpora.ErrData)
	}
	from, err := f.checkpoint(data)
	if err != nil {
		return nil, err
	}
	if t.Start != nil {
		if err := f.cfg.CheckStart(t.Start); err != nil {
			return nil, err
		}
	}
	v, err := buildVocab(ctx, f.cfg.Model, data, t.Start)
	if err != nil {
		return nil, err
	}
	if err := f.startDeep(v); err != nil {
		return nil, err
	}
	var wide *classify.Wide
	if f.cfg.Model.HasWide() {
		if wide, err = newWide(ctx, f.cfg.Model, data); err != nil {
			return nil, err
		}
	}
	if f.model, err = classify.New(f.cfg.Model, v, f.nets, wide, t.Card); err != nil {
		return nil, err
	}
	if f.train, err = newSet(ctx, f.model, data); err != nil {
		return nil, err
	}
	if err := f.ask(ctx, data); err != nil {
		return nil, err
	}
	if err := f.readDev(ctx); err != nil {
		return nil, err
	}
	if err := f.readUnlabelled(ctx); err != nil {
		return nil, err
	}
	longest, err := f.plan(ctx)
	if err != nil {
		return nil, err
	}
	if f.nets != nil {
		if err := f.begin(0); err != nil {
			return nil, err
		}
	}
	if err := f.checkMemory(longest); err != nil {
		return nil, err
	}
	if wide != nil {
		if err := f.fitWide(ctx, wide); err != nil {
			return nil, err
		}
	}
	if from != nil && f.net != nil {
		return f, f.resume(from)
	}
	return f, nil
}

// readDev reads the dev texts as the model does.
func (f *fit) readDev(ctx context.Context) (err error) {
	if f.dev == nil {
		return nil
	}
	if _, err := score.Pair(f.model, f.dev, ""); err != nil {
		return fmt.Errorf("dev texts: %w", err)
	}
	if f.devSet, err = newSet(ctx, f.model, f.dev); err != nil {
		return fmt.Errorf("dev texts: %w", err)
	}
	return nil
}

// checkpoint returns the checkpoint to go on from, nil for none.
func (f *fit) checkpoint(data *corpora.Dataset) (s *saved, err error) {
	c := f.checkpoints
	if c == nil {
		return nil, nil
	}
	if f.identity, err = newIdentity(f.cfg, data, f.dev, f.t.Unlabelled); err != nil {
		return nil, err
	}
	if f.t.Start != nil {
		f.identity.Start = f.t.Start.Sum()
	}
	if f.identity.Teacher, err = teacherPrint(f.t.Teacher); err != nil {
		return nil, err
	}
	if s, err = c.newest(); err != nil || s == nil {
		return nil, err
	}
	if c.warning != nil {
		f.warn(c.warning)
	}
	return s, s.check(s.path, f.identity)
}

// startDeep makes the deep branch, if there is to be one.
func (f *fit) startDeep(v *vocab.Vocabulary) (err error) {
	f.full = f.cfg
	if f.cfg.Model.NoDeep {
		return nil
	}
	if f.nets, err = classify.NewNetwork(f.cfg.Model, v.Len()); err != nil {
		return err
	}
	f.ws.Workers = f.workers()
	f.targets = make([]nn.Targets, len(f.cfg.Model.Heads))
	f.dLogits = make([][]float32, len(f.cfg.Model.Heads))
	return nil
}

func (f *fit) workers() int {
	if f.t.Workers > 0 {
		return f.t.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// stalled says whether the dev score has not risen for Patience epochs.
func (f *fit) stalled() bool {
	return f.cfg.Patience > 0 && f.Best != nil && f.Epoch-f.Best.Epoch >= f.cfg.Patience
}

func (f *fit) run(ctx context.Context) (*Result, error) {
	for f.net != nil {
		for f.Epoch < f.lastEpoch(f.Member) && !f.stalled() {
			if err := f.rollBack(f.runEpoch(ctx)); err != nil {
				return nil, err
			}
		}
		if f.Member+1 == f.full.Model.NumMembers() {
			break
		}
		if err := f.next(); err != nil {
			return nil, err
		}
	}
	return f.finish(ctx)
}

// runEpoch trains on what is left of an epoch and evaluates.
func (f *fit) runEpoch(ctx context.Context) error {
	if f.Batch == 0 {
		if f.Epoch > 0 && f.Epoch == f.cfg.Finetune.HeadEpochs {
			if err := f.unfreeze(); err != nil {
				return err
			}
		}
		f.good = f.state().clone()
	}
	f.seen = 0
	if f.stream != nil {
		if err := f.runWindows(ctx); err != nil {
			return err
		}
	} else {
		texts, batches := f.train.epoch(f.cfg, f.Epoch)
		if err := f.runBatches(ctx, texts, batches[f.Batch:]); err != nil {
			return err
		}
	}
	for _, p := range f.net.Params() {
		if err := f.checkFinite(p.Name, p.Data); err != nil {
			return err
		}
	}
	record := Epoch{
		Member: f.memberNumber(), Epoch: f.Epoch + 1, Loss: f.Sum / float64(f.Batch), Rate: f.rate(),
		GradNorm: f.Norm, WorstNorm: f.WorstNorm, Clipped: f.Clipped, Seconds: time.Since(f.start).Seconds(),
	}
	if f.dev != nil {
		d, err := f.evaluate(ctx)
		if err != nil {
			return err
		}
		record.Dev = d
		f.report(d)
	}
	f.History = append(f.History, record)
	f.Epoch++
	f.seen = 0
	f.Batch, f.Sum, f.Clipped, f.WorstNorm = 0, 0, 0, 0
	if f.checkpoints != nil {
		return f.save(f.checkpoints.every / 10)
	}
	return nil
}

// runBatches trains on batches of texts.
func (f *fit) runBatches(ctx context.Context, texts [][]vocab.ID, batches [][]int) error {
	for _, batch := range batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.runStep(texts, batch); err != nil {
			return err
		}
		f.seen += len(batch)
		f.report(nil)
		if f.checkpoints != nil {
			if err := f.save(f.checkpoints.every); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *fit) rate() float64 {
	at, of := f.Step, 0
	if f.stream != nil {
		at, of = f.way()
	} else if f.plans != nil {
		of = f.plans[f.Member].steps
	}
	return math.Ldexp(f.cfg.Schedule.LR(at, of), -f.Halvings)
}

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
	f.good.Halvings = halvings
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

// evaluate scores the dev texts and keeps the weights if they are the best.
func (f *fit) evaluate(ctx context.Context) (*DevScore, error) {
	if f.ema != nil {
		f.ema.Swap()
		defer f.ema.Swap()
	}
	d, err := f.score(ctx, f.model.DeepOnly().Member(f.Member), f.Epoch+1)
	if err != nil {
		return nil, err
	}
	if d.Best = f.cfg.better(d, f.Best); d.Best {
		f.Best = d
		if f.bestWeights == nil {
			f.bestWeights = make([][]float32, len(f.net.Params()))
		}
		for i, p := range f.net.Params() {
			f.bestWeights[i] = append(f.bestWeights[i][:0], p.Data...)
		}
	}
	return d, nil
}

// score evaluates a model on the dev texts.
func (f *fit) score(ctx context.Context, m *classify.Model, epoch int) (*DevScore, error) {
	predictions, err := score.Encoded(ctx, m, f.dev, f.devSet.texts, "")
	if err != nil {
		return nil, err
	}
	return f.cfg.devScore(epoch, predictions)
}

func (f *fit) report(dev *DevScore) {
	f.send(Progress{Dev: dev})
}

func (f *fit) reportResumed() { f.send(Progress{Resumed: true}) }

func (f *fit) warn(err error) { f.send(Progress{Warning: err}) }

// send fills in how far the training is.
func (f *fit) send(p Progress) {
	if f.t.OnProgress == nil {
		return
	}
	p.Member, p.Members = f.Member+1, f.full.Model.NumMembers()
	p.Refit = f.t.ends != nil
	p.Epochs = f.lastEpoch(f.Member)
	p.Epoch = min(f.Epoch+1, p.Epochs)
	p.Step, p.Steps = f.steps()
	p.Loss, p.Rate = f.Loss, f.rate()
	p.GradNorm, p.WorstNorm, p.Clipped = f.Norm, f.WorstNorm, f.Clipped
	p.Tokens, p.Elapsed = f.Tokens, time.Since(f.start)
	f.t.OnProgress(p)
}

// keep puts the best weights in place.
func (f *fit) keep() error {
	switch {
	case f.bestWeights != nil:
		for i, p := range f.net.Params() {
			copy(p.Data, f.bestWeights[i])
			p.Changed()
		}
	case f.net != nil && f.dev != nil:
		return errors.New("train: no epoch gave a dev score that is a number")
	case f.ema != nil:
		f.ema.Swap()
	}
	if f.net != nil {
		for _, p := range f.net.Params() {
			p.Grad = nil
		}
	}
	return nil
}

// finish puts the best weights in place, fits the scales of the branches and
// joins them to a model. What it changes a resumed training does not look at:
// there is either no dev set, and nothing to interrupt, or it begins with the
// best weights again.
func (f *fit) finish(ctx context.Context) (*Result, error) {
	if err := f.keep(); err != nil {
		return nil, err
	}
	if f.devSet != nil {
		if err := f.mix(ctx, f.devSet); err != nil {
			return nil, err
		}
		if err := f.setThresholds(ctx); err != nil {
			return nil, err
		}
	}
	r := &Result{Config: f.full, History: slices.Concat(f.Earlier, f.History)}
	card := f.t.Card
	card.Seed, card.Epochs = f.full.Seed, f.Epoch
	if f.Best != nil {
		card.Epochs = bestEpoch(r.History)
	}
	card.Figures = map[string]float64{}
	var err error
	if f.dev != nil {
		if r.Dev, err = f.scoreBranches(ctx); err != nil {
			return nil, err
		}
		for name, e := range r.Dev["joint"].Heads {
			card.Figures["dev "+name+" accuracy"] = float64(e.Accuracy)
			card.Figures["dev "+name+" macro_f1"] = float64(e.MacroF1)
		}
	}
	r.Model, err = classify.New(f.full.Model, f.model.Vocab(), f.nets, f.model.Wide(), card)
	return r, err
}

// setThresholds fits the thresholds of the multi-label heads to the dev texts.
func (f *fit) setThresholds(ctx context.Context) error {
	heads := f.cfg.Model.Heads
	if !slices.ContainsFunc(heads, func(h classify.Head) bool { return h.MultiLabel() }) {
		return nil
	}
	whole, err := f.whole()
	if err != nil {
		return err
	}
	predictions, err := score.Encoded(ctx, whole, f.dev, f.devSet.texts, "")
	if err != nil {
		return err
	}
	for _, p := range predictions {
		if p.Multi == nil {
			continue
		}
		h := slices.IndexFunc(heads, func(h classify.Head) bool { return h.Name == p.Head })
		if heads[h].Thresholds, err = p.Multi.BestThresholds(); err != nil {
			return err
		}
	}
	return nil
}

// whole is the model as it is, without a card.
func (f *fit) whole() (*classify.Model, error) {
	return classify.New(f.full.Model, f.model.Vocab(), f.nets, f.model.Wide(), classify.Card{})
}

// bestEpoch is the epoch of the best weights, of several members the last one.
func bestEpoch(history []Epoch) int {
	best := 0
	for _, e := range history {
		if e.Dev != nil && e.Dev.Best {
			best = max(best, e.Epoch)
		}
	}
	return best
}

// scoreBranches evaluates the finished model and its branches on the dev texts.
func (f *fit) scoreBranches(ctx context.Context) (map[string]*DevScore, error) {
	whole, err := f.whole()
	if err != nil {
		return nil, err
	}
	scores := map[string]*DevScore{}
	for _, b := range []struct {
		name string
		m    *classify.Model
	}{{"joint", whole}, {"deep", whole.DeepOnly()}, {"wide", whole.WideOnly()}} {
		if b.m == nil {
			continue
		}
		if scores[b.name], err = f.score(ctx, b.m, f.Epoch); err != nil {
			return nil, err
		}
	}
	return scores, nil
}

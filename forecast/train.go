package forecast

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"

	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// Recommend returns a config of what suits the series: the season of the calendar that
// their steps have, and a horizon of that, at most 24, or of 10 without one; less where
// a series is too short. covariates are those that the series have.
func Recommend(covariates []Covariate, series ...Series) Config {
	season := 0
	for i, s := range series {
		if c, _, _ := CalendarOf(s.Times); i == 0 || c.Season() == season {
			season = c.Season()
		} else {
			season = 0
		}
	}
	for _, c := range []Config{{Season: season}, {}} {
		for c.Horizon = min(24, cmp.Or(c.Season, 10)); c.Horizon > 0; c.Horizon /= 2 {
			c.Covariates = covariates
			if c.Resolve().checkAll(series) == nil {
				return c
			}
		}
	}
	return Config{Covariates: covariates}
}

// ErrShort says that a series has too few steps. Errors that wrap it give the numbers.
var ErrShort = errors.New("too few steps")

// A Trainer learns a model. Its fields are read once, when Train begins.
type Trainer struct {
	Config

	// Workers is the number of goroutines that share the work; 0 means GOMAXPROCS. It
	// changes no bit of the model.
	Workers int

	// Table says how the series were read, for the model to keep.
	Table TableConfig

	// Checkpoint, if its Path is not "", says where the state is kept that an
	// interrupted training goes on from.
	Checkpoint loop.CheckpointOptions

	// OnProgress, if not nil, is called after every batch.
	OnProgress func(Progress)
}

// A Progress says how far a training is.
type Progress struct {
	loop.Progress
	loop.Position
	Config   Config // of the training under way
	Try      int    // which of so many configs is tried, from 1
	Tries    int
	Chosen   bool    // Config is the best on the dev steps, and its members learn
	Member   int     // from 0
	Dev      float64 // loss of the epoch before on the dev steps
	DevKnown bool
}

// Train learns a model of one or more series.
func Train(ctx context.Context, c Config, series ...Series) (*Model, error) {
	t := Trainer{Config: c}
	return t.Train(ctx, series...)
}

// Train learns a model of one or more series. The errors are ctx's, those about the
// config and the series, ErrShort among them, and those of package loop.
func (t *Trainer) Train(ctx context.Context, series ...Series) (*Model, error) {
	c := t.Config.Resolve()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := c.checkAll(series); err != nil {
		return nil, err
	}
	checkpoints, err := loop.OpenCheckpoints(t.Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	defer checkpoints.Close()
	f := &fit{Trainer: t, cfg: c, series: series}
	if f.Workers <= 0 {
		f.workers = runtime.GOMAXPROCS(0)
	} else {
		f.workers = f.Workers
	}
	if checkpoints != nil {
		if err := checkpoints.Find(f.identity(), &f.state); err != nil {
			return nil, fmt.Errorf("forecast: %w", err)
		}
	}
	return f.run(ctx, checkpoints)
}

// checkAll reports what makes the series unfit to learn from.
func (c Config) checkAll(series []Series) error {
	if err := c.findAll(series); err != nil {
		return unfit{err}
	}
	return nil
}

func (c Config) findAll(series []Series) error {
	if len(series) == 0 {
		return errors.New("forecast: no series to learn from")
	}
	names := map[string]bool{}
	for _, s := range series {
		if err := c.check(s, 0); err != nil {
			return err
		}
		if names[s.Name] {
			return fmt.Errorf("forecast: two series are called %q", s.Name)
		}
		names[s.Name] = true
		if c.Log == On {
			for i, v := range s.Values {
				if v <= 0 {
					return fmt.Errorf("forecast: %s: value %d is %g: log wants values above zero", s.title(), i+1, v)
				}
			}
		}
		if need := c.back() + c.steps() + 1; c.cut(s) < need {
			return fmt.Errorf("forecast: %s: %w: %d of %d steps are for training, want %d for a window of %d, a season of %d and a horizon of %d",
				s.title(), ErrShort, c.cut(s), len(s.Values), need, c.Window, c.Season, c.Horizon)
		}
	}
	return nil
}

// cut is the first step that is kept for dev: the share, and at least one horizon.
func (c Config) cut(s Series) int {
	n := len(s.Values)
	return n - max(int(c.DevShare*float64(n)), c.steps())
}

// heads returns the series without their dev steps.
func heads(series []Series, c Config) []Series {
	list := make([]Series, len(series))
	for i, s := range series {
		list[i] = s.Head(c.cut(s))
	}
	return list
}

// A fit is one training under way.
type fit struct {
	*Trainer
	cfg     Config
	series  []Series
	workers int
	tries   int

	state    kept
	finished []*nn.Param // members before the one under way
	net      *network
	train    []window
	dev      []window
	pass     *pass
	loop     *loop.Loop
}

// A kept is what checkpoints know beside weights.
type kept struct {
	Candidate int  `json:"candidate,omitempty"` // that is being tried
	Chosen    bool `json:"chosen,omitempty"`
	Member    int  `json:"member,omitempty"` // that learns after the choice

	Best  float64 `json:"best,omitempty"` // loss on dev of the training under way
	Known bool    `json:"known,omitempty"`
	Last  float64 `json:"last,omitempty"`

	Choice choice `json:"choice"` // the best so far
}

// A choice is a candidate that was tried.
type choice struct {
	Candidate int         `json:"candidate"`
	Error     float64     `json:"error"` // on dev, as multiples of the mean change
	Epochs    int         `json:"epochs"`
	Shifts    [][]float64 `json:"shifts"`
}

func (f *fit) identity() loop.Identity {
	sum := loop.NewSum()
	for _, s := range f.series {
		sum.Strings(s.Name)
		for _, list := range append([][]float64{s.Values}, s.Covariates...) {
			sum.Numbers(uint64(len(list)))
			for _, v := range list {
				sum.Numbers(math.Float64bits(v))
			}
		}
	}
	return loop.Identity{
		{Name: "kind of model", Value: "forecast"},
		{Name: "kernel", Value: loop.Kernel()},
		{Name: "series", Value: sum.String()},
		{Value: f.cfg},
	}
}

// run tries the candidates, and then trains the members of the best one.
func (f *fit) run(ctx context.Context, checkpoints *loop.Checkpoints) (*Model, error) {
	candidates := f.cfg.candidates(f.series)
	f.tries = len(candidates)
	for ; !f.state.Chosen; f.state.Candidate++ {
		f.cfg = candidates[f.state.Candidate]
		if err := f.once(ctx, checkpoints); err != nil {
			return nil, err
		}
		c, err := f.judge(ctx)
		if err != nil {
			return nil, err
		}
		f.state.Known = false
		if f.state.Candidate == 0 || c.Error < f.state.Choice.Error {
			f.state.Choice = c
		}
		f.state.Chosen = f.state.Candidate == len(candidates)-1
	}
	f.cfg = candidates[f.state.Choice.Candidate]
	m := &Model{cfg: f.cfg, table: f.Table, shifts: f.state.Choice.Shifts}
	for _, s := range f.used() {
		m.scalers = append(m.scalers, f.cfg.newScaler(s))
	}
	done, err := f.done(checkpoints)
	if err != nil {
		return nil, err
	}
	for m.nets = done; len(m.nets) < f.cfg.Members; m.nets = append(m.nets, f.net) {
		f.state.Member = len(m.nets)
		f.finished = m.params()
		if err := f.once(ctx, checkpoints); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// done returns the members that a checkpoint has.
func (f *fit) done(checkpoints *loop.Checkpoints) ([]*network, error) {
	if f.state.Member == 0 || !checkpoints.Found() {
		return nil, nil
	}
	tensors, err := checkpoints.Done()
	if err != nil {
		return nil, err
	}
	m := &Model{cfg: f.cfg}
	for range f.state.Member {
		n, err := newNetwork(f.cfg)
		if err != nil {
			return nil, err
		}
		m.nets = append(m.nets, n)
	}
	byName := map[string]*nn.Param{}
	for _, p := range tensors {
		byName[p.Name] = p
	}
	for _, p := range m.params() {
		from := byName[p.Name]
		if from == nil || len(from.Data) != len(p.Data) {
			return nil, fmt.Errorf("forecast: the checkpoint has no tensor %s of %d numbers", p.Name, len(p.Data))
		}
		copy(p.Data, from.Data)
	}
	return m.nets, nil
}

// used returns what the training under way learns from.
func (f *fit) used() []Series {
	if f.state.Chosen && !f.cfg.NoRefit {
		return f.series
	}
	return heads(f.series, f.cfg)
}

// once runs one training.
func (f *fit) once(ctx context.Context, checkpoints *loop.Checkpoints) (err error) {
	if err := loop.CheckMemory(f.need()); err != nil {
		return err
	}
	if f.net, err = newNetwork(f.cfg); err != nil {
		return err
	}
	f.train, f.dev = nil, nil
	for i, s := range f.used() {
		p := f.cfg.prepare(f.series[i], f.cfg.newScaler(s))
		f.train = append(f.train, p.windows(0, len(s.Values))...)
		if !f.state.Chosen {
			f.dev = append(f.dev, p.windows(len(s.Values), len(p.z))...)
		}
	}
	params := f.net.params()
	f.net.init(seed.Rand(f.cfg.Seed, "forecast init", uint64(f.state.Member)))
	for _, p := range params {
		p.NeedGrad()
	}
	f.pass = &pass{network: f.net, ws: lstm.Workspace{Workers: f.workers}}
	f.loop = &loop.Loop{
		Config: f.loopConfig(), Params: params, Workers: f.workers, Checkpoints: checkpoints, State: &f.state, Done: f.finished,
		OnProgress: func(p loop.Progress) { f.report(p) },
	}
	return f.loop.Run(ctx, f)
}

func (f *fit) loopConfig() loop.Config {
	c := loop.Config{Epochs: f.cfg.Epochs, Patience: f.cfg.Patience, Optimizer: f.cfg.Optimizer, ClipNorm: f.cfg.ClipNorm}
	if f.state.Chosen {
		c.Epochs, c.Patience = f.state.Choice.Epochs, 0
	}
	return c
}

// need is the memory that a training takes, by the config alone.
func (f *fit) need() loop.Need {
	weights := 4 * f.cfg.numParams()
	rows := float64(f.cfg.Batch) * float64(f.cfg.Window)
	layers := float64(f.cfg.LSTM.NumLayers())
	return loop.Need{
		Model:   weights,
		Weights: weights * float64(f.loopConfig().Copies(!f.state.Chosen)-1),
		Batch:   4 * rows * (float64(f.cfg.LSTM.InputSize) + 12*layers*float64(f.cfg.LSTM.HiddenSize)),
		Tokens:  f.cfg.Batch * f.cfg.Window,
	}
}

func (f *fit) report(p loop.Progress) {
	if f.OnProgress != nil {
		f.OnProgress(Progress{Progress: p, Position: f.loop.Position, Config: f.cfg, Try: f.state.Candidate + 1, Tries: f.tries, Member: f.state.Member, Chosen: f.state.Chosen, Dev: f.state.Last, DevKnown: f.state.Known})
	}
}

// Epoch ranges over all windows in a random order.
func (f *fit) Epoch(_ context.Context, epoch, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		order := seed.Rand(f.cfg.Seed, "forecast order", uint64(f.state.Member), uint64(epoch)).Perm(len(f.train))
		for i := skip * f.cfg.Batch; i < len(order); i += f.cfg.Batch {
			b := &batch{fit: f}
			for _, k := range order[i:min(i+f.cfg.Batch, len(order))] {
				b.windows = append(b.windows, f.train[k])
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// Rate is the same throughout.
func (f *fit) Rate(loop.Position) float64 { return f.cfg.Rate }

// Evaluate says whether the loss on the dev steps is the lowest so far.
func (f *fit) Evaluate(ctx context.Context, _ loop.Epoch) (best bool, err error) {
	if f.state.Chosen {
		return false, nil
	}
	loss := 0.0
	err = passes{f.pass}.each(ctx, f.dev, func(part []window, _ []float32) {
		loss += f.pass.loss(part) * float64(len(part)) / float64(len(f.dev))
	})
	if err != nil || math.IsNaN(loss) {
		return false, err
	}
	best = !f.state.Known || loss < f.state.Best
	if best {
		f.state.Best = loss
	}
	f.state.Known, f.state.Last = true, loss
	return best, nil
}

// A batch is what one step learns from.
type batch struct {
	*fit
	windows []window
}

// Size counts windows and their values.
func (b *batch) Size() (texts, tokens int) { return len(b.windows), len(b.windows) * b.cfg.Window }

// Learn adds the gradients of the mean loss.
func (b *batch) Learn(step int) (float64, error) {
	mode := nn.Mode{Train: true, Seed: seed.For(b.cfg.Seed, "forecast dropout", uint64(b.state.Member), uint64(step))}
	if _, err := b.pass.forward(b.windows, mode); err != nil {
		return 0, err
	}
	loss := b.pass.loss(b.windows)
	return loss, b.pass.backward(len(b.windows))
}

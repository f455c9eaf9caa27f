package train

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

var nan = float32(math.NaN())

// A Trainer fits models. Its fields are read once, when Fit begins; the zero
// value trains with the default Config. It may be used for several trainings,
// one after the other.
type Trainer struct {
	Config

	// Workers is the number of goroutines that share the work; 0 means
	// GOMAXPROCS, and so many count words and n-grams in any case. It changes no
	// bit of the model.
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

	// Also stands for what decides the model beside the fields here, such as a file
	// that Prepare reads: a checkpoint of another is a mismatch.
	Also string

	ends []int // by member, the epoch to end after; nil for the last
}

// A Result is what Fit returns. Where Config.Refit has trained twice, History and
// Dev are of the first time.
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
	if f.dev, err = named(f.model, f.dev); err != nil {
		return err
	}
	if f.devSet, err = newSet(ctx, f.model, f.dev); err != nil {
		return fmt.Errorf("dev texts: %w", err)
	}
	return nil
}

// named returns dev texts under the names of the heads of m, which a single column
// of another name may be meant for.
func named(m *classify.Model, dev *corpora.Dataset) (*corpora.Dataset, error) {
	pairs, err := score.Pair(m, dev, "")
	if err != nil {
		return nil, fmt.Errorf("dev texts: %w", err)
	}
	d := *dev
	d.Heads = slices.Clone(d.Heads)
	for _, p := range pairs {
		d.Heads[p.Column] = m.Heads()[p.Head].Name
	}
	return &d, nil
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
	f.identity.Also = f.t.Also
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

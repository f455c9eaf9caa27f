package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// A fit is one training under way: the task of a loop for each member of the model.
type fit struct {
	t     *Trainer
	cfg   Config // of the member in training
	full  Config // of all members
	start time.Time

	model  *classify.Model
	nets   *classify.Deep    // all members; nil without a deep branch
	net    *classify.Network // the member in training
	source source            // nil without a deep branch
	train  *set              // what the wide branch learns from
	dev    *corpora.Dataset  // nil without one
	devSet *set

	objective objective
	ws        classify.Workspace
	engine    Engine       // of the member in training
	longest   int          // tokens of the largest batch
	targets   []nn.Targets // by head
	dLogits   [][]float32
	adversary adversary

	loop        *loop.Loop        // of the member in training
	checkpoints *loop.Checkpoints // nil if there are to be none
	record      record
}

// A record is what a training keeps in checkpoints beside what its loop does.
type record struct {
	Member  int       `json:"member"`            // members of the model done
	Earlier []Epoch   `json:"earlier,omitempty"` // of those
	History []Epoch   `json:"history,omitempty"` // of the one in training
	Best    *DevScore `json:"best,omitempty"`
}

func (t *Trainer) newFit(c *loop.Checkpoints, dev *corpora.Dataset) *fit {
	return &fit{t: t, cfg: t.Config.Resolve(), dev: dev, start: time.Now(), checkpoints: c, objective: labels{}}
}

func (t *Trainer) start(ctx context.Context, c *loop.Checkpoints, data, dev *corpora.Dataset) (*fit, error) {
	f := t.newFit(c, dev)
	var err error
	if f.cfg.Model.Heads, err = t.heads(f.cfg, data); err != nil {
		return nil, err
	}
	f.warnLeftOut(data)
	f.cfg.Metric = cmp.Or(t.Metric, score.DefaultMetric(f.cfg.Model.Heads)) // the heads may be a teacher's
	if err := f.validate(); err != nil {
		return nil, err
	}
	if len(data.Examples) == 0 {
		return nil, fmt.Errorf("train: no texts: %w", corpora.ErrData)
	}
	if c != nil {
		if err := f.find(fingerprint(data)); err != nil {
			return nil, err
		}
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
	ngrams, err := f.buildDictionary(ctx, data)
	if err != nil {
		return nil, err
	}
	if err := f.newModel(v, ngrams, len(data.Examples)); err != nil {
		return nil, err
	}
	if f.train, err = newSet(ctx, f.model, data); err != nil {
		return nil, err
	}
	if f.cfg.Balance {
		f.train.balance()
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
	longest := 0
	if f.source, longest, err = newInMemory(ctx, f.train, f.full, f.lastEpoch); err != nil {
		return nil, err
	}
	return f, f.prepare(ctx, max(longest, f.longestUnlabelled()))
}

// find looks for a checkpoint to go on from; data is the fingerprint of the training
// texts.
func (f *fit) find(data string) error {
	id, err := f.t.identity(f.cfg, data, fingerprint(f.dev))
	if err != nil {
		return err
	}
	if err := f.checkpoints.Find(id, &f.record); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if k := f.record.Member; k < 0 || k >= f.cfg.Model.NumMembers() {
		return fmt.Errorf("train: a checkpoint after %d of %d members", k, f.cfg.Model.NumMembers())
	}
	return nil
}

// newModel makes the model as far as memory allows: with a wide branch where there are
// n-grams, with a deep one if there is to be one.
func (f *fit) newModel(v *vocab.Vocabulary, ngrams *ngram.Dictionary, texts int) (err error) {
	f.full = f.cfg
	sizes := Sizes{Words: v.Len(), Texts: texts, Dev: f.dev != nil}
	if ngrams != nil {
		sizes.Ngrams = ngrams.Rows()
	}
	if err := loop.CheckMemory(f.cfg.Need(sizes, f.workers())); err != nil {
		return err
	}
	var branches []classify.Branch
	if ngrams != nil {
		branches = append(branches, newWide(f.cfg.Model, ngrams))
	}
	if !f.cfg.Model.NoDeep {
		if f.nets, err = classify.NewDeep(f.cfg.Model, v.Len()); err != nil {
			return err
		}
		branches = append(branches, f.nets)
		f.ws.Workers, f.ws.Share = f.workers(), !f.cfg.Adversarial.On()
		f.targets = make([]nn.Targets, len(f.cfg.Model.Heads))
		f.dLogits = make([][]float32, len(f.cfg.Model.Heads))
	}
	f.model, err = classify.New(f.cfg.Model, v, f.t.Card, branches...)
	return err
}

// prepare does what is left to do before the first step; longest is the number of
// tokens of the largest batch.
func (f *fit) prepare(ctx context.Context, longest int) error {
	f.longest = longest
	if err := loop.CheckMemory(f.need(longest)); err != nil {
		return err
	}
	if f.nets != nil {
		if err := f.resumeMembers(); err != nil {
			return err
		}
		if err := f.begin(ctx, f.record.Member); err != nil {
			return err
		}
	}
	if wide := f.model.Wide(); wide != nil {
		if err := f.fitWide(ctx, wide); err != nil {
			f.close()
			return err
		}
	}
	return nil
}

// need is what is still to be allocated once the model is there.
func (f *fit) need(longest int) loop.Need {
	sizes := Sizes{Words: f.model.Vocab().Len(), Tokens: longest, Texts: len(f.train.texts), Dev: f.dev != nil}
	if wide := f.model.Wide(); wide != nil {
		sizes.Ngrams = wide.Dictionary.Rows()
	}
	n := f.full.Need(sizes, f.workers())
	n.Model = 0
	if f.nets != nil {
		n.Model = 4 * float64(largest(f.nets)) // gradients
	}
	return n
}

// readDev reads the dev texts as the model does.
func (f *fit) readDev(ctx context.Context) (err error) {
	if f.dev == nil {
		return nil
	}
	if f.dev, err = named(f.model, f.dev); err != nil {
		return err
	}
	known, foreign := withoutForeign(f.model.Heads(), f.dev)
	if foreign != nil && f.t.ends == nil {
		f.send(Progress{Warning: fmt.Errorf("dev texts with labels that no training text has count as errors: %s", strings.Join(foreign, ", "))})
	}
	if f.devSet, err = newSet(ctx, f.model, known); err != nil {
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

func (f *fit) workers() int {
	if f.t.Workers > 0 {
		return f.t.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// run trains the members one after the other, and joins the model.
func (f *fit) run(ctx context.Context) (*Result, error) {
	defer f.close()
	for f.loop != nil {
		if err := f.loop.Run(ctx, f); err != nil {
			return nil, err
		}
		if err := f.endMember(); err != nil {
			return nil, err
		}
		if f.record.Member+1 == f.full.Model.NumMembers() {
			break
		}
		if err := f.begin(ctx, f.record.Member+1); err != nil {
			return nil, f.interrupted(ctx, err)
		}
	}
	r, err := f.finish(ctx)
	return r, f.interrupted(ctx, err)
}

// interrupted writes a checkpoint if ctx has ended between two runs of a loop.
func (f *fit) interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && f.loop != nil {
		f.loop.Save()
	}
	return err
}

// endMember is called with the weights of a member in place.
func (f *fit) endMember() error {
	if f.dev != nil && f.loop.Best == 0 {
		return errors.New("train: no epoch gave a dev score that is a number")
	}
	for _, p := range f.net.Params() {
		p.Grad = nil
	}
	return f.close()
}

// Epoch is loop.Task's.
func (f *fit) Epoch(ctx context.Context, epoch, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		for d, err := range f.source.epoch(ctx, f.cfg, epoch, skip) {
			if !yield(&batch{f, d}, err) {
				return
			}
		}
	}
}

// Rate is loop.Task's.
func (f *fit) Rate(p loop.Position) float64 {
	at, of := f.source.way(f.full, f.record.Member, p)
	return f.cfg.Schedule.LR(at, of)
}

// Evaluate is loop.Task's: it scores the dev texts.
func (f *fit) Evaluate(ctx context.Context, e loop.Epoch) (best bool, err error) {
	r := Epoch{
		Member: f.memberNumber(), Epoch: e.Epoch, Loss: e.Loss, Rate: e.Rate,
		GradNorm: e.GradNorm, WorstNorm: e.WorstNorm, Clipped: e.Clipped, Seconds: e.Seconds,
	}
	if f.dev != nil {
		d, err := f.score(ctx, f.model.Only("deep").Member(f.record.Member), e.Epoch)
		if err != nil {
			return false, err
		}
		if d.Best = f.cfg.better(d, f.record.Best); d.Best {
			f.record.Best = d
		}
		r.Dev = d
		f.send(Progress{Dev: d})
	}
	f.record.History = append(f.record.History, r)
	return r.Dev != nil && r.Dev.Best, nil
}

// score evaluates a model on the dev texts.
func (f *fit) score(ctx context.Context, m *classify.Model, epoch int) (*DevScore, error) {
	predictions, err := score.Encoded(ctx, m, f.dev, f.devSet.texts, "")
	if err != nil {
		return nil, err
	}
	return f.cfg.devScore(epoch, predictions)
}

// check reports a position in a checkpoint that the member in training cannot reach.
func (f *fit) check(p loop.Position) error {
	if best := f.record.Best; len(f.record.History) != p.Epoch || (best != nil) != (p.Best > 0) || best != nil && best.Epoch != p.Best {
		return fmt.Errorf("a history of %d epochs, want %d with the best one", len(f.record.History), p.Epoch)
	}
	return f.source.check(f.full, f.record.Member, p)
}

// report passes on what the loop tells.
func (f *fit) report(p loop.Progress) {
	if p.Resumed {
		f.start = time.Now().Add(-f.loop.Elapsed)
	}
	f.send(Progress{Resumed: p.Resumed, Warning: p.Warning})
}

// send fills in how far the training is.
func (f *fit) send(p Progress) {
	if f.t.OnProgress == nil {
		return
	}
	p.Elapsed = time.Since(f.start)
	if l := f.loop; l != nil {
		p.Member, p.Members = f.record.Member+1, f.full.Model.NumMembers()
		p.Epochs = l.Epochs
		p.Epoch = min(l.Epoch+1, p.Epochs)
		p.Step, p.Steps = f.source.steps(f.full, f.record.Member, l.Position)
		p.Loss, p.Rate = l.Loss, l.RateAt(l.Position)
		p.GradNorm, p.WorstNorm, p.Clipped = l.Norm, l.WorstNorm, l.Clipped
		p.Tokens = l.Tokens
	}
	p.Refit = f.t.ends != nil
	f.t.OnProgress(p)
}

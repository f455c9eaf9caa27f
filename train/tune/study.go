package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/resume"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/train"
)

// A Method says how a study chooses its trials.
type Method string

// The methods.
const (
	Random  Method = "random"
	TPE     Method = "tpe"
	Halving Method = "halving"
)

// Options are what decides a study, apart from the texts. Zero fields mean the
// documented defaults.
type Options struct {
	Space  Space  `json:"space"`  // nil means DefaultSpace
	Method Method `json:"method"` // "" means TPE
	Trials int    `json:"trials"` // with that of the settings the study began with; 0 means 20
	Seed   uint64 `json:"seed"`

	// Parallel is how many trials are chosen together, and run at the same time
	// if there is memory for them; 0 means 1.
	Parallel int `json:"parallel"`

	// Epochs is the number of epochs that the settings the study began with
	// train for. For Halving, which needs it, it is the most that a trial gets,
	// and MinEpochs the least, 0 meaning 1. One in Eta of the trials with so
	// many epochs goes on with Eta times as many; 0 means 3.
	Epochs    int `json:"epochs,omitempty"`
	MinEpochs int `json:"min_epochs,omitempty"`
	Eta       int `json:"eta,omitempty"`

	// Metric names the score, and Lower says that less of it is better.
	Metric string `json:"metric"`
	Lower  bool   `json:"lower,omitempty"`

	// Default are the settings that the study begins with, as Space.Of gives
	// them: those of trial 0.
	Default Values `json:"default"`

	// Identity lists everything else that decides a score: texts and other
	// settings. A study goes on only with the same.
	Identity train.Identity `json:"-"`
}

// Resolve returns o with its defaults filled in.
func (o Options) Resolve() Options {
	if o.Space == nil {
		o.Space = DefaultSpace()
	}
	o.Method = cmp.Or(o.Method, TPE)
	o.Trials = cmp.Or(o.Trials, 20)
	o.Parallel = cmp.Or(o.Parallel, 1)
	if o.Method == Halving {
		o.MinEpochs = cmp.Or(o.MinEpochs, 1)
		o.Eta = cmp.Or(o.Eta, 3)
	}
	return o
}

// Validate reports everything that is wrong with resolved options.
func (o Options) Validate() error {
	errs := []error{o.Space.Validate()}
	if !slices.Contains([]Method{Random, TPE, Halving}, o.Method) {
		errs = append(errs, fmt.Errorf("tune: method %q, want %s, %s or %s", string(o.Method), Random, TPE, Halving))
	}
	if o.Trials < 1 {
		errs = append(errs, fmt.Errorf("tune: trials = %d, want at least 1", o.Trials))
	}
	if o.Parallel < 1 {
		errs = append(errs, fmt.Errorf("tune: parallel = %d, want at least 1", o.Parallel))
	}
	if o.Method == Halving {
		if o.Eta < 2 {
			errs = append(errs, fmt.Errorf("tune: eta = %d, want at least 2", o.Eta))
		}
		if o.MinEpochs < 1 || o.Epochs < o.MinEpochs {
			errs = append(errs, fmt.Errorf("tune: from %d to %d epochs, want from at least 1 to as many or more", o.MinEpochs, o.Epochs))
		}
		if slices.ContainsFunc(o.Space, func(p Param) bool { return p.Path == "epochs" }) {
			errs = append(errs, errors.New("tune: the space has the epochs, which halving chooses itself"))
		}
	}
	return errors.Join(errs...)
}

// rungs lists the numbers of epochs that trials get, rising; 0 means those of
// the settings.
func (o *Options) rungs() []int {
	if o.Method != Halving {
		return []int{0}
	}
	var r []int
	for e := o.Epochs; e > o.MinEpochs; e = (e + o.Eta - 1) / o.Eta {
		r = append(r, e)
	}
	r = append(r, o.MinEpochs)
	slices.Reverse(r)
	return r
}

// A Task is one training that a study wants.
type Task struct {
	Run    int    `json:"run"`   // number, from 0
	Trial  int    `json:"trial"` // 0 has the settings that the study began with
	Rung   int    `json:"rung"`  // 0 but for halving
	Epochs int    `json:"epochs,omitempty"`
	Values Values `json:"values"`

	// Together is how many tasks at most run at the same time as this one, with
	// it.
	Together int `json:"-"`
}

// A Run is a task and what came out. Its score is NaN if it failed.
type Run struct {
	Task
	Score   evaluate.Score `json:"score"`
	LogLoss evaluate.Score `json:"log_loss"`        // decides between equal scores
	Epoch   int            `json:"epoch,omitempty"` // that scored best
	Error   string         `json:"error,omitempty"`
}

// An Outcome is how a task did on the dev texts.
type Outcome struct {
	Score, LogLoss evaluate.Score
	Epoch          int
}

// A TrialError ends a trial, not the study: its settings are no good.
type TrialError struct{ Err error }

func (e *TrialError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *TrialError) Unwrap() error { return e.Err }

// An Objective does a task. The same task must give the same outcome. It is
// called from several goroutines if Options.Parallel is more than 1.
type Objective func(ctx context.Context, t Task) (Outcome, error)

// A Study is a search. Its methods are for one goroutine.
type Study struct {
	Options

	// Runs are those done, in the order of their numbers.
	Runs []Run

	// File, if not "", is replaced by the study's state after every run.
	File string

	// Shard is the share of the trials that Run does where other processes do the others,
	// each with a File of its own; the zero value is all. Only the method random has
	// trials that do not follow from what came out of others. Merge brings the runs of
	// all shards together.
	Shard Shard

	// Memory is how many bytes the tasks that run together may need, and Need
	// says what each does; one that needs more runs alone. Nil means that there
	// is enough.
	Memory int64
	Need   func(Task) int64

	// OnRun, if not nil, is called after every run, by one goroutine at a time.
	OnRun func(Run)
}

// New returns a study that has not begun, with its options resolved.
func New(o Options) (*Study, error) {
	o = o.Resolve()
	return &Study{Options: o}, o.Validate()
}

// A Shard is the share of the trials that one of several processes does.
type Shard = resume.Shard

// A MismatchError says that a file is of another study.
type MismatchError = train.MismatchError

const fileVersion = 2

// maxFile is far more than any study's.
const maxFile = 64 << 20

// identity is all that decides the runs.
func (s *Study) identity() train.Identity {
	return append(slices.Clip(s.Identity),
		resume.Field{Name: "space", Value: s.Space},
		resume.Field{Name: "settings to begin with", Value: s.Default},
		resume.Field{Name: "study", Value: s.Options})
}

// Resume takes over the runs of s.File, as a study with the same options left
// it. A *MismatchError says what is another's.
func (s *Study) Resume() error { return s.Merge(s.File) }

// Merge takes over the runs of files that studies with the same options left, such as
// the shards of this one. A *MismatchError says what is another's.
func (s *Study) Merge(files ...string) error {
	for _, file := range files {
		var runs []Run
		if err := resume.ReadJSON(file, maxFile, fileVersion, s.identity(), &runs); err != nil {
			return fmt.Errorf("tune: %w", err)
		}
		for _, r := range runs {
			if !slices.ContainsFunc(s.Runs, func(have Run) bool { return have.Task.Run == r.Task.Run }) {
				s.add(r)
			}
		}
	}
	return nil
}

// add puts a run in its place.
func (s *Study) add(r Run) {
	s.Runs = append(s.Runs, r)
	slices.SortFunc(s.Runs, func(a, b Run) int { return cmp.Compare(a.Task.Run, b.Task.Run) })
}

func (s *Study) save() error {
	if s.File == "" {
		return nil
	}
	return resume.WriteJSON(s.File, fileVersion, s.identity(), s.Runs)
}

// Run does what is left of the study, or of its shard. An error other than a *TrialError ends
// it, ctx's among them; what was done until then is kept.
func (s *Study) Run(ctx context.Context, f Objective) error {
	if err := s.Shard.Validate(s.Trials); err != nil {
		return fmt.Errorf("tune: %w", err)
	}
	if !s.Shard.Whole() && s.Method != Random {
		return fmt.Errorf("tune: shard %s of a study by %s, whose trials follow from those before them: want the method %s", s.Shard, s.Method, Random)
	}
	var mu sync.Mutex // guards Runs, the file and OnRun
	memory := semaphore.NewWeighted(max(s.Memory, 1))
	for done := 0; ; {
		// The batch is chosen anew also when it was interrupted midway, from the
		// runs before it: what it is does not depend on interruptions.
		batch := s.batch(s.Runs[:done:done])
		if len(batch) == 0 {
			return nil
		}
		var left []Task
		for _, t := range batch {
			if i := slices.IndexFunc(s.Runs, func(r Run) bool { return r.Task.Run == t.Run }); i < 0 {
				if s.Shard.Has(t.Run) {
					left = append(left, t)
				}
			} else if r := s.Runs[i]; r.Trial != t.Trial || r.Rung != t.Rung || r.Values.String() != t.Values.String() {
				return fmt.Errorf("tune: run %d of %s had the settings %v, this version would try %v", t.Run, s.File, r.Values, t.Values)
			}
		}
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(s.Parallel)
		for _, t := range left {
			t.Together = min(len(left), s.Parallel)
			g.Go(func() error {
				if err := ctx.Err(); err != nil {
					return err
				}
				o, err := s.try(ctx, memory, f, t)
				var bad *TrialError
				if err != nil && !errors.As(err, &bad) {
					return fmt.Errorf("trial %d: %w", t.Trial, err)
				}
				r := Run{Task: t, Score: o.Score, LogLoss: o.LogLoss, Epoch: o.Epoch}
				if bad != nil {
					nan := evaluate.Score(math.NaN())
					r.Score, r.LogLoss, r.Error = nan, nan, bad.Error()
				}
				mu.Lock()
				defer mu.Unlock()
				s.add(r)
				if err := s.save(); err != nil {
					return err
				}
				if s.OnRun != nil {
					s.OnRun(r)
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil || s.Method == Random {
			return err
		}
		done += len(batch)
	}
}

// try does a task as soon as there is memory for it. One that did not fit beside
// others is done again alone, so that it never fails because of them.
func (s *Study) try(ctx context.Context, memory *semaphore.Weighted, f Objective, t Task) (Outcome, error) {
	if s.Need == nil {
		return f(ctx, t)
	}
	whole := max(s.Memory, 1)
	for need := min(max(s.Need(t), 1), whole); ; need = whole {
		if err := memory.Acquire(ctx, need); err != nil {
			return Outcome{}, err
		}
		o, err := f(ctx, t)
		memory.Release(need)
		var full *train.MemoryError
		if need == whole || !errors.As(err, &full) {
			return o, err
		}
	}
}

// batch chooses the tasks that follow the runs before: all of a random study at once, as
// none depends on another.
func (s *Study) batch(before []Run) []Task {
	var tasks []Task
	for s.Method == Random || len(tasks) < s.Parallel {
		t, ok := s.next(before, tasks)
		if !ok {
			break
		}
		t.Run = len(before) + len(tasks)
		tasks = append(tasks, t)
	}
	return tasks
}

// next chooses one task, knowing those chosen before it that have not run.
func (s *Study) next(before []Run, chosen []Task) (Task, bool) {
	rungs := s.rungs()
	if n := len(before) + len(chosen); n < len(rungs) {
		return Task{Rung: n, Epochs: rungs[n], Values: s.Default}, true
	}
	for k := len(rungs) - 2; k >= 0; k-- {
		if t, ok := s.promote(before, chosen, k); ok {
			t.Rung, t.Epochs = k+1, rungs[k+1]
			return t, true
		}
	}
	trial := 0
	for _, r := range before {
		trial = max(trial, r.Trial+1)
	}
	for _, t := range chosen {
		trial = max(trial, t.Trial+1)
	}
	if trial >= s.Trials {
		return Task{}, false
	}
	return Task{Trial: trial, Epochs: rungs[0], Values: s.choose(trial, before)}, true
}

// promote finds a trial among the best of a rung that has not gone on.
func (s *Study) promote(before []Run, chosen []Task, rung int) (Task, bool) {
	var here []Run
	above := map[int]bool{} // trials
	for _, r := range before {
		if r.Rung == rung {
			here = append(here, r)
		}
		above[r.Trial] = above[r.Trial] || r.Rung > rung
	}
	for _, t := range chosen {
		above[t.Trial] = above[t.Trial] || t.Rung > rung
	}
	slices.SortFunc(here, s.compare)
	for _, r := range here[:len(here)/s.Eta] {
		if !above[r.Trial] && r.Score.Defined() {
			return Task{Trial: r.Trial, Values: r.Values}, true
		}
	}
	return Task{}, false
}

// compare orders runs by falling score, failed ones last.
func (s *Study) compare(a, b Run) int {
	if a.Score.Defined() != b.Score.Defined() {
		if a.Score.Defined() {
			return -1
		}
		return 1
	}
	by := cmp.Compare(b.Score, a.Score)
	if s.Lower {
		by = -by
	}
	return cmp.Or(by, cmp.Compare(a.LogLoss, b.LogLoss), cmp.Compare(a.Task.Run, b.Task.Run))
}

// choose draws the settings of a new trial.
func (s *Study) choose(trial int, before []Run) Values {
	r := seed.Rand(s.Seed, "trial", uint64(trial))
	v := Values{}
	startup := min(max(s.Trials/4, 5), 10)
	random := s.Method != TPE || len(before) < startup
	sorted := slices.SortedFunc(slices.Values(before), s.compare)
	good := int(math.Ceil(goodShare * float64(len(before))))
	for i := range s.Space {
		p := &s.Space[i]
		if random {
			v[p.Path] = p.value(p.draw(r))
			continue
		}
		var sets [2][]float64 // good and bad
		for k, run := range sorted {
			x, ok := p.coordinate(run.Values[p.Path])
			switch {
			case !ok:
			case k < good && run.Score.Defined():
				sets[0] = append(sets[0], x)
			default:
				sets[1] = append(sets[1], x)
			}
		}
		v[p.Path] = p.value(p.tpe(r, sets[0], sets[1]))
	}
	return v
}

// Best returns the best run and that of trial 0, both with the most epochs; nil
// where all failed. Where scores are equal, trial 0 is the best, then the run with
// the lowest log loss.
func (s *Study) Best() (best, first *Run) {
	top := len(s.rungs()) - 1
	for i := range s.Runs {
		r := &s.Runs[i]
		if r.Rung != top || !r.Score.Defined() {
			continue
		}
		if r.Trial == 0 {
			first = r
		}
		if best == nil || s.compare(*r, *best) < 0 {
			best = r
		}
	}
	if first != nil && best.Score == first.Score {
		best = first
	}
	return best, first
}

// Ranking returns the runs, those of the most epochs first and the best of
// these first.
func (s *Study) Ranking() []Run {
	return slices.SortedFunc(slices.Values(s.Runs), func(a, b Run) int {
		return cmp.Or(cmp.Compare(b.Rung, a.Rung), s.compare(a, b))
	})
}

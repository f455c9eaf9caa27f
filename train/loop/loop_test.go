package loop

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/fsx/fsxtest"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
)

const batchesOfEpoch = 5

// A bowl is a task: weights that are to be near points, which an epoch has in a
// random order.
type bowl struct {
	dense, rows *nn.Param
	stepped     []int // the steps taken, in order
	scores      []float64
	bad         func(step int) float64 // added to the loss, and to the gradient
	evaluate    func(e Epoch) (best bool)
}

func newBowl() *bowl {
	b := &bowl{dense: nn.NewParam("dense", 3), rows: nn.NewParam("rows", 4, 2)}
	b.rows.Sparse = true
	for _, p := range b.params() {
		for i := range p.Data {
			p.Data[i] = float32(i) - 2
		}
		p.NeedGrad()
	}
	return b
}

func (b *bowl) params() []*nn.Param { return []*nn.Param{b.dense, b.rows} }

func (b *bowl) weights() []float32 { return slices.Concat(b.dense.Data, b.rows.Data) }

func (b *bowl) Epoch(_ context.Context, epoch, skip int) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		for _, point := range seed.Rand(1, "order", uint64(epoch)).Perm(batchesOfEpoch)[skip:] {
			if !yield(pull{b, point}, nil) {
				return
			}
		}
	}
}

func (b *bowl) Rate(p Position) float64 { return 0.1 / (1 + float64(p.Step)/10) }

func (b *bowl) Evaluate(_ context.Context, e Epoch) (bool, error) {
	b.scores = append(b.scores, e.Loss)
	return b.evaluate != nil && b.evaluate(e), nil
}

// A pull is a batch of a bowl.
type pull struct {
	b     *bowl
	point int
}

func (p pull) Size() (texts, tokens int) { return 1, 10 }

func (p pull) Learn(step int) (loss float64, err error) {
	b := p.b
	b.stepped = append(b.stepped, step)
	noise := seed.Rand(2, "noise", uint64(step)).NormFloat64()
	target := float64(p.point) + 0.1*noise
	pull := func(p *nn.Param, i int) {
		d := float64(p.Data[i]) - target
		loss += d * d
		p.Grad[i] += float32(2 * d)
	}
	for i := range b.dense.Data {
		pull(b.dense, i)
	}
	row := p.point % 4
	b.rows.Touch(int32(row))
	pull(b.rows, 2*row)
	pull(b.rows, 2*row+1)
	if b.bad != nil {
		loss += b.bad(step)
	}
	return loss, nil
}

// newLoop returns a loop that uses all that there is.
func newLoop(b *bowl) *Loop {
	return &Loop{
		Config: Config{Epochs: 4, ClipNorm: 3, EMA: nn.EMAConfig{Decay: 0.9}, Optimizer: nn.OptimizerConfig{WeightDecay: 0.01}},
		Params: b.params(),
		State:  &b.scores,
	}
}

func run(t *testing.T, l *Loop, b *bowl) {
	t.Helper()
	if err := l.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func TestLoopDescends(t *testing.T) {
	b := newBowl()
	l := newLoop(b)
	l.EMA, l.ClipNorm = nn.EMAConfig{}, 0
	l.Epochs, l.Optimizer = 40, nn.OptimizerConfig{Kind: nn.SGD}
	reports := 0
	l.OnProgress = func(Progress) { reports++ }
	run(t, l, b)
	for i, v := range b.dense.Data {
		if math.Abs(float64(v)-2) > 0.3 { // the mean of the points
			t.Errorf("weight %d ends at %v, want about 2", i, v)
		}
	}
	if l.Epoch != 40 || l.Step != 200 || reports != 200 || l.Tokens != 2000 || l.Clipped != 0 || l.Loss <= 0 {
		t.Errorf("%d reports, ended at %+v", reports, l.Position)
	}
	if l.Elapsed <= 0 || l.Norm <= 0 || len(b.scores) != 40 || b.scores[39] >= b.scores[0] {
		t.Errorf("%+v; losses %v", l.Position, b.scores)
	}
}

// interrupt cancels after so many reports, and says whether the training was over
// before.
func interrupt(t *testing.T, l *Loop, b *bowl, reports int) (over bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, more := 0, l.OnProgress
	l.OnProgress = func(p Progress) {
		if more != nil {
			more(p)
		}
		if n++; n == reports {
			cancel()
		}
	}
	err := l.Run(ctx, b)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return err == nil
}

// open returns a loop that keeps checkpoints in a file system, and goes on from
// those that are there.
func open(t *testing.T, b *bowl, fsys fsx.FS) *Loop {
	t.Helper()
	c, err := OpenCheckpoints(CheckpointOptions{Path: "/c", Interval: time.Nanosecond, Resume: true, FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop(b)
	l.Checkpoints = c
	if err := c.Find(Identity{{Name: "task", Value: "bowl"}}, &b.scores); err != nil {
		t.Fatal(err)
	}
	return l
}

// Interrupted at every step, with every optimiser, with averages and without, with
// best weights and without, a training ends with the same bits.
func TestResumeAtEveryStep(t *testing.T) {
	for _, o := range []nn.OptimizerConfig{{}, {Kind: nn.SGD, Momentum: 0.9}, {Kind: nn.RMSprop}} {
		for _, decay := range []float64{0, 0.9} {
			for _, judged := range []bool{false, true} {
				set := func(l *Loop, b *bowl) {
					l.Optimizer, l.EMA.Decay = o, decay
					half := []*nn.Param{b.dense}
					l.Learning = func(epoch int) []*nn.Param {
						if epoch == 0 {
							return half
						}
						return l.Params
					}
					if judged {
						b.evaluate = func(e Epoch) bool { return e.Epoch == 2 }
					}
				}
				want := newBowl()
				l := newLoop(want)
				set(l, want)
				run(t, l, want)
				for reports := 1; reports < 25; reports++ {
					mem, b := fsxtest.NewMem(), newBowl()
					l := open(t, b, mem)
					set(l, b)
					over := interrupt(t, l, b, reports)
					b = newBowl()
					l = open(t, b, mem)
					resumed := 0
					l.OnProgress = func(p Progress) {
						if p.Resumed {
							resumed++
						}
					}
					set(l, b)
					run(t, l, b)
					if !slices.Equal(b.weights(), want.weights()) || !slices.Equal(b.scores, want.scores) {
						t.Errorf("%v, decay %v, judged %t: stopped after %d reports: other weights or losses", o.Kind, decay, judged, reports)
					}
					if resumed != 1 {
						t.Errorf("resumed %d times", resumed)
					}
					if over != (reports > 4*batchesOfEpoch) && reports != 4*batchesOfEpoch {
						t.Errorf("over is %t after %d reports", over, reports)
					}
				}
			}
		}
	}
}

// A loss that is not a number takes the epoch back to its start with half the rate,
// as often as there are retries.
func TestRollBack(t *testing.T) {
	plain := newBowl()
	run(t, newLoop(plain), plain)
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		b := newBowl()
		times := 1
		b.bad = func(step int) float64 {
			if step == 8 && times > 0 {
				times--
				return value
			}
			return 0
		}
		var warned []*DivergedError
		l := newLoop(b)
		l.OnProgress = func(p Progress) {
			var d *DivergedError
			if errors.As(p.Warning, &d) {
				warned = append(warned, d)
			}
		}
		run(t, l, b)
		if len(warned) != 1 || warned[0].Epoch != 2 || warned[0].Step != 9 || warned[0].Name != "loss" || l.Halvings != 1 {
			t.Errorf("%v: warnings %v, %d halvings", value, warned, l.Halvings)
		}
		if want := []int{5, 6, 7, 8, 5, 6, 7, 8, 9}; !slices.Equal(b.stepped[5:14], want) {
			t.Errorf("%v: steps %v, want %v", value, b.stepped[5:14], want)
		}
		if b.scores[0] != plain.scores[0] || slices.Equal(b.weights(), plain.weights()) || len(b.scores) != 4 {
			t.Errorf("%v: losses %v, without it %v", value, b.scores, plain.scores)
		}
	}
	for retries, want := range map[int]int{0: 3, 1: 1, -1: 0} {
		b := newBowl()
		b.bad = func(step int) float64 {
			if step == 8 {
				return math.NaN()
			}
			return 0
		}
		l := newLoop(b)
		l.Retries = retries
		var diverged *DivergedError
		if err := l.Run(t.Context(), b); !errors.As(err, &diverged) || diverged.Halvings != want {
			t.Errorf("%d retries: err = %v, want %d halvings", retries, err, want)
		}
	}
}

// Weights that are not finite are found at the end of the epoch at the latest, and do
// not last.
func TestWeightsAreWatched(t *testing.T) {
	for row := range 5 { // of the sparse parameter, and the dense one
		for _, at := range []int{6, 9, 10} { // the last two before and at the end of epoch 2
			b := newBowl()
			l := newLoop(b)
			l.EMA = nn.EMAConfig{}
			var found []*DivergedError
			poisoned := false
			l.OnProgress = func(p Progress) {
				var d *DivergedError
				if errors.As(p.Warning, &d) {
					found = append(found, d)
				}
				if l.Step == at && !poisoned {
					poisoned = true
					if row < 4 {
						b.rows.Data[2*row] = float32(math.Inf(1))
					} else {
						b.dense.Data[1] = float32(math.Inf(1))
					}
				}
			}
			run(t, l, b)
			if len(found) != 1 || found[0].Epoch != 2 {
				t.Errorf("row %d infinite after step %d: warnings %v, want one of epoch 2", row, at, found)
			}
			for _, v := range b.weights() {
				if v-v != 0 {
					t.Fatalf("row %d: ends with %v", row, b.weights())
				}
			}
		}
	}
}

// A weight or a sparse row that a step makes infinite is found in that step.
func TestStepsAreWatched(t *testing.T) {
	for _, name := range []string{"rows", "dense"} {
		b := newBowl()
		l := newLoop(b)
		l.EMA, l.Retries = nn.EMAConfig{}, -1
		l.NewOptimizer = func() (Optimizer, error) {
			return &breaker{Optimizer: must(nn.NewOptimizer(l.Optimizer)), at: 7, name: name}, nil
		}
		var d *DivergedError
		if err := l.Run(t.Context(), b); !errors.As(err, &d) || d.Name != name || d.Step != 7 {
			t.Errorf("err = %v, want that %s diverged in step 7", err, name)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A breaker is an optimiser that once makes a parameter infinite: its first number, or
// the first of a touched row where it is sparse.
type breaker struct {
	Optimizer
	at, steps int
	name      string
}

func (k *breaker) Step(params []*nn.Param, rate float32) error {
	err := k.Optimizer.Step(params, rate)
	if k.steps++; k.steps == k.at {
		for _, p := range params {
			switch {
			case p.Name != k.name:
			case p.Sparse:
				p.Data[2*p.Touched[0]] = float32(math.Inf(1))
			default:
				p.Data[0] = float32(math.Inf(1))
			}
		}
	}
	return err
}

// The averages are evaluated and, where no epoch is the best, left in place.
func TestAverages(t *testing.T) {
	b, plain := newBowl(), newBowl()
	l := newLoop(b)
	seen := 0
	b.evaluate = func(Epoch) bool {
		seen++
		if slices.Equal(b.weights(), plain.weights()) {
			t.Error("the weights are evaluated, not their averages")
		}
		return false
	}
	run(t, l, b)
	last := newLoop(plain)
	last.EMA = nn.EMAConfig{}
	run(t, last, plain)
	averaged, weights := b.weights(), plain.weights()
	if slices.Equal(averaged, weights) || seen != 4 {
		t.Errorf("%d evaluations; the averages are the weights", seen)
	}
	l.ema.Swap() // the weights under the averages are those of a training without
	if !slices.Equal(b.weights(), weights) {
		t.Error("averaging changed the training")
	}
}

// The best weights come back, and too many epochs without better ones end it.
func TestPatience(t *testing.T) {
	b := newBowl()
	l := newLoop(b)
	l.Epochs, l.Patience, l.EMA = 50, 3, nn.EMAConfig{}
	var best []float32
	b.evaluate = func(e Epoch) bool {
		if e.Epoch == 4 {
			best = b.weights()
		}
		return e.Epoch <= 4
	}
	run(t, l, b)
	if l.Epoch != 7 || l.Best != 4 || !slices.Equal(b.weights(), best) {
		t.Errorf("ends after epoch %d with the weights of epoch %d", l.Epoch, l.Best)
	}
}

// Nothing is done after the end of the context.
func TestCancel(t *testing.T) {
	b := newBowl()
	l := newLoop(b)
	ctx, cancel := context.WithCancel(t.Context())
	l.OnProgress = func(Progress) {
		if l.Step == 7 {
			cancel()
		}
	}
	if err := l.Run(ctx, b); !errors.Is(err, context.Canceled) || len(b.stepped) != 7 {
		t.Errorf("err = %v after %d steps, want 7", err, len(b.stepped))
	}
}

// A checkpoint of another identity, or one that nobody asks for, is not resumed.
func TestCheckpointsRefuse(t *testing.T) {
	mem, b := fsxtest.NewMem(), newBowl()
	interrupt(t, open(t, b, mem), b, 3)
	if _, err := OpenCheckpoints(CheckpointOptions{Path: "/c", FS: mem}); !errors.Is(err, ErrUnfinished) {
		t.Errorf("without Resume: %v", err)
	}
	c, err := OpenCheckpoints(CheckpointOptions{Path: "/c", FS: mem, Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	var other *MismatchError
	if err := c.Find(Identity{{Name: "task", Value: "hill"}}, new(any)); !errors.As(err, &other) || other.Field != "task" || other.There != "bowl" || other.Here != "hill" {
		t.Errorf("another task: %v", err)
	}
	if c, err := OpenCheckpoints(CheckpointOptions{}); c != nil || err != nil || c.Found() {
		t.Errorf("no directory: %v, %v", c, err)
	}
	c.Close()
}

// Weights that are not finite are never written.
func TestNothingBadIsSaved(t *testing.T) {
	mem, b := fsxtest.NewMem(), newBowl()
	l := open(t, b, mem)
	l.Retries = -1
	run(t, l, b)
	files := func() int {
		entries, err := mem.ReadDir("/c")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	l = open(t, b, fsxtest.NewMem())
	run(t, l, b)
	b.rows.Data[3] = float32(math.NaN())
	var warned error
	l.OnProgress = func(p Progress) { warned = p.Warning }
	before := files()
	l.averaged = false
	l.Save()
	var d *DivergedError
	if !errors.As(warned, &d) || files() != before {
		t.Errorf("warning %v; %d files, before %d", warned, files(), before)
	}
}

// What Copies says is what is allocated.
func TestCopies(t *testing.T) {
	for _, o := range []nn.OptimizerConfig{{}, {Kind: nn.SGD}, {Kind: nn.SGD, Momentum: 0.5}, {Kind: nn.RMSprop}, {Kind: nn.RMSprop, Momentum: 0.5}} {
		for _, decay := range []float64{0, 0.5} {
			for _, judged := range []bool{false, true} {
				b := newBowl()
				l := newLoop(b)
				l.Optimizer, l.EMA.Decay = o, decay
				b.evaluate = func(Epoch) bool { return judged }
				most := 0
				l.OnProgress = func(Progress) {
					size := func(list []*nn.Param) (n int) {
						for _, p := range list {
							if p.Name == "dense" || p.Name == "ema.dense" || p.Name == "exp_avg.dense" || p.Name == "exp_avg_sq.dense" || p.Name == "square_avg.dense" || p.Name == "momentum_buffer.dense" {
								n++
							}
						}
						return n
					}
					n := 1 // the gradient
					for _, s := range []*state{l.state(), l.good} {
						for k := range s.tensors {
							n += size(s.tensors[k])
						}
					}
					most = max(most, n)
				}
				run(t, l, b)
				if decay != 0 {
					most++ // the weights while the averages are in place
				}
				if got := l.Copies(judged); got != most {
					t.Errorf("%+v, decay %v, judged %t: %d copies of each weight, counted %d", o, decay, judged, got, most)
				}
			}
		}
	}
}

// Random interruptions of random length, with failures to write among them.
func TestResumeWithFaults(t *testing.T) {
	want := newBowl()
	run(t, newLoop(want), want)
	r := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		mem := fsxtest.NewMem()
		for over := false; !over; {
			b := newBowl()
			l := open(t, b, &fsxtest.Fault{FS: mem, FailAt: 12 + r.IntN(20)})
			if over = interrupt(t, l, b, 2+r.IntN(4)); over && !slices.Equal(b.weights(), want.weights()) {
				t.Error("other weights")
			}
		}
	}
}

// Positions that no training reaches are refused, with right checksums.
func TestHostilePositions(t *testing.T) {
	for name, change := range map[string]func(s *saved){
		"as it was":                     func(*saved) {},
		"an epoch too many":             func(s *saved) { s.At.Epoch, s.Good.Epoch = 5, 5 },
		"a negative epoch":              func(s *saved) { s.At.Epoch, s.Good.Epoch = -1, -1 },
		"a negative batch":              func(s *saved) { s.At.Batch = -1 },
		"more batches than steps":       func(s *saved) { s.At.Batch = 99 },
		"steps before the first epoch":  func(s *saved) { s.At.Epoch, s.Good.Epoch = 0, 0 },
		"a batch after the end":         func(s *saved) { s.At.Epoch, s.Good.Epoch = 4, 4 },
		"negative texts":                func(s *saved) { s.At.Texts = -1 },
		"negative tokens":               func(s *saved) { s.At.Tokens = -1 },
		"halvings":                      func(s *saved) { s.At.Halvings = 4 },
		"negative halvings":             func(s *saved) { s.At.Halvings = -1 },
		"a best epoch of tomorrow":      func(s *saved) { s.At.Best = 2 },
		"a negative best epoch":         func(s *saved) { s.At.Best = -1 },
		"a best epoch without weights":  func(s *saved) { s.At.Best = 1 },
		"fresh after now":               func(s *saved) { s.At.Fresh.Step = 99 },
		"fresh in a later epoch":        func(s *saved) { s.At.Fresh.Epoch = 2 },
		"fresh before the start":        func(s *saved) { s.At.Fresh.Step = -1 },
		"no start of the epoch":         func(s *saved) { s.Good = nil },
		"a start in the epoch":          func(s *saved) { s.Good.Batch, s.Good.Step = 1, 6 },
		"a start of another epoch":      func(s *saved) { s.Good.Epoch = 2 },
		"a start that cannot be":        func(s *saved) { s.Good.Halvings = 9 },
		"a start that lacks moments":    func(s *saved) { s.Good.Fresh = Fresh{} },
		"a start, and a finished epoch": func(s *saved) { s.At.Batch = 0 },
	} {
		mem, b := fsxtest.NewMem(), newBowl()
		interrupt(t, open(t, b, mem), b, 7)
		b = newBowl()
		l := open(t, b, mem)
		c := l.Checkpoints
		var s saved
		if err := c.found.State(&s); err != nil {
			t.Fatal(err)
		}
		change(&s)
		if _, err := c.dir.Write(c.id, s, c.found.Tensors.Tensors); err != nil {
			t.Fatal(err)
		}
		b = newBowl()
		if err := open(t, b, mem).Run(t.Context(), b); (err == nil) != (name == "as it was") {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

// The start of an epoch is kept in memory, or beside the checkpoints until they are closed: a
// training that goes back to it ends with the same bits. One that cannot be written stays in
// memory, one that is lost is an error.
func TestKeptStart(t *testing.T) {
	train := func(fsys fsx.FS, kept bool, check func()) ([]float32, error) {
		b := newBowl()
		l := newLoop(b)
		if fsys != nil {
			l = open(t, b, fsys)
			defer l.Checkpoints.Close()
		}
		times := 1
		b.bad = func(step int) float64 {
			if step != 8 || times == 0 {
				return 0
			}
			times--
			if inMemory := l.good.tensors[weight] != nil; inMemory == kept {
				t.Errorf("the start of the epoch is in memory: %t", inMemory)
			}
			check()
			return math.NaN()
		}
		err := l.Run(t.Context(), b)
		return b.weights(), err
	}
	want, err := train(nil, false, func() {})
	if err != nil {
		t.Fatal(err)
	}
	mem := fsxtest.NewMem()
	got, err := train(mem, true, func() {})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("beside checkpoints: %v, %v, want %v", got, err, want)
	}
	if entries, err := mem.ReadDir("/c"); err != nil || len(entries) != 2 {
		t.Errorf("after it: %v, %v", entries, err)
	}
	got, err = train(full{fsxtest.NewMem()}, false, func() {})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("without room for it: %v, %v, want %v", got, err, want)
	}
	var gone bool
	_, err = train(lost{fsxtest.NewMem(), &gone}, true, func() { gone = true })
	var d *DivergedError
	if !errors.As(err, &d) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lost: %v", err)
	}
}

// full has no room for the start of an epoch.
type full struct{ fsx.FS }

func (f full) Create(name string, perm fs.FileMode) (fsx.File, error) {
	if strings.HasSuffix(name, "start-of-epoch") {
		return nil, fs.ErrPermission
	}
	return f.FS.Create(name, perm)
}

// lost loses what it keeps of the start of an epoch, once it is said to be gone.
type lost struct {
	fsx.FS
	gone *bool
}

func (l lost) Open(name string) (fsx.File, error) {
	f, err := l.FS.Open(name)
	if strings.HasSuffix(name, "start-of-epoch") {
		f = losing{f, l.gone}
	}
	return f, err
}

type losing struct {
	fsx.File
	gone *bool
}

func (l losing) ReadAt(p []byte, off int64) (int, error) {
	if *l.gone {
		return 0, fs.ErrNotExist
	}
	return l.File.(io.ReaderAt).ReadAt(p, off)
}

// The start of an epoch has no moments: the optimiser starts anew there. Checkpoints of
// earlier versions have them, which are then in place again.
func TestRollBackRestartsOptimizer(t *testing.T) {
	for _, moments := range []bool{false, true} {
		mem, b := fsxtest.NewMem(), newBowl()
		interrupt(t, open(t, b, mem), b, 7)
		b = newBowl()
		l := open(t, b, mem)
		if moments {
			var s saved
			if err := l.Checkpoints.found.State(&s); err != nil {
				t.Fatal(err)
			}
			s.Good.Fresh = Fresh{}
			list := l.Checkpoints.found.Tensors.Tensors
			for _, x := range list {
				if strings.HasPrefix(x.Name, "moment.") {
					x.Name = goodPrefix + x.Name
					list = append(list, x)
				}
			}
			if _, err := l.Checkpoints.dir.Write(l.Checkpoints.id, s, list); err != nil {
				t.Fatal(err)
			}
			b = newBowl()
			l = open(t, b, mem)
		}
		times := 1
		b.bad = func(step int) float64 {
			if step == 8 && times > 0 {
				times--
				return math.NaN()
			}
			return 0
		}
		seen := false
		l.OnProgress = func(p Progress) {
			var d *DivergedError
			if !errors.As(p.Warning, &d) {
				return
			}
			seen = true
			want := Fresh{5, 1}
			if moments {
				want = Fresh{}
			}
			if l.Step != 5 || l.Fresh != want || (len(l.optimizer.State()) > 0) != moments {
				t.Errorf("moments %t: back at step %d, optimiser from %+v with %d tensors", moments, l.Step, l.Fresh, len(l.optimizer.State()))
			}
		}
		run(t, l, b)
		if !seen || l.Epoch != l.Epochs {
			t.Errorf("moments %t: went back %t, %d epochs", moments, seen, l.Epoch)
		}
	}
}

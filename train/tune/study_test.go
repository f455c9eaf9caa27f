package tune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/train"
)

// square has its best score, 0, at x = 0.3 and c = "b".
var square = Space{
	{Path: "x", Kind: Float, Low: 0, High: 1},
	{Path: "n", Kind: Int, Low: 1, High: 1000, Log: true},
	{Path: "c", Kind: Choice, Choices: []any{"a", "b", "c"}},
}

func score(t Task) float64 {
	x, _ := toFloat(t.Values["x"])
	y := -(x - 0.3) * (x - 0.3)
	if t.Values["c"] != "b" {
		y -= 0.05
	}
	if t.Epochs > 0 {
		y -= 1 / float64(t.Epochs)
	}
	return y
}

func objective(_ context.Context, t Task) (Outcome, error) {
	return Outcome{Score: evaluate.Score(score(t)), Epoch: 1}, nil
}

func study(t testing.TB, o Options) *Study {
	t.Helper()
	if o.Space == nil {
		o.Space = square
	}
	if o.Default == nil {
		o.Default = Values{"x": 0.9, "n": 10.0, "c": "a"}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t testing.TB, s *Study) {
	t.Helper()
	if err := s.Run(t.Context(), objective); err != nil {
		t.Fatal(err)
	}
}

var methods = []Options{
	{Method: Random, Trials: 12},
	{Method: TPE, Trials: 25},
	{Method: TPE, Trials: 14, Parallel: 3},
	{Method: Halving, Trials: 20, Epochs: 9},
	{Method: Halving, Trials: 13, Epochs: 8, MinEpochs: 2, Eta: 2, Parallel: 4},
}

func name(o Options) string { return fmt.Sprintf("%s-%d", o.Method, o.Parallel) }

// However often it is killed, a study ends with the same file.
func TestInterruptedStudyEndsTheSame(t *testing.T) {
	for _, o := range methods {
		t.Run(name(o), func(t *testing.T) {
			dir := t.TempDir()
			whole := study(t, o)
			whole.File = filepath.Join(dir, "whole.json")
			run(t, whole)

			file := filepath.Join(dir, "pieces.json")
			for begin := true; ; begin = false {
				s := study(t, o)
				s.File = file
				if !begin {
					if err := s.Resume(); err != nil {
						t.Fatal(err)
					}
				}
				var calls atomic.Int32
				err := s.Run(t.Context(), func(ctx context.Context, task Task) (Outcome, error) {
					if calls.Add(1) == 3 {
						return Outcome{}, errors.New("killed")
					}
					return objective(ctx, task)
				})
				if err == nil {
					break
				}
				if !strings.Contains(err.Error(), "killed") {
					t.Fatal(err)
				}
			}
			sameFile(t, whole.File, file)
		})
	}
}

func sameFile(t *testing.T, want, got string) {
	t.Helper()
	a, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Error(diff)
	}
}

func TestSeedDecidesTheTrials(t *testing.T) {
	for _, o := range methods {
		a, b := study(t, o), study(t, o)
		o.Seed = 1
		c := study(t, o)
		run(t, a)
		run(t, b)
		run(t, c)
		if diff := cmp.Diff(a.Runs, b.Runs); diff != "" {
			t.Errorf("%s: %s", name(o), diff)
		}
		if cmp.Equal(a.Runs, c.Runs) {
			t.Errorf("%s: another seed gives the same runs", name(o))
		}
	}
}

func TestTrialZeroHasTheDefaults(t *testing.T) {
	for _, o := range methods {
		s := study(t, o)
		run(t, s)
		if diff := cmp.Diff(s.Default, s.Runs[0].Values); s.Runs[0].Trial != 0 || diff != "" {
			t.Errorf("%s: %s", name(o), diff)
		}
		best, first := s.Best()
		if first == nil || first.Trial != 0 || best == nil {
			t.Fatalf("%s: best %v, first %v", name(o), best, first)
		}
		if best == first || best.Score <= first.Score {
			t.Errorf("%s: best %v against %v of the defaults", name(o), best.Score, first.Score)
		}
		trials := map[int]bool{}
		for _, r := range s.Runs {
			trials[r.Trial] = true
			for i := range square {
				if _, ok := square[i].coordinate(r.Values[square[i].Path]); !ok {
					t.Errorf("%s: %v is not in the space", name(o), r.Values)
				}
			}
		}
		if len(trials) != o.Trials {
			t.Errorf("%s: %d trials, want %d", name(o), len(trials), o.Trials)
		}
	}
}

// TPE comes nearer to the best than random draws, in the mean over many seeds.
func TestTPEBeatsRandom(t *testing.T) {
	mean := map[Method]float64{}
	const seeds = 40
	for _, m := range []Method{Random, TPE} {
		for seed := range uint64(seeds) {
			s := study(t, Options{Method: m, Trials: 60, Seed: seed})
			run(t, s)
			best, _ := s.Best()
			mean[m] += float64(best.Score) / seeds
		}
	}
	if !(mean[TPE] > mean[Random]/2) {
		t.Errorf("regret %.5f of TPE, %.5f of random draws: want less than half", -mean[TPE], -mean[Random])
	}
	t.Logf("regret %.5f of TPE, %.5f of random draws", -mean[TPE], -mean[Random])
}

// Halving gives most epochs to the best trials.
func TestHalving(t *testing.T) {
	s := study(t, Options{Method: Halving, Trials: 27, Epochs: 9})
	if diff := cmp.Diff([]int{1, 3, 9}, s.rungs()); diff != "" {
		t.Fatal(diff)
	}
	run(t, s)
	count := map[int]int{}
	reached := map[int]int{}
	best, top := math.Inf(-1), -1
	for _, r := range s.Runs {
		count[r.Epochs]++
		reached[r.Trial] = r.Epochs
		if r.Rung == 0 && float64(r.Score) > best {
			best, top = float64(r.Score), r.Trial
		}
	}
	if count[1] != 27 || count[3] < 9 || count[3] > 14 || count[9] < 3 || count[9] > 7 {
		t.Errorf("runs by epochs: %v, want 27, about 9 and about 3", count)
	}
	if reached[top] != 9 || reached[0] != 9 {
		t.Errorf("the best trial got %d epochs, the defaults %d, want 9", reached[top], reached[0])
	}
	total := 0
	for e, n := range count {
		total += e * n
	}
	if full := 27 * 9; total > full/2 {
		t.Errorf("%d epochs, want less than half of %d", total, full)
	}
	for _, r := range []struct {
		o    Options
		want []int
	}{
		{Options{Method: Halving, Epochs: 8}, []int{1, 3, 8}},
		{Options{Method: Halving, Epochs: 1}, []int{1}},
		{Options{Method: Halving, Epochs: 8, MinEpochs: 2, Eta: 2}, []int{2, 4, 8}},
		{Options{Method: TPE, Epochs: 8}, []int{0}},
	} {
		o := r.o.Resolve()
		if diff := cmp.Diff(r.want, o.rungs()); diff != "" {
			t.Errorf("%+v: %s", r.o, diff)
		}
	}
}

func TestFailedTrialsAreNotTheEnd(t *testing.T) {
	s := study(t, Options{Method: TPE, Trials: 15})
	err := s.Run(t.Context(), func(ctx context.Context, task Task) (Outcome, error) {
		if x, _ := toFloat(task.Values["x"]); x > 0.5 {
			return Outcome{}, &TrialError{errors.New("diverged")}
		}
		return objective(ctx, task)
	})
	if err != nil {
		t.Fatal(err)
	}
	best, first := s.Best()
	if first != nil || best == nil {
		t.Errorf("best %v, first %v", best, first)
	}
	if r := s.Runs[0]; r.Error != "diverged" || r.Score.Defined() {
		t.Errorf("trial 0 has %+v", r)
	}
}

func TestLowerIsBetter(t *testing.T) {
	s := study(t, Options{Method: Random, Trials: 10, Lower: true})
	run(t, s)
	best, _ := s.Best()
	for _, r := range s.Runs {
		if r.Score < best.Score {
			t.Errorf("run %d has %v, the best %v", r.Task.Run, r.Score, best.Score)
		}
	}
}

func TestTasksShareTheMemory(t *testing.T) {
	s := study(t, Options{Method: Random, Trials: 16, Parallel: 8})
	s.Memory, s.Need = 100, func(task Task) int64 { return 40 + 100*int64(task.Trial%2) }
	var running, most atomic.Int64
	err := s.Run(t.Context(), func(ctx context.Context, task Task) (Outcome, error) {
		need := min(s.Need(task), 100)
		if now := running.Add(need); now > 100 {
			most.Store(now)
		}
		defer running.Add(-need)
		return objective(ctx, task)
	})
	if err != nil || most.Load() > 0 {
		t.Errorf("%v; %d bytes at once, want at most 100", err, most.Load())
	}
}

func TestResumeRefusesAnotherStudy(t *testing.T) {
	o := Options{Method: Random, Trials: 3, Identity: train.Identity{{Name: "texts", Value: "a"}}}
	s := study(t, o)
	s.File = filepath.Join(t.TempDir(), "study.json")
	run(t, s)
	for want, change := range map[string]func(*Options){
		"texts":        func(o *Options) { o.Identity = train.Identity{{Name: "texts", Value: "b"}} },
		"space":        func(o *Options) { o.Space = square[:2] },
		"study.trials": func(o *Options) { o.Trials = 4 },
	} {
		other := o
		change(&other)
		r := study(t, other)
		r.File = s.File
		var mismatch *MismatchError
		if err := r.Resume(); !errors.As(err, &mismatch) || mismatch.Field != want {
			t.Errorf("got %v, want a mismatch of %s", err, want)
		}
	}
	if err := os.WriteFile(s.File, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Resume(); err == nil {
		t.Error("half a file was read")
	}
}

func TestImportances(t *testing.T) {
	s := study(t, Options{Method: Random, Trials: 60, Seed: 2})
	run(t, s)
	got := map[string]float64{}
	for _, im := range s.Importances() {
		got[im.Path] = float64(im.Share)
	}
	if got["x"] < 0.5 || got["n"] > 0.2 || got["x"] < got["n"] {
		t.Errorf("got %v, want x to matter and n not to", got)
	}
	few := study(t, Options{Method: Random, Trials: 3})
	run(t, few)
	if im := few.Importances()[0]; im.Share.Defined() {
		t.Errorf("of three trials: %+v", im)
	}
}

// Two groups of three: 1 2 3 and 4 5 6. SSW = 4, SST = 17.5;
// 1 - (4/4)/(17.5/5) = 0.7142857.
func TestShare(t *testing.T) {
	p := Param{Kind: Choice, Choices: []any{"a", "b"}}
	got := p.share([]float64{0, 0, 0, 1, 1, 1}, []float64{1, 2, 3, 4, 5, 6})
	if math.Abs(got-5.0/7) > 1e-12 {
		t.Errorf("got %v, want %v", got, 5.0/7)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for want, o := range map[string]Options{
		"method":             {Method: "luck"},
		"trials = -1":        {Trials: -1},
		"parallel = -1":      {Parallel: -1},
		"from 1 to 0 epochs": {Method: Halving},
		"eta = 1":            {Method: Halving, Epochs: 3, Eta: 1},
		"halving chooses":    {Method: Halving, Epochs: 3, Space: Space{{Path: "epochs", Kind: Int, Low: 1, High: 3}}},
		"at least 2":         {Space: Space{{Path: "a", Kind: Choice}}},
		"more than 0":        {Space: Space{{Path: "a", Kind: Float, Low: 0, High: 1, Log: true}}},
		"want a range":       {Space: Space{{Path: "a", Kind: Float, Low: 1, High: 1}}},
		"whole numbers":      {Space: Space{{Path: "a", Kind: Int, Low: 0.5, High: 1}}},
		"kind":               {Space: Space{{Path: "a", Low: 0, High: 1}}},
		"empty or there":     {Space: Space{{Path: "a", Kind: Int, High: 1}, {Path: "a", Kind: Int, High: 1}}},
		"no parameters":      {Space: Space{}},
		"no number, string":  {Space: Space{{Path: "a", Kind: Choice, Choices: []any{[]any{}, 1}}}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// A study whose trials several processes did ends with the file of one that did them all.
func TestShards(t *testing.T) {
	o := Options{Method: Random, Trials: 8}
	dir := t.TempDir()
	whole := study(t, o)
	whole.File = filepath.Join(dir, "whole.json")
	run(t, whole)

	var files []string
	for i := 3; i >= 1; i-- {
		s := study(t, o)
		s.Shard, s.File = Shard{I: i, N: 3}, filepath.Join(dir, fmt.Sprint(i))
		run(t, s)
		if want := s.Shard.Count(8); len(s.Runs) != want {
			t.Errorf("shard %v did %d trials, want %d", s.Shard, len(s.Runs), want)
		}
		files = append(files, s.File)
	}
	merged := study(t, o)
	if err := merged.Merge(append(files, files[0])...); err != nil {
		t.Fatal(err)
	}
	if err := merged.Run(t.Context(), func(context.Context, Task) (Outcome, error) {
		return Outcome{}, errors.New("a trial is done again")
	}); err != nil {
		t.Fatal(err)
	}
	merged.File = filepath.Join(dir, "merged.json")
	if err := merged.save(); err != nil {
		t.Fatal(err)
	}
	sameFile(t, whole.File, merged.File)

	// What no shard did is done by who merges them.
	rest := study(t, o)
	rest.File = filepath.Join(dir, "rest.json")
	if err := rest.Merge(files[:2]...); err != nil {
		t.Fatal(err)
	}
	run(t, rest)
	sameFile(t, whole.File, rest.File)

	o.Seed = 1
	var mismatch *MismatchError
	if err := study(t, o).Merge(files...); !errors.As(err, &mismatch) {
		t.Errorf("another study's shards: %v", err)
	}
	for want, s := range map[string]*Study{
		"want the method random": study(t, Options{Method: TPE, Trials: 8}),
		"at most so many shards": study(t, Options{Method: Random, Trials: 2}),
	} {
		s.Shard = Shard{I: 1, N: 3}
		if err := s.Run(t.Context(), objective); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

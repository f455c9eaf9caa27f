package train_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/fsx/fsxtest"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

const always = time.Nanosecond // between checkpoints: one after every batch

// everything uses all that a checkpoint has to carry: moments, averages, best
// weights, dropout, crops, both branches.
func everything() train.Config {
	c := joint()
	c.Epochs = 3
	c.Model.WordDropout, c.Model.Dropout, c.Model.LSTM.InputDropout = 0.1, 0.3, 0.2
	c.EMA.Decay = 0.9
	c.Crop = 0.5
	c.Optimizer.WeightDecay = 0.01
	return c
}

// interrupted trains until so many reports have come, then cancels. It returns
// false if the training ended before.
func interrupted(t testing.TB, tr train.Trainer, d, dev *corpora.Dataset, reports int) (*train.Result, bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	tr.OnProgress = func(train.Progress) {
		if n++; n == reports {
			cancel()
		}
	}
	r, err := tr.Fit(ctx, d, dev)
	switch {
	case err == nil:
		return r, false
	case !errors.Is(err, context.Canceled):
		t.Fatal(err)
	}
	return nil, true
}

// sameHistory leaves out the time that a training took.
var sameHistory = cmp.Options{
	cmpopts.IgnoreFields(train.Epoch{}, "Seconds"),
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b evaluate.Score) bool { return a == b || !a.Defined() && !b.Defined() }),
}

// However often a training is interrupted, within epochs and between them, and
// whatever number of workers goes on, it ends with the bytes of the one that
// was not.
func TestResumeGivesTheSameBytes(t *testing.T) {
	for name, c := range map[string]train.Config{"adam": everything(), "momentum": func() train.Config {
		c := everything()
		c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}
		c.Schedule.Rate = 0.1
		c.EMA = nn.EMAConfig{}
		return c
	}()} {
		d, dev := reviews(60, 1), reviews(20, 2)
		want := fit(t, train.Trainer{Config: c}, d, dev)
		bytesWanted := modelBytes(t, want.Model)
		r := rand.New(rand.NewPCG(7, 7))
		trials := 4
		if testing.Short() {
			trials = 1
		}
		for trial := range trials {
			tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), Resume: true, CheckpointInterval: []time.Duration{0, always}[trial%2]}
			var got *train.Result
			stops := 0
			for stopped := true; stopped; stops++ {
				tr.Workers = []int{1, 2, 3, 4, 7, 16}[r.IntN(6)]
				got, stopped = interrupted(t, tr, d, dev, 2+r.IntN(5)) // the first report is that it goes on
			}
			if stops < 5 {
				t.Errorf("%s: only %d interruptions", name, stops-1)
			}
			if !bytes.Equal(bytesWanted, modelBytes(t, got.Model)) {
				t.Errorf("%s, trial %d: another model after %d interruptions", name, trial, stops-1)
			}
			if diff := cmp.Diff(want.History, got.History, sameHistory...); diff != "" {
				t.Errorf("%s, trial %d: another history:\n%s", name, trial, diff)
			}
		}
	}
}

// An interruption at every single batch.
func TestResumeFromEveryBatch(t *testing.T) {
	c := everything()
	c.Epochs = 2
	d, dev := reviews(40, 1), reviews(10, 2)
	if testing.Short() {
		d = reviews(20, 1)
	}
	want := modelBytes(t, fit(t, train.Trainer{Config: c}, d, dev).Model)
	for n := 1; ; n++ {
		tr := train.Trainer{Config: c, Checkpoint: t.TempDir()}
		_, stopped := interrupted(t, tr, d, dev, n)
		tr.Resume = true
		resumed := 0
		tr.OnProgress = func(p train.Progress) {
			if p.Resumed {
				resumed++
			}
		}
		if got := fit(t, tr, d, dev); !bytes.Equal(want, modelBytes(t, got.Model)) {
			t.Errorf("interrupted after %d reports: another model", n)
		}
		if !stopped {
			break
		}
		if resumed != 1 {
			t.Errorf("interrupted after %d reports: resumed %d times", n, resumed)
		}
	}
}

func TestCheckpointFiles(t *testing.T) {
	dir := t.TempDir()
	tr := train.Trainer{Config: everything(), Checkpoint: dir, CheckpointInterval: always}
	stray := filepath.Join(dir, ".tmp-1-ABCDEFGHIJ")
	if err := os.WriteFile(stray, []byte("half a checkpoint"), 0o600); err != nil {
		t.Fatal(err)
	}
	names := func() []string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			if e.Name() != ".lock" {
				names = append(names, e.Name())
			}
		}
		return names
	}
	tr.OnProgress = func(p train.Progress) {
		if files := names(); len(files) > 2 {
			t.Errorf("step %d: %q, want two files at most", p.Step, files)
		}
	}
	d := reviews(40, 1)
	want := modelBytes(t, fit(t, tr, d, nil).Model)
	if files := names(); len(files) != 2 || !strings.HasPrefix(files[0], "checkpoint-") {
		t.Errorf("at the end there are %q", files)
	}

	tr.OnProgress = nil
	if _, err := tr.Fit(t.Context(), d, nil); !errors.Is(err, train.ErrUnfinished) {
		t.Errorf("without Resume: err = %v, want ErrUnfinished", err)
	}
	tr.Resume = true
	if !bytes.Equal(want, modelBytes(t, fit(t, tr, d, nil).Model)) {
		t.Error("a finished training gives another model when it is resumed")
	}

	other := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := train.RemoveCheckpoints(dir); err != nil {
		t.Fatal(err)
	}
	if files := names(); len(files) != 1 {
		t.Errorf("RemoveCheckpoints leaves %q, want what is not its own", files)
	}
	os.Remove(other)
	for range 2 {
		if err := train.RemoveCheckpoints(dir); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty directory is still there: %v", err)
	}
	if _, err := (&train.Trainer{Resume: true}).Fit(t.Context(), d, nil); err == nil {
		t.Error("Resume without a directory is no error")
	}
}

// The second training in a directory is refused, by the name of the first.
func TestCheckpointDirectoryIsLocked(t *testing.T) {
	tr := train.Trainer{Config: small(), Checkpoint: t.TempDir(), Resume: true}
	second := tr
	tries := 0
	tr.OnProgress = func(train.Progress) {
		if tries++; tries > 1 {
			return
		}
		begin := time.Now()
		_, err := second.Fit(t.Context(), reviews(40, 1), nil)
		var locked *fsx.LockedError
		if !errors.As(err, &locked) || locked.PID != os.Getpid() {
			t.Errorf("err = %v, want the id of the process that has the lock", err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %v to say so", took)
		}
		if err := train.RemoveCheckpoints(tr.Checkpoint); !errors.As(err, &locked) {
			t.Errorf("RemoveCheckpoints: err = %v", err)
		}
	}
	fit(t, tr, reviews(40, 1), nil)
}

// What is not the same is named.
func TestResumeMismatch(t *testing.T) {
	dir := t.TempDir()
	d, dev := reviews(40, 1), reviews(10, 2)
	tr := train.Trainer{Config: everything(), Checkpoint: dir}
	interrupted(t, tr, d, dev, 7)
	tr.Resume = true
	changed := func(d *corpora.Dataset, change func(*corpora.Dataset)) *corpora.Dataset {
		c := *d
		c.Examples = slices.Clone(d.Examples)
		change(&c)
		return &c
	}
	for _, tt := range []struct {
		field  string
		change func(tr *train.Trainer, d, dev **corpora.Dataset)
	}{
		{"seed", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Seed = 9 }},
		{"epochs", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Epochs = 9 }},
		{"batch_size", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.BatchSize = 9 }},
		{"crop", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Crop = 0 }},
		{"ema.decay", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.EMA.Decay = 0.5 }},
		{"schedule.rate", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Schedule.Rate = 0.5 }},
		{"optimizer.weight_decay", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Optimizer.WeightDecay = 0.5 }},
		{"model.embed", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Model.Embed = 9 }},
		{"model.pipeline", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Model.Pipeline = "words" }},
		{"model.lstm.hidden_size", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Model.LSTM.HiddenSize = 9 }},
		{"model.ngrams.bits", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Model.Ngrams.Bits = 9 }},
		{"nbsvm.c", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.NBSVM.C = 9 }},
		{"training texts", func(tr *train.Trainer, d, dev **corpora.Dataset) { *d = reviews(40, 3) }},
		{"training texts", func(tr *train.Trainer, d, dev **corpora.Dataset) {
			*d = changed(*d, func(d *corpora.Dataset) { d.Examples[7].Labels = []string{"positive", "film"} })
		}},
		{"training texts", func(tr *train.Trainer, d, dev **corpora.Dataset) {
			*d = changed(*d, func(d *corpora.Dataset) { d.Examples[7].Weight = 2 })
		}},
		{"training texts", func(tr *train.Trainer, d, dev **corpora.Dataset) {
			*d = changed(*d, func(d *corpora.Dataset) { d.Examples = d.Examples[1:] })
		}},
		{"dev texts", func(tr *train.Trainer, d, dev **corpora.Dataset) { *dev = reviews(11, 2) }},
		{"dev texts", func(tr *train.Trainer, d, dev **corpora.Dataset) { *dev = nil }},
		{"fingerprint", func(tr *train.Trainer, d, dev **corpora.Dataset) { tr.Fingerprint = "vectors" }},
	} {
		tr, d, dev := tr, d, dev
		tt.change(&tr, &d, &dev)
		_, err := tr.Fit(t.Context(), d, dev)
		var mismatch *train.MismatchError
		if !errors.As(err, &mismatch) || mismatch.Field != tt.field || mismatch.There == mismatch.Here {
			t.Errorf("%s: err = %v", tt.field, err)
		}
	}
	// None of this has done harm.
	if !bytes.Equal(modelBytes(t, fit(t, train.Trainer{Config: everything()}, d, dev).Model), modelBytes(t, fit(t, tr, d, dev).Model)) {
		t.Error("after refusals the resumed training gives another model")
	}
}

// newestFile returns the path of the newest checkpoint of an interrupted training.
func newestFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "checkpoint-*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no checkpoint", err)
	}
	return files[len(files)-1]
}

// A damaged checkpoint is passed over for the one before, with a warning.
func TestDamagedCheckpoint(t *testing.T) {
	d, dev := reviews(40, 1), reviews(10, 2)
	want := modelBytes(t, fit(t, train.Trainer{Config: everything()}, d, dev).Model)
	for name, damage := range map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)-1] },
		"empty":   func([]byte) []byte { return nil },
		"flipped": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"zeros":   func(b []byte) []byte { clear(b); return b },
		"html":    func([]byte) []byte { return []byte("<!DOCTYPE html><html>") },
	} {
		tr := train.Trainer{Config: everything(), Checkpoint: t.TempDir(), CheckpointInterval: always}
		interrupted(t, tr, d, dev, 6)
		for count := 1; count <= 2; count++ {
			files, _ := filepath.Glob(filepath.Join(tr.Checkpoint, "checkpoint-*"))
			path := files[len(files)-count]
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			again := tr
			again.Resume = true
			if count == 2 {
				if _, err := again.Fit(t.Context(), d, dev); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
					t.Errorf("%s: with both damaged: err = %v", name, err)
				}
				continue
			}
			var warnings []error
			ctx, cancel := context.WithCancel(t.Context())
			again.OnProgress = func(p train.Progress) {
				if p.Warning != nil {
					warnings = append(warnings, p.Warning)
				}
			}
			r, err := again.Fit(ctx, d, dev)
			cancel()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !bytes.Equal(want, modelBytes(t, r.Model)) {
				t.Errorf("%s: another model", name)
			}
			if len(warnings) != 1 || !strings.Contains(warnings[0].Error(), filepath.Base(path)) {
				t.Errorf("%s: warnings %v, want one about %s", name, warnings, path)
			}
			// Make two more to damage.
			os.RemoveAll(tr.Checkpoint)
			interrupted(t, tr, d, dev, 6)
			files, _ = filepath.Glob(filepath.Join(tr.Checkpoint, "checkpoint-*"))
			b, _ = os.ReadFile(files[1])
			os.WriteFile(files[1], damage(b), 0o600)
		}
	}
}

// Checkpoints with right checksums and wrong content.
func TestHostileCheckpoint(t *testing.T) {
	d, dev := reviews(40, 1), reviews(10, 2)
	tr := train.Trainer{Config: everything(), Checkpoint: t.TempDir()}
	interrupted(t, tr, d, dev, 9) // within the second epoch
	tr.Resume = true
	path := newestFile(t, tr.Checkpoint)
	f, err := tensorfile.ReadFile(fsx.OS{}, path, tensorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	const key = "textlstm.checkpoint"
	original := f.Meta[key]
	rewrite := func(meta string, tensors []tensorfile.Tensor) {
		t.Helper()
		if err := fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error {
			return tensorfile.Write(w, map[string]string{key: meta}, tensors)
		}); err != nil {
			t.Fatal(err)
		}
	}
	meta := func(old, new string) func() (string, []tensorfile.Tensor) {
		return func() (string, []tensorfile.Tensor) {
			if !strings.Contains(original, old) {
				t.Fatalf("no %s in %.2000s", old, original)
			}
			return strings.Replace(original, old, new, 1), f.Tensors
		}
	}
	tensors := func(change func([]tensorfile.Tensor) []tensorfile.Tensor) func() (string, []tensorfile.Tensor) {
		return func() (string, []tensorfile.Tensor) { return original, change(slices.Clone(f.Tensors)) }
	}
	without := func(name string) func() (string, []tensorfile.Tensor) {
		return tensors(func(list []tensorfile.Tensor) []tensorfile.Tensor {
			n := len(list)
			list = slices.DeleteFunc(list, func(t tensorfile.Tensor) bool { return strings.HasPrefix(t.Name, name) })
			if len(list) == n {
				t.Fatalf("no tensor %s", name)
			}
			return list
		})
	}
	add := func(name string, n int) func() (string, []tensorfile.Tensor) {
		return tensors(func(list []tensorfile.Tensor) []tensorfile.Tensor {
			return append(list, tensorfile.Float32(name, make([]float32, n), n))
		})
	}
	resized := func(name string) func() (string, []tensorfile.Tensor) {
		return tensors(func(list []tensorfile.Tensor) []tensorfile.Tensor {
			for i := range list {
				if list[i].Name == name {
					list[i] = tensorfile.Float32(name, make([]float32, 3), 3)
					return list
				}
			}
			t.Fatalf("no tensor %s", name)
			return nil
		})
	}
	for name, content := range map[string]func() (string, []tensorfile.Tensor){
		"a later version":          meta(`"version":2`, `"version":3`),
		"another kernel":           meta(`"kernel","value":"`, `"kernel","value":"x`),
		"not JSON":                 meta(`{`, `[`),
		"a wrong type":             meta(`"epoch":1`, `"epoch":"one"`),
		"an epoch too many":        meta(`"epoch":1`, `"epoch":7`),
		"a negative epoch":         meta(`"epoch":1`, `"epoch":-1`),
		"a huge batch":             meta(`"batch":`, `"batch":9`),
		"a negative batch":         meta(`"batch":`, `"batch":-`),
		"another step":             meta(`"step":`, `"step":9`),
		"too many halvings":        meta(`"halvings":0`, `"halvings":99`),
		"no history":               meta(`"history":[`, `"history_":[`),
		"a best epoch of tomorrow": meta(`"best":{"epoch":1`, `"best":{"epoch":3`),
		"no best score":            meta(`"best":{"epoch"`, `"best_":{"epoch"`),
		"no start of the epoch":    meta(`"good":{`, `"good_":{`),
		"no weights":               without("weight."),
		"one weight missing":       without("weight.encoder.weight_hh_l0"),
		"no moments":               without("moment."),
		"half the moments":         without("moment.exp_avg_sq."),
		"no averages":              without("average."),
		"no best weights":          without("best."),
		"one best weight missing":  without("best.encoder.weight_hh_l0"),
		"no weights at the start":  without("good.weight."),
		"a moment at the start":    add("good.moment.exp_avg.x", 1),
		"no averages at the start": without("good.average."),
		"an unknown kind":          add("gradient.x", 1),
		"a weight too many":        add("weight.x", 1),
		"a moment too many":        add("moment.exp_avg.x", 1),
		"a weight of another size": resized("weight.encoder.weight_hh_l0"),
		"a best of another size":   resized("best.encoder.weight_hh_l0"),
		"a moment of another size": resized("moment.exp_avg.encoder.weight_hh_l0"),
		"an average of another":    resized("average.ema.encoder.weight_hh_l0"),
	} {
		rewrite(content())
		if r, err := tr.Fit(t.Context(), d, dev); err == nil || r != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	rewrite(original, f.Tensors)
	fit(t, tr, d, dev)
}

// Numbers that are not finite, put into each tensor in the middle of a
// training, are found in the same step if the step looks at them and at the end
// of the epoch at the latest; the training goes back and ends well.
func TestRollBack(t *testing.T) {
	d, dev := reviews(60, 1), reviews(20, 2)
	var net *classify.Network
	c := everything()
	prepare := func(n *classify.Network, _ *vocab.Vocabulary) error { net = n; return nil }
	poison := func(times, param int, value float32) (*train.Result, []*train.DivergedError, error) {
		done := 0
		var warnings []*train.DivergedError
		tr := train.On(fsxtest.NewMem(), train.Trainer{Config: c, Prepare: prepare, Checkpoint: "/c", CheckpointInterval: always})
		tr.OnProgress = func(p train.Progress) {
			var w *train.DivergedError
			if errors.As(p.Warning, &w) {
				warnings = append(warnings, w)
				return
			}
			if p.Epoch == 2 && p.Dev == nil && done < times && p.Step%8 == 3 {
				done++
				w := net.Params()[param]
				for i := range w.Data {
					w.Data[i] = value
				}
				w.Changed()
			}
		}
		r, err := tr.Fit(t.Context(), d, dev)
		return r, warnings, err
	}
	r, _, err := poison(0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	rate := r.History[2].Rate
	for param := range net.Params() {
		for i, value := range []float64{math.NaN(), math.Inf(1)} {
			if i > 0 && param > 1 || testing.Short() && param%4 != 0 {
				break
			}
			name := net.Params()[param].Name
			r, warnings, err := poison(1, param, float32(value))
			if err != nil {
				t.Errorf("%s is %v once: %v", name, value, err)
				continue
			}
			if len(warnings) != 1 || warnings[0].Epoch != 2 || warnings[0].Step < 12 || warnings[0].Step > 16 {
				t.Errorf("%s is %v once: warnings %v, want one of epoch 2, step 12 to 16", name, value, warnings)
			}
			if len(r.History) != 3 || r.History[2].Rate != rate/2 {
				t.Errorf("%s is %v once: %d epochs, the last at %v, want 3 at %v", name, value, len(r.History), r.History[2].Rate, rate/2)
			}
		}
	}
	_, warnings, err := poison(9, 0, float32(math.NaN()))
	var diverged *train.DivergedError
	if len(warnings) != 3 || !errors.As(err, &diverged) || diverged.Halvings != 3 {
		t.Errorf("again and again: %d warnings, err = %v", len(warnings), err)
	}
}

// A training that diverges after it was resumed goes back to where the
// uninterrupted one went back to.
func TestRollBackAfterResume(t *testing.T) {
	c := everything()
	// A few steps at such a rate leave no finite number.
	c.Optimizer.Kind, c.ClipNorm, c.Model.LSTM.InputDropout = nn.SGD, 1e30, 0
	c.Schedule = nn.Schedule{Kind: nn.Linear, Rate: 3e37, Warmup: 0.8, Start: 1e-39}
	d, dev := reviews(60, 1), reviews(20, 2)
	run := func(tr train.Trainer, ctx context.Context, stop func()) (warnings []string, err error) {
		n := 0
		tr.OnProgress = func(p train.Progress) {
			if p.Warning != nil {
				warnings = append(warnings, p.Warning.Error())
			}
			if n++; n%3 == 0 && stop != nil {
				stop()
			}
		}
		_, err = tr.Fit(ctx, d, dev)
		return warnings, err
	}
	want, err := run(train.Trainer{Config: c}, t.Context(), nil)
	var diverged *train.DivergedError
	if !errors.As(err, &diverged) || len(want) != 3 {
		t.Fatalf("want a training that diverges: %d warnings, err = %v", len(want), err)
	}
	wanted := err.Error()
	var got []string
	tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), Resume: true}
	for range 1000 {
		ctx, cancel := context.WithCancel(t.Context())
		var warnings []string
		warnings, err = run(tr, ctx, cancel)
		cancel()
		got = append(got, warnings...)
		if !errors.Is(err, context.Canceled) {
			break
		}
	}
	if err == nil || err.Error() != wanted {
		t.Errorf("err = %v, want %s", err, wanted)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every single operation of the file system fails in turn, once and from then
// on. The training survives a failure now and then, gives up after three in a
// row, and whatever it leaves behind opens, or goes back one at most.
func TestCheckpointFaults(t *testing.T) {
	c := small()
	c.Epochs = 2
	d := reviews(30, 1)
	want := modelBytes(t, fit(t, train.Trainer{Config: c}, d, nil).Model)
	for _, sticky := range []bool{false, true} {
		if sticky && testing.Short() {
			break
		}
		var mem *fsxtest.Mem
		runs, failed, warned := 0, 0, 0
		newMem := func() fsx.FS { mem = fsxtest.NewMem(); return mem }
		n := fsxtest.Each(newMem, sticky, func(f *fsxtest.Fault) {
			runs++
			tr := train.On(f, train.Trainer{Config: c, Checkpoint: "/c", CheckpointInterval: always})
			tr.OnProgress = func(p train.Progress) {
				if p.Warning != nil {
					warned++
					if !errors.Is(p.Warning, fsxtest.ErrInjected) {
						t.Errorf("fault %d: warning %v", f.FailAt, p.Warning)
					}
				}
			}
			r, err := tr.Fit(t.Context(), d, nil)
			switch {
			case err == nil && !bytes.Equal(want, modelBytes(t, r.Model)):
				t.Errorf("fault %d: another model", f.FailAt)
			case err != nil:
				failed++
				if !errors.Is(err, fsxtest.ErrInjected) {
					t.Errorf("fault %d: err = %v", f.FailAt, err)
				}
			}
			again := train.On(mem, train.Trainer{Config: c, Checkpoint: "/c", Resume: true})
			if got := fit(t, again, d, nil); !bytes.Equal(want, modelBytes(t, got.Model)) {
				t.Errorf("fault %d: another model after resuming", f.FailAt)
			}
		})
		if failed == 0 || warned == 0 || n < 50 {
			t.Errorf("sticky %t: %d faults, %d trainings failed, %d warnings", sticky, n, failed, warned)
		}
		t.Logf("sticky %t: %d faults, %d trainings failed, %d warnings", sticky, n, failed, warned)
	}
}

// Every operation of resuming fails in turn: an error, or the right model, and
// a directory from which the next attempt goes on.
func TestResumeFaults(t *testing.T) {
	c := small()
	c.Epochs = 2
	d := reviews(30, 1)
	want := modelBytes(t, fit(t, train.Trainer{Config: c}, d, nil).Model)
	var mem *fsxtest.Mem
	stopped := func() fsx.FS {
		mem = fsxtest.NewMem()
		interrupted(t, train.On(mem, train.Trainer{Config: c, Checkpoint: "/c", CheckpointInterval: always}), d, nil, 5)
		return mem
	}
	failed := 0
	n := fsxtest.Each(stopped, false, func(f *fsxtest.Fault) {
		tr := train.On(f, train.Trainer{Config: c, Checkpoint: "/c", Resume: true})
		r, err := tr.Fit(t.Context(), d, nil)
		if err != nil {
			failed++
			if !errors.Is(err, fsxtest.ErrInjected) {
				t.Errorf("fault %d: err = %v", f.FailAt, err)
			}
			tr = train.On(mem, tr)
			r = fit(t, tr, d, nil)
		}
		if !bytes.Equal(want, modelBytes(t, r.Model)) {
			t.Errorf("fault %d: another model", f.FailAt)
		}
	})
	if failed == 0 {
		t.Errorf("none of %d faults was seen", n)
	}
	t.Logf("%d faults, %d failed trainings", n, failed)
}

// A power failure between any two batches: what the machine finds is resumed
// to the same model, and no more than one checkpoint is lost.
func TestCheckpointPowerFailure(t *testing.T) {
	c := small()
	c.Epochs = 2
	d := reviews(30, 1)
	want := modelBytes(t, fit(t, train.Trainer{Config: c}, d, nil).Model)
	clones := 3
	if !testing.Short() {
		clones = 20
	}
	r := rand.New(rand.NewPCG(3, 3))
	mem := fsxtest.NewMem()
	crashes := 0
	tr := train.On(mem, train.Trainer{Config: c, Checkpoint: "/c", CheckpointInterval: always})
	tr.OnProgress = func(p train.Progress) {
		for range clones {
			crashes++
			first := -1
			again := train.On(mem.Crash(r), train.Trainer{Config: c, Checkpoint: "/c", Resume: true})
			again.OnProgress = func(q train.Progress) {
				if q.Resumed {
					first = q.Step
				}
				if q.Warning != nil {
					t.Errorf("after step %d: %v", p.Step, q.Warning)
				}
			}
			if got := fit(t, again, d, nil); !bytes.Equal(want, modelBytes(t, got.Model)) {
				t.Errorf("after step %d: another model", p.Step)
			}
			if first < p.Step-1 && p.Step > 1 { // the report comes before the batch's checkpoint
				t.Errorf("after step %d: resumed at step %d", p.Step, first)
			}
		}
	}
	fit(t, tr, d, nil)
	t.Logf("%d crashes", crashes)
}

// A disk that is full for two checkpoints costs those and nothing more.
func TestCheckpointRetries(t *testing.T) {
	c := small()
	d := reviews(60, 1)
	for fails, wantErr := range map[int]bool{1: false, 2: false, 3: true} {
		full := &fullDisk{FS: fsxtest.NewMem(), fails: fails}
		var warnings []error
		tr := train.On(full, train.Trainer{Config: c, Checkpoint: "/c", CheckpointInterval: always})
		tr.OnProgress = func(p train.Progress) {
			if p.Warning != nil {
				warnings = append(warnings, p.Warning)
			}
		}
		_, err := tr.Fit(t.Context(), d, nil)
		if (err != nil) != wantErr || len(warnings) != min(fails, 2) {
			t.Errorf("%d failures: warnings %v, err = %v", fails, warnings, err)
		}
	}
}

// A fullDisk cannot create so many files, from the fourth on.
type fullDisk struct {
	fsx.FS
	created, fails int
}

func (f *fullDisk) Create(name string, perm fs.FileMode) (fsx.File, error) {
	if f.created++; f.created > 3 && f.created <= 3+f.fails {
		return nil, &fs.PathError{Op: "create", Path: name, Err: errors.New("no space left on device")}
	}
	return f.FS.Create(name, perm)
}

// Checkpoints hold what is needed and nothing of the texts.
func TestCheckpointHasNoTexts(t *testing.T) {
	d := reviews(30, 1)
	d.Examples[3].Text += " xylophone"
	tr := train.Trainer{Config: joint(), Checkpoint: t.TempDir(), CheckpointInterval: always}
	fit(t, tr, d, nil)
	b, err := os.ReadFile(newestFile(t, tr.Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("xylophone")) {
		t.Error("a word of the texts is in the checkpoint")
	}
}

// A stream that was interrupted, within windows and between them, goes on where it
// was: the same bytes and history.
func TestStreamResumes(t *testing.T) {
	d, dev := reviews(250, 1), reviews(50, 2) // three windows
	c := windowed()
	c.Epochs, c.Optimizer.WeightDecay = 2, 0.01
	c.Model.Members = 2
	want := fitStream(t, train.Trainer{Config: c}, streamOf(t, d), dev)
	bytesWanted := modelBytes(t, want.Model)
	r := rand.New(rand.NewPCG(5, 5))
	tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), Resume: true}
	stops := 0
	for stopped := true; stopped; stops++ {
		ctx, cancel := context.WithCancel(t.Context())
		n, last := 0, 20+r.IntN(100)
		tr.Workers = 1 + r.IntN(3)
		tr.OnProgress = func(p train.Progress) {
			if n++; n == last {
				cancel()
			}
		}
		got, err := tr.FitStream(ctx, streamOf(t, d), dev)
		cancel()
		if stopped = errors.Is(err, context.Canceled); stopped {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesWanted, modelBytes(t, got.Model)) {
			t.Errorf("another model after %d interruptions", stops)
		}
		if diff := cmp.Diff(want.History, got.History, sameHistory...); diff != "" {
			t.Errorf("another history:\n%s", diff)
		}
	}
	if stops < 4 {
		t.Errorf("only %d interruptions", stops-1)
	}
	var other *train.MismatchError
	tr.OnProgress = nil
	if _, err := tr.FitStream(t.Context(), streamOf(t, reviews(250, 9)), dev); !errors.As(err, &other) || other.Field != "training texts" {
		t.Errorf("other texts: %v", err)
	}
	if _, err := tr.Fit(t.Context(), d, dev); !errors.As(err, &other) {
		t.Errorf("a stream's checkpoint for texts in memory: %v", err)
	}
}

// The labels that the sources of texts tell apart, and what separates labels, are
// part of what a training is.
func TestIdentityHasSourcesAndSeparator(t *testing.T) {
	d := reviews(10, 1)
	d.Sources = []corpora.Source{{Name: "a", Labels: [][]string{{"negative", "positive"}, {"film", "book"}}}}
	tr := train.Trainer{}
	is := func(d *corpora.Dataset) any {
		id, err := tr.Identity(d, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range id {
			if f.Name == "training texts" {
				return f.Value
			}
		}
		return nil
	}
	want := is(d)
	for name, change := range map[string]func(*corpora.Dataset){
		"another separator":   func(d *corpora.Dataset) { d.Separator = "|" },
		"another head":        func(d *corpora.Dataset) { d.Heads = []string{"sentiment", "subject"} },
		"another label there": func(d *corpora.Dataset) { d.Sources[0].Labels[0][1] = "fine" },
		"no labels there":     func(d *corpora.Dataset) { d.Sources[0].Labels = nil },
		"another source":      func(d *corpora.Dataset) { d.Examples[3].Source = 1 },
		"another text":        func(d *corpora.Dataset) { d.Examples[3].Text += "." },
		"another label":       func(d *corpora.Dataset) { d.Examples[3].Labels = []string{"", "film"} },
		"another weight":      func(d *corpora.Dataset) { d.Examples[3].Weight = 0.5 },
	} {
		other := reviews(10, 1)
		other.Sources = []corpora.Source{{Name: "a", Labels: [][]string{{"negative", "positive"}, {"film", "book"}}}}
		if is(other) != want {
			t.Fatal("the same texts have another fingerprint")
		}
		if change(other); is(other) == want {
			t.Errorf("%s: the same fingerprint", name)
		}
	}
	name := d.Sources[0].Name
	if d.Sources[0].Name = "b"; is(d) != want {
		t.Errorf("the name %s of a source is part of the fingerprint", name)
	}
}

package watch

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/progress"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrain/skipgram"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
	"github.com/textlstm/textlstm/train/tune"
)

// A Console shows trainings: on a terminal by one line that is painted over and over,
// elsewhere by a line an epoch, or by JSON lines. It is for one goroutine.
type Console struct {
	*progress.Console
	dev   string // the last dev score
	refit bool   // the second training has begun
}

// NewConsole returns a console that writes to w: JSON lines if that is asked for; if
// quiet nothing but warnings.
func NewConsole(w io.Writer, logJSON, quiet bool) *Console {
	return &Console{Console: progress.New(w, logJSON, quiet)}
}

// Texts says what the training is about to read: so many texts with the heads and
// sources of d, and dev, which may be nil.
func (c *Console) Texts(n int, d, dev *corpora.Dataset) {
	line := fmt.Sprintf("training on %d texts", n)
	if dev != nil {
		line += fmt.Sprintf(", dev %d texts", dev.Len())
	}
	for h, name := range d.Heads {
		labels := d.Labels(h)
		if len(labels) > 8 {
			labels = append(slices.Clone(labels[:8]), fmt.Sprintf("… (%d)", len(labels)))
		}
		line += fmt.Sprintf("; %s: %s", report.Clean(name), report.Clean(strings.Join(labels, ", ")))
	}
	c.Say("%s", line)
}

// From tells what the network starts from.
func (c *Console) From(name string) {
	if name != "" {
		c.Say("starting from %s", report.Clean(name))
	}
}

// On tells what device the network is trained on, unless it is this processor, nil.
func (c *Console) On(d train.Device) {
	if d != nil {
		c.Say("training on %s", report.Clean(d.Name()))
	}
}

// Report shows how far a training is; it is a train.Trainer's OnProgress.
func (c *Console) Report(t train.Progress) {
	if t.Refit && !c.refit {
		c.refit, c.dev = true, ""
		c.Say("once more, on the dev texts as well")
	}
	switch {
	case t.Warning != nil:
		c.Warn(t.Warning)
	case c.Quiet:
	case t.Asked > 0:
		c.Paint("the teacher has read %s of %s texts", progress.Thousands(float64(t.Asked)), progress.Thousands(float64(t.Texts)))
	case c.JSON:
		c.reportJSON(t)
	case t.Resumed:
		c.Say("going on with %sepoch %d/%d, at step %d of %d", member(t), t.Epoch, t.Epochs, t.Step, t.Steps)
	case t.Dev != nil:
		c.dev = fmt.Sprintf("dev %s %.4f", t.Dev.Metric, t.Dev.Score)
		best := ""
		if t.Dev.Best {
			best = " *"
		}
		c.Say("%sepoch %*d/%d  loss %.4f  %s%s  %s  %s tokens/s",
			member(t), len(fmt.Sprint(t.Epochs)), t.Epoch, t.Epochs, t.Loss, c.dev, best, progress.Short(t.Elapsed), progress.Thousands(t.TokensPerSecond()))
	default:
		c.Paint("%sepoch %d/%d  %3.0f%%  loss %.4f  %s tokens/s  %s  ETA %s",
			member(t), t.Epoch, t.Epochs, 100*float64(t.Step)/float64(t.Steps), t.Loss, progress.Thousands(t.TokensPerSecond()), c.dev, progress.Short(t.Remaining()))
	}
}

// member says which network of an ensemble is in training.
func member(t train.Progress) string {
	if t.Members == 1 {
		return ""
	}
	return fmt.Sprintf("member %d/%d  ", t.Member, t.Members)
}

// Warn says what the training has survived, quiet or not.
func (c *Console) Warn(err error) {
	what := strings.TrimPrefix(err.Error(), "train: ")
	var diverged *train.DivergedError
	if errors.As(err, &diverged) {
		what = fmt.Sprintf("epoch %d, step %d: %s is %v; back to the start of the epoch, at half the learning rate", diverged.Epoch, diverged.Step, diverged.Name, diverged.Value)
	}
	c.Console.Warn(what)
}

// reportJSON prints a line every second and after every evaluation.
func (c *Console) reportJSON(t train.Progress) {
	if !c.Every(time.Second) && t.Dev == nil && !t.Resumed {
		return
	}
	line := struct {
		Member    int             `json:"member,omitempty"`
		Refit     bool            `json:"refit,omitempty"`
		Epoch     int             `json:"epoch"`
		Step      int             `json:"step"`
		Steps     int             `json:"steps"`
		Loss      float64         `json:"loss"`
		Rate      float64         `json:"rate"`
		GradNorm  float64         `json:"grad_norm"`
		WorstNorm float64         `json:"worst_norm"`
		Clipped   int             `json:"clipped"`
		PerSecond float64         `json:"tokens_per_s"`
		Seconds   float64         `json:"seconds"`
		Resumed   bool            `json:"resumed,omitempty"`
		Dev       *train.DevScore `json:"dev,omitempty"`
	}{memberNumber(t), t.Refit, t.Epoch, t.Step, t.Steps, t.Loss, t.Rate, t.GradNorm, t.WorstNorm, t.Clipped, t.TokensPerSecond(), t.Elapsed.Seconds(), t.Resumed, t.Dev}
	c.Line(line)
}

// memberNumber leaves the number of the only network out.
func memberNumber(t train.Progress) int {
	if t.Members == 1 {
		return 0
	}
	return t.Member
}

// Painted returns what paints the line of a terminal over and over, for a training that
// is one of many; nil elsewhere.
func (c *Console) Painted() func(train.Progress) {
	if !c.TTY {
		return nil
	}
	return func(x train.Progress) {
		if x.Dev == nil {
			c.Report(x)
		}
	}
}

// Folds returns what tells how each fold did, and how long the others will take.
func (c *Console) Folds() func(crossval.Progress) {
	start, trained := time.Now(), 0
	return func(x crossval.Progress) {
		if !x.Kept && x.Done != nil {
			trained++
		}
		c.fold(x, trained, time.Since(start))
	}
}

// fold says how a fold did; so many have been trained, with it, and not taken over.
func (c *Console) fold(x crossval.Progress, trained int, elapsed time.Duration) {
	if x.Done == nil {
		return
	}
	var figures []string
	for _, name := range slices.Sorted(maps.Keys(x.Done.Heads)) {
		e := x.Done.Heads[name]
		figures = append(figures, report.Clean(name)+" "+headlines(e, " "))
	}
	group := ""
	if x.Group != "" {
		group = report.Clean(x.Group) + "  "
	}
	rest := "kept"
	if !x.Kept {
		left := time.Duration(math.Round(float64(elapsed) / float64(trained) * float64(x.Left)))
		rest = fmt.Sprintf("%s, %s to go", progress.Short(elapsed), progress.Short(left))
	}
	c.Say("fold %*d/%d  %s%s  epoch %d  %s", len(fmt.Sprint(x.Folds)), x.Fold, x.Folds, group, strings.Join(figures, ", "), x.Done.Epoch, rest)
}

// Trials returns what tells how each trial of a study did.
func (c *Console) Trials(s *tune.Study) func(tune.Run) {
	start := time.Now()
	if n := len(s.Runs); n > 0 {
		c.Say("going on after %d runs", n)
	}
	return func(r tune.Run) {
		what := fmt.Sprintf("%s %.4f", s.Metric, float64(r.Score))
		if best, _ := s.Best(); best != nil && best.Task.Run == r.Task.Run {
			what += " *"
		}
		if r.Error != "" {
			what = "failed: " + report.Clean(r.Error)
		}
		epochs := ""
		if r.Epochs > 0 {
			epochs = fmt.Sprintf("  epochs %d", r.Epochs)
		}
		c.Say("trial %d of %d%s  %s  %s  %s", r.Trial+1, s.Trials, epochs, what, report.Clean(r.Values.String()), progress.Short(time.Since(start)))
	}
}

// Language shows the training of a language model.
func (c *Console) Language(t lm.Progress) {
	more := ""
	if t.Dev != nil {
		for _, name := range slices.Sorted(maps.Keys(t.Dev.Perplexity)) {
			more += fmt.Sprintf("  perplexity of the %s word %.1f", name, t.Dev.Perplexity[name])
		}
	}
	c.pretraining(t.Progress, t.Dev != nil, more)
}

// Vectors shows the training of word vectors.
func (c *Console) Vectors(t skipgram.Progress) { c.pretraining(t.Progress, t.EndOfEpoch, "") }

// pretraining shows a training on texts without labels; more is told at the end of an
// epoch.
func (c *Console) pretraining(t pretrain.Progress, end bool, more string) {
	if t.Warning != nil {
		c.Warn(t.Warning)
		return
	}
	c.Training(progress.Step{
		Epoch: t.Epoch, Epochs: t.Epochs, Step: t.Step, Steps: t.Steps, Loss: t.Loss, Units: "tokens", PerSecond: t.TokensPerSecond(),
		Elapsed: t.Elapsed, Resumed: t.Resumed, Ended: end, More: more,
	})
}

// headlines are the two figures of e to tell first.
func headlines(e *evaluate.Evaluation, separator string) string {
	var told []string
	for _, metric := range e.Headlines()[:2] {
		v, _ := e.Get(metric)
		told = append(told, fmt.Sprintf("%s %.4f", metric, v))
	}
	return strings.Join(told, separator)
}

// Summary says what came out.
func (c *Console) Summary(r *train.Result, out string) {
	if c.Quiet || c.JSON {
		return
	}
	for _, h := range r.Model.Heads() {
		for _, branch := range []string{"wide", "deep", "joint"} {
			if d := r.Dev[branch]; d != nil && d.Heads[h.Name] != nil {
				c.Say("%s, %s: dev %s", report.Clean(h.Name), branch, strings.ReplaceAll(headlines(d.Heads[h.Name], ", "), "macro_f1", "macro-F1"))
			}
		}
	}
	c.Say("wrote %s%s", report.Clean(out), sizes(r, out))
}

// sizes tells how large the model in the file out is, and what eight bits do to it.
func sizes(r *train.Result, out string) string {
	hint := fmt.Sprintf("%q", "sentiment model quantize "+report.Clean(out)+" --out FILE")
	q := r.Quantized
	if q == nil {
		if info, err := os.Stat(out); err == nil && info.Size() >= 1e6 && !r.Model.Config().Int8 {
			return fmt.Sprintf(": %s; %s makes it smaller", progress.Size(info.Size()), hint)
		}
		return ""
	}
	dev := fmt.Sprintf("dev %s %.4f, in 32 bits %.4f", q.Metric, q.After, q.Before)
	if q.Kept {
		return fmt.Sprintf(": %s in eight bits (%s in 32; %s)", progress.Size(q.Small), progress.Size(q.Full), dev)
	}
	return fmt.Sprintf(": %s; %s makes that %s, which costs on the dev texts (%s)", progress.Size(q.Full), hint, progress.Size(q.Small), dev)
}

package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
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
	w     io.Writer
	json  bool
	quiet bool
	tty   bool
	last  time.Time
	dev   string // the last dev score
	refit bool   // the second training has begun
}

// NewConsole returns a console that writes to w: JSON lines if that is asked for; if
// quiet nothing but warnings.
func NewConsole(w io.Writer, logJSON, quiet bool) *Console {
	f, ok := w.(*os.File)
	return &Console{w: w, json: logJSON, quiet: quiet, tty: ok && !logJSON && term.IsTerminal(int(f.Fd()))}
}

// Texts says what the training is about to read: so many texts with the heads and
// sources of d, and dev, which may be nil.
func (c *Console) Texts(n int, d, dev *corpora.Dataset) {
	if c.quiet || c.json {
		return
	}
	fmt.Fprintf(c.w, "training on %d texts", n)
	if dev != nil {
		fmt.Fprintf(c.w, ", dev %d texts", dev.Len())
	}
	for h, name := range d.Heads {
		labels := d.Labels(h)
		if len(labels) > 8 {
			labels = append(slices.Clone(labels[:8]), fmt.Sprintf("… (%d)", len(labels)))
		}
		fmt.Fprintf(c.w, "; %s: %s", report.Clean(name), report.Clean(strings.Join(labels, ", ")))
	}
	fmt.Fprintln(c.w)
}

// From tells what the network starts from.
func (c *Console) From(name string) {
	if name != "" && !c.quiet && !c.json {
		fmt.Fprintf(c.w, "starting from %s\n", report.Clean(name))
	}
}

// Report shows how far a training is; it is a train.Trainer's OnProgress.
func (c *Console) Report(t train.Progress) {
	if t.Refit && !c.refit && !c.quiet && !c.json {
		c.refit, c.dev = true, ""
		c.clear()
		fmt.Fprintf(c.w, "once more, on the dev texts as well\n")
	}
	switch {
	case t.Warning != nil:
		c.Warn(t.Warning)
	case c.quiet, t.Asked > 0 && !c.tty:
	case t.Asked > 0:
		fmt.Fprintf(c.w, "\r\x1b[Kthe teacher has read %s of %s texts", Thousands(float64(t.Asked)), Thousands(float64(t.Texts)))
	case c.json:
		c.reportJSON(t)
	case t.Resumed:
		fmt.Fprintf(c.w, "going on with %sepoch %d/%d, at step %d of %d\n", member(t), t.Epoch, t.Epochs, t.Step, t.Steps)
	case t.Dev != nil:
		c.dev = fmt.Sprintf("dev %s %.4f", t.Dev.Metric, t.Dev.Score)
		best := ""
		if t.Dev.Best {
			best = " *"
		}
		c.clear()
		fmt.Fprintf(c.w, "%sepoch %*d/%d  loss %.4f  %s%s  %s  %s tokens/s\n",
			member(t), len(fmt.Sprint(t.Epochs)), t.Epoch, t.Epochs, t.Loss, c.dev, best, short(t.Elapsed), Thousands(t.TokensPerSecond()))
	default:
		c.paint("%sepoch %d/%d  %3.0f%%  loss %.4f  %s tokens/s  %s  ETA %s",
			member(t), t.Epoch, t.Epochs, 100*float64(t.Step)/float64(t.Steps), t.Loss, Thousands(t.TokensPerSecond()), c.dev, short(t.Remaining()))
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
	if c.json {
		c.line(map[string]string{"warning": what})
		return
	}
	c.clear()
	fmt.Fprintf(c.w, "warning: %s\n", report.Clean(what))
}

// reportJSON prints a line every second and after every evaluation.
func (c *Console) reportJSON(t train.Progress) {
	if t.Dev == nil && !t.Resumed && time.Since(c.last) < time.Second {
		return
	}
	c.last = time.Now()
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
	c.line(line)
}

// memberNumber leaves the number of the only network out.
func memberNumber(t train.Progress) int {
	if t.Members == 1 {
		return 0
	}
	return t.Member
}

// line prints one line of JSON.
func (c *Console) line(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers and strings, which JSON can say
	}
	fmt.Fprintf(c.w, "%s\n", b)
}

// paint shows a line that the next one takes the place of, ten times a second at most.
func (c *Console) paint(format string, args ...any) {
	if c.tty && time.Since(c.last) > 100*time.Millisecond {
		c.last = time.Now()
		fmt.Fprintf(c.w, "\r\x1b[K"+format, args...)
	}
}

// Counter returns what shows on a terminal how many texts have been answered, of total
// if that is not 0, once two seconds have gone by.
func (c *Console) Counter(total int) func(answered int) {
	start := time.Now()
	return func(answered int) {
		if elapsed := time.Since(start); !c.quiet && elapsed > 2*time.Second {
			of := ""
			if total > 0 {
				of = " of " + Thousands(float64(total))
			}
			c.paint("answered %s%s texts  %s", Thousands(float64(answered)), of, short(elapsed))
		}
	}
}

func (c *Console) clear() {
	if c.tty {
		fmt.Fprint(c.w, "\r\x1b[K")
	}
}

// Done ends the painted line.
func (c *Console) Done() {
	if !c.quiet {
		c.clear()
	}
}

// Painted returns what paints the line of a terminal over and over, for a training that
// is one of many; nil elsewhere.
func (c *Console) Painted() func(train.Progress) {
	if !c.tty {
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
	start, kept := time.Now(), 0
	return func(x crossval.Progress) {
		if x.Kept && x.Done != nil {
			kept++
		}
		c.fold(x, kept, time.Since(start))
	}
}

// fold says how a fold did; so many of the folds are of an earlier run.
func (c *Console) fold(x crossval.Progress, kept int, elapsed time.Duration) {
	if c.quiet || x.Done == nil {
		return
	}
	c.clear()
	var figures []string
	for _, name := range slices.Sorted(maps.Keys(x.Done.Heads)) {
		e := x.Done.Heads[name]
		figures = append(figures, report.Clean(name)+" "+headlines(e, " "))
	}
	group := ""
	if x.Group != "" {
		group = report.Clean(x.Group) + "  "
	}
	fmt.Fprintf(c.w, "fold %*d/%d  %s%s  epoch %d  ", len(fmt.Sprint(x.Folds)), x.Fold, x.Folds, group, strings.Join(figures, ", "), x.Done.Epoch)
	if x.Kept {
		fmt.Fprintln(c.w, "kept")
		return
	}
	left := time.Duration(math.Round(float64(elapsed) / float64(x.Fold-kept) * float64(x.Folds-x.Fold)))
	fmt.Fprintf(c.w, "%s, %s to go\n", short(elapsed), short(left))
}

// Trials returns what tells how each trial of a study did.
func (c *Console) Trials(s *tune.Study) func(tune.Run) {
	start := time.Now()
	if n := len(s.Runs); n > 0 && !c.quiet {
		fmt.Fprintf(c.w, "going on after %d runs\n", n)
	}
	return func(r tune.Run) {
		if c.quiet {
			return
		}
		c.clear()
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
		fmt.Fprintf(c.w, "trial %d of %d%s  %s  %s  %s\n", r.Trial+1, s.Trials, epochs, what, report.Clean(r.Values.String()), short(time.Since(start)))
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
	switch {
	case t.Warning != nil:
		c.Warn(t.Warning)
	case c.quiet:
	case t.Resumed:
		fmt.Fprintf(c.w, "going on with epoch %d/%d, at step %d of %d\n", t.Epoch, t.Epochs, t.Step, t.Steps)
	case end:
		c.clear()
		fmt.Fprintf(c.w, "epoch %d/%d  loss %.4f%s  %s  %s tokens/s\n", t.Epoch, t.Epochs, t.Loss, more, short(t.Elapsed), Thousands(t.TokensPerSecond()))
	default:
		c.paint("epoch %d/%d  %3.0f%%  loss %.4f  %s tokens/s",
			t.Epoch, t.Epochs, 100*float64(t.Step)/float64(t.Steps), t.Loss, Thousands(t.TokensPerSecond()))
	}
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
	if c.quiet || c.json {
		return
	}
	for _, h := range r.Model.Heads() {
		for _, branch := range []string{"wide", "deep", "joint"} {
			if d := r.Dev[branch]; d != nil && d.Heads[h.Name] != nil {
				fmt.Fprintf(c.w, "%s, %s: dev %s\n", report.Clean(h.Name), branch, strings.ReplaceAll(headlines(d.Heads[h.Name], ", "), "macro_f1", "macro-F1"))
			}
		}
	}
	fmt.Fprintf(c.w, "wrote %s%s\n", report.Clean(out), sizes(r, out))
}

// sizes tells how large the model in the file out is, and what eight bits do to it.
func sizes(r *train.Result, out string) string {
	hint := fmt.Sprintf("%q", "sentiment model quantize "+report.Clean(out)+" --out FILE")
	q := r.Quantized
	if q == nil {
		if info, err := os.Stat(out); err == nil && info.Size() >= 1e6 && !r.Model.Config().Int8 {
			return fmt.Sprintf(": %s; %s makes it smaller", size(info.Size()), hint)
		}
		return ""
	}
	dev := fmt.Sprintf("dev %s %.4f, in 32 bits %.4f", q.Metric, q.After, q.Before)
	if q.Kept {
		return fmt.Sprintf(": %s in eight bits (%s in 32; %s)", size(q.Small), size(q.Full), dev)
	}
	return fmt.Sprintf(": %s; %s makes that %s, which costs on the dev texts (%s)", size(q.Full), hint, size(q.Small), dev)
}

// size is that of a file.
func size(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// short prints a time without parts of seconds.
func short(d time.Duration) string { return d.Round(time.Second).String() }

// Thousands prints 123456.7 as 123,457.
func Thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
)

// A progress shows a training: on a terminal one line that is painted over and
// over, elsewhere a line an epoch, or JSON lines.
type progress struct {
	w     io.Writer
	json  bool
	quiet bool
	tty   bool
	last  time.Time
	dev   string // the last dev score
	refit bool   // the second training has begun
}

func newProgress(w io.Writer, logJSON, quiet bool) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, json: logJSON, quiet: quiet, tty: ok && !logJSON && term.IsTerminal(int(f.Fd()))}
}

// data says what the training is about to read.
func (p *progress) data(trainSet, dev *corpora.Dataset) { p.texts(trainSet.Len(), trainSet, dev) }

// texts is data for n training texts with the heads and sources of d.
func (p *progress) texts(n int, d, dev *corpora.Dataset) {
	if p.quiet || p.json {
		return
	}
	fmt.Fprintf(p.w, "training on %d texts", n)
	if dev != nil {
		fmt.Fprintf(p.w, ", dev %d texts", dev.Len())
	}
	for h, name := range d.Heads {
		labels := d.Labels(h)
		if len(labels) > 8 {
			labels = append(slices.Clone(labels[:8]), fmt.Sprintf("… (%d)", len(labels)))
		}
		fmt.Fprintf(p.w, "; %s: %s", report.Clean(name), report.Clean(strings.Join(labels, ", ")))
	}
	fmt.Fprintln(p.w)
}

// from tells what the network starts from.
func (p *progress) from(name string) {
	if name != "" && !p.quiet && !p.json {
		fmt.Fprintf(p.w, "starting from %s\n", report.Clean(name))
	}
}

func (p *progress) report(t train.Progress) {
	if t.Refit && !p.refit && !p.quiet && !p.json {
		p.refit, p.dev = true, ""
		p.clear()
		fmt.Fprintf(p.w, "once more, on the dev texts as well\n")
	}
	switch {
	case t.Warning != nil:
		p.warn(t.Warning)
	case p.quiet, t.Asked > 0 && !p.tty:
	case t.Asked > 0:
		fmt.Fprintf(p.w, "\r\x1b[Kthe teacher has read %s of %s texts", thousands(float64(t.Asked)), thousands(float64(t.Texts)))
	case p.json:
		p.reportJSON(t)
	case t.Resumed:
		fmt.Fprintf(p.w, "going on with %sepoch %d/%d, at step %d of %d\n", member(t), t.Epoch, t.Epochs, t.Step, t.Steps)
	case t.Dev != nil:
		p.dev = fmt.Sprintf("dev %s %.4f", t.Dev.Metric, t.Dev.Score)
		best := ""
		if t.Dev.Best {
			best = " *"
		}
		p.clear()
		fmt.Fprintf(p.w, "%sepoch %*d/%d  loss %.4f  %s%s  %s  %s tokens/s\n",
			member(t), len(fmt.Sprint(t.Epochs)), t.Epoch, t.Epochs, t.Loss, p.dev, best, short(t.Elapsed), thousands(t.TokensPerSecond()))
	case p.tty && time.Since(p.last) > 100*time.Millisecond:
		p.last = time.Now()
		fmt.Fprintf(p.w, "\r\x1b[K%sepoch %d/%d  %3.0f%%  loss %.4f  %s tokens/s  %s  ETA %s",
			member(t), t.Epoch, t.Epochs, 100*float64(t.Step)/float64(t.Steps), t.Loss, thousands(t.TokensPerSecond()), p.dev, short(t.Remaining()))
	}
}

// member says which network of an ensemble is in training.
func member(t train.Progress) string {
	if t.Members == 1 {
		return ""
	}
	return fmt.Sprintf("member %d/%d  ", t.Member, t.Members)
}

// warn says what the training has survived, quiet or not.
func (p *progress) warn(err error) {
	what := strings.TrimPrefix(err.Error(), "train: ")
	var diverged *train.DivergedError
	if errors.As(err, &diverged) {
		what = fmt.Sprintf("epoch %d, step %d: %s is %v; back to the start of the epoch, at half the learning rate", diverged.Epoch, diverged.Step, diverged.Name, diverged.Value)
	}
	if p.json {
		b, err := json.Marshal(map[string]string{"warning": what})
		must(err)
		fmt.Fprintf(p.w, "%s\n", b)
		return
	}
	p.clear()
	fmt.Fprintf(p.w, "warning: %s\n", report.Clean(what))
}

// reportJSON prints a line every second and after every evaluation.
func (p *progress) reportJSON(t train.Progress) {
	if t.Dev == nil && !t.Resumed && time.Since(p.last) < time.Second {
		return
	}
	p.last = time.Now()
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
	b, err := json.Marshal(line)
	must(err)
	fmt.Fprintf(p.w, "%s\n", b)
}

// memberNumber leaves the number of the only network out.
func memberNumber(t train.Progress) int {
	if t.Members == 1 {
		return 0
	}
	return t.Member
}

func (p *progress) clear() {
	if p.tty {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// done ends the painted line.
func (p *progress) done() {
	if !p.quiet {
		p.clear()
	}
}

// summary says what came out.
func (p *progress) summary(r *train.Result, out string) {
	if p.quiet || p.json {
		return
	}
	for _, h := range r.Model.Heads() {
		for _, branch := range []string{"wide", "deep", "joint"} {
			if d := r.Dev[branch]; d != nil && d.Heads[h.Name] != nil {
				e := d.Heads[h.Name]
				fmt.Fprintf(p.w, "%s, %s: dev accuracy %.4f, macro-F1 %.4f\n", report.Clean(h.Name), branch, float64(e.Accuracy), float64(e.MacroF1))
			}
		}
	}
	fmt.Fprintf(p.w, "wrote %s\n", out)
}

func short(d time.Duration) string { return d.Round(time.Second).String() }

// thousands prints 123456.7 as 123,457.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

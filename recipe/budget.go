package recipe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
)

// A Budget is the time that a training may take, such as "2m"; 0 for any.
type Budget time.Duration

// MarshalText writes a budget as time.Duration does.
func (b Budget) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what time.ParseDuration does.
func (b *Budget) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("budget %q, want a time such as 90s or 2m", text)
	}
	*b = Budget(d)
	return nil
}

// String is the duration's, without units that are 0.
func (b Budget) String() string {
	s := time.Duration(b).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// Set is UnmarshalText, for flags.
func (b *Budget) Set(s string) error { return b.UnmarshalText([]byte(s)) }

// Type is what flags call it.
func (b *Budget) Type() string { return "duration" }

// An option is a way to train a network beside the n-grams.
type option struct {
	config train.Config
	start  bool // from the trainer's start
	note   string
	time   time.Duration // that it is expected to take
}

// RunWithin is Run for a model that is to be there after the time of a budget. It trains the
// n-grams first, alone, whose model goes to the file out. Then it measures how long an
// epoch takes of the network of t's config, and of a small one from random weights, and
// trains the best that fits into what is left. The model that is better on the dev texts
// stays. tell hears what was chosen and what more time would try. The choice is in the
// model's card: the settings that it names give the same weights on any machine. There are
// no checkpoints; what takes a fifth longer than the budget is ended, and the n-grams stay.
func RunWithin(ctx context.Context, budget Budget, t *train.Trainer, texts Texts, out string, tell func(string)) (*train.Result, error) {
	begin := time.Now()
	if texts.Train() == nil || texts.Dev() == nil || t.Model.NoDeep || t.Model.Ngrams.Words == 0 && t.Model.Ngrams.CharMax == 0 {
		return nil, errorf("a budget chooses by dev texts between n-grams and a network, of texts in memory: it goes with neither --stream, --dev-split 0 nor model.no_deep, and wants model.ngrams")
	}
	first := *t
	first.Checkpoint, first.Resume, first.Start, first.Prepare, first.Unlabelled = "", false, nil, nil, nil
	first.Model.NoDeep, first.Model.Members, first.Model.Directions, first.Refit, first.RefitNgrams = true, 0, nil, false, false
	first.Card.Start, first.Card.Budget = "", budget.String()+": model.no_deep=true refit=false refit_ngrams=false"
	best, err := Run(ctx, &first, texts, out)
	if err != nil {
		return nil, err
	}
	ngrams := time.Since(begin)
	tell(fmt.Sprintf("the n-grams alone took %.1f s: dev %s %.4f", ngrams.Seconds(), best.Dev["joint"].Metric, best.Dev["joint"].Score))
	left := time.Duration(budget) - ngrams
	options, err := options(ctx, t, texts, ngrams, left)
	if err != nil {
		return nil, err
	}
	chosen := len(options)
	for i, o := range options {
		if o.time < time.Duration(budget)-time.Since(begin) {
			chosen = i
			break
		}
	}
	if chosen > 0 {
		more := options[chosen-1]
		defer func() {
			tell(fmt.Sprintf("with --budget %s it would try %s", Budget((time.Since(begin) + more.time).Round(time.Second)), more.note))
		}()
	}
	if chosen == len(options) {
		return best, nil
	}
	o := options[chosen]
	tell(fmt.Sprintf("now %s, in about %.0f s", o.note, o.time.Seconds()))
	second := *t
	second.Config, second.Checkpoint, second.Resume = o.config, "", false
	if !o.start {
		second.Start, second.Prepare, second.Card.Start = nil, nil, ""
	}
	second.Card.Budget = budget.String() + ": " + o.note
	limited, stop := context.WithDeadline(ctx, begin.Add(time.Duration(budget)*6/5))
	defer stop()
	r, err := texts.Fit(limited, &second)
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		tell("that took too long, and the n-grams alone stay")
		return best, nil
	case err != nil:
		return nil, err
	case best.Dev["joint"].Better(r.Dev["joint"]):
		tell("that was no better, and the n-grams alone stay")
		return best, nil
	}
	return r, r.Model.Save(out)
}

// options lists what may follow the n-grams, which took so long, the best first: the
// network of t's config with and without the second training, in fewer epochs down to half
// of them, and a small one from random weights in as many and fewer. It measures them if
// there is time for that.
func options(ctx context.Context, t *train.Trainer, texts Texts, ngrams, left time.Duration) (list []option, err error) {
	const measure = time.Second
	small := *t
	small.Start, small.Prepare, small.Model.Embed, small.Refit = nil, nil, 0, false
	small.Model.LSTM = lstm.Config{HiddenSize: 64, Direction: lstm.Bidirectional, InputDropout: t.Model.LSTM.InputDropout, Tied: true}
	small.Model.Encoder, small.Model.Members, small.Model.Directions = "", 0, nil
	if left < ngrams+2*measure {
		return nil, nil
	}
	for _, n := range []struct {
		t      *train.Trainer
		name   string
		fewest int
	}{{t, "", max(t.Resolve().Epochs/2, 1)}, {&small, "model.lstm.hidden_size=64 ", 1}} {
		epoch, err := n.t.EpochTime(ctx, texts.Train(), measure)
		if err != nil {
			return nil, err
		}
		epochs := n.t.Resolve().Epochs
		add := func(refit bool, e int) {
			c := n.t.Config
			c.Epochs, c.Refit = e, refit
			took := ngrams + epoch*time.Duration(e*n.t.Model.NumMembers())
			switch {
			case refit:
				took *= 2
			case c.RefitNgrams:
				took += ngrams
			}
			note := fmt.Sprintf("%sepochs=%d refit=%v", n.name, e, refit)
			if n.t == &small && t.Start != nil {
				note = "--init none " + note
			}
			list = append(list, option{c, n.t == t, note, took * 115 / 100}) // the dev texts are read, too
		}
		if n.t.Refit {
			add(true, epochs)
		}
		for e := epochs; e >= n.fewest; e-- {
			add(false, e)
		}
	}
	return list, nil
}

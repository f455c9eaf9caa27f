package score

import (
	"context"
	"runtime"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/tokenize"
)

// Rows are those of Single, Multi or Values.
func (p Predictions) Rows() []evaluate.Row {
	switch {
	case p.Values != nil:
		return p.Values.Rows
	case p.Multi != nil:
		return p.Multi.Rows
	}
	return p.Single.Rows
}

// SetLanguages finds the language of every row's text, for Options.Slices. The only error
// is ctx's.
func (p Predictions) SetLanguages(ctx context.Context) error {
	rows := p.Rows()
	par.For(runtime.GOMAXPROCS(0), len(rows), func(i int) {
		if ctx.Err() == nil {
			rows[i].Language = string(tokenize.DetectLanguage(rows[i].Text))
		}
	})
	return ctx.Err()
}

// Choose returns o with the threshold from which on a share of the answers of dev is
// right, for a precision above 0; found is false if there is none. For a head of several
// labels to a text it sets the thresholds of p to the best ones for dev, where that is
// not p itself.
func (p Predictions) Choose(dev Predictions, precision float64, o evaluate.Options) (_ evaluate.Options, found bool, err error) {
	if p.Multi != nil {
		if dev.Multi != p.Multi {
			p.Multi.Thresholds, err = dev.Multi.BestThresholds()
		}
		return o, true, err
	}
	if precision == 0 || p.Values != nil { // numbers have no threshold: Evaluate says so
		return o, true, nil
	}
	at, found, err := dev.Single.ThresholdFor(precision)
	if err != nil {
		return o, false, err
	}
	o.Abstain = at.Threshold
	return o, found, nil
}

// Columns finds the columns of a file that are named after heads of m,
// where there are several that have labels; nil where the one column of labels is to be found as
// usual.
func Columns(opts corpora.Options, file string, m *classify.Model) []corpora.Head {
	if file == corpora.Stdin {
		return nil // cannot be read twice
	}
	for _, h := range m.Heads() {
		opts.Heads = append(opts.Heads, corpora.Head{Name: h.Name, Column: h.Name})
	}
	opts.OnEnd = nil // the report that matters is that of the whole data
	r, err := corpora.Open(opts, file)
	if err != nil {
		return nil
	}
	defer r.Close()
	labelled := map[int]bool{}
	for range 1000 { // rows that will do to see a label of each
		x, err := r.Read()
		if err != nil && !corpora.Refused(err) {
			break
		}
		for h, l := range x.Labels {
			labelled[h] = labelled[h] || l != ""
		}
	}
	var found []corpora.Head
	for h, head := range opts.Heads {
		if labelled[h] {
			found = append(found, head)
		}
	}
	if len(found) < 2 {
		return nil
	}
	return found
}

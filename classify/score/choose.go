package score

import (
	"context"
	"runtime"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/tokenize"
)

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

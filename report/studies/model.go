package studies

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/internal/progress"
	"github.com/textlstm/textlstm/interop/foreign"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// WriteModel renders what a model is made of and how it was trained: its config and its
// card.
func WriteModel(w io.Writer, style report.Style, m *classify.Model) error {
	if style == report.JSON {
		e := json.NewEncoder(escape.Writer(w))
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"config": m.Config(), "card": m.Card(), "vocabulary": m.Vocab().Known(), "parameters": m.NumParams()})
	}
	return report.Table(w, []string{"field", "value"}, infoRows(m), style)
}

// encoderText says what an encoder of a kind is made of.
func encoderText(s nn.Shape, kind string) string {
	if s.Stack == nil {
		return fmt.Sprintf("%s %s, %d layer(s) of %d", s.Direction, kind, s.Layers, s.Hidden)
	}
	var layers []string
	for _, l := range s.Stack {
		text := fmt.Sprintf("%s %s of %d", l.Direction, kind, l.Units)
		if !l.Merge.Joins() {
			text += fmt.Sprintf(" (%s)", l.Merge)
		}
		layers = append(layers, text)
	}
	return strings.Join(layers, ", ")
}

func infoRows(m *classify.Model) [][]any {
	c, card := m.Config(), m.Card()
	var rows [][]any
	add := func(field, value string) {
		if value != "" {
			rows = append(rows, []any{field, value})
		}
	}
	add("name", card.Name)
	add("description", card.Description)
	add("licence", card.License)
	for _, h := range c.Heads {
		if !h.Labelled() {
			add("head "+h.Name, fmt.Sprintf("a number (%s)", h.Loss.Kind))
			continue
		}
		add("head "+h.Name, strings.Join(h.Labels, ", "))
	}
	add("pipeline", m.Pipeline().String())
	add("vocabulary", progress.Thousands(float64(m.Vocab().Known()))+" tokens")
	if s := c.EncoderShape(); !c.NoDeep {
		add("encoder", encoderText(s, strings.ToUpper(c.EncoderName()))+fmt.Sprintf(", word vectors of %d", c.Embed))
		if c.Members > 0 {
			members := []string{fmt.Sprintf("%d such networks, their scores averaged", c.Members)}
			for _, d := range c.Directions {
				members = append(members, d.String())
			}
			add("members", strings.Join(members, ", "))
		}
		pool := make([]string, len(c.Pool))
		for i, k := range c.Pool {
			pool[i] = string(k)
		}
		add("pooling", strings.Join(pool, " "))
	}
	add("parameters", progress.Thousands(float64(m.NumParams())))
	add("trained on", strings.Join(card.Data, ", "))
	add("started from", card.Start)
	add("seed", fmt.Sprint(card.Seed))
	add("epochs", fmt.Sprint(card.Epochs))
	add("budget", card.Budget)
	add("optimizer", card.Optimizer)
	if card.Rate > 0 {
		add("learning rate", fmt.Sprintf("%v, %s", card.Rate, card.Schedule))
		add("batches", fmt.Sprintf("up to %d texts and about %s tokens", card.BatchSize, progress.Thousands(float64(card.BatchTokens))))
	}
	for _, name := range slices.Sorted(maps.Keys(card.Figures)) {
		add(name, fmt.Sprintf("%.4f", card.Figures[name]))
	}
	return rows
}

// WriteChange runs a model and what was made of it over labelled texts, and renders the
// accuracy, macro-F1 and log loss, or RMSE, R² and MAE, of both. head names the one to score, "" all. The
// errors are those of score.Dataset.
func WriteChange(ctx context.Context, w io.Writer, style report.Style, m, q *classify.Model, d *corpora.Dataset, head string) error {
	var rows [][]any
	before, err := score.Dataset(ctx, m, d, head)
	if err != nil {
		return err
	}
	after, err := score.Dataset(ctx, q, d, head)
	if err != nil {
		return err
	}
	for i := range before {
		a, err := before[i].Evaluate(evaluate.Options{})
		if err != nil {
			return err
		}
		b, err := after[i].Evaluate(evaluate.Options{})
		if err != nil {
			return err
		}
		for _, metric := range a.Headlines() {
			x, err := a.Get(metric)
			if err != nil {
				return err
			}
			y, err := b.Get(metric)
			if err != nil {
				return err
			}
			rows = append(rows, []any{a.Head, metric, fmt.Sprintf("%.4f", x), fmt.Sprintf("%.4f", y), fmt.Sprintf("%+.4f", y-x)})
		}
	}
	return report.Table(w, []string{"head", "figure", "before", "after", "change"}, rows, style)
}

// ModelFacts are what a page says of a model from a file, "" being the embedded one.
func ModelFacts(name, file string, m *classify.Model) []page.Fact {
	card := m.Card()
	value := file
	switch {
	case file == "" && card.Name != "":
		value = card.Name
	case file == "":
		value = "the embedded model"
	case card.Name != "":
		value = fmt.Sprintf("%s (%s)", card.Name, file)
	}
	facts := []page.Fact{{Name: name, Value: value}}
	if card.Data != nil {
		facts = append(facts, page.Fact{Name: "Trained on", Value: strings.Join(card.Data, ", ")})
	}
	return facts
}

// WriteForeign lists what is in a file of another framework and, in the style for people, says whether a
// model can be made of it.
func WriteForeign(w io.Writer, style report.Style, f *foreign.File) error {
	rows := [][]any{{"", f.Format, ""}}
	for _, e := range f.Entries {
		rows = append(rows, []any{e.Name, e.Type, e.Shape})
	}
	if err := report.Table(w, []string{"name", "type", "shape"}, rows, style); err != nil || style != report.Text {
		return err
	}
	n, err := f.Network(foreign.Options{})
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		_, err = fmt.Fprintf(w, "\nNot to be imported as it is: %s\n", report.Clean(line))
		return err
	}
	what := "a classifier: sentiment model import makes a model of it"
	if n.Embedding == nil {
		what = "a network of numbers: interop.Network.Sequential runs it"
	}
	_, err = fmt.Fprintf(w, "\nThis is %s.\n", what)
	return err
}

// Command everyday measures a model of sentiment on everyday English, which the
// default model is meant for: corpora of three labels, sentences of unseen words
// and constructions, and the behavioural suite. VADER's figures stand beside. From
// the root of the repository:
//
//	go run ./pretrained/sentences -held >held.tsv
//	go run ./bench/everyday [-model FILE] -sentences held.tsv
//
// Corpora that are absent are left out, and named on standard error.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/baseline"
	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/report"
)

// sets are the corpora, below their directory. The recipes in pretrained learn from
// no text of the first four's sources; default.toml learns from others of the
// rest's. UMSAB's English tweets are left out: they are among SemEval-2017's.
var sets = []string{
	"everyday/dynasent-r1/dev",
	"everyday/twitter-dong2014/train",
	"everyday/crowdflower-apple/all",
	"everyday/crowdflower-brands/all",
	"everyday/goemotions/dev",
	"everyday/newsmtsc/dev",
	"everyday/twitter-financial/dev",
	"everyday/emobank/dev",
	"everyday/sentihood/dev",
	"everyday/semeval14-laptops/dev",
	"everyday/acos-laptop/dev",
}

var labels = []string{"negative", "neutral", "positive"}

func main() {
	log.SetFlags(0)
	file := flag.String("model", "", "model `file` (default: the embedded model)")
	dir := flag.String("corpora", cmp.Or(os.Getenv("TEXTLSTM_CORPORA"), "../shared/corpora"), "`directory` of the corpora")
	held := flag.String("sentences", "", "`file` of pretrained/sentences -held")
	flag.Parse()
	if err := measure(context.Background(), *file, *dir, *held); err != nil {
		log.Fatal(err)
	}
}

// An asker gives each text a probability for each of labels. VADER has none and is
// always certain.
type asker = checklist.Classifier

// measure prints the tables.
func measure(ctx context.Context, file, dir, held string) error {
	load := pretrained.Default
	if file != "" {
		load = func() (*classify.Model, error) { return classify.Load(file) }
	}
	m, err := load()
	if err != nil {
		return err
	}
	h := slices.IndexFunc(m.Heads(), func(h classify.Head) bool { return slices.Equal(h.Labels, labels) })
	if h < 0 {
		return fmt.Errorf("%s has no head with the labels %q", cmp.Or(file, "the embedded model"), labels)
	}
	v, err := baseline.NewVADER(labels...)
	if err != nil {
		return err
	}
	model := func(ctx context.Context, texts []string) ([][]float32, error) {
		answers, err := m.PredictBatch(ctx, texts)
		probs := make([][]float32, len(answers))
		for i := range answers {
			probs[i] = answers[i].Scores[h].Probs
		}
		return probs, err
	}
	vader := func(_ context.Context, texts []string) ([][]float32, error) {
		probs := make([][]float32, len(texts))
		for i := range texts {
			label, _ := v.Classify(nil, texts[i])
			probs[i] = make([]float32, len(labels))
			probs[i][label] = 1
		}
		return probs, nil
	}
	askers := []asker{model, vader}
	if err := measureSets(ctx, dir, askers); err != nil {
		return err
	}
	fmt.Println()
	if held != "" {
		if err := measureSentences(ctx, held, askers); err != nil {
			return err
		}
		fmt.Println()
	}
	return measureSuite(ctx, askers)
}

// measureSets prints accuracy and macro-F1 on the corpora.
func measureSets(ctx context.Context, dir string, askers []asker) error {
	var rows [][]any
	for _, name := range sets {
		d, _, err := corpora.ReadFiles(corpora.Options{}, filepath.Join(dir, name+".tsv.zst"))
		if errors.Is(err, fs.ErrNotExist) {
			log.Print(err)
			continue
		}
		if err != nil {
			return err
		}
		texts, gold := make([]string, d.Len()), make([]int, d.Len())
		for i, e := range d.Examples {
			texts[i], gold[i] = e.Text, slices.Index(labels, e.Label(0))
		}
		row := []any{name, d.Len()}
		for _, ask := range askers {
			probs, err := ask(ctx, texts)
			if err != nil {
				return err
			}
			p := evaluate.Predictions{Labels: labels}
			for i := range probs {
				p.Add(gold[i], probs[i], evaluate.Row{})
			}
			e, err := evaluate.New(&p, evaluate.Options{})
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			row = append(row, float64(e.Accuracy), float64(e.MacroF1))
		}
		rows = append(rows, row)
	}
	return report.Table(os.Stdout, []string{"texts", "n", "accuracy", "macro-F1", "VADER, accuracy", "VADER, macro-F1"}, rows, report.Markdown)
}

// measureSentences prints the share of the sentences of each construction that get
// a right label.
func measureSentences(ctx context.Context, file string, askers []asker) error {
	heads := []corpora.Head{{Name: "label", Column: "label"}, {Name: "construction", Column: "construction"}, {Name: "seen", Column: "seen"}}
	d, _, err := corpora.ReadFiles(corpora.Options{Heads: heads}, file)
	if err != nil {
		return err
	}
	texts := make([]string, d.Len())
	for i, e := range d.Examples {
		texts[i] = e.Text
	}
	const seen, unseen = "all: other words, constructions trained on", "all: other words, other constructions"
	var names []string // of constructions, in their order
	count := map[string]int{}
	right := make([]map[string]int, len(askers))
	for a, ask := range askers {
		probs, err := ask(ctx, texts)
		if err != nil {
			return err
		}
		right[a] = map[string]int{}
		for i, e := range d.Examples {
			kind := seen
			if e.Label(2) == "false" {
				kind = unseen
			}
			got := labels[slices.Index(probs[i], slices.Max(probs[i]))]
			for _, name := range []string{e.Label(1), kind} {
				if a == 0 {
					if count[name]++; count[name] == 1 && name != kind {
						names = append(names, name)
					}
				}
				if slices.Contains(strings.Split(e.Label(0), "|"), got) {
					right[a][name]++
				}
			}
		}
	}
	var rows [][]any
	for _, name := range append(names, seen, unseen) {
		row := []any{name, count[name]}
		for a := range askers {
			row = append(row, float64(right[a][name])/float64(count[name]))
		}
		rows = append(rows, row)
	}
	return report.Table(os.Stdout, []string{"construction", "n", "right", "VADER, right"}, rows, report.Markdown)
}

// measureSuite prints the pass rates of the behavioural suite by capability.
func measureSuite(ctx context.Context, askers []asker) error {
	var rows [][]any
	for a, ask := range askers {
		r, err := checklist.Default().Run(ctx, labels, ask)
		if err != nil {
			return err
		}
		for i, rate := range append(append(r.Rates, r.Types...), r.All) {
			if a == 0 {
				rows = append(rows, []any{rate.Capability, string(rate.Type), rate.Cases})
			}
			rows[i] = append(rows[i], rate.Rate)
		}
	}
	return report.Table(os.Stdout, []string{"capability", "type", "cases", "passed", "VADER, passed"}, rows, report.Markdown)
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
)

const excerptLength = 60 // characters of a text in a table

func newCorpusCheck() *cobra.Command {
	var (
		in          input
		output      string
		limit       int
		options     corpora.CheckOptions
		noNear      bool
		labelErrors bool
		folds       int
		epochs      int
		seed        uint64
	)
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Look for duplicates, leaks, conflicting and wrong labels",
		Long: `Check looks for what spoils training and makes figures too good: unreadable
rows, texts that occur twice, that have two labels, that are almost one, labels
with few texts; and, of several files, texts that one shares with a later one,
as train and test should not. Texts are compared without regard to case and
white space.

With --label-errors models are trained on all folds but one and asked about the
remaining one: what they contradict with confidence is named, the surest first
(confident learning, Northcutt et al. 2021).`,
		Example: `  sentiment corpus check train.tsv test.tsv
  sentiment corpus check --label-errors reviews.tsv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			style, err := corpusStyle(output)
			if err != nil {
				return err
			}
			opts, err := in.options()
			if err != nil {
				return err
			}
			opts.Limits.BadRecords = -1
			switch {
			case folds < 2:
				return usagef("--folds %d: want at least 2", folds)
			case limit < 0:
				return usagef("--limit %d: want 0 for all, or more", limit)
			case !(options.Near > 0 && options.Near <= 1):
				return usagef("--near %v: want a similarity above 0 and up to 1", options.Near)
			case options.Rare < 0:
				return usagef("--rare %d: want a number of texts", options.Rare)
			}
			if noNear {
				options.Near = -1
			}
			c := corpusCheck{limit: limit, near: options.Near}
			for _, path := range paths {
				d, rep, err := corpora.ReadFiles(opts, path)
				if err != nil {
					return err
				}
				f := checkedFile{path: path, data: d, report: rep, findings: corpora.Check(d, options)}
				if labelErrors {
					progress := func(fold int) {
						fmt.Fprintf(cmd.ErrOrStderr(), "%s: fold %d of %d\n", path, fold, folds)
					}
					for h := range d.Heads {
						found, err := findLabelErrors(cmd.Context(), d, h, folds, epochs, seed, progress)
						if err != nil {
							return err
						}
						f.wrong = append(f.wrong, found...)
					}
				}
				c.files = append(c.files, f)
			}
			if style == report.JSON {
				return writeJSON(cmd.OutOrStdout(), c.json())
			}
			return writeSections(cmd.OutOrStdout(), style, c.sections())
		},
	}
	in.addFlags(cmd, true)
	f := cmd.Flags()
	f.StringVarP(&output, "output", "o", "table", outputUsage)
	f.IntVar(&limit, "limit", 10, "findings of a kind to show; 0 for all")
	f.Float64Var(&options.Near, "near", 0.8, "similarity from which texts are near duplicates")
	f.BoolVar(&noNear, "no-near", false, "do not look for near duplicates")
	f.IntVar(&options.Rare, "rare", 5, "a label of fewer texts is rare")
	f.BoolVar(&labelErrors, "label-errors", false, "train models to find labels that are probably wrong")
	f.IntVar(&folds, "folds", 4, "folds for --label-errors")
	f.IntVar(&epochs, "epochs", 4, "passes over the texts of a fold for --label-errors")
	f.Uint64Var(&seed, "seed", 0, "seed of the folds and the models")
	return cmd
}

// A corpusCheck is what check found.
type corpusCheck struct {
	files []checkedFile
	limit int
	near  float64 // similarity of near duplicates; negative: not looked for
}

type checkedFile struct {
	path     string
	data     *corpora.Dataset
	report   *corpora.Report
	findings *corpora.Findings
	wrong    []wrongLabel
}

// A wrongLabel is a label that is probably wrong.
type wrongLabel struct {
	index                  int // of the example
	head, given, suggested string
	margin                 float64
}

// findLabelErrors trains a model on every fold's training part and compares the
// labels of its test part.
func findLabelErrors(ctx context.Context, d *corpora.Dataset, head, folds, epochs int, seed uint64, progress func(int)) ([]wrongLabel, error) {
	if d.Separator != "" {
		return nil, fmt.Errorf("--label-errors wants one label per text: %w", corpora.ErrData)
	}
	labels := d.Labels(head)
	if len(labels) < 2 {
		return nil, nil
	}
	// One head alone: a text without its label tells nothing.
	one := &corpora.Dataset{Heads: d.Heads[head : head+1], Sources: []corpora.Source{{Name: d.Heads[head], Labels: [][]string{labels}}}}
	var original []int
	for i, ex := range d.Examples {
		if label := ex.Label(head); label != "" {
			ex.Labels, ex.Source = []string{label}, 0
			one.Examples = append(one.Examples, ex)
			original = append(original, i)
		}
	}
	gold := make([]int, one.Len())
	probs := make([][]float32, one.Len())
	foldOf := one.FoldOf(seed, folds)
	for fold := range folds {
		progress(fold + 1)
		var trained, tested []int
		for i, f := range foldOf {
			if f == fold {
				tested = append(tested, i)
			} else {
				trained = append(trained, i)
			}
		}
		t := train.Trainer{Config: train.Config{Seed: seed, Epochs: epochs}}
		result, err := t.Fit(ctx, one.Subset(trained), nil)
		if err != nil {
			return nil, err
		}
		texts := make([]string, len(tested))
		for n, i := range tested {
			texts[n] = one.Examples[i].Text
		}
		predictions, err := result.Model.PredictBatch(ctx, texts)
		if err != nil {
			return nil, err
		}
		known := result.Model.Heads()[0].Labels
		for n, i := range tested {
			gold[i], _ = slices.BinarySearch(labels, one.Examples[i].Labels[0])
			probs[i] = make([]float32, len(labels))
			for j, p := range predictions[n].Scores[0].Probs {
				if at, ok := slices.BinarySearch(labels, known[j]); ok {
					probs[i][at] = p
				}
			}
		}
	}
	found, err := corpora.LabelErrors(gold, probs)
	if err != nil {
		return nil, err
	}
	out := make([]wrongLabel, len(found))
	for i, e := range found {
		out[i] = wrongLabel{original[e.Index], d.Heads[head], labels[e.Given], labels[e.Suggested], e.Margin}
	}
	return out, nil
}

// leaks returns the leaks from file i into file j.
func (c *corpusCheck) leaks(i, j int) []corpora.Leak {
	return corpora.Leaks(c.files[i].data, c.files[j].data)
}

// nearLeaks returns the near duplicates of file i in file j.
func (c *corpusCheck) nearLeaks(i, j int) []corpora.NearDuplicate {
	if c.near < 0 {
		return nil
	}
	return corpora.NearLeaks(c.files[i].data, c.files[j].data, c.near)
}

// first returns how many of n findings are shown.
func (c *corpusCheck) first(n int) int {
	if c.limit == 0 {
		return n
	}
	return min(n, c.limit)
}

func (c *corpusCheck) sections() []section {
	summary := section{"Files", []string{"file", "rows", "refused", "bad bytes", "empty", "duplicates", "conflicts", "near pairs", "rare labels"}, nil}
	leaks := section{"Texts of one file in a later one", []string{"file", "in", "rows", "share", "near pairs"}, nil}
	var details []section
	add := func(title, path string, total int, header []string, row func(i int) []any) {
		s := section{title: fmt.Sprintf("%s: %s", path, title), header: header}
		shown := c.first(total)
		if shown < total {
			s.title += fmt.Sprintf(" (the first %d of %d)", shown, total)
		}
		for i := range shown {
			s.rows = append(s.rows, row(i))
		}
		details = append(details, s)
	}
	for i, f := range c.files {
		rare := 0
		for _, r := range f.findings.Rare {
			rare += len(r)
		}
		summary.rows = append(summary.rows, []any{f.path, f.report.Rows, f.report.Refused, f.report.BadBytes, len(f.findings.Empty),
			f.findings.DuplicateRows, len(f.findings.Conflicts), len(f.findings.Near), rare})
		id := func(n int) string { return f.data.Examples[n].ID }
		text := func(n int) string { return report.Excerpt(f.data.Examples[n].Text, excerptLength) }
		add("refused rows", f.path, len(f.report.Errors), []string{"row"}, func(n int) []any { return []any{f.report.Errors[n].Error()} })
		add("texts that occur more than once", f.path, len(f.findings.Duplicates), []string{"times", "first", "text"}, func(n int) []any {
			g := f.findings.Duplicates[n]
			return []any{len(g), id(g[0]), text(g[0])}
		})
		add("texts with several labels", f.path, len(f.findings.Conflicts), []string{"head", "labels", "first", "text"}, func(n int) []any {
			x := f.findings.Conflicts[n]
			return []any{f.data.Heads[x.Head], strings.Join(x.Labels, ", "), id(x.Indices[0]), text(x.Indices[0])}
		})
		add("texts that are almost one", f.path, len(f.findings.Near), []string{"similarity", "first", "second", "text"}, func(n int) []any {
			x := f.findings.Near[n]
			return []any{fmt.Sprintf("%.2f", x.Similarity), id(x.A), id(x.B), text(x.A)}
		})
		for h, labels := range f.findings.Rare {
			add("rare labels of "+f.data.Heads[h], f.path, len(labels), []string{"label", "rows"}, func(n int) []any { return []any{labels[n].Label, labels[n].Count} })
		}
		add("labels that are probably wrong", f.path, len(f.wrong), []string{"head", "label", "rather", "margin", "row", "text"}, func(n int) []any {
			w := f.wrong[n]
			return []any{w.head, w.given, w.suggested, fmt.Sprintf("%.3f", w.margin), id(w.index), text(w.index)}
		})
		for j := range i {
			found := c.leaks(j, i)
			near := c.nearLeaks(j, i)
			leaks.rows = append(leaks.rows, []any{c.files[j].path, f.path, len(found), percent(len(found), f.data.Len()), len(near)})
			add("rows that are in "+c.files[j].path, f.path, len(found), []string{"row", "there", "text"}, func(n int) []any {
				return []any{id(found[n].Test), c.files[j].data.Examples[found[n].Train].ID, text(found[n].Test)}
			})
			add("rows that are almost in "+c.files[j].path, f.path, len(near), []string{"similarity", "row", "there", "text"}, func(n int) []any {
				x := near[n]
				return []any{fmt.Sprintf("%.2f", x.Similarity), id(x.B), c.files[j].data.Examples[x.A].ID, text(x.B)}
			})
		}
	}
	return append([]section{summary, leaks}, details...)
}

// json returns the findings for programs: all counts, and the first findings of
// each kind by the IDs of their rows.
func (c *corpusCheck) json() any {
	type conflict struct {
		Head   string   `json:"head"`
		Labels []string `json:"labels"`
		Rows   []string `json:"rows"`
	}
	type near struct {
		Rows       [2]string `json:"rows"`
		Similarity float64   `json:"similarity"`
	}
	type wrong struct {
		Row       string  `json:"row"`
		Head      string  `json:"head"`
		Label     string  `json:"label"`
		Suggested string  `json:"suggested"`
		Margin    float64 `json:"margin"`
	}
	type file struct {
		File          string                    `json:"file"`
		Rows          int                       `json:"rows"`
		Refused       int                       `json:"refused"`
		BadBytes      int64                     `json:"bad_bytes"`
		Empty         int                       `json:"empty"`
		DuplicateRows int                       `json:"duplicate_rows"`
		ConflictCount int                       `json:"conflicts"`
		NearCount     int                       `json:"near_duplicates"`
		Errors        []string                  `json:"errors,omitempty"`
		Duplicates    [][]string                `json:"duplicate_texts,omitempty"`
		Conflicts     []conflict                `json:"conflicting_texts,omitempty"`
		Near          []near                    `json:"near_pairs,omitempty"`
		Rare          map[string]map[string]int `json:"rare_labels,omitempty"`
		WrongCount    int                       `json:"label_errors"`
		Wrong         []wrong                   `json:"probable_label_errors,omitempty"`
	}
	type leak struct {
		Train string   `json:"train"`
		Test  string   `json:"test"`
		Count int      `json:"rows"`
		Rows  []string `json:"test_rows,omitempty"`
		Near  int      `json:"near_duplicates"`
	}
	var out struct {
		Files []file `json:"files"`
		Leaks []leak `json:"leaks"`
	}
	out.Leaks = []leak{}
	for i, f := range c.files {
		id := func(n int) string { return f.data.Examples[n].ID }
		ids := func(group []int) []string {
			var rows []string
			for _, n := range group {
				rows = append(rows, id(n))
			}
			return rows
		}
		o := file{File: f.path, Rows: f.report.Rows, Refused: f.report.Refused, BadBytes: f.report.BadBytes, Empty: len(f.findings.Empty),
			DuplicateRows: f.findings.DuplicateRows, ConflictCount: len(f.findings.Conflicts), NearCount: len(f.findings.Near), WrongCount: len(f.wrong)}
		for _, e := range f.report.Errors[:c.first(len(f.report.Errors))] {
			o.Errors = append(o.Errors, e.Error())
		}
		for _, g := range f.findings.Duplicates[:c.first(len(f.findings.Duplicates))] {
			o.Duplicates = append(o.Duplicates, ids(g))
		}
		for _, x := range f.findings.Conflicts[:c.first(len(f.findings.Conflicts))] {
			o.Conflicts = append(o.Conflicts, conflict{f.data.Heads[x.Head], x.Labels, ids(x.Indices)})
		}
		for _, x := range f.findings.Near[:c.first(len(f.findings.Near))] {
			o.Near = append(o.Near, near{[2]string{id(x.A), id(x.B)}, x.Similarity})
		}
		for h, rare := range f.findings.Rare {
			for _, r := range rare {
				if o.Rare == nil {
					o.Rare = map[string]map[string]int{}
				}
				if o.Rare[f.data.Heads[h]] == nil {
					o.Rare[f.data.Heads[h]] = map[string]int{}
				}
				o.Rare[f.data.Heads[h]][r.Label] = r.Count
			}
		}
		for _, w := range f.wrong[:c.first(len(f.wrong))] {
			o.Wrong = append(o.Wrong, wrong{id(w.index), w.head, w.given, w.suggested, w.margin})
		}
		out.Files = append(out.Files, o)
		for j := range i {
			found := c.leaks(j, i)
			l := leak{Train: c.files[j].path, Test: f.path, Count: len(found), Near: len(c.nearLeaks(j, i))}
			for _, x := range found[:c.first(len(found))] {
				l.Rows = append(l.Rows, id(x.Test))
			}
			out.Leaks = append(out.Leaks, l)
		}
	}
	return out
}

package transform

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
)

func init() { registerTypes(foldFn{}, foldsFn{}) }

// A Validation says what is cross-validated: what the flags of "sentiment crossval" do.
type Validation struct {
	Files   []string // labelled texts, in files that every worker has under these names
	Options corpora.Options

	Config string         // a recipe that every worker has; "" means none. Files take the place of its own
	Set    []string       // settings, as setting=value
	Begin  recipe.Options // what each model begins with

	Folds           int     // 0 means 10
	DevShare        float64 // 0 means 0.1
	SplitDuplicates bool

	Resamples int          // of the intervals of all answers together
	Style     report.Style // of the report; "" means report.JSON
	All       bool         // every figure
}

// CrossValidate trains one fold per element and gives one report, the one that "sentiment
// crossval" prints with the same settings. Every worker reads all of the texts, which must
// fit into its memory.
func CrossValidate(s beam.Scope, v Validation) beam.PCollection {
	s = s.Scope("textlstm.CrossValidate")
	if v.Folds == 0 {
		v.Folds = 10
	}
	if v.Style == "" {
		v.Style = report.JSON
	}
	v.Options.Labelled, v.Options.OnEnd = true, nil
	folds := make([]any, v.Folds)
	for i := range folds {
		folds[i] = i + 1
	}
	states := beam.ParDo(s, &foldFn{Validation: encode(v)}, beam.Reshuffle(s, beam.Create(s, folds...)))
	return beam.ParDo(s, &foldsFn{Validation: encode(v)}, beam.Impulse(s), beam.SideInput{Input: states})
}

// foldFn trains a fold; what it gives is the state of a run that has done that fold alone.
type foldFn struct {
	Validation string // encoded
}

func (f *foldFn) ProcessElement(ctx context.Context, fold int, emit func([]byte)) error {
	_, err := validate(ctx, f.Validation, func(o *crossval.Options, dir string) error {
		o.Shard = crossval.Shard{I: fold, N: o.Folds}
		o.File = filepath.Join(dir, "state")
		return nil
	}, func(o *crossval.Options) error {
		state, err := os.ReadFile(o.File)
		if err == nil {
			emit(state)
		}
		return err
	})
	return err
}

// foldsFn puts the folds together.
type foldsFn struct {
	Validation string // encoded
}

func (f *foldsFn) ProcessElement(ctx context.Context, _ []byte, next func(*[]byte) bool) (string, error) {
	return validate(ctx, f.Validation, func(o *crossval.Options, dir string) error {
		for state := []byte(nil); next(&state); state = nil {
			o.Merge = append(o.Merge, filepath.Join(dir, strconv.Itoa(len(o.Merge))))
			if err := os.WriteFile(o.Merge[len(o.Merge)-1], state, 0o600); err != nil {
				return err
			}
		}
		return nil
	}, func(*crossval.Options) error { return nil })
}

// validate runs a cross-validation with its options changed by prepare, and calls done
// before the directory that prepare got is gone. It returns the report of a whole one.
func validate(ctx context.Context, encoded string, prepare func(o *crossval.Options, dir string) error, done func(*crossval.Options) error) (string, error) {
	var v Validation
	if err := decode(encoded, &v); err != nil {
		return "", err
	}
	r, err := recipe.Read(v.Config, v.Set)
	if err != nil {
		return "", err
	}
	if len(v.Files) > 0 {
		r.Data = recipe.Files(v.Files...)
	}
	data, err := r.ReadOnce(v.Options, "")
	if err != nil {
		return "", err
	}
	var t train.Trainer
	if _, err := r.Setup(ctx, &t, recipe.InMemory(data, nil), v.Begin, io.Discard); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "textlstm-folds-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	o := crossval.Options{Folds: v.Folds, DevShare: v.DevShare, Seed: t.Seed, SplitDuplicates: v.SplitDuplicates}
	if err := prepare(&o, dir); err != nil {
		return "", err
	}
	result, err := crossval.Run(ctx, t, data, o)
	if err != nil {
		return "", err
	}
	if err := done(&o); err != nil || !o.Shard.Whole() {
		return "", err
	}
	var pooled []*evaluate.Evaluation
	for _, one := range result.Pooled {
		e, err := one.Evaluate(evaluate.Options{Resamples: v.Resamples, Seed: t.Seed, Slices: v.All, Coverage: v.All})
		if err != nil {
			return "", err
		}
		pooled = append(pooled, e)
	}
	var b strings.Builder
	err = studies.WriteFolds(&b, v.Style, result, pooled, v.All)
	return b.String(), err
}

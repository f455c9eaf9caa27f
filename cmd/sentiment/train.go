package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/train"
)

func newTrain() *cobra.Command {
	var (
		in       input
		files    []string
		dev      []string
		devSplit float64
		out      string
		config   string
		sets     []string
		vectors  vectorFile
		start    startModel
		more     []string
		name     string
		logJSON  bool
		quiet    bool
		epochs   int
		dataDir  string
		seed     uint64
		state    string
		every    time.Duration
		resume   bool
		onDisk   bool
		boardDir string
	)
	cmd := &cobra.Command{
		Use:   "train --train FILE --out MODEL",
		Short: "Train a model on labelled texts",
		Long: `Train learns a model from labelled texts and keeps the weights of the epoch that
does best on the dev texts. Without --dev a tenth of the training texts, at most
1,000, is set aside for that.

Every setting has a default that suits the texts: their language, number and
length. A config file (TOML or JSON) changes some, --set
changes one: --set model.lstm.hidden_size=256. "sentiment model info" shows the
settings a model was trained with.

With --set adversarial.weight=1 it also learns from word vectors that are moved the
way that hurts most, in twice the time; with --set adversarial.vat=1 from those that
change the answer most, which --unlabelled texts serve for as well.

With --init it starts from the words, the word vectors and the LSTM of another model,
which helps most where labels are few: a language model of "sentiment pretrain" or a
classifier of "sentiment train". For English texts two are embedded: language has
read many kinds of texts without labels, default is the model that classify uses.
Pipeline and sizes are then those of that model; heads and the n-gram branch are new.
A file of such a name is ./default or ./language.
Fewer than 10,000 English texts, or less than 4 MiB of them, start from language,
unless --init says otherwise (none is random weights), --vectors or --stream is given,
or the settings ask for other words or another network than its own.

Where there are fewer than 15,000 texts, the model is trained a second time, with the
dev texts as well and what was best for them, unless --set refit=false.

With --stream the training texts stay on disk, for corpora that are larger than
memory: they are copied to a temporary file beside MODEL, and read anew in every
epoch. Without --dev at most 10,000 texts or 8 MiB are set aside. The n-gram
branch learns from 200,000 texts at most. --resume reads all texts again, and those of
the epoch up to where it was.

A training that is interrupted, by a signal or worse, keeps what it has learned
in the directory MODEL.checkpoint until --resume goes on with it, to the same
model that it would have made uninterrupted.`,
		Example: `  sentiment train --train reviews.tsv --out reviews.model
  sentiment train --train train.csv --dev dev.csv --head topic=category --out topics.model
  sentiment train --init default --train reviews.tsv --out reviews.model`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := in.options()
			if err != nil {
				return err
			}
			if out == "" {
				return usagef("train needs --out MODEL")
			}
			if !(devSplit >= 0 && devSplit < 1) {
				return usagef("--dev-split %v: want a share from 0 to below 1", devSplit)
			}
			if cmd.Flags().Changed("epochs") {
				sets = append(sets, fmt.Sprintf("epochs=%d", epochs))
			}
			if cmd.Flags().Changed("seed") {
				sets = append(sets, fmt.Sprintf("seed=%d", seed))
			}
			r, err := readRecipe(config, sets)
			if err != nil {
				return err
			}
			if len(files) > 0 {
				r.Data = asSources(files)
			}
			if len(dev) > 0 {
				r.Dev = asSources(dev)
			}
			if len(r.Data) == 0 {
				return usagef("train needs --train FILE, or a config file that names its data")
			}
			if start.given() && (onDisk || vectors != "") {
				return usagef("--init goes with neither --stream nor --vectors")
			}
			if !cmd.Flags().Changed("checkpoint") {
				state = out + ".checkpoint"
			}
			if resume && state == "" {
				return usagef("--resume needs a --checkpoint directory")
			}
			if every <= 0 {
				return usagef("--checkpoint-every %v: want more than 0", every)
			}
			t := &train.Trainer{Card: r.card(name, r.Data), Checkpoint: state, CheckpointInterval: every, Resume: resume}
			if err := checkOut("--out", out, slices.Concat(files, dev, more, []string{config, string(vectors), start.file()})); err != nil {
				return err
			}
			var texts trainingTexts
			if onDisk {
				texts, err = readStream(cmd.Context(), opts, out, dataDir, r, devSplit)
			} else {
				if !cmd.Flags().Changed("dev-split") {
					devSplit = -1
				}
				texts, err = readMemory(opts, dataDir, r, devSplit)
			}
			if err != nil {
				return err
			}
			defer texts.close()
			if len(more) > 0 {
				opts.Unlabelled = true
				if t.Unlabelled, err = readSources(opts, dataDir, asSources(more), r.Seed); err != nil {
					return err
				}
			}
			recommended, err := texts.recommend(cmd.Context())
			if err != nil {
				return err
			}
			var from string
			if t.Start, from, t.Config, err = start.settings(r, vectors, texts.inMemory(), recommended); err != nil {
				return err
			}
			t.Card.Start = cmp.Or(from, t.Card.Start)
			t.Prepare = vectors.prepare(t.Seed, cmd.ErrOrStderr())
			if t.Fingerprint, err = vectors.sum(); err != nil {
				return err
			}
			p := newProgress(cmd.ErrOrStderr(), logJSON, quiet)
			texts.show(p)
			p.from(from)
			t.OnProgress = p.report
			if boardDir != "" {
				b, err := openBoard(boardDir)
				if err != nil {
					return err
				}
				defer func() {
					if err := b.close(); err != nil {
						p.warn(err)
					}
				}()
				t.OnProgress = func(x train.Progress) {
					p.report(x)
					b.report(x)
				}
			}
			limitMemory()
			result, err := texts.fit(cmd.Context(), t)
			p.done()
			if err != nil {
				if cmd.Context().Err() != nil && state != "" {
					fmt.Fprintf(cmd.ErrOrStderr(), "go on with:\n  %s\n", resumeCommand(cmd))
				}
				return err
			}
			if err := result.Model.Save(out); err != nil {
				return err
			}
			if state != "" {
				if err := train.RemoveCheckpoints(state); err != nil {
					p.warn(err)
				}
			}
			p.summary(result, out)
			return nil
		},
	}
	in.addFlags(cmd, true)
	f := cmd.Flags()
	f.StringArrayVar(&files, "train", nil, "training `file`; may be repeated")
	f.StringArrayVar(&dev, "dev", nil, "dev `file`; may be repeated")
	f.Float64Var(&devSplit, "dev-split", 0.1, "share of the training texts set aside for dev without --dev, unless given at most 1,000 texts; 0 for none")
	f.StringVar(&out, "out", "", "model `file` to write")
	f.StringVar(&config, "config", "", "config `file`, TOML or JSON")
	f.StringVar(&dataDir, "data-dir", "", "`directory` that the files of a config file are relative to; ./FILE is beside the config file")
	f.StringArrayVar(&sets, "set", nil, "one setting, `path=value`; may be repeated")
	vectors.addFlag(cmd)
	start.addFlag(cmd)
	f.StringArrayVar(&more, "unlabelled", nil, "`file` of texts for virtual adversarial training; may be repeated")
	f.StringVar(&name, "name", "", "name of the model, for its card")
	f.IntVar(&epochs, "epochs", 0, "passes over the training texts")
	f.Uint64Var(&seed, "seed", 0, "seed of everything random")
	f.StringVar(&state, "checkpoint", "", "`directory` for checkpoints (default MODEL.checkpoint; '' for none)")
	f.DurationVar(&every, "checkpoint-every", 5*time.Minute, "time between checkpoints")
	f.BoolVar(&onDisk, "stream", false, "keep the training texts on disk, for corpora larger than memory")
	f.BoolVar(&resume, "resume", false, "go on from the checkpoint of an interrupted training, if there is one")
	f.StringVar(&boardDir, "tensorboard", "", "`directory` for an event file that TensorBoard shows")
	f.BoolVar(&logJSON, "log-json", false, "progress as JSON lines on standard error")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return cmd
}

// limitMemory makes the garbage collector respect what the machine and its
// control group leave to the process, unless GOMEMLIMIT says otherwise.
func limitMemory() {
	if limit, _ := memlimit.Get(); debug.SetMemoryLimit(-1) == math.MaxInt64 && limit < math.MaxInt64 {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// resumeCommand is the command line that goes on with this one, which has those
// arguments.
func resumeCommand(cmd *cobra.Command, args ...string) string {
	words := strings.Fields(cmd.CommandPath())
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			switch {
			case f.Name == "resume":
			case f.Value.Type() == "bool":
				words = append(words, "--"+f.Name+"="+v)
			default:
				words = append(words, "--"+f.Name, quote(v))
			}
		}
	})
	words = append(words, "--resume")
	for _, a := range args {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

// quote makes s one word of a POSIX shell.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func sourceNames(sources []source) []string {
	var names []string
	for _, s := range sources {
		name := s.File
		if s.here {
			name = filepath.Base(name) // a model says nothing of its maker's directories
		}
		names = append(names, name)
	}
	return names
}

// checkOut fails early where the file of a flag could not be written at the end,
// or would take the place of an input.
func checkOut(flag, path string, inputs []string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s %s: %s is not a directory", flag, path, filepath.Dir(path))
	}
	if info, err = os.Stat(path); err != nil {
		return nil // a new file
	}
	if info.IsDir() {
		return fmt.Errorf("%s %s is a directory", flag, path)
	}
	for _, in := range inputs {
		if other, err := os.Stat(in); err == nil && os.SameFile(info, other) {
			return usagef("%s %s is also an input", flag, path)
		}
	}
	return nil
}

// A trainRecipe is a config file: the settings of a training and, if they are not
// given as flags, its files.
type trainRecipe struct {
	train.Config
	Card classify.Card `json:"card,omitzero"`
	Data []source      `json:"data,omitempty"`
	Dev  []source      `json:"dev,omitempty"`

	settings recipe.Settings
}

// over returns the settings of c with those of the recipe in their place.
func (r *trainRecipe) over(c train.Config) (train.Config, error) {
	laid := trainRecipe{Config: c}
	err := r.settings.Over(&laid)
	return laid.Config, err
}

// card is the card of a model made of sources: that of the recipe, with a name and
// the sources' where it has none or another name is given.
func (r *trainRecipe) card(name string, sources []source) classify.Card {
	c := r.Card
	c.Name = cmp.Or(name, c.Name)
	if len(c.Data) == 0 {
		c.Data = sourceNames(sources)
	}
	return c
}

// A source is one file of a recipe.
type source struct {
	File     string            `json:"file"`
	Head     string            `json:"head,omitempty"`      // name of the head of its one label column
	LabelMap map[string]string `json:"label_map,omitempty"` // renames labels
	Repeat   int               `json:"repeat,omitempty"`    // times that it is read; 0 means 1
	Limit    int               `json:"limit,omitempty"`     // read a random sample of so many; 0 means all
	Phrases  bool              `json:"phrases,omitempty"`   // take every subtree of trees
	Group    string            `json:"group,omitempty"`     // kind of texts, for crossval --by group; "" is always in training

	here   bool   // the path of a flag: relative to the working directory
	beside string // directory of the recipe
}

// path returns where the file is: a name that begins with ./ is beside the recipe,
// any other in dir.
func (s *source) path(dir string) string {
	switch {
	case s.here || filepath.IsAbs(s.File):
		return s.File
	case strings.HasPrefix(s.File, "./"):
		dir = s.beside
	}
	return filepath.Join(dir, s.File)
}

// options returns opts with what the source says of its own.
func (s *source) options(opts corpora.Options) corpora.Options {
	opts.Phrases = s.Phrases
	if len(s.LabelMap) > 0 {
		opts.LabelMap = s.LabelMap
	}
	return opts
}

// readRecipe reads a config file, if one is named, and applies the settings.
func readRecipe(file string, sets []string) (*trainRecipe, error) {
	settings, err := recipe.ReadSettings(file, sets)
	if err != nil {
		return nil, err
	}
	r := &trainRecipe{settings: settings}
	if err := settings.Over(r); err != nil {
		return nil, err
	}
	for _, list := range [][]source{r.Data, r.Dev} {
		for i := range list {
			list[i].beside = filepath.Dir(file)
		}
	}
	return r, nil
}

// readSources reads the files of a recipe as one data set. Paths are relative
// to dir, but for those beside the recipe.
func readSources(opts corpora.Options, dir string, sources []source, seed uint64) (*corpora.Dataset, error) {
	all := new(corpora.Dataset)
	for _, s := range sources {
		d, _, err := corpora.ReadFiles(s.options(opts), s.path(dir))
		if err != nil {
			return nil, err
		}
		if s.Head != "" {
			if len(d.Heads) != 1 {
				return nil, usagef("%s: head = %q for a file with the heads %q", s.File, s.Head, d.Heads)
			}
			d.Heads = []string{s.Head}
		}
		if s.Limit > 0 && s.Limit < d.Len() {
			d = d.Sample(seed, s.Limit)
		}
		for range max(s.Repeat, 1) {
			if err := all.Append(d); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// devTexts is the most texts that are set aside for dev unless a share is given:
// enough to choose an epoch by and to fit the scales of the branches to, and each
// more is one less to learn from.
const devTexts = 1000

// readTrainingData reads the training texts, and the dev texts or a share of
// the training texts in their place; nil if there are to be none. A negative share
// is the default.
func readTrainingData(opts corpora.Options, dir string, files, dev []source, share float64, seed uint64) (trainSet, devSet *corpora.Dataset, err error) {
	if trainSet, err = readSources(opts, dir, files, seed); err != nil {
		return nil, nil, err
	}
	if share < 0 {
		share = min(0.1, devTexts/float64(trainSet.Len()))
	}
	switch {
	case len(dev) > 0:
		devSet, err = readSources(opts, dir, dev, seed)
	case share > 0:
		var parts []*corpora.Dataset
		if parts, err = trainSet.Split(seed, 1-share, share); err == nil {
			trainSet, devSet = parts[0], parts[1]
			devSet.Dedup() // of texts that are read several times
			if devSet.Len() == 0 || trainSet.Len() == 0 {
				err = fmt.Errorf("%d texts are too few to set a share of %v aside: give --dev FILE, or --dev-split 0 for none: %w", trainSet.Len()+devSet.Len(), share, corpora.ErrData)
			}
		}
	}
	return trainSet, devSet, err
}

// asSources turns the files of flags into sources.
func asSources(files []string) []source {
	var s []source
	for _, f := range files {
		s = append(s, source{File: f, here: true})
	}
	return s
}

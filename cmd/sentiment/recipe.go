package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
)

// Recipe flags say where the settings of a training come from, and its files.
type recipeFlags struct {
	config, dataDir string
	sets            []string
	epochs          int
	seed            uint64
}

// add adds the flags for the settings of a config; begin is said of settings that the
// command changes.
func (r *recipeFlags) add(cmd *cobra.Command, settings any, begin string) {
	f := cmd.Flags()
	f.StringVar(&r.config, "config", "", "config `file`"+begin+", TOML or JSON")
	f.StringArrayVar(&r.sets, "set", nil, "one setting"+begin+", `path=value`; may be repeated")
	must(cmd.MarkFlagFilename("config"))
	must(cmd.RegisterFlagCompletionFunc("set", func(_ *cobra.Command, _ []string, beginning string) ([]string, cobra.ShellCompDirective) {
		directive := cobra.ShellCompDirectiveNoFileComp
		if !strings.Contains(beginning, "=") {
			directive |= cobra.ShellCompDirectiveNoSpace // the value follows
		}
		return recipe.Complete(settings, beginning), directive
	}))
}

// addDataDir adds the flag for commands that read the files of a config file.
func (r *recipeFlags) addDataDir(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.dataDir, "data-dir", "", "`directory` that the files of a config file are relative to; ./FILE is beside the config file")
}

// addRun adds the flags for the settings that are changed most often.
func (r *recipeFlags) addRun(cmd *cobra.Command, epochs string) {
	cmd.Flags().IntVar(&r.epochs, "epochs", 0, epochs)
	cmd.Flags().Uint64Var(&r.seed, "seed", 0, "seed of everything random")
}

// settings are those of --set and, if they are given, --epochs and --seed.
func (r *recipeFlags) settings(cmd *cobra.Command) []string {
	sets := slices.Clone(r.sets)
	if cmd.Flags().Changed("epochs") {
		sets = append(sets, fmt.Sprintf("epochs=%d", r.epochs))
	}
	if cmd.Flags().Changed("seed") {
		sets = append(sets, fmt.Sprintf("seed=%d", r.seed))
	}
	return sets
}

// read reads the recipe; files of flags take the place of those that it names. It
// fails if there are none at all: wants says what the command needs then.
func (r *recipeFlags) read(cmd *cobra.Command, data, dev []string, wants string) (*recipe.Recipe, error) {
	read, err := recipe.Read(r.config, r.settings(cmd))
	if err != nil {
		return nil, err
	}
	if len(data) > 0 {
		read.Data = recipe.Files(data...)
	}
	if len(dev) > 0 {
		read.Dev = recipe.Files(dev...)
	}
	if len(read.Data) == 0 && wants != "" {
		return nil, usagef("%s needs %s, or a config file that names its data", cmd.Name(), wants)
	}
	return read, nil
}

// addInit and addVectors add the flags that name what a training starts from.
func addInit(cmd *cobra.Command, s *recipe.Start) {
	cmd.Flags().StringVar((*string)(s), "init", string(recipe.Auto), "language model or classifier to start from: a `file` of sentiment pretrain or train; language or default for one of the embedded models; none; or auto, which is language for little English text and none for other")
}

func addVectors(cmd *cobra.Command, v *recipe.Vectors) {
	cmd.Flags().StringVar((*string)(v), "vectors", "", "word vectors to start from: GloVe, word2vec, fastText or pretrain --skip-gram `file`")
}

// addLosses adds the flag for heads that answer with a number.
func addLosses(cmd *cobra.Command, l *recipe.Losses) {
	cmd.Flags().StringArrayVar((*[]string)(l), "loss", nil, "`squared` or absolute: the labels are numbers to predict, and that error is the loss; name=squared for one head of several; may be repeated")
}

// Checkpoint flags say how a training that is interrupted can go on.
type checkpointFlags struct {
	state  string
	every  time.Duration
	resume bool
}

// add adds the flags of a command that calls its result out.
func (c *checkpointFlags) add(cmd *cobra.Command, out string) {
	f := cmd.Flags()
	f.StringVar(&c.state, "checkpoint", "", "`directory` for checkpoints (default "+out+".checkpoint; '' for none)")
	f.DurationVar(&c.every, "checkpoint-every", 5*time.Minute, "time between checkpoints")
	f.BoolVar(&c.resume, "resume", false, "go on from the checkpoint of an interrupted training, if there is one")
}

// check completes and checks the flags of a training that writes to out.
func (c *checkpointFlags) check(cmd *cobra.Command, out string) error {
	if !cmd.Flags().Changed("checkpoint") {
		c.state = out + ".checkpoint"
	}
	switch {
	case c.resume && c.state == "":
		return usagef("--resume needs a --checkpoint directory")
	case c.every <= 0:
		return usagef("--checkpoint-every %v: want more than 0", c.every)
	}
	return nil
}

// run is how a pretraining is run that is kept so.
func (c *checkpointFlags) run() pretrain.Run {
	return pretrain.Run{Checkpoint: c.state, CheckpointInterval: c.every, Resume: c.resume}
}

// hint says how to go on with a training that was interrupted.
func (c *checkpointFlags) hint(cmd *cobra.Command) {
	if c.state != "" {
		hintResume(cmd)
	}
}

// hintResume says how to go on with a command of those arguments, if it was
// interrupted.
func hintResume(cmd *cobra.Command, args ...string) {
	if cmd.Context().Err() != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "go on with:\n  %s\n", report.Clean(resumeCommand(cmd, args...)))
	}
}

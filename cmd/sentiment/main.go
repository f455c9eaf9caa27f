// Command sentiment labels texts with LSTM models, trains them and judges them.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	_ "github.com/textlstm/textlstm/tokenize/prose"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/watch"
	"github.com/textlstm/textlstm/vocab"
)

// The exit codes that scripts may rely on.
const (
	exitFailed = 1 // the run failed
	exitUsage  = 2
	exitData   = 3 // bad data
	exitModel  = 4 // unreadable or incompatible model
	exitGate   = 5 // a quality gate failed
)

func main() { os.Exit(run(os.Args[1:])) }

// run executes one command line and returns its exit code. A command that a signal
// has stopped is none that succeeded, whatever it came to.
func run(args []string) int {
	signals, free := stop.New("sentiment", os.Exit)
	defer free()
	root := newRoot()
	root.SetArgs(args)
	if slices.Contains(args, "--log-json") {
		root.SetErr(watch.JSONLines(os.Stderr))
	}
	err := root.ExecuteContext(signals.Context())
	if code := signals.End(err); code != 0 || err == nil {
		return code
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		root.PrintErrf("sentiment: %s\n", report.Clean(line))
	}
	return exitCode(err)
}

// A usageError is a command line that makes no sense.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errGate says that a figure is below what was asked for.
var errGate = errors.New("quality gate failed")

// A modelError is a model that cannot be used.
type modelError struct{ error }

func (e modelError) Unwrap() error { return e.error }

func exitCode(err error) int {
	var usage usageError
	var model modelError
	var config *train.ConfigError
	var settings *recipe.Error
	var few *vocab.TooFewError
	var start *recipe.ModelError
	var unreadable *fs.PathError
	switch {
	case errors.As(err, &usage), errors.As(err, &config), errors.As(err, &settings):
		return exitUsage
	case errors.As(err, &model), errors.As(err, &start), errors.Is(err, classify.ErrFormat):
		return exitModel
	case errors.Is(err, errGate):
		return exitGate
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.As(err, &unreadable):
		return exitFailed
	case errors.Is(err, corpora.ErrData), errors.As(err, &few), errors.Is(err, score.ErrLabels), errors.Is(err, checklist.ErrSuite):
		return exitData
	}
	return exitFailed
}

func newRoot() *cobra.Command {
	var threads int
	root := &cobra.Command{
		Use:   "sentiment",
		Short: "Label texts by sentiment, topic or whatever you train it for",
		Long: `Sentiment labels texts with LSTM models.

It comes with a model for the sentiment and topic of English texts, learns other
labels from your own examples, and tells how good a model is.`,
		Example: `  sentiment classify review.txt
  sentiment train --train reviews.tsv --out my.model
  sentiment eval --model my.model test.tsv`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		Version:       versionLine(),
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if threads < 0 {
				return usagef("--threads %d: want at least 1", threads)
			}
			if threads > 0 {
				runtime.GOMAXPROCS(threads)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(newHelp())
	root.PersistentFlags().IntVar(&threads, "threads", 0, "processors to use (default all)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(newClassify(), newTrain(), newPretrain(), newDistill(), newFindLR(), newEval(), newCompare(), newChecklist(), newExplain(), newCrossval(), newTune(), newDiagnose(), newCorpus(), newModel(), newEncode(), newServe(), newVersion())
	usageArgs(root)
	complete(root)
	return root
}

// noArgs is for commands that have others below them: a word that names none of them may
// be meant for one.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	} else if _, err := os.Stat(args[0]); err == nil && !cmd.HasParent() {
		hint = "; to label a file: sentiment classify " + quote(args[0])
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), hint)
}

// newHelp is cobra's command help, but for what there is no help of.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			cmd, rest, err := c.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if len(rest) > 0 {
				return usageError{noArgs(cmd, rest)}
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			cmd, _, err := c.Root().Find(args)
			for _, sub := range cmd.Commands() {
				if err == nil && sub.IsAvailableCommand() {
					names = append(names, sub.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// usageArgs makes wrong arguments of any command a usage error.
func usageArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError{fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageArgs(sub)
	}
}

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/textlstm/textlstm/recipe/settings"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train/loop"
)

// Settings are the flags that say where the settings of a training come from.
type Settings struct {
	Config string // file
	sets   []string
	epochs int
	seed   uint64
}

// Add adds --config and --set, for the settings of a config; begin is said of settings
// that the command changes.
func (s *Settings) Add(cmd *cobra.Command, config any, begin string) {
	f := cmd.Flags()
	f.StringVar(&s.Config, "config", "", "config `file`"+begin+", TOML or JSON")
	f.StringArrayVar(&s.sets, "set", nil, "one setting"+begin+", `path=value`; may be repeated")
	Must(cmd.MarkFlagFilename("config"))
	Must(cmd.RegisterFlagCompletionFunc("set", func(_ *cobra.Command, _ []string, beginning string) ([]string, cobra.ShellCompDirective) {
		directive := cobra.ShellCompDirectiveNoFileComp
		if !strings.Contains(beginning, "=") {
			directive |= cobra.ShellCompDirectiveNoSpace // the value follows
		}
		return settings.Complete(config, beginning), directive
	}))
}

// AddRun adds --epochs, with that usage, and --seed, the settings that are changed most
// often.
func (s *Settings) AddRun(cmd *cobra.Command, epochs string) {
	Positive(cmd, &s.epochs, "epochs", 0, epochs)
	cmd.Flags().Uint64Var(&s.seed, "seed", 0, "seed of everything random")
}

// Positive adds a flag whose value is 1 or more; none is the value of one that is not
// given, and means what usage says of it.
func Positive(cmd *cobra.Command, p *int, name string, none int, usage string) {
	*p = none
	cmd.Flags().Var((*positive)(p), name, usage)
}

type positive int

func (p *positive) String() string { return strconv.Itoa(int(*p)) }
func (p *positive) Type() string   { return "int" }

func (p *positive) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return errors.New("want at least 1")
	}
	*p = positive(n)
	return nil
}

// Sets are the settings of --set and, if they are given, --epochs and --seed.
func (s *Settings) Sets(cmd *cobra.Command) []string {
	sets := slices.Clone(s.sets)
	if cmd.Flags().Changed("epochs") {
		sets = append(sets, fmt.Sprintf("epochs=%d", s.epochs))
	}
	if cmd.Flags().Changed("seed") {
		sets = append(sets, fmt.Sprintf("seed=%d", s.seed))
	}
	return sets
}

// Over puts the settings of the config file and the flags in the place of those of config,
// a pointer to a struct.
func (s *Settings) Over(cmd *cobra.Command, config any) error {
	tree, err := settings.Read(s.Config, s.Sets(cmd))
	if err != nil {
		return err
	}
	return tree.Over(config)
}

// Checkpoint is the flags that say how a training that is interrupted can go on.
type Checkpoint struct{ loop.CheckpointOptions }

// Add adds --checkpoint, --checkpoint-every and --resume to a command that calls its
// result out.
func (c *Checkpoint) Add(cmd *cobra.Command, out string) {
	f := cmd.Flags()
	f.StringVar(&c.Path, "checkpoint", "", "`directory` for checkpoints (default "+out+".checkpoint; '' for none)")
	f.DurationVar(&c.Interval, "checkpoint-every", 5*time.Minute, "time between checkpoints")
	f.BoolVar(&c.Resume, "resume", false, "go on from the checkpoint of an interrupted training, if there is one")
}

// Check completes and checks the flags of a training that writes to out.
func (c *Checkpoint) Check(cmd *cobra.Command, out string) error {
	if !cmd.Flags().Changed("checkpoint") {
		c.Path = out + ".checkpoint"
	}
	switch {
	case c.Resume && c.Path == "":
		return Usagef("--resume needs a --checkpoint directory")
	case c.Interval <= 0:
		return Usagef("--checkpoint-every %v: want more than 0", c.Interval)
	}
	return nil
}

// Hint says how to go on with a training of those arguments, if it was interrupted.
func (c *Checkpoint) Hint(cmd *cobra.Command, args ...string) {
	if c.Path != "" {
		HintResume(cmd, args...)
	}
}

// HintResume says how to go on with a command of those arguments, if it was interrupted.
func HintResume(cmd *cobra.Command, args ...string) {
	if cmd.Context().Err() != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "go on with:\n  %s\n", report.Clean(resumeCommand(cmd, args...)))
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
				words = append(words, "--"+f.Name, Quote(v))
			}
		}
	})
	words = append(words, "--resume")
	for _, a := range args {
		words = append(words, Quote(a))
	}
	return strings.Join(words, " ")
}

// Quote makes s one word of a POSIX shell.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

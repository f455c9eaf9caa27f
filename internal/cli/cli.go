// Package cli is what the commands of this module share: how they are run and end, their
// help, completion and version, and the flags that several of them have. A main is
//
//	func main() { cli.Main(newRoot(), exitCode) }
//
// where newRoot returns a tree of commands that has gone through Prepare.
package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/recipe/settings"
	"github.com/textlstm/textlstm/report"
)

// The exit codes that scripts may rely on.
const (
	Failed = 1 // the run failed
	Usage  = 2 // the command line makes no sense
	Data   = 3 // bad data
	Model  = 4 // unreadable or incompatible model
	Gate   = 5 // a quality gate failed
)

// A codedError is an error that decides the exit code.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

// WithCode returns err with the exit code that it leads to; nil for nil.
func WithCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return codedError{err, code}
}

// UsageError returns err as that of a command line that makes no sense; nil for nil.
func UsageError(err error) error { return WithCode(Usage, err) }

// Usagef returns the error of a command line that makes no sense.
func Usagef(format string, args ...any) error { return UsageError(fmt.Errorf(format, args...)) }

// Gatef returns the error of a result that is worse than what was asked for.
func Gatef(format string, args ...any) error {
	return WithCode(Gate, fmt.Errorf("quality gate failed: "+format, args...))
}

// Code is the exit code of an error: its own, or what known says of it, 0 if it does not
// know. A file that is not there decides before the data of others.
func Code(err error, known func(error) int) int {
	if coded, ok := errors.AsType[codedError](err); ok {
		return coded.code
	}
	if _, ok := errors.AsType[*settings.Error](err); ok {
		return Usage
	}
	code := known(err)
	if _, unreadable := errors.AsType[*fs.PathError](err); code == 0 || code == Data && unreadable {
		return Failed
	}
	return code
}

// Main runs the program's command line and ends the process. The code of errors that this
// package does not know is what known says; 0 for those that only failed.
func Main(root *cobra.Command, known func(error) int) {
	os.Exit(Run(root, os.Args[1:], known))
}

// Run is Main with a command line, and returns the exit code. A command that a signal has
// stopped is none that succeeded, whatever it came to.
func Run(root *cobra.Command, args []string, known func(error) int) int {
	signals, free := stop.New(root.Name(), os.Exit)
	defer free()
	root.SetArgs(args)
	if slices.Contains(args, "--log-json") {
		root.SetErr(&jsonLines{w: os.Stderr, command: root.Name()})
	}
	err := root.ExecuteContext(signals.Context())
	if code := signals.End(err); code != 0 || err == nil {
		return code
	}
	for line := range strings.SplitSeq(oneScreen(err.Error()), "\n") {
		root.PrintErrf("%s: %s\n", root.Name(), report.Clean(line))
	}
	return Code(err, known)
}

// oneScreen is a message without its middle if it is longer than a screen: it may quote a
// file that has a name, a number or a line of megabytes.
func oneScreen(message string) string {
	const begin, end, most = 1200, 400, 24*80 - 100
	if len(message) <= most {
		return message
	}
	left := len(message) - begin - end
	return fmt.Sprintf("%s … %d bytes … %s", message[:begin], left, message[len(message)-end:])
}

// Prepare completes the root of a tree of commands: the flag --threads, help and version,
// completion, and exit code Usage for wrong flags and arguments. It returns root.
func Prepare(root *cobra.Command) *cobra.Command {
	var threads int
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Version = versionLine(root.Name())
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(newHelp())
	root.PersistentFlags().IntVar(&threads, "threads", 0, "processors to use (default all)")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		const most = 1024 // the runtime ends a process of 10,000 threads
		switch {
		case !cmd.Flags().Changed("threads"):
			return nil
		case threads < 1 || threads > most:
			return Usagef("--threads %d: want 1 to %d", threads, most)
		}
		runtime.GOMAXPROCS(threads)
		return nil
	}
	root.SetFlagErrorFunc(seeHelp)
	root.AddCommand(newVersion())
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" { // it would print its help for a shell that it does not know
			cmd.Args = NoArgs
			Group(cmd)
		}
	}
	if root.RunE == nil {
		Group(root)
	}
	usageArgs(root)
	complete(root)
	return root
}

// seeHelp is the error of flags or arguments that make no sense.
func seeHelp(cmd *cobra.Command, err error) error {
	return Usagef("%w; see %s --help", err, cmd.CommandPath())
}

// usageArgs makes wrong arguments of any command a usage error.
func usageArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return seeHelp(c, err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageArgs(sub)
	}
}

// Group makes cmd one that does nothing itself but has others below it, and returns it.
// Its help is what it prints.
func Group(cmd *cobra.Command, subs ...*cobra.Command) *cobra.Command {
	if cmd.Args == nil {
		cmd.Args = NoArgs
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(subs...)
	return cmd
}

// NoArgs is the Args of commands that have others below them: a word that names none of
// them may be meant for one.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), hint)
}

// FilesBy is the Args of commands that take their files by flags alone, which it names.
func FilesBy(flags string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fmt.Errorf("%s: %s takes files by %s", Quote(args[0]), cmd.Name(), flags)
	}
}

// newHelp is cobra's command help, but for what there is no help of.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			cmd, rest, err := c.Root().Find(args)
			if err != nil {
				return UsageError(err)
			}
			if len(rest) > 0 {
				return UsageError(NoArgs(cmd, rest))
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

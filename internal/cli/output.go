package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
)

// AddOutput adds the flag --output, a table unless it says otherwise. It takes all styles
// of package report where none are named.
func AddOutput(cmd *cobra.Command, style *report.Style, styles ...report.Style) {
	if styles == nil {
		styles = []report.Style{report.Text, report.JSON, report.JSONL, report.CSV, report.TSV, report.Markdown, report.LaTeX, report.HTML}
	}
	*style = report.Text
	cmd.Flags().VarP(styleValue{style, styles}, "output", "o", list(styles))
}

// AddPage adds the flags --report and --plots, which say where an HTML page and its plots
// go beside standard output.
func AddPage(cmd *cobra.Command, file, plots *string) {
	f := cmd.Flags()
	f.StringVar(file, "report", "", "also write an HTML page with plots to this `file`")
	f.StringVar(plots, "plots", "", "also write the plots as SVG and PNG into this `directory`")
	Must(cmd.MarkFlagFilename("report", "html"))
	Must(cmd.MarkFlagDirname("plots"))
}

// list is "a, b or c".
func list[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// A styleValue is the value of --output.
type styleValue struct {
	style  *report.Style
	styles []report.Style
}

var _ pflag.Value = styleValue{}

func (v styleValue) String() string {
	if v.style == nil { // pflag asks a zero value too
		return ""
	}
	return string(*v.style)
}

func (v styleValue) Type() string { return "string" }

func (v styleValue) Set(name string) error {
	style, err := report.ParseStyle(name)
	if err != nil || !slices.Contains(v.styles, style) {
		return errors.New("want " + list(v.styles))
	}
	*v.style = style
	return nil
}

// AddColor adds the flag --color; ask it, once the flags are parsed, whether standard
// output is to have colours.
func AddColor(cmd *cobra.Command) (colored func() (bool, error)) {
	color := cmd.Flags().String("color", "auto", "auto, always or never; auto heeds NO_COLOR")
	return func() (bool, error) {
		switch *color {
		case "always":
			return true, nil
		case "auto":
			return os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(os.Stdout.Fd())), nil
		case "never":
			return false, nil
		}
		return false, Usagef("--color %s: want auto, always or never", *color)
	}
}

// AddLog adds the flags of what a training says on standard error.
func AddLog(cmd *cobra.Command, logJSON, quiet *bool) {
	if logJSON != nil {
		cmd.Flags().BoolVar(logJSON, "log-json", false, "progress as JSON lines on standard error")
	}
	cmd.Flags().BoolVarP(quiet, "quiet", "q", false, "no progress")
}

// CheckOutput fails before the work where the file that a flag names could not be written
// after it, or would take the place of an input, which may be Stdin. A flag that is not
// given names none.
func CheckOutput(flag, path string, inputs ...string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s %s: %s is not a directory", flag, path, filepath.Dir(path))
	}
	if info, err = os.Stat(path); err == nil {
		if info.IsDir() {
			return fmt.Errorf("%s %s is a directory", flag, path)
		}
		for _, in := range inputs {
			stat := func() (fs.FileInfo, error) { return os.Stat(in) }
			if in == Stdin {
				stat = os.Stdin.Stat
			}
			if other, err := stat(); err == nil && os.SameFile(info, other) {
				return Usagef("%s %s is also an input", flag, path)
			}
		}
	}
	if err := fsx.Try(fsx.OS{}, path); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

// Stdin is the name of standard input on a command line.
const Stdin = "-"

// OrStdin is files, or Stdin where no file is named: on a terminal it says so.
func OrStdin(cmd *cobra.Command, files []string) []string {
	if len(files) > 0 {
		return files
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Fprintf(os.Stderr, "%s: reading standard input, to its end or Ctrl-C\n", cmd.Root().Name())
	}
	return []string{Stdin}
}

// FileError names the file that an error is about, unless it does so itself.
func FileError(path string, err error) error {
	if _, named := errors.AsType[*fs.PathError](err); named || err == nil {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

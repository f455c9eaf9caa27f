package sentiment

import (
	"cmp"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/corpora/audit"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/report"
)

// newCorpus returns the subcommands that look after labelled files.
func newCorpus() *cobra.Command {
	return cli.Group(&cobra.Command{
		Use:   "corpus",
		Short: "Describe, check, split, convert and sample labelled files",
		Long: `Corpus looks after labelled files: TSV, CSV, JSON lines, fastText, Parquet, a
directory per label, plain text, compressed or in archives. Labels keep the
spelling of the file, except in check, where neg is negative.`,
	}, newCorpusStats(), newCorpusCheck(), newCorpusSplit(), newCorpusConvert(), newCorpusSample())
}

// openSpelled opens files for rows one by one, with the labels as they are written.
func openSpelled(cmd *cobra.Command, in *input.Flags, files []string) (*corpora.Reader, error) {
	opts, err := in.Options()
	if err != nil {
		return nil, err
	}
	opts.KeepSpelling = true
	return corpora.Open(opts, cli.OrStdin(cmd, files)...)
}

// addCorpusOutput adds --output: tables for people, JSON for programs.
func addCorpusOutput(cmd *cobra.Command, style *report.Style) {
	cli.AddOutput(cmd, style, report.Text, report.Markdown, report.JSON)
}

func newCorpusStats() *cobra.Command {
	var (
		in    input.Flags
		style report.Style
	)
	cmd := &cobra.Command{
		Use:   "stats [FILE...]",
		Short: "Count rows, labels, lengths, words and faults",
		Example: `  sentiment corpus stats reviews.tsv.zst
  sentiment corpus stats --output json aclImdb/train`,
		RunE: func(cmd *cobra.Command, files []string) error {
			r, err := openSpelled(cmd, &in, files)
			if err != nil {
				return err
			}
			defer r.Close()
			s, err := corpora.Describe(r, corpora.StatsOptions{})
			if err != nil {
				return err
			}
			return audit.WriteStats(cmd.OutOrStdout(), style, s)
		},
	}
	in.Add(cmd, true)
	in.AddLines()
	addCorpusOutput(cmd, &style)
	return cmd
}

// An outFlags is where the examples of split, convert and sample go.
type outFlags struct {
	to  string
	ids bool
}

func (o *outFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	var formats []string
	for _, f := range corpora.Formats() {
		if f != corpora.Trees {
			formats = append(formats, string(f))
		}
	}
	f.StringVar(&o.to, "to", "", "format to write: "+strings.Join(formats, ", ")+" (default: by the name)")
	f.BoolVar(&o.ids, "ids", false, "write the ids too")
	cli.Complete(cmd, "to", formats...)
}

// check fails where a file that a flag names could not be written in the format of --to or
// else that of its name, or would take the place of an input.
func (o *outFlags) check(flag, path string, inputs []string) error {
	format, err := corpora.ParseFormat(o.to)
	if err != nil {
		return cli.UsageError(err)
	}
	if path == "-" {
		return nil
	}
	if format == "" {
		if format, err = corpora.FormatOf(path); err != nil {
			return cli.Usagef("%s %s: %w", flag, path, err)
		}
	}
	if format == corpora.Dir {
		return nil // a new one, or WriteFile refuses it
	}
	return cli.CheckOutput(flag, path, inputs...)
}

// write writes examples to a file, or with - to standard output, in the format of --to
// or else that of the name, and reports how many there are in a file.
func (o *outFlags) write(cmd *cobra.Command, path string, w corpora.WriterOptions, examples iter.Seq2[corpora.Example, error]) error {
	format, err := corpora.ParseFormat(o.to)
	if err != nil {
		return cli.UsageError(err)
	}
	w.IDs = o.ids
	if path == "-" {
		_, err := corpora.WriteAll(cli.Raw(cmd), cmp.Or(format, corpora.TSV), w, examples)
		return err
	}
	written, err := corpora.WriteFile(path, format, w, examples)
	if err != nil {
		return err
	}
	name := report.Clean(path)
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d rows\n", name, written.Written())
	if n := written.Changed(); n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: in %d rows tabs or line ends became spaces, which the format cannot hold\n", name, n)
	}
	if n := written.Bare(); n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: the labels of %d rows are left out, which plain text cannot hold; a name in .ft.txt is of fastText's form\n", name, n)
	}
	return nil
}

// writeSet is write for a data set that was read as the flags say.
func (o *outFlags) writeSet(cmd *cobra.Command, path string, in *input.Flags, d *corpora.Dataset) error {
	return o.write(cmd, path, corpora.WriterOptions{Heads: d.Heads, Separator: d.Separator, CellSeparator: in.Separator}, func(yield func(corpora.Example, error) bool) {
		for ex := range d.All() {
			if !yield(ex, nil) {
				return
			}
		}
	})
}

// read reads files whole, as the flags say, with the labels as they are written.
func (o *outFlags) read(in *input.Flags, files []string) (*corpora.Dataset, error) {
	opts, err := in.Options()
	if err != nil {
		return nil, err
	}
	opts.KeepSpelling = true
	d, _, err := corpora.ReadFiles(opts, files...)
	return d, err
}

func newCorpusSplit() *cobra.Command {
	var (
		in    input.Flags
		out   outFlags
		parts []string
		seed  uint64
	)
	cmd := &cobra.Command{
		Use:   "split --into FILE=SHARE... FILE...",
		Short: "Divide a corpus into stratified parts that share no text",
		Long: `Split divides a corpus into files. Every label keeps its share in each; texts
that are equal up to case and white space stay together; where a text goes
depends only on the texts and labels, the shares and the seed, not on the order.`,
		Example: `  sentiment corpus split --into train.tsv=0.8 --into dev.tsv=0.1 --into test.tsv=0.1 all.tsv`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			var names []string
			var shares []float64
			for _, p := range parts {
				i := strings.LastIndexByte(p, '=')
				share, err := strconv.ParseFloat(p[i+1:], 64)
				if i <= 0 || err != nil || !(share > 0 && share <= 1) {
					return cli.Usagef("--into %s: want file=share, such as dev.tsv=0.1", p)
				}
				same := func(name string) bool { return filepath.Clean(name) == filepath.Clean(p[:i]) } // ./a.tsv is a.tsv
				if slices.ContainsFunc(names, same) {
					return cli.Usagef("--into %s: the file is named twice", p)
				}
				names, shares = append(names, p[:i]), append(shares, share)
			}
			if len(names) < 2 {
				return cli.Usagef("split needs at least two --into FILE=SHARE")
			}
			for _, name := range names {
				if err := out.check("--into", name, files); err != nil {
					return err
				}
			}
			d, err := out.read(&in, files)
			if err != nil {
				return err
			}
			split, err := d.Split(seed, shares...)
			if err != nil {
				return cli.UsageError(err)
			}
			for i, part := range split {
				if err := out.writeSet(cmd, names[i], &in, part); err != nil {
					return err
				}
			}
			return nil
		},
	}
	in.Add(cmd, true)
	out.addFlags(cmd)
	cmd.Flags().StringArrayVar(&parts, "into", nil, "a `file=share` to write; repeated, the shares sum to 1")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "seed of the division")
	return cmd
}

func newCorpusConvert() *cobra.Command {
	var (
		in   input.Flags
		out  outFlags
		path string
	)
	cmd := &cobra.Command{
		Use:   "convert --out FILE [FILE...]",
		Short: "Write a corpus in another format",
		Long: `Convert reads files of any format and writes one of any format. Rows are
streamed: the memory does not grow with the corpus. --out - writes to standard
output, in the format of --to.`,
		Example: `  sentiment corpus convert --out reviews.parquet reviews.csv
  sentiment corpus convert --out - --to jsonl aclImdb/train`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if path == "" {
				return cli.Usagef("convert needs --out FILE")
			}
			if path == "-" && out.to == "" {
				return cli.Usagef("--out -: name the format by --to")
			}
			files = cli.OrStdin(cmd, files)
			if err := out.check("--out", path, files); err != nil {
				return err
			}
			r, err := openSpelled(cmd, &in, files)
			if err != nil {
				return err
			}
			defer r.Close()
			return out.write(cmd, path, r.WriterOptions(out.ids), r.Accepted())
		},
	}
	in.Add(cmd, true)
	out.addFlags(cmd)
	cmd.Flags().StringVar(&path, "out", "", "`file` or directory to write; - for standard output")
	in.AddLines()
	return cmd
}

func newCorpusSample() *cobra.Command {
	var (
		in   input.Flags
		out  outFlags
		n    int
		path string
		seed uint64
	)
	cmd := &cobra.Command{
		Use:   "sample -n N [FILE...]",
		Short: "Draw a stratified sample",
		Long: `Sample draws rows at random so that every label keeps its share, in the order of
the files.`,
		Example: `  sentiment corpus sample -n 20 reviews.tsv
  sentiment corpus sample -n 1000 --out small.jsonl reviews.tsv`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if n < 0 {
				return cli.Usagef("-n %d: want a number of rows", n)
			}
			files = cli.OrStdin(cmd, files)
			if err := out.check("--out", path, files); err != nil {
				return err
			}
			d, err := out.read(&in, files)
			if err != nil {
				return err
			}
			return out.writeSet(cmd, path, &in, d.Sample(seed, n))
		},
	}
	in.Add(cmd, true)
	out.addFlags(cmd)
	cmd.Flags().IntVarP(&n, "rows", "n", 10, "number of rows")
	cmd.Flags().StringVar(&path, "out", "-", "`file` to write; - for standard output, as TSV without --to")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "seed of the choice")
	return cmd
}

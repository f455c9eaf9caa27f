// Package input has the flags of commands that read files of texts, and reads them.
package input

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/report"
)

// Flags say how files are read.
type Flags struct {
	LabelColumn, LabelMap, Separator string // --label-col, --label-map, --label-sep

	format, encoding, part string
	textColumns, heads     []string
	idColumn, weightColumn string
	delimiter, quote       string
	noHeader, strict       bool
	bad                    string
	ways                   []string // that bad may name

	texts             []string
	lines, unlabelled bool

	refused int   // rows of all files, where bad is a number
	first   error // of them
	ended   bool  // no more is to be read: bad says so

	cmd  *cobra.Command
	said map[string]bool
}

// Add adds the flags; labelled adds those about labels.
func (in *Flags) Add(cmd *cobra.Command, labelled bool) {
	in.cmd, in.said = cmd, map[string]bool{}
	f := cmd.Flags()
	f.StringVar(&in.format, "format", "", "format of the files (default: by content and name)")
	f.StringVar(&in.part, "part", "", "`part` of a directory or an archive to read, such as train or test")
	f.StringVar(&in.encoding, "encoding", "", "character encoding of the files (default: detect)")
	f.StringVar(&in.delimiter, "delimiter", "", "`character` between the fields of a table, or tab (default: by the first rows)")
	f.StringVar(&in.quote, "quote", "", "`character` around fields of a table, or none (default: by the first rows)")
	f.StringArrayVar(&in.textColumns, "text-col", nil, "`column` of the text, by name or number, or several: a,b; may be repeated")
	f.StringVar(&in.idColumn, "id-col", "", "column of the ids")
	f.BoolVar(&in.noHeader, "no-header", false, "the first line of a table is a row")
	f.BoolVar(&in.strict, "strict", false, "refuse rows with bytes that are not of the encoding")
	ways := []string{"stop", "skip", "mark"}
	if labelled {
		ways = ways[:2]
		f.StringVar(&in.LabelColumn, "label-col", "", "column of the labels, by name or number")
		f.StringArrayVar(&in.heads, "head", nil, "`name=column` of one head, or name=a,b,c of columns of 0 and 1; may be repeated")
		f.StringVar(&in.weightColumn, "weight-col", "", "column of the examples' weights")
		f.StringVar(&in.LabelMap, "label-map", "", "rename labels: `from=to,...`; one with a comma stands in double quotes")
		f.StringVar(&in.Separator, "label-sep", "", "separator of several labels in one cell")
	}
	in.ways = ways
	f.StringVar(&in.bad, "bad-records", "", "what to do with rows that cannot be read: "+strings.Join(ways[:len(ways)-1], ", ")+" or "+ways[len(ways)-1]+"; a `number`: stop after so many")
	cli.Complete(cmd, "bad-records", ways...)
	cli.Complete(cmd, "format", corpora.Formats()...)
}

// AddLines adds --lines.
func (in *Flags) AddLines() {
	in.cmd.Flags().BoolVar(&in.lines, "lines", false, "plain text has one text per line")
}

// AddTexts adds --lines and --text to a command that takes texts without labels, to do
// that with them.
func (in *Flags) AddTexts(to string) {
	in.unlabelled = true
	in.cmd.Flags().StringArrayVar(&in.texts, "text", nil, "a `text` to "+to+"; may be repeated")
	in.cmd.Flags().BoolVar(&in.lines, "lines", false, "one document per line, whatever the lines look like")
}

// BareHead returns the one --head, if it names a head and no column.
func (in *Flags) BareHead() (name string, ok bool) {
	if len(in.heads) != 1 || strings.Contains(in.heads[0], "=") {
		return "", false
	}
	return in.heads[0], true
}

// Options turns the flags into options of package corpora.
func (in *Flags) Options() (corpora.Options, error) {
	o := corpora.Options{
		TextColumns: in.textColumns, IDColumn: in.idColumn, WeightColumn: in.weightColumn,
		NoHeader: in.noHeader, Part: in.part, Encoding: in.encoding, Strict: in.strict, Separator: in.Separator,
		Delimiter: in.delimiter, Quote: in.quote, Lines: in.lines, Unlabelled: in.unlabelled, OnEnd: in.say,
	}
	var err error
	if o.Format, err = corpora.ParseFormat(in.format); err != nil {
		return o, cli.UsageError(err)
	}
	if n, err := strconv.Atoi(in.bad); err == nil {
		o.Limits.BadRecords = n
	} else if o.OnBad = corpora.OnBad(in.bad); in.bad != "" && !slices.Contains(in.ways, in.bad) {
		return o, cli.Usagef("--bad-records %s: want %s or a number", in.bad, strings.Join(in.ways, ", "))
	}
	if in.LabelMap != "" {
		if o.LabelMap, err = corpora.ParseLabelMap(in.LabelMap); err != nil {
			return o, cli.UsageError(err)
		}
	}
	for _, spec := range in.heads {
		h, err := corpora.ParseHead(spec)
		if err != nil {
			return o, cli.UsageError(err)
		}
		o.Heads = append(o.Heads, h)
	}
	if in.LabelColumn != "" {
		if len(o.Heads) > 0 {
			return o, cli.Usagef("--label-col and --head both name label columns: use one")
		}
		o.Heads = []corpora.Head{{Name: "label", Column: in.LabelColumn}}
	}
	if err := o.Validate(); err != nil {
		return o, cli.UsageError(err)
	}
	return o, nil
}

// say tells once how files were read, where the flags leave that open, and the labels
// that are read in another spelling.
func (in *Flags) say(r *corpora.Report) {
	var lines []string
	if f := in.cmd.Flags().Lookup("quiet"); f == nil || f.Value.String() != "true" {
		for i := range r.Files {
			if f := &r.Files[i]; !f.Obvious() {
				lines = append(lines, f.Guessed())
			}
		}
		for _, l := range r.Renamed {
			lines = append(lines, fmt.Sprintf("label %s is read as %s", l.From, l.To))
		}
	}
	if r.Refused > 0 && in.bad != "" {
		lines = append(lines, fmt.Sprintf("%d of %d rows could not be read, the first: %v", r.Refused, r.Rows+r.Refused, r.Errors[0]))
	}
	for _, line := range lines {
		if !in.said[line] {
			in.said[line] = true
			fmt.Fprintln(in.cmd.ErrOrStderr(), report.Clean(line))
		}
	}
}

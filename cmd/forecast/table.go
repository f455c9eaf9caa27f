package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/unpack"
	"github.com/textlstm/textlstm/report"
)

// A table is the flags that say how tables are read.
type table struct {
	forecast.TableConfig
	known, past        []string
	delimiter, decimal string
	missing            string
	quiet              bool
}

func (t *table) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&t.Values, "values", nil, "`column` of a series, by name or number; may be repeated (default: the one that has numbers)")
	f.StringVar(&t.Time, "time", "", "`column` of the times (default: the one that has dates, or the first)")
	f.StringVar(&t.Series, "series", "", "`column` that says which series a row is of")
	f.StringVar(&t.missing, "missing", "", "linear, last or zero; what stands for missing values and rows (default: they are refused)")
	f.StringVar(&t.delimiter, "delimiter", "", "`character` between the fields, or tab (default: by the first row)")
	f.StringVar(&t.decimal, "decimal", "", "point or comma; the mark of fractions (default: by the numbers)")
	cli.Complete(cmd, "missing", forecast.Linear, forecast.Hold, forecast.Zero)
	cli.Complete(cmd, "decimal", "point", "comma")
}

// addCovariates adds the flags for further columns that a model is to learn from.
func (t *table) addCovariates(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&t.past, "covariate", nil, "`column` that the network sees beside the values; may be repeated")
	f.StringArrayVar(&t.known, "known", nil, "`column` of that kind which is known ahead, such as prices or holidays: rows at the end have it without a value; may be repeated")
}

// covariates are those of the flags.
func (t *table) covariates() (list []forecast.Covariate) {
	for _, name := range t.past {
		list = append(list, forecast.Covariate{Name: name})
	}
	for _, name := range t.known {
		list = append(list, forecast.Covariate{Name: name, Known: true})
	}
	return list
}

// config is what the flags come to, for series with those covariates; where they leave
// something open, it is as in base.
func (t *table) config(cmd *cobra.Command, base forecast.TableConfig, covariates []forecast.Covariate) (forecast.TableConfig, error) {
	c := base
	f := cmd.Flags()
	if f.Changed("values") || f.Changed("series") {
		c.Values, c.Series = t.Values, t.Series
	}
	if f.Changed("time") {
		c.Time = t.Time
	}
	if f.Changed("missing") {
		c.Missing = forecast.Missing(t.missing)
	}
	c.Covariates = nil
	for _, v := range covariates {
		c.Covariates = append(c.Covariates, v.Name)
	}
	switch {
	case t.delimiter == "tab" || t.delimiter == `\t`:
		c.Comma = '\t'
	case utf8.RuneCountInString(t.delimiter) == 1:
		c.Comma = []rune(t.delimiter)[0]
	case t.delimiter != "":
		return c, cli.Usagef("--delimiter %q: want one character, or tab", t.delimiter)
	}
	switch t.decimal {
	case "":
	case "point", ".":
		c.Decimal = '.'
	case "comma", ",":
		c.Decimal = ','
	default:
		return c, cli.Usagef("--decimal %s: want point or comma", t.decimal)
	}
	c.OnNote = func(note string) {
		if !t.quiet {
			fmt.Fprintln(cmd.ErrOrStderr(), report.Clean(note))
		}
	}
	return c, cli.UsageError(c.Validate())
}

// hints are the flags that settle what an error of the library is about.
var hints = []struct{ says, flag string }{
	{"say which are the values", "--values COLUMN, or --covariate and --known for the others"},
	{"if a column names the series", "--series COLUMN"},
	{"say what is for missing ones", "--missing linear"},
	{"where fractions have a point", "--decimal comma"},
}

// read reads the series of files, - being standard input. Those of several files have
// the names of these.
func (t *table) read(cmd *cobra.Command, c forecast.TableConfig, files []string) ([]forecast.Series, error) {
	var all []forecast.Series
	for _, file := range files {
		list, err := readFile(file, c)
		if err != nil {
			for _, h := range hints {
				if strings.Contains(err.Error(), h.says) {
					return nil, fmt.Errorf("%w\nsee %s", err, h.flag)
				}
			}
			return nil, err
		}
		for _, s := range list {
			if len(files) > 1 {
				base, _, _ := strings.Cut(filepath.Base(file), ".")
				if s.Name == "" || len(list) == 1 {
					s.Name = base
				} else {
					s.Name = base + " " + s.Name
				}
			}
			all = append(all, s)
		}
	}
	return all, nil
}

func readFile(file string, c forecast.TableConfig) ([]forecast.Series, error) {
	if file == cli.Stdin {
		return readTable(os.Stdin, "stdin", c)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readTable(f, file, c)
}

// readTable reads a table, which may be compressed by gzip, Zstandard or bzip2.
func readTable(src io.Reader, name string, c forecast.TableConfig) ([]forecast.Series, error) {
	packed := &fsx.CountingReader{R: src}
	r := bufio.NewReader(packed)
	head, _ := r.Peek(4) // what cannot be read is met again
	plain, kind, err := unpack.Open(head, r, 8<<20)
	if err != nil {
		return nil, dataError(name, err)
	}
	defer plain.Close()
	limited := &limited{r: plain, packed: packed}
	list, err := forecast.ReadTable(limited, name, c)
	if err != nil && (limited.bad != nil || kind != "" && !errors.Is(err, forecast.ErrData)) {
		err = cli.WithCode(cli.Data, err)
	}
	return list, err
}

// What a table may come to: bytes in all and, as corpora may, for each byte where it lies,
// beside the first ones. Rows of a number each are many, and take memory.
const (
	maxTable   = 1 << 30
	ratio      = 200
	rowsByte   = 3
	ratioGrace = 4 << 20
	rowsGrace  = 1 << 16
)

// A limited is a table that is read within these bounds; bad is how it passes them.
type limited struct {
	r       io.Reader
	packed  *fsx.CountingReader
	n, rows int64
	bad     error
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.n += int64(n)
	l.rows += int64(bytes.Count(p[:n], []byte("\n")))
	switch {
	case l.n > maxTable:
		l.bad = fmt.Errorf("more than %d bytes", maxTable)
	case l.n > ratioGrace && l.n/ratio > l.packed.N:
		l.bad = fmt.Errorf("%d bytes expand to more than %d times as many", l.packed.N, ratio)
	case l.rows > rowsGrace && l.rows > rowsByte*l.packed.N:
		l.bad = fmt.Errorf("%d bytes expand to more than %d rows each", l.packed.N, rowsByte)
	}
	if l.bad != nil {
		return 0, l.bad
	}
	return n, err
}

func dataError(name string, err error) error {
	return cli.WithCode(cli.Data, fmt.Errorf("%s: %w", name, err))
}

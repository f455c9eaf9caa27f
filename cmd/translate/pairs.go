package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/seq2seq"
)

// errPairs says that two files are no pairs.
var errPairs = errors.New("not pairs")

// Columns say where the texts of a table of pairs are.
type columns struct{ source, target string }

func (c *columns) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.source, "source-col", "1", "`column` of the source in a table of pairs, by name or number")
	cmd.Flags().StringVar(&c.target, "target-col", "2", "`column` of the target in a table of pairs, by name or number")
}

// isTable says whether a file has pairs by its name.
func isTable(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	for _, ending := range []string{".gz", ".zst", ".bz2"} {
		name = strings.TrimSuffix(name, ending)
	}
	return slices.Contains([]string{".tsv", ".csv", ".jsonl", ".json", ".parquet"}, filepath.Ext(name))
}

// pair takes the files of a flag: one table, or one file of lines and the first of rest.
func pair(flag, first string, rest []string) (files, left []string, err error) {
	if isTable(first) {
		return []string{first}, rest, nil
	}
	if len(rest) == 0 {
		return nil, nil, cli.Usagef("%s %s: want a second file, of the translations line by line, or a table of pairs (.tsv, .csv, .jsonl, .parquet)", flag, cli.Quote(first))
	}
	return []string{first, rest[0]}, rest[1:], nil
}

// read reads the pairs of a table, or of two files line by line.
func (c columns) read(ctx context.Context, files []string) ([]seq2seq.Pair, error) {
	lines, second := corpora.Options{Format: corpora.Text, Lines: true, Unlabelled: true}, files[0]
	sources, targets := lines, lines
	if len(files) == 1 {
		sources, targets = c.options(c.source), c.options(c.target)
	} else {
		second = files[1]
	}
	a, err := texts(ctx, sources, files[0])
	if err != nil {
		return nil, err
	}
	b, err := texts(ctx, targets, second)
	if err != nil {
		return nil, err
	}
	if len(a) != len(b) {
		return nil, fmt.Errorf("%s has %d lines, %s %d: %w", files[0], len(a), second, len(b), errPairs)
	}
	pairs := make([]seq2seq.Pair, len(a))
	for i := range a {
		pairs[i] = seq2seq.Pair{Source: a[i], Target: b[i]}
	}
	return pairs, nil
}

// options read one column of a table, which has a header if columns have names.
func (c columns) options(column string) corpora.Options {
	_, err1 := strconv.Atoi(c.source)
	_, err2 := strconv.Atoi(c.target)
	return corpora.Options{TextColumns: []string{column}, NoHeader: err1 == nil && err2 == nil, Unlabelled: true}
}

// texts reads all texts of a file. A line that cannot be read ends it, since the lines
// would no longer be side by side.
func texts(ctx context.Context, o corpora.Options, file string) ([]string, error) {
	var list []string
	for e, err := range new(input.Flags).All(ctx, o, []string{file}) {
		if err != nil {
			return nil, cli.FileError(file, err)
		}
		list = append(list, e.Text)
	}
	return list, nil
}

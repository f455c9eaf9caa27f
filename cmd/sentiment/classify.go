package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/report"
)

func newClassify() *cobra.Command {
	var (
		in     input
		model  string
		output string
		lines  bool
	)
	cmd := &cobra.Command{
		Use:   "classify [file...]",
		Short: "Label texts",
		Long: `Classify labels texts: one document per file, one per line with --lines, one per
row of a table (its labels are ignored). Without a file, or for "-", it reads
standard input.

One record goes out for each that comes in, in the same order, empty texts too.`,
		Example: `  sentiment classify review.txt
  cut -f3 tweets.tsv | sentiment classify --lines --output jsonl`,
		RunE: func(cmd *cobra.Command, files []string) error {
			opts, err := in.options()
			if err != nil {
				return err
			}
			opts.Unlabelled, opts.Lines = true, lines
			m, err := loadModel(model)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			w, err := newRecordWriter(out, output, m.Heads())
			if err != nil {
				return err
			}
			err = classifyFiles(cmd, m, opts, orStdin(files), w)
			if we := (writeError{}); errors.As(err, &we) {
				return we.error
			}
			if werr := w.close(); werr != nil {
				return errors.Join(err, werr)
			}
			return errors.Join(err, out.Flush())
		},
	}
	addModelFlag(cmd, &model)
	in.addFlags(cmd, false)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, jsonl, json, csv, tsv, md or html")
	cmd.Flags().BoolVar(&lines, "lines", false, "one document per line")
	return cmd
}

// classifyFiles labels every text of the files. A file or row that cannot be
// read is reported and does not stop the others; the first such error decides
// the exit code.
func classifyFiles(cmd *cobra.Command, m *classify.Model, opts corpora.Options, files []string, w recordWriter) error {
	var failed []error
	for _, file := range files {
		if err := classifyFile(cmd, m, opts, file, w); err != nil {
			if cmd.Context().Err() != nil {
				return cmd.Context().Err()
			}
			if we := (writeError{}); errors.As(err, &we) {
				return err
			}
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// A writeError is a failure of the output, which ends the run.
type writeError struct{ error }

func classifyFile(cmd *cobra.Command, m *classify.Model, opts corpora.Options, file string, w recordWriter) error {
	r, err := openInput(cmd.Context(), opts, file)
	if err != nil {
		return err
	}
	defer r.Close()
	var (
		ids     []string // of the texts on their way, first come first
		refused []error
		fatal   error
	)
	const mostErrors = 10
	texts := func(yield func(string) bool) {
		for e, err := range r.All() {
			if err != nil {
				if !corpora.Refused(err) {
					fatal = err
					return
				}
				if len(refused) < mostErrors {
					refused = append(refused, err)
				}
				continue
			}
			ids = append(ids, e.ID)
			if !yield(e.Text) {
				return
			}
		}
	}
	for p, err := range m.PredictAll(cmd.Context(), iter.Seq[string](texts)) {
		if err != nil {
			return err
		}
		if err := w.write(ids[0], p); err != nil {
			return writeError{err}
		}
		ids = ids[1:]
	}
	if n := r.Report().Refused; n > len(refused) && len(refused) > 0 {
		refused = append(refused, fmt.Errorf("%s: %d more rows refused", file, n-len(refused)))
	}
	return errors.Join(append(refused, fatal)...)
}

// A recordWriter prints one record per text.
type recordWriter interface {
	write(id string, p classify.Prediction) error
	close() error
}

func newRecordWriter(w io.Writer, output string, heads []classify.Head) (recordWriter, error) {
	style, err := report.ParseStyle(output)
	if err != nil {
		return nil, usageError{err}
	}
	if style == report.JSONL || style == report.JSON {
		return &jsonWriter{w: w, heads: heads, array: style == report.JSON}, nil
	}
	return &tableWriter{w: w, style: style, heads: heads}, nil
}

// A jsonWriter prints one JSON object a line, with one object a head; the lines
// are an array if array is set.
type jsonWriter struct {
	w     io.Writer
	heads []classify.Head
	array bool
	more  bool // a record has been written
	buf   []byte
}

func (j *jsonWriter) write(id string, p classify.Prediction) error {
	b := j.buf[:0]
	switch {
	case j.more && j.array:
		b = append(b, ",\n"...)
	case j.array:
		b = append(b, "[\n"...)
	}
	j.more = true
	b = append(b, `{"id":`...)
	b = appendJSON(b, id)
	for h, s := range p.Scores {
		head := &j.heads[h]
		b = append(b, ',')
		b = appendJSON(b, head.Name)
		b = append(b, `:{"label":`...)
		b = appendJSON(b, head.Labels[s.Label])
		b = append(b, `,"prob":`...)
		b = appendProb(b, s.Prob())
		b = append(b, `,"probs":{`...)
		for c, label := range head.Labels {
			if c > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, label)
			b = append(b, ':')
			b = appendProb(b, s.Probs[c])
		}
		b = append(b, "}}"...)
	}
	b = fmt.Appendf(b, `,"tokens":%d,"unknown":%d}`, p.Tokens, p.Unknown)
	if !j.array {
		b = append(b, '\n')
	}
	j.buf = b
	_, err := j.w.Write(b)
	return err
}

func (j *jsonWriter) close() error {
	end := ""
	switch {
	case j.more && j.array:
		end = "\n]\n"
	case j.array:
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

func appendJSON(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	must(err)
	return append(b, quoted...)
}

func appendProb(b []byte, p float32) []byte { return strconv.AppendFloat(b, float64(p), 'f', 4, 32) }

// A tableWriter prints a table: CSV and TSV as the records come, the styles
// whose columns are aligned when all are there.
type tableWriter struct {
	w      io.Writer
	style  report.Style
	heads  []classify.Head
	rows   [][]any
	headed bool // the header is out
}

func (t *tableWriter) write(id string, p classify.Prediction) error {
	row := []any{id}
	for h, s := range p.Scores {
		row = append(row, t.heads[h].Labels[s.Label], string(appendProb(nil, s.Prob())))
	}
	t.rows = append(t.rows, append(row, p.Tokens, p.Unknown))
	const some = 256
	if len(t.rows) >= some && (t.style == report.CSV || t.style == report.TSV) {
		return t.flush()
	}
	return nil
}

func (t *tableWriter) close() error {
	if t.headed && len(t.rows) == 0 {
		return nil
	}
	return t.flush()
}

// flush prints the rows so far, under the header if they are the first.
func (t *tableWriter) flush() error {
	header := []string{"id"}
	for _, h := range t.heads {
		header = append(header, h.Name, h.Name+"_prob")
	}
	var b bytes.Buffer
	if err := report.Table(&b, append(header, "tokens", "unknown"), t.rows, t.style); err != nil {
		return err
	}
	out := b.Bytes()
	if t.headed {
		_, out, _ = bytes.Cut(out, []byte{'\n'})
	}
	t.headed, t.rows = true, t.rows[:0]
	_, err := t.w.Write(out)
	return err
}

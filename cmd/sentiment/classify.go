package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/tokenize"
)

func newClassify() *cobra.Command {
	var (
		in     input
		model  string
		output string
		lines  bool
		more   extras
		why    bool
	)
	cmd := &cobra.Command{
		Use:   "classify [file...]",
		Short: "Label texts",
		Long: `Classify labels texts: one document per file, one per line with --lines, one per
row of a table (its labels are ignored). Without a file, or for "-", it reads
standard input.

One record goes out for each that comes in, in the same order, empty texts too.
With --sentences each sentence is labelled as well: JSON records then list them
and the share of each label, tables have a row for each. With --explain each answer
comes with the words that weigh most in it; see sentiment explain for more.

With --abstain P a text whose label has less than that probability gets none: null
in JSON, empty in tables. sentiment eval --precision tells which P to use.`,
		Example: `  sentiment classify review.txt
  cut -f3 tweets.tsv | sentiment classify --lines --output jsonl`,
		RunE: func(cmd *cobra.Command, files []string) error {
			opts, err := in.options()
			if err != nil {
				return err
			}
			if err := more.names.check(); err != nil {
				return err
			}
			opts.Unlabelled, opts.Lines = true, lines
			m, err := loadModel(model)
			if err != nil {
				return err
			}
			if why {
				more.explainer = explain.New(m)
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			w, err := newRecordWriter(out, output, m.Heads(), more)
			if err != nil {
				return err
			}
			err = classifyFiles(cmd, m, opts, orStdin(files), more, w)
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
	cmd.Flags().BoolVar(&more.sentences, "sentences", false, "label each sentence too, and count them by label")
	more.names.addFlags(cmd)
	cmd.Flags().BoolVar(&why, "explain", false, "name the words that weigh most in each answer")
	return cmd
}

// Extras are what a record may hold beside the answer for its document.
type extras struct {
	names     naming
	sentences bool
	explainer *explain.Explainer // nil if the answers are not explained
}

// classifyFiles labels every text of the files. A file or row that cannot be
// read is reported and does not stop the others; the first such error decides
// the exit code.
func classifyFiles(cmd *cobra.Command, m *classify.Model, opts corpora.Options, files []string, more extras, w recordWriter) error {
	var failed []error
	for _, file := range files {
		if err := classifyFile(cmd, m, opts, file, more, w); err != nil {
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

func classifyFile(cmd *cobra.Command, m *classify.Model, opts corpora.Options, file string, more extras, w recordWriter) error {
	r, err := openInput(cmd.Context(), opts, file)
	if err != nil {
		return err
	}
	defer r.Close()
	var (
		pending []*record // whose answers are on their way, first come first
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
			rec := &record{id: e.ID}
			pending = append(pending, rec)
			if more.explainer != nil {
				rec.text = e.Text
			}
			if more.sentences {
				for _, span := range m.Pipeline().Sentences(e.Text) {
					rec.sentences = append(rec.sentences, sentence{Span: span, text: e.Text[span.Start:span.End]})
				}
			}
			if !yield(e.Text) {
				return
			}
			for _, part := range rec.sentences {
				if !yield(part.text) {
					return
				}
			}
		}
	}
	for p, err := range m.PredictAll(cmd.Context(), iter.Seq[string](texts)) {
		if err != nil {
			return err
		}
		if rec := pending[0]; rec.add(p) {
			pending = pending[1:]
			if more.explainer != nil {
				if err := rec.explain(cmd.Context(), more.explainer, m.Heads()); err != nil {
					return err
				}
			}
			if err := w.write(rec); err != nil {
				return writeError{err}
			}
		}
	}
	if n := r.Report().Refused; n > len(refused) && len(refused) > 0 {
		refused = append(refused, fmt.Errorf("%s: %d more rows refused", file, n-len(refused)))
	}
	return errors.Join(append(refused, fatal)...)
}

// A record is the answer for one document and, if wanted, for its sentences.
type record struct {
	id        string
	p         classify.Prediction
	sentences []sentence
	answers   int // there so far

	text  string           // if it is to be explained
	words [][]explain.Word // by head: those that weigh most in the answer
}

type sentence struct {
	tokenize.Span
	text string
	p    classify.Prediction
}

// add puts the next answer in its place, the document's first, and reports
// whether it is the last one.
func (r *record) add(p classify.Prediction) bool {
	if r.answers == 0 {
		r.p = p
	} else {
		r.sentences[r.answers-1].p = p
	}
	r.answers++
	return r.answers == 1+len(r.sentences)
}

// explain finds the words that weigh most in the answer of each head. A text
// too long for that has none.
func (r *record) explain(ctx context.Context, e *explain.Explainer, heads []classify.Head) error {
	const most = 5
	for _, h := range heads {
		x, err := e.Explain(ctx, r.text, explain.Options{Head: h.Name})
		switch {
		case errors.Is(err, explain.ErrTooLong):
			r.words = append(r.words, nil)
		case err != nil:
			return err
		default:
			r.words = append(r.words, x.TopWords(most))
		}
	}
	r.text = ""
	return nil
}

// shares returns the share of the sentences that have each label of a head.
func (r *record) shares(head, labels int) []float32 {
	share := make([]float32, labels)
	for _, s := range r.sentences {
		share[s.p.Scores[head].Label] += 1 / float32(len(r.sentences))
	}
	return share
}

// A recordWriter prints one record per text.
type recordWriter interface {
	write(r *record) error
	close() error
}

func newRecordWriter(w io.Writer, output string, heads []classify.Head, more extras) (recordWriter, error) {
	style, err := report.ParseStyle(output)
	if err != nil {
		return nil, usageError{err}
	}
	if style == report.JSONL || style == report.JSON {
		return &jsonWriter{w: w, heads: heads, names: more.names, parts: more.sentences, array: style == report.JSON}, nil
	}
	return &tableWriter{w: w, style: style, heads: heads, names: more.names, parts: more.sentences, words: more.explainer != nil}, nil
}

// A jsonWriter prints one JSON object a line, with one object a head; the lines
// are an array if array is set.
type jsonWriter struct {
	w     io.Writer
	heads []classify.Head
	names naming
	parts bool
	array bool
	more  bool // a record has been written
	buf   []byte
}

func (j *jsonWriter) write(r *record) error {
	b := j.buf[:0]
	switch {
	case j.more && j.array:
		b = append(b, ",\n"...)
	case j.array:
		b = append(b, "[\n"...)
	}
	j.more = true
	b = append(b, `{"id":`...)
	b = appendJSON(b, r.id)
	b = j.appendAnswer(b, r.p)
	if r.words != nil {
		b = append(b, `,"words":{`...)
		for h, head := range j.heads {
			if h > 0 {
				b = append(b, ',')
			}
			b = append(appendJSON(b, head.Name), ":["...)
			for i, w := range r.words[h] {
				if i > 0 {
					b = append(b, ',')
				}
				b = fmt.Appendf(b, `{"start":%d,"end":%d,"text":`, w.Start, w.End)
				b = fmt.Appendf(appendJSON(b, w.Text), `,"score":%.4f}`, w.Score)
			}
			b = append(b, ']')
		}
		b = append(b, '}')
	}
	if j.parts {
		b = append(b, `,"sentences":[`...)
		for i, s := range r.sentences {
			if i > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"start":%d,"end":%d,"text":`, s.Start, s.End)
			b = appendJSON(b, s.text)
			b = append(j.appendAnswer(b, s.p), '}')
		}
		b = append(b, `],"shares":{`...)
		for h, head := range j.heads {
			if h > 0 {
				b = append(b, ',')
			}
			b = append(appendJSON(b, head.Name), ':')
			b = appendProbs(b, head.Labels, r.shares(h, len(head.Labels)))
		}
		b = append(b, '}')
	}
	b = append(b, '}')
	if !j.array {
		b = append(b, '\n')
	}
	j.buf = b
	_, err := j.w.Write(b)
	return err
}

// appendAnswer appends what the heads say, and the sizes.
func (j *jsonWriter) appendAnswer(b []byte, p classify.Prediction) []byte {
	for h, s := range p.Scores {
		head := &j.heads[h]
		b = append(b, ',')
		b = appendJSON(b, head.Name)
		b = append(b, `:{"label":`...)
		if label, ok := j.names.label(head, s); ok {
			b = appendJSON(b, label)
		} else {
			b = append(b, "null"...)
		}
		if head.MultiLabel() {
			b = appendJSON(append(b, `,"labels":`...), head.Given(s))
		}
		b = append(b, `,"prob":`...)
		b = appendProb(b, s.Prob())
		b = append(b, `,"probs":`...)
		b = append(appendProbs(b, head.Labels, s.Probs), '}')
	}
	return fmt.Appendf(b, `,"tokens":%d,"unknown":%d`, p.Tokens, p.Unknown)
}

// appendProbs appends an object with a number for each label.
func appendProbs(b []byte, labels []string, probs []float32) []byte {
	b = append(b, '{')
	for c, label := range labels {
		if c > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, label), ':')
		b = appendProb(b, probs[c])
	}
	return append(b, '}')
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

func appendJSON(b []byte, v any) []byte {
	quoted, err := json.Marshal(v)
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
	names  naming
	parts  bool // a column for the text of sentences
	words  bool // a column for the words that weigh most, by head
	rows   [][]any
	headed bool // the header is out
}

func (t *tableWriter) write(r *record) error {
	t.add(r.id, r.p, "", r.words)
	for i, s := range r.sentences {
		t.add(fmt.Sprintf("%s#%d", r.id, i+1), s.p, s.text, nil)
	}
	const some = 256
	if len(t.rows) >= some && (t.style == report.CSV || t.style == report.TSV) {
		return t.flush()
	}
	return nil
}

// add appends a row; text is that of a sentence, words are by head.
func (t *tableWriter) add(id string, p classify.Prediction, text string, words [][]explain.Word) {
	row := []any{id}
	for h, s := range p.Scores {
		label, _ := t.names.label(&t.heads[h], s)
		row = append(row, label, string(appendProb(nil, s.Prob())))
		if t.words {
			var list []string
			if words != nil {
				for _, w := range words[h] {
					list = append(list, fmt.Sprintf("%s %+.2f", w.Text, w.Score))
				}
			}
			row = append(row, strings.Join(list, ", "))
		}
	}
	row = append(row, p.Tokens, p.Unknown)
	if t.parts {
		if t.style != report.CSV && t.style != report.TSV {
			text = report.Excerpt(text, 60)
		}
		row = append(row, text)
	}
	t.rows = append(t.rows, row)
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
		if t.words {
			header = append(header, h.Name+"_words")
		}
	}
	header = append(header, "tokens", "unknown")
	if t.parts {
		header = append(header, "sentence")
	}
	var b bytes.Buffer
	if err := report.Table(&b, header, t.rows, t.style); err != nil {
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

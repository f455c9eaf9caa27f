package corpora

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/internal/fsx"
)

// WriterOptions say what a Writer writes.
type WriterOptions struct {
	// Heads names the label columns, as the heads of the examples.
	Heads []string
	// Separator is what joins several labels of a head in the examples; "" where
	// there is one.
	Separator string
	// CellSeparator joins them in a cell of TSV and CSV; "" means Separator, or a
	// comma if that is DefaultSeparator. A label that holds it cannot be written there.
	CellSeparator string
	// IDs writes the IDs too, where the format can hold them.
	IDs bool

	reader *Reader // settles the separator while it reads
}

// WriterOptions returns the options that write what r reads, also where only the
// first row with several labels of a head tells that there are such. Columns of
// Parquet are lists only if Options.Separator says so.
func (r *Reader) WriterOptions(ids bool) WriterOptions {
	return WriterOptions{Heads: r.heads, Separator: r.Separator(), CellSeparator: r.opts.Separator, IDs: ids, reader: r}
}

// A Writer writes examples in some format. It serves one goroutine.
type Writer struct {
	opts    WriterOptions
	write   func(*Example) error
	close   func() error
	written int
	changed int
	bare    int
	line    []byte
}

// Written returns the number of examples written.
func (w *Writer) Written() int { return w.written }

// Changed returns the number of texts that the format cannot hold as they are:
// tabs and line ends became spaces, or a word that reads as a label lost that.
func (w *Writer) Changed() int { return w.changed }

// Bare returns the number of examples whose labels were left out, since the format is Text.
func (w *Writer) Bare() int { return w.bare }

// Write writes one example.
func (w *Writer) Write(ex Example) error {
	if w.opts.reader != nil {
		w.opts.Separator = w.opts.reader.Separator()
	}
	if err := w.write(&ex); err != nil {
		return err
	}
	w.written++
	return nil
}

// Close writes what is still held back. It does not close the stream.
func (w *Writer) Close() error { return w.close() }

// NewWriter returns a Writer of a format to a stream. Text is written one
// example per line, without labels. Dir needs WriteFile; Trees is not written.
func NewWriter(dst io.Writer, format Format, o WriterOptions) (*Writer, error) {
	if len(o.Heads) == 0 {
		o.Heads = []string{"label"}
	}
	w := &Writer{opts: o}
	columns := slices.Clone(o.Heads)
	if o.IDs {
		columns = append([]string{"id"}, columns...)
	}
	columns = append(columns, "text")
	if slices.Contains(columns[:len(columns)-1], "text") || o.IDs && slices.Contains(o.Heads, "id") {
		return nil, fmt.Errorf("corpora: heads %q: a head cannot have the name of the text or ID column", o.Heads)
	}
	out := bufio.NewWriterSize(dst, lineBuffer)
	w.close = out.Flush
	switch format {
	case TSV:
		return w, w.table(out, columns)
	case CSV:
		return w, w.csv(out, columns)
	case JSONL:
		w.write = func(ex *Example) error { return w.jsonLine(out, ex) }
	case FastText:
		if len(o.Heads) > 1 {
			return nil, fmt.Errorf("corpora: %s holds one head, not %q: %w", format, o.Heads, ErrFormat)
		}
		w.write = func(ex *Example) error { return w.fastTextLine(out, ex) }
	case Text:
		w.write = func(ex *Example) error {
			if slices.ContainsFunc(ex.Labels, func(l string) bool { return l != "" }) {
				w.bare++
			}
			_, err := fmt.Fprintln(out, w.flat(ex.Text))
			return err
		}
	case Parquet:
		w.parquet(dst, columns)
	default:
		return nil, fmt.Errorf("corpora: format %q is not written to a stream: %w", format, ErrFormat)
	}
	return w, nil
}

// flat returns s without line ends, tabs and other controls that end lines.
func (w *Writer) flat(s string) string {
	if !strings.ContainsAny(s, "\t\n\r") {
		return s
	}
	w.changed++
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, s)
}

// joined returns the labels of a head as a cell.
func (w *Writer) joined(label string) (string, error) {
	if w.opts.Separator == "" || !strings.Contains(label, w.opts.Separator) {
		return label, nil
	}
	labels, sep := SplitLabels(label, w.opts.Separator), cmp.Or(w.opts.CellSeparator, w.opts.Separator)
	if sep == DefaultSeparator {
		sep = ","
	}
	for _, l := range labels {
		if strings.Contains(l, sep) {
			return "", fmt.Errorf("corpora: label %q holds the separator %q of several labels: write JSON lines, or choose another (--label-sep)", l, sep)
		}
	}
	return strings.Join(labels, sep), nil
}

// rowOfCells returns the columns of an example of a table.
func (w *Writer) rowOfCells(ex *Example, dst []string) ([]string, error) {
	dst = w.cells(ex, dst)
	for i := range w.opts.Heads {
		cell := &dst[len(dst)-1-len(w.opts.Heads)+i]
		var err error
		if *cell, err = w.joined(*cell); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// cells returns the columns of an example.
func (w *Writer) cells(ex *Example, dst []string) []string {
	dst = dst[:0]
	if w.opts.IDs {
		dst = append(dst, ex.ID)
	}
	for h := range w.opts.Heads {
		dst = append(dst, ex.Label(h))
	}
	return append(dst, ex.Text)
}

func (w *Writer) table(out *bufio.Writer, columns []string) error {
	var cells []string
	row := func(cells []string) error {
		w.line = w.line[:0]
		for i, c := range cells {
			if i > 0 {
				w.line = append(w.line, '\t')
			}
			w.line = append(w.line, c...)
		}
		_, err := out.Write(append(w.line, '\n'))
		return err
	}
	w.write = func(ex *Example) (err error) {
		if cells, err = w.rowOfCells(ex, cells); err != nil {
			return err
		}
		for i, c := range cells {
			cells[i] = w.flat(c)
		}
		return row(cells)
	}
	for _, c := range columns {
		if strings.ContainsAny(c, "\t\n\r") {
			return fmt.Errorf("corpora: head %q cannot name a column of %s", c, TSV)
		}
	}
	return row(columns)
}

func (w *Writer) csv(out *bufio.Writer, columns []string) error {
	cw := csv.NewWriter(out)
	var cells []string
	w.write = func(ex *Example) (err error) {
		if cells, err = w.rowOfCells(ex, cells); err != nil {
			return err
		}
		return cw.Write(cells)
	}
	w.close = func() error {
		cw.Flush()
		if err := cw.Error(); err != nil {
			return err
		}
		return out.Flush()
	}
	return cw.Write(columns)
}

// jsonLine writes an object; several labels are a list, a missing label is left
// out.
func (w *Writer) jsonLine(out *bufio.Writer, ex *Example) error {
	b := append(w.line[:0], '{')
	field := func(name string, value any) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, name), ':')
		b = appendJSON(b, value)
	}
	if w.opts.IDs {
		field("id", ex.ID)
	}
	for h, name := range w.opts.Heads {
		label := ex.Label(h)
		switch {
		case label == "":
		case w.opts.Separator != "":
			field(name, append([]string{}, SplitLabels(label, w.opts.Separator)...))
		default:
			field(name, label)
		}
	}
	field("text", ex.Text)
	b = append(b, '}', '\n')
	w.line = b
	_, err := out.Write(escape.JSON(b))
	return err
}

// appendJSON appends a string or a list of strings.
func appendJSON(b []byte, v any) []byte {
	var s strings.Builder
	e := json.NewEncoder(&s)
	e.SetEscapeHTML(false)
	e.Encode(v)
	return append(b, strings.TrimSuffix(s.String(), "\n")...)
}

func (w *Writer) fastTextLine(out *bufio.Writer, ex *Example) error {
	b := w.line[:0]
	for _, l := range SplitLabels(ex.Label(0), w.opts.Separator) {
		if strings.ContainsAny(l, " \t\n\r") {
			return fmt.Errorf("corpora: label %q: a label of %s cannot hold a space: map it to another", l, FastText)
		}
		b = append(append(append(b, fastTextPrefix...), l...), ' ')
	}
	text := w.flat(ex.Text)
	if strings.Contains(text, fastTextPrefix) {
		w.changed++
		text = strings.ReplaceAll(text, fastTextPrefix, "label ")
	}
	b = append(append(b, text...), '\n')
	w.line = b
	_, err := out.Write(b)
	return err
}

func (w *Writer) parquet(dst io.Writer, columns []string) {
	group := parquet.Group{}
	lists := w.opts.Separator != ""
	for _, c := range columns {
		group[c] = parquet.Optional(parquet.String())
		if lists && slices.Contains(w.opts.Heads, c) {
			group[c] = parquet.Repeated(parquet.String())
		}
	}
	schema := parquet.NewSchema("corpus", group)
	pw := parquet.NewGenericWriter[any](dst, schema, parquet.Compression(&parquet.Zstd))
	order := schema.Columns() // by name
	var row parquet.Row
	var cells []string
	w.write = func(ex *Example) error {
		cells = w.cells(ex, cells)
		row = row[:0]
		for i, path := range order {
			c := slices.Index(columns, path[0])
			value := cells[c]
			switch {
			case lists && slices.Contains(w.opts.Heads, path[0]):
				labels := SplitLabels(value, w.opts.Separator)
				for n, l := range labels {
					row = append(row, parquet.ByteArrayValue([]byte(l)).Level(min(n, 1), 1, i))
				}
				if len(labels) == 0 {
					row = append(row, parquet.NullValue().Level(0, 0, i))
				}
			case value == "" && path[0] != "text":
				row = append(row, parquet.NullValue().Level(0, 0, i))
			default:
				row = append(row, parquet.ByteArrayValue([]byte(value)).Level(0, 1, i))
			}
		}
		_, err := pw.WriteRows([]parquet.Row{row})
		return err
	}
	w.close = pw.Close
}

// FormatOf returns the format that a file's name asks for, without the
// extension of a compression; a name without extension is a directory.
func FormatOf(path string) (Format, error) {
	name := strings.ToLower(path)
	for _, ext := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, ext)
	}
	ext := filepath.Ext(name)
	if format := formatOfExt(name); format != "" && format != Trees {
		return format, nil
	}
	switch ext {
	case ".txt":
		return Text, nil
	case "":
		return Dir, nil
	}
	return "", fmt.Errorf("corpora: %s: the name does not tell the format: %w", path, ErrFormat)
}

// WriteFile writes examples to a file, or to a directory for Dir. An empty format
// is that of the name; .gz and .zst compress. The file replaces an old one when
// it is complete, not before; the first error among the examples ends the
// writing and leaves the old file. The directory must not exist.
func WriteFile(path string, format Format, o WriterOptions, examples iter.Seq2[Example, error]) (*Writer, error) {
	if format == "" {
		var err error
		if format, err = FormatOf(path); err != nil {
			return nil, err
		}
	}
	if format == Dir {
		return writeDir(path, o, examples)
	}
	var w *Writer
	err := fsx.WriteFile(fsx.OS{}, path, func(dst io.Writer) error {
		packed, err := compress(dst, path)
		if err != nil {
			return err
		}
		if w, err = WriteAll(packed, format, o, examples); err != nil {
			return err
		}
		return packed.Close()
	})
	return w, err
}

// WriteAll writes examples to dst, in any format but Dir. The first error among them
// ends the writing.
func WriteAll(dst io.Writer, format Format, o WriterOptions, examples iter.Seq2[Example, error]) (*Writer, error) {
	w, err := NewWriter(dst, format, o)
	if err != nil {
		return nil, err
	}
	for ex, err := range examples {
		if err != nil {
			return w, err
		}
		if err := w.Write(ex); err != nil {
			return w, err
		}
	}
	return w, w.Close()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// compress compresses by the extension of a name.
func compress(dst io.Writer, name string) (io.WriteCloser, error) {
	switch filepath.Ext(name) {
	case ".gz":
		return gzip.NewWriter(dst), nil
	case ".zst":
		return zstd.NewWriter(dst, zstd.WithEncoderConcurrency(1))
	}
	return nopCloser{dst}, nil
}

// writeDir writes a document per example into a directory per label. It is
// written beside the target and renamed.
func writeDir(dir string, o WriterOptions, examples iter.Seq2[Example, error]) (_ *Writer, err error) {
	if len(o.Heads) > 1 {
		return nil, fmt.Errorf("corpora: %s holds one head, not %q: %w", Dir, o.Heads, ErrFormat)
	}
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("corpora: %s exists already", dir)
	}
	temp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".tmp-corpus-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	root, err := os.OpenRoot(temp)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	w := &Writer{opts: o}
	made := map[string]bool{}
	for ex, err := range examples {
		if err != nil {
			return w, err
		}
		label := ex.Label(0)
		if label == "" {
			label = unlabelledNames[0]
		}
		if strings.ContainsAny(label, `/\:`) || strings.HasPrefix(label, ".") || strings.HasPrefix(label, "_") || isOneOf(label, partNames) {
			return w, fmt.Errorf("corpora: label %q cannot name a directory: map it to another", label)
		}
		if !made[label] {
			if err := root.Mkdir(label, 0o777); err != nil {
				return w, err
			}
			made[label] = true
		}
		if err := root.WriteFile(fmt.Sprintf("%s/%07d.txt", label, w.written), []byte(ex.Text), 0o666); err != nil {
			return w, err
		}
		w.written++
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return w, err
	}
	return w, os.Rename(temp, dir)
}

// All ranges over the examples of d, as the source of WriteFile.
func (d *Dataset) All() iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		for _, ex := range d.Examples {
			if !yield(ex, nil) {
				return
			}
		}
	}
}

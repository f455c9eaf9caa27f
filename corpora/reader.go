package corpora

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// A Reader streams the examples of files. It serves one goroutine.
type Reader struct {
	opts   Options
	heads  []string
	known  []map[string]bool // per head, from Options.Labels; nil takes any
	queue  []string          // paths to come
	stream io.Reader         // what New reads
	file   *file             // being read, nil between files
	err    error             // ends the reading

	sources []Source
	report  Report
	labels  []map[string]*label // per head, by the spelling in the file
	seen    []map[string]bool   // per head, the labels of the current source
	spelled []map[string]string // per head, how it spells labels; "" in several ways
	slab    []string            // storage of Example.Labels
	several bool                // a row had a list of labels
}

// A label is a cell of a label column, as it is read.
type label struct {
	text   string    // canonical
	parts  []string  // the single labels
	forms  []Renamed // those that have several spellings, and the one here
	err    error     // ErrUnknownLabel
	source int32     // the last source that has it
}

// rows reads the rows of one file. next fills ex but for its source; it returns
// io.EOF at the end, a *ParseError with Refused set for a row that it passes
// over, and any other error when it cannot go on.
type rows interface {
	next(ex *Example) error
}

// A file is what all readers of rows share: the names and limits of one source.
type file struct {
	*Reader
	name   string // the source, or archive!entry
	source int32
	rows   rows
	dec    *decoder   // of the stream being read, for its counts
	packed *bounded   // the stream being read, nil if it is not compressed
	whole  *expansion // of the archive or directory that the stream is in, nil for a single file
	close  []func() error

	header   []string // the columns there are, nil if there are none
	labelled bool     // a label column was found
	at       int      // the line of the row begun last
	offset   int64    // its byte
	records  int      // rows begun
	joined   []byte   // scratch: the texts of a row
	cell     []byte   // scratch: the labels of a head

	live  *Live       // the source, if it can be asked whether bytes are waiting
	lines *lineReader // of the rows, if they are lines
	inBuf func() bool // whether bytes are between live and lines
}

// Open returns a Reader of the files and directories, one after the other.
// "-", or no path at all, is standard input. Nothing is opened before the first
// Read, so that a missing file is an error of Read.
func Open(opts Options, paths ...string) (*Reader, error) {
	if len(paths) == 0 {
		paths = []string{Stdin}
	}
	return newReader(opts, paths)
}

// New returns a Reader of a stream, whose name stands in IDs and errors and may
// tell the format.
func New(src io.Reader, name string, opts Options) (*Reader, error) {
	r, err := newReader(opts, []string{name})
	if err != nil {
		return nil, err
	}
	r.stream = src
	return r, nil
}

func newReader(opts Options, paths []string) (*Reader, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	format, _ := ParseFormat(string(opts.Format))
	opts.Format = format
	opts.Limits = opts.Limits.withDefaults()
	r := &Reader{opts: opts, heads: opts.heads(), queue: slices.Clone(paths)}
	if i := slices.Index(paths, Stdin); i >= 0 && slices.Contains(paths[i+1:], Stdin) {
		return nil, errors.New("corpora: standard input is named twice")
	}
	for _, head := range r.heads {
		r.labels = append(r.labels, map[string]*label{})
		r.seen = append(r.seen, map[string]bool{})
		r.spelled = append(r.spelled, map[string]string{})
		var known map[string]bool
		if list, ok := opts.Labels[head]; ok {
			known = map[string]bool{}
			for _, l := range list {
				known[l] = true
			}
		}
		r.known = append(r.known, known)
	}
	return r, nil
}

// Heads returns the names of the heads, the order of Example.Labels.
func (r *Reader) Heads() []string { return r.heads }

// Sources returns the sources met so far, with the labels seen so far. The
// slices are the Reader's own until it has returned io.EOF.
func (r *Reader) Sources() []Source {
	for _, s := range r.sources {
		for _, labels := range s.Labels {
			slices.Sort(labels)
		}
	}
	return r.sources
}

// Report returns the counts so far. Its slices are the Reader's own.
func (r *Reader) Report() *Report {
	r.count()
	return &r.report
}

// Separator returns what joins several labels of one head: DefaultSeparator, or ""
// while every row read has one label.
func (r *Reader) Separator() string {
	if r.several || r.opts.Separator != "" {
		return DefaultSeparator
	}
	return ""
}

// Read returns the next example. It returns io.EOF at the end, a *ParseError
// with Refused set for a row that it refuses, after which the next Read goes on
// unless Options.OnBad says otherwise, and any other error for ever.
func (r *Reader) Read() (Example, error) {
	for {
		if r.err != nil {
			return Example{}, r.err
		}
		if r.file == nil {
			if len(r.queue) == 0 {
				r.err = io.EOF
				if r.opts.OnEnd != nil {
					r.opts.OnEnd(r.Report())
				}
				continue
			}
			path := r.queue[0]
			r.queue = r.queue[1:]
			if err := r.openPath(path); err != nil {
				r.fail(err)
			}
			continue
		}
		ex := Example{Source: r.file.source}
		err := r.file.rows.next(&ex)
		switch {
		case err == nil:
			if err := r.file.chargeRow(ex.Text); err != nil {
				r.fail(err)
				continue
			}
			r.report.Files[r.file.source].Rows++
			r.report.Rows++
			if r.opts.Keep && ex.Fields == nil {
				ex.Fields = []Field{{Name: "text", Value: ex.Text}}
			}
			return ex, nil
		case err == io.EOF:
			f := r.file
			if err := cmp.Or(r.closeFile(), r.checkLabels(f)); err != nil {
				r.fail(err)
			}
		case Refused(err):
			pe := r.noteRefused(err)
			switch r.opts.OnBad {
			case SkipBad:
				continue
			case StopAtBad:
				last := *pe
				last.Refused = false
				r.fail(&last)
				continue
			case MarkBad:
				return r.mark(pe), nil
			}
			return Example{}, pe
		default:
			r.fail(err)
		}
	}
}

// noteRefused counts a row that is refused.
func (r *Reader) noteRefused(err error) *ParseError {
	r.report.Files[r.file.source].Refused++
	r.report.Refused++
	pe, _ := errors.AsType[*ParseError](err)
	if len(r.report.Errors) < keptErrors {
		r.report.Errors = append(r.report.Errors, pe)
	}
	return pe
}

// mark returns the example that stands for the row that was refused.
func (r *Reader) mark(pe *ParseError) Example {
	f := r.file
	if t, ok := f.rows.(*entryRows); ok && t.inner != nil {
		f = t.inner
	}
	ex := Example{ID: pe.File, Line: pe.Line, Labels: r.slot(), Source: f.source, Bad: pe}
	if pe.Line > 0 {
		ex.ID = f.rowID()
	}
	if r.opts.Keep && r.report.Files[f.source].Format != JSONL { // where rows have what they have
		ex.Fields = f.cells(make([][]byte, len(f.header)))
	}
	return ex
}

// fail ends the reading with err.
func (r *Reader) fail(err error) {
	r.closeFile()
	r.err = err
}

// All ranges over the examples. A refused row is yielded as its error and the
// loop goes on; any other error is yielded last.
func (r *Reader) All() iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		for {
			ex, err := r.Read()
			if err == io.EOF {
				return
			}
			if !yield(ex, err) || err != nil && !Refused(err) {
				return
			}
		}
	}
}

// Close frees what the Reader holds open. Reading to the end does so too.
func (r *Reader) Close() error {
	err := r.closeFile()
	if r.err == nil {
		r.err = os.ErrClosed
	}
	return err
}

func (r *Reader) closeFile() error {
	if r.file == nil {
		return nil
	}
	r.count()
	err := r.file.closeAll()
	r.file = nil
	return err
}

func (f *file) closeAll() error {
	var errs []error
	for _, c := range slices.Backward(f.close) {
		errs = append(errs, c())
	}
	f.close = nil
	return errors.Join(errs...)
}

// count moves the counts of the stream being decoded to the report.
func (r *Reader) count() {
	if r.file == nil || r.file.dec == nil {
		return
	}
	r.file.guessEncoding()
	d, fr := r.file.dec, &r.report.Files[r.file.source]
	fr.BadBytes += d.bad
	r.report.BadBytes += d.bad
	d.bad = 0
	fr.Encoding = d.name
}

// ReadAll reads the rest of r into memory. More refused rows than
// Limits.BadRecords make the first of them the error; the examples read so far
// are returned with any error.
func ReadAll(r *Reader) (*Dataset, error) {
	d := &Dataset{Heads: slices.Clone(r.heads)}
	var first error
	var chunks [][]Example // a slice that grows would leave what it was beside what it becomes
	chunk := make([]Example, 0, 64)
	for ex, err := range r.Accepted() {
		if err != nil {
			first = err
			break
		}
		if len(chunk) == cap(chunk) {
			chunks = append(chunks, chunk)
			chunk = make([]Example, 0, min(2*cap(chunk), 4096))
		}
		chunk = append(chunk, ex)
	}
	d.Examples = slices.Concat(append(chunks, chunk)...)
	d.Sources, d.Separator = r.Sources(), r.Separator()
	return d, first
}

// Accepted ranges over the examples as ReadAll reads them: without the refused
// rows, which Report counts. More of those than Limits.BadRecords make the
// first of them the error; an error is yielded last.
func (r *Reader) Accepted() iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		var first error
		refused := 0
		for ex, err := range r.All() {
			switch {
			case err == nil:
				if !yield(ex, nil) {
					return
				}
				continue
			case !Refused(err):
				yield(Example{}, err)
				return
			case first == nil:
				first = err
			}
			refused++
			if bad := r.opts.Limits.BadRecords; bad >= 0 && refused > bad {
				yield(Example{}, first)
				return
			}
		}
	}
}

// ReadFiles reads whole files into memory: Open and ReadAll.
func ReadFiles(opts Options, paths ...string) (*Dataset, *Report, error) {
	r, err := Open(opts, paths...)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	d, err := ReadAll(r)
	if err != nil {
		return nil, r.Report(), err
	}
	return d, r.Report(), nil
}

// openPath begins to read the next path.
func (r *Reader) openPath(path string) error {
	f := &file{Reader: r, name: path, source: int32(len(r.sources))}
	if path == Stdin {
		f.name = "stdin"
	}
	for h := range r.seen {
		clear(r.seen[h])
		clear(r.spelled[h])
	}
	r.sources = append(r.sources, Source{Name: f.name, Labels: make([][]string, len(r.heads))})
	r.report.Files = append(r.report.Files, FileReport{Name: f.name, Format: r.opts.Format})
	if err := f.open(path); err != nil {
		f.closeAll()
		return err
	}
	r.file = f
	return nil
}

func (f *file) open(path string) error {
	switch {
	case f.stream != nil:
		f.live, _ = f.stream.(*Live)
		rows, err := f.openStream(f.stream, path, nil)
		f.rows = rows
		return err
	case path == Stdin:
		rows, err := f.openStream(os.Stdin, f.name, nil)
		f.rows = rows
		return err
	}
	if scheme, _, ok := strings.Cut(path, "://"); ok && !strings.ContainsAny(scheme, `/\.`) {
		return &ParseError{File: path, Err: fmt.Errorf("%w: download the file and name it here", ErrRemote)}
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		f.rows, err = f.openDir(path)
		return err
	}
	src, err := os.Open(path)
	if err != nil {
		return err
	}
	f.close = append(f.close, src.Close)
	f.rows, err = f.openStream(src, path, src)
	return err
}

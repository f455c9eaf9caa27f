package transform

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"github.com/textlstm/textlstm/corpora"
)

func init() {
	registerTypes(Row{}, file{}, block{}, listFn{}, cutFn{}, readFn{})
}

// A Source says which files to read, and how.
type Source struct {
	// Files are names or patterns of any file system that the program has registered with
	// Beam. A file that comes twice is read twice; none for a pattern is an error.
	Files []string

	// Options say how they are read. Compressed files, tables and Parquet are read by one
	// worker each, JSON lines and, with Options.Lines, text by any number: their columns are
	// best named where the rows differ in them. A row that cannot be read is marked, whatever
	// OnBad says. Directories are not read.
	Options corpora.Options

	// BlockBytes is the size of the pieces of files of lines; 0 means 1 MiB, which keeps a
	// processor busy for some seconds.
	BlockBytes int64
}

// A Row is one text.
type Row struct {
	File   string
	Source int32 // number of the file among all that are read
	Number int64 // of the row in its file, from 1
	Line   int64 // at which it begins, from 1; 0 if it has none

	ID, Text string
	Labels   []string // by head of Source.Options
	Set      bool     // a head may have several labels, as corpora joins them
	Fields   []Field  // with Options.Keep
	Error    string   // why the row could not be read
}

// A Field is a value of a row as its file has it; see corpora.Field.
type Field struct {
	Name, Value string
	JSON        bool
}

// before says whether a row comes before another one.
func (r *Row) before(q *Row) int {
	if r.Source != q.Source {
		return int(r.Source - q.Source)
	}
	return int(r.Number - q.Number)
}

// Read reads rows.
func Read(s beam.Scope, from Source) beam.PCollection {
	s = s.Scope("textlstm.Read")
	if from.BlockBytes == 0 {
		from.BlockBytes = 1 << 20
	}
	from.Options.OnBad, from.Options.OnEnd = corpora.MarkBad, nil
	files := beam.ParDo(s, &listFn{Files: from.Files}, beam.Impulse(s))
	blocks := beam.ParDo(s, &cutFn{Source: encode(from)}, beam.Reshuffle(s, files))
	return beam.ParDo(s, &readFn{Options: encode(from.Options)}, beam.Reshuffle(s, blocks))
}

// A file is one of those that are read.
type file struct {
	Name   string
	Number int32
}

// A block is a piece of a file, to its end if Length is 0.
type block struct {
	Name           string
	File           int32
	Offset, Length int64
	Rows, Lines    int64  // before it
	Format         string // of a piece of UTF-8 that begins with a row; "" for a file that may be anything
}

// listFn finds the files.
type listFn struct{ Files []string }

func (f *listFn) ProcessElement(ctx context.Context, _ []byte, emit func(file)) error {
	n := int32(0)
	for _, pattern := range f.Files {
		fs, err := filesystem.New(ctx, pattern)
		if err != nil {
			return err
		}
		names, err := fs.List(ctx, pattern)
		if cerr := fs.Close(); err == nil {
			err = cerr
		}
		if err == nil && len(names) == 0 {
			err = fmt.Errorf("no file is called %s", pattern)
		}
		if err != nil {
			return err
		}
		for _, name := range names {
			emit(file{name, n})
			n++
		}
	}
	return nil
}

// cutFn cuts files into blocks. It reads a file that can be cut once, as only that tells
// where its rows begin, how many there are before a block, and that it is UTF-8.
type cutFn struct {
	Source string // encoded

	from Source
}

func (c *cutFn) Setup() error { return decode(c.Source, &c.from) }

func (c *cutFn) ProcessElement(ctx context.Context, f file, emit func(block)) error {
	o := &c.from.Options
	whole := block{Name: f.Name, File: f.Number}
	format := o.Format
	if ext := strings.ToLower(path.Ext(f.Name)); format == "" && (ext == ".jsonl" || ext == ".ndjson") {
		format = corpora.JSONL
	}
	// Text without a word about its format may turn out to be a table.
	lines := format == corpora.JSONL || format == corpora.Text && o.Lines
	if encoding := strings.ToLower(o.Encoding); !lines || encoding != "" && encoding != "auto" && encoding != "utf-8" {
		emit(whole)
		return nil
	}
	src, err := open(ctx, f.Name, 0)
	if err != nil {
		return err
	}
	defer src.Close()
	blocks, err := cut(src, whole, c.from.BlockBytes, format)
	if errors.Is(err, errWhole) {
		blocks, err = []block{whole}, nil
	}
	for _, b := range blocks {
		emit(b)
	}
	return err
}

// errWhole says that a file cannot be cut.
var errWhole = errors.New("transform: not lines of UTF-8")

// cut finds blocks of at least so many bytes, but the last. Blank lines of JSON are no rows.
func cut(src io.Reader, whole block, size int64, format corpora.Format) ([]block, error) {
	var blocks []block
	json := format == corpora.JSONL
	at := whole
	at.Format = string(format)
	rows, lines := int64(0), int64(0)
	r := bufio.NewReaderSize(src, 1<<16)
	var line []byte
	for {
		piece, err := r.ReadSlice('\n')
		line = append(line, piece...)
		if err == bufio.ErrBufferFull && len(line) < 64<<20 {
			continue
		}
		if err == bufio.ErrBufferFull {
			return nil, errWhole // a line of more than corpora reads, which it refuses alone
		}
		if err != nil && err != io.EOF {
			return nil, err // what the file system says
		}
		text := bytes.TrimRight(line, "\r\n")
		object := bytes.TrimSpace(text)
		if json && lines == 0 && !(bytes.HasPrefix(object, []byte("{")) && bytes.HasSuffix(object, []byte("}"))) ||
			!utf8.Valid(line) || bytes.IndexByte(text, '\r') >= 0 || bytes.HasPrefix(line, []byte("\ufeff")) {
			return nil, errWhole
		}
		if len(line) > 0 {
			lines++
			if !json || len(object) > 0 {
				rows++
			}
		}
		at.Length += int64(len(line))
		line = line[:0]
		if at.Length >= size || err == io.EOF && (at.Length > 0 || blocks == nil) {
			blocks = append(blocks, at)
			at.Offset, at.Length, at.Rows, at.Lines = at.Offset+at.Length, 0, rows, lines
		}
		if err == io.EOF {
			return blocks, nil
		}
	}
}

// open opens a file at a byte.
func open(ctx context.Context, name string, offset int64) (io.ReadCloser, error) {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, err
	}
	src, err := fs.OpenRead(ctx, name)
	if err != nil {
		return nil, errors.Join(err, fs.Close())
	}
	if seeker, ok := src.(io.Seeker); ok {
		_, err = seeker.Seek(offset, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, src, offset)
	}
	opened := &opened{src, fs}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

// An opened file closes its file system with it.
type opened struct {
	io.ReadCloser
	fs filesystem.Interface
}

func (o *opened) Close() error { return errors.Join(o.ReadCloser.Close(), o.fs.Close()) }

// readFn reads the rows of blocks.
type readFn struct {
	Options string // encoded

	options   corpora.Options
	rows, bad beam.Counter
	bytes     beam.Distribution
}

func (f *readFn) Setup() error {
	f.rows, f.bad = beam.NewCounter("textlstm", "rows"), beam.NewCounter("textlstm", "rows_unreadable")
	f.bytes = beam.NewDistribution("textlstm", "text_bytes")
	return decode(f.Options, &f.options)
}

func (f *readFn) ProcessElement(ctx context.Context, b block, emit func(Row)) error {
	src, err := open(ctx, b.Name, b.Offset)
	if err != nil {
		return err
	}
	defer src.Close()
	o, in := f.options, io.Reader(src)
	if b.Length > 0 {
		in = io.LimitReader(src, b.Length)
	}
	if b.Format != "" {
		o.Format, o.Encoding = corpora.Format(b.Format), "utf-8"
		o.Before = corpora.Position{Rows: int(b.Rows), Lines: int(b.Lines), Bytes: b.Offset}
	}
	r, err := corpora.New(in, b.Name, o)
	if err != nil {
		return err
	}
	defer r.Close()
	row := Row{File: b.Name, Source: b.File, Number: b.Rows}
	for x, err := range r.All() {
		if err != nil {
			return err
		}
		row.Number++
		f.rows.Inc(ctx, 1)
		if row.Error = ""; x.Bad != nil {
			row.Error = x.Bad.Error()
			f.bad.Inc(ctx, 1)
		}
		f.bytes.Update(ctx, int64(len(x.Text)))
		row.ID, row.Line, row.Text, row.Labels, row.Set = x.ID, int64(x.Line), x.Text, x.Labels, r.Separator() != ""
		row.Fields = nil
		for _, field := range x.Fields {
			row.Fields = append(row.Fields, Field(field))
		}
		emit(row)
	}
	return nil
}

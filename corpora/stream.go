package corpora

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// openStream finds out what src holds, from its content and name, and returns
// the reader of its rows. onDisk is src if that is a file on disk, which
// archives and tables need.
func (f *file) openStream(src io.Reader, name string, onDisk *os.File) (rows, error) {
	br := bufio.NewReaderSize(src, sniffBytes)
	if f.opts.Before != (Position{}) {
		return f.openText(br, name) // how a piece begins tells nothing
	}
	if f.whole == nil && onDisk != nil {
		if info, err := onDisk.Stat(); err == nil && info.Mode().IsRegular() {
			f.whole = &expansion{limits: f.opts.Limits, packed: info.Size()}
		}
	}
	packed, compression, err := decompress(br, f.opts.Limits, f.whole)
	if err != nil {
		return nil, &ParseError{File: f.name, Err: err}
	}
	if compression != "" {
		f.packed, _ = packed.(*bounded)
		f.close = append(f.close, packed.Close)
		br = bufio.NewReaderSize(packed, sniffBytes)
		if _, err := br.Peek(1); err != nil && err != io.EOF {
			return nil, &ParseError{File: f.name, Err: err}
		}
	}
	if compression != "" {
		f.live = nil
	}
	// Standard input may be slow, and its first line wanted at once.
	head, err := br.Peek(1)
	if len(head) == 0 && err != io.EOF {
		return nil, &ParseError{File: f.name, Err: err}
	}
	if !f.opts.Lines && (f.opts.Format == "" || f.opts.Format == Dir || f.opts.Format == Parquet) {
		for len(head) < 1024 && err == nil && (bytes.IndexByte(head, '\n') < 0 || f.more()) {
			head, err = br.Peek(max(len(head)+1, br.Buffered()))
		}
	}
	head, _ = br.Peek(max(len(head), br.Buffered()))
	head = head[:min(len(head), 1024)]
	switch {
	case isTar(head):
		return f.openTar(onDisk)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return f.openZip(br, onDisk, compression)
	case bytes.HasPrefix(head, []byte("PAR1")):
		return f.openParquet(br, onDisk, compression)
	}
	if f.opts.Format == Parquet || f.opts.Format == Dir {
		return nil, &ParseError{File: f.name, Err: fmt.Errorf("not of format %s: %w", f.opts.Format, ErrFormat)}
	}
	if what := binaryKind(head); what != "" && !strings.HasPrefix(f.opts.Encoding, "utf-16") {
		return nil, &ParseError{File: f.name, Err: fmt.Errorf("%s, %w", what, ErrBinary)}
	}
	return f.openText(br, name)
}

// openText returns the reader of a text format. br must hold sniffBytes.
func (f *file) openText(br *bufio.Reader, name string) (rows, error) {
	dec, err := newDecoder(br, f.opts.Encoding, f.opts.Strict)
	if err != nil {
		return nil, &ParseError{File: f.name, Err: err}
	}
	dec.more = f.more
	f.dec = dec
	f.guessEncoding()
	text := bufio.NewReaderSize(dec, lineBuffer)
	format := f.opts.Format
	if format == "" {
		// Peek(1) waits for the first bytes alone: standard input may be slow.
		text.Peek(1)
		head, _ := text.Peek(text.Buffered())
		format = f.opts.detectFormat(name, head)
	}
	if f.live != nil {
		f.inBuf = func() bool { return text.Buffered() > 0 || br.Buffered() > 0 }
	}
	return f.openRows(text, format)
}

// openRows returns the reader of the rows of a text.
func (f *file) openRows(text *bufio.Reader, format Format) (rows, error) {
	f.report.Files[f.source].Format = format
	lines := newLineReader(text, f.opts.Limits.RecordBytes)
	lines.line += f.opts.Before.Lines
	lines.offset += f.opts.Before.Bytes
	f.records = f.opts.Before.Rows
	if format != Text || f.opts.Lines {
		f.lines = lines
	}
	switch format {
	case TSV, CSV:
		return f.newTable(lines, format)
	case JSONL:
		return f.newJSON(lines)
	case FastText:
		return &fastTextRows{file: f, lines: lines}, nil
	case Trees:
		return &treeRows{file: f, lines: lines}, nil
	case Text:
		if f.opts.Lines {
			return &lineRows{file: f, lines: lines}, nil
		}
		return &documentRow{file: f, src: text}, nil
	}
	return nil, &ParseError{File: f.name, Err: fmt.Errorf("format %s of a text file: %w", format, ErrFormat)}
}

// formatExt are the formats of the extensions that tell one.
var formatExt = map[string]Format{
	".tsv": TSV, ".tab": TSV, ".csv": CSV, ".jsonl": JSONL, ".ndjson": JSONL, ".json": JSONL,
	".ft": FastText, ".fasttext": FastText, ".ptb": Trees, ".mrg": Trees, ".parquet": Parquet,
}

// formatOfName returns the format that a file's name tells, behind the extension of
// a compression, or "".
func formatOfName(name string) Format {
	name = strings.ToLower(name)
	for _, ext := range []string{".gz", ".zst", ".zstd", ".bz2"} {
		name = strings.TrimSuffix(name, ext)
	}
	return formatOfExt(name)
}

// formatOfExt is formatOfName of a name in small letters without a compression.
func formatOfExt(name string) Format {
	switch {
	case strings.HasSuffix(name, ".ptb.txt"):
		return Trees
	case strings.HasSuffix(name, ".ft.txt"):
		return FastText
	}
	return formatExt[path.Ext(name)]
}

// detectFormat finds the text format of a file from its name and its first bytes.
func detectFormat(name string, head []byte) Format {
	if format := formatOfName(name); format != "" {
		return format
	}
	head = bytes.TrimLeft(head, " \t\r\n")
	line, _, _ := bytes.Cut(head, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case bytes.HasPrefix(head, []byte(fastTextPrefix)):
		return FastText
	case bytes.HasPrefix(line, []byte(`{"`)) && bytes.HasSuffix(bytes.TrimRight(line, " \t"), []byte("}")), isJSONArray(head):
		return JSONL
	case isHeader(line, "\t"):
		return TSV
	case isHeader(line, ","), isHeader(line, ";"), isHeader(line, "|"), separatorLine(line) != 0:
		return CSV
	}
	return Text
}

// detectFormat is the function of that name, but a text whose columns the options
// speak of is a table.
func (o *Options) detectFormat(name string, head []byte) Format {
	format := detectFormat(name, head)
	if format != Text || o.Lines || !o.NoHeader && len(o.TextColumns) == 0 {
		return format
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case bytes.IndexByte(line, '\t') >= 0:
		return TSV
	case bytes.ContainsAny(line, delimiters):
		return CSV
	}
	return Text
}

// isJSONArray reports whether head begins an array of objects, or an object whose
// member "data" is one.
func isJSONArray(head []byte) bool {
	start, _ := jsonStart(head)
	inner := bytes.TrimLeft(head[len(start):], " \t\r\n")
	return len(start) > 0 && bytes.HasPrefix(inner, []byte(`{`))
}

// isHeader reports whether line is the header of a table by its look alone: it
// names both a text column and a label column.
func isHeader(line []byte, sep string) bool {
	if len(line) > 1024 {
		return false
	}
	fields := strings.Split(strings.ReplaceAll(string(line), `"`, ""), sep)
	return findColumn(fields, defaultTextColumns) >= 0 && findColumn(fields, defaultLabelColumns) >= 0
}

// isTar reports whether head begins a tar archive.
func isTar(head []byte) bool {
	return len(head) >= 262 && string(head[257:262]) == "ustar"
}

var magics = []struct {
	prefix, what string
}{
	{"\x80\x02", "a Python pickle"}, {"\x80\x03", "a Python pickle"}, {"\x80\x04", "a Python pickle"}, {"\x80\x05", "a Python pickle"},
	{"\x89PNG\r\n", "a PNG image"}, {"\xff\xd8\xff", "a JPEG image"}, {"GIF8", "a GIF image"}, {"%PDF-", "a PDF document"},
	{"\x7fELF", "a program"}, {"MZ\x90\x00", "a program"}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"},
	{"SQLite format 3\x00", "an SQLite database"}, {"ARROW1\x00\x00", "an Arrow file"}, {"\x89HDF\r\n", "an HDF5 file"},
	{"Rar!\x1a", "a RAR archive"}, {"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"version https://git-lfs", "a Git LFS pointer"},
}

// binaryKind names what head begins if that is not text, "" if it may be: known
// kinds of file, and anything that holds many control characters.
func binaryKind(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return m.what
		}
	}
	if len(head) > 10 && head[8] == '{' && bytes.HasPrefix(head[4:], []byte{0, 0, 0, 0}) {
		return "a model or another safetensors file"
	}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return ""
	}
	if e, _ := guessUTF16(head); e != nil {
		return ""
	}
	controls := 0
	for _, b := range head {
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1b {
			controls++
		}
	}
	if controls > 4 && controls*20 > len(head) {
		return fmt.Sprintf("%d of the first %d bytes are control characters: a binary file", controls, len(head))
	}
	return ""
}

// begin notes where the next row begins.
func (f *file) begin(line int, offset int64) {
	f.at, f.offset = line, offset
	f.records++
}

// refuse makes the error that passes over the row that was begun.
func (f *file) refuse(column int, err error) error {
	return &ParseError{File: f.name, Line: f.at, Column: column, Offset: f.offset, Refused: true, Err: err}
}

// broken makes the error that ends the reading of a stream at l.
func (f *file) broken(l *lineReader, err error) error {
	if err == io.EOF {
		return err
	}
	if _, ok := errors.AsType[*ParseError](err); ok {
		return err
	}
	return &ParseError{File: f.name, Line: l.line, Offset: l.offset, Err: err}
}

// line begins a row and returns the line of l that it is; one that is too long is
// refused.
func (f *file) line(l *lineReader) ([]byte, error) {
	f.begin(l.line, l.offset)
	line, err := l.next()
	if err == ErrTooLong {
		l.skip()
		return nil, f.refuse(0, fmt.Errorf("%w: more than %d bytes", ErrTooLong, l.max))
	}
	if err != nil {
		return nil, f.broken(l, err)
	}
	return line, nil
}

// blank counts a blank line, which is no row.
func (f *file) blank() {
	f.records--
	f.report.Blank++
	f.report.Files[f.source].Blank++
}

// note adds a note to the report.
func (f *file) note(format string, args ...any) {
	if len(f.report.Notes) < keptErrors {
		f.report.Notes = append(f.report.Notes, f.name+": "+fmt.Sprintf(format, args...))
	}
}

// text returns b as a valid string; faults that the decoder could not see, such
// as a lone surrogate written as an escape, are counted.
func (f *file) text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			f.report.BadBytes++
			f.report.Files[f.source].BadBytes++
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String()
}

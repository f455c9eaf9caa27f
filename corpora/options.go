package corpora

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Format is a way of storing examples in files.
type Format string

// The formats. Compression and archives are no formats: any of these may lie in
// a .gz, .zst or .bz2 file, or in a tar or zip archive.
const (
	TSV      Format = "tsv"      // a table with tabs; quotes are text unless the file shows otherwise
	CSV      Format = "csv"      // RFC 4180, also with semicolons, tabs or bars for commas
	JSONL    Format = "jsonl"    // one JSON object per line, or an array of objects
	FastText Format = "fasttext" // __label__x text
	Text     Format = "text"     // plain text: a document per file, or per line
	Dir      Format = "dir"      // a directory per label, a document per file
	Parquet  Format = "parquet"  // a Parquet table
	Trees    Format = "trees"    // Penn Treebank brackets, as the SST is published
)

// Formats lists every format.
func Formats() []Format {
	return []Format{TSV, CSV, JSONL, FastText, Text, Dir, Parquet, Trees}
}

// ParseFormat returns the format of a name, also by its usual file extension.
// The empty name is the empty Format: detect.
func ParseFormat(name string) (Format, error) {
	switch name {
	case "", "auto":
		return "", nil
	case "txt", "lines":
		return Text, nil
	case "json", "ndjson":
		return JSONL, nil
	case "ft":
		return FastText, nil
	case "ptb":
		return Trees, nil
	}
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	return "", fmt.Errorf("corpora: format %q is not one of %v: %w", name, Formats(), ErrFormat)
}

// A Head says which column holds the labels of a head.
type Head struct {
	Name string // the head
	// Column is a column's name, or its number from 1; or several, separated by
	// commas, that hold 0 or 1: then the labels of a text are the names of those
	// that hold 1. A name with a comma may stand in double quotes.
	Column string
}

// A Position is a place between two rows of a file: how many rows, lines and bytes stand
// before it.
type Position struct {
	Rows, Lines int
	Bytes       int64
}

// Options say how files are read. The zero value detects everything.
type Options struct {
	// Format of every file, also of those in directories and archives; "" detects it
	// from content and name. A text is then a table if NoHeader or TextColumns are set.
	Format Format
	// TextColumns name the columns that make the text, joined by a space; a
	// number counts columns from 1, and a name that no column has may be several,
	// as in Head.Column. Empty: the column that is called text, sentence, review,
	// content, body, message, tweet, comment, document, phrase or description;
	// where there are several such and none is text, the file is refused.
	TextColumns []string
	// Heads name the label columns. Empty: one head called "label" from the first
	// column called label, labels, sentiment, category, class, topic, target or
	// polarity. A file may lack some of the columns, but not all.
	Heads []Head
	// IDColumn names the column of the IDs. Empty: a column called id, else the
	// row's number.
	IDColumn string
	// WeightColumn names the column of the weights. Empty: none.
	WeightColumn string
	// NoHeader says that the first line of a TSV or CSV file is a row. Without
	// column numbers the first column is then the label and the others the text;
	// where these do not look alike, the file is refused.
	NoHeader bool
	// Delimiter parts the fields of TSV and CSV: one character, or tab. Empty: that
	// of the file's line sep=, or the one of , ; tab | by which the first rows come
	// out even.
	Delimiter string
	// Quote is the character around fields of TSV and CSV that hold delimiters or
	// line ends, or none. Empty: the double quote; in TSV where the first 64 KiB show
	// that fields were quoted as pandas, R or Excel do it, else none.
	Quote string
	// Lines reads plain text as one example per line, not one per file.
	Lines bool
	// Phrases reads every subtree of trees as an example, each text once in a
	// file, with the label that it has first. It keeps these texts in memory.
	Phrases bool
	// Encoding names the encoding of every file as WHATWG does: utf-8, utf-16le,
	// windows-1252 (also called latin1), gb18030, shift_jis and so on. Empty or
	// "auto": by byte order mark, declaration or detection, UTF-8 in doubt.
	Encoding string
	// Strict makes bytes that are not of the encoding an error. Otherwise each
	// becomes U+FFFD and is counted.
	Strict bool
	// LabelMap replaces labels, before anything else is done to them.
	LabelMap map[string]string
	// KeepSpelling keeps neg, pos and neu as they are written.
	KeepSpelling bool
	// Separator separates several labels of one head in one cell; "" means that
	// a cell is one label. The elements of lists, which JSON, Parquet and fastText's
	// lines have, are whole labels whatever they hold.
	Separator string
	// Labelled refuses files without any label.
	Labelled bool
	// Unlabelled ignores the labels and takes files that have none.
	Unlabelled bool
	// Keep keeps all of each row, as its file has it, in Example.Fields.
	Keep bool
	// Labels lists, by head, the labels that are known; a row with another label
	// is refused. A head that is not listed takes any.
	Labels map[string][]string
	// Before says what of the file stands before the stream of New, where that is a
	// piece of JSON lines, or of text by lines, which begins with a row: IDs and errors count
	// on from there.
	Before Position
	// Part takes only those entries of a directory or archive that have a path
	// element beginning with it, such as "train" of train/pos/1.txt.
	Part string
	// EveryFile refuses the files of a directory or archive that are passed over, but README,
	// LICENSE and names that begin with a dot or an underscore: see Report.Ignored.
	EveryFile bool `json:",omitempty"`
	// OnBad says what becomes of a row that is refused. Empty: Read returns its
	// error and goes on, and Limits.BadRecords says how many ReadAll accepts.
	OnBad OnBad
	// Limits bound what reading may cost.
	Limits Limits
	// OnEnd, if not nil, is called with the report of a Reader that has read all of
	// its files.
	OnEnd func(*Report) `json:"-"`
}

// An OnBad says what becomes of rows that cannot be read.
type OnBad string

// The ways with bad rows. The Report counts and lists them in all of them.
const (
	StopAtBad OnBad = "stop" // the first ends the reading
	SkipBad   OnBad = "skip" // they are left out
	MarkBad   OnBad = "mark" // they are examples without text and labels: Example.Bad
)

// ParseOnBad returns the way of that name; "" is the empty OnBad.
func ParseOnBad(name string) (OnBad, error) {
	switch o := OnBad(name); o {
	case "", StopAtBad, SkipBad, MarkBad:
		return o, nil
	}
	return "", fmt.Errorf("corpora: bad records %q, want stop, skip or mark", name)
}

// Limits bound one read. A zero field means the default.
type Limits struct {
	// RecordBytes is the longest row, and the longest document: 16 MiB.
	RecordBytes int
	// TotalBytes is the most that one compressed file, one archive or the
	// compressed files of one directory may expand to, with what is compressed
	// within: 64 GiB. Plain files may have any size.
	TotalBytes int64
	// Ratio is the most bytes that one byte of such a file may expand to, once
	// 4 MiB have been read, or of a Parquet table, once there are 16 MiB: 200.
	Ratio int
	// Entries is the most files in a directory or archive: 1,000,000. An archive
	// may have 10,000, and one more for every 64 of its bytes.
	Entries int
	// Memory is the most bytes of an archive or a table that are held in memory, since
	// it is compressed or comes from a pipe: 256 MiB, and no more than 16 MiB and four
	// times the file where that is compressed.
	Memory int64
	// Labels is the most labels of one head: 65,536. More mean that the wrong
	// column is taken for the label.
	Labels int
	// BadRecords is how many refused rows ReadAll accepts: 0 makes the first an
	// error, a negative number accepts any.
	BadRecords int
}

// maxColumns is the most columns of a table.
const maxColumns = 65_536

func (l Limits) withDefaults() Limits {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&l.RecordBytes, 16<<20)
	def(&l.Ratio, 200)
	def(&l.Entries, 1_000_000)
	def(&l.Labels, 65_536)
	if l.TotalBytes == 0 {
		l.TotalBytes = 64 << 30
	}
	if l.Memory == 0 {
		l.Memory = 256 << 20
	}
	return l
}

// Validate reports every contradiction in the options.
func (o *Options) Validate() error {
	var errs []error
	if _, err := ParseFormat(string(o.Format)); err != nil {
		errs = append(errs, err)
	}
	seen := map[string]bool{}
	for _, h := range o.Heads {
		switch {
		case h.Name == "" || h.Column == "":
			errs = append(errs, fmt.Errorf("corpora: head %q of column %q: both must be named", h.Name, h.Column))
		case seen[h.Name]:
			errs = append(errs, fmt.Errorf("corpora: head %q is given twice", h.Name))
		}
		seen[h.Name] = true
	}
	if err := checkEncoding(o.Encoding); err != nil {
		errs = append(errs, err)
	}
	if _, err := ParseOnBad(string(o.OnBad)); err != nil {
		errs = append(errs, err)
	}
	if _, err := oneByte("delimiter", o.Delimiter); err != nil {
		errs = append(errs, err)
	}
	if _, err := oneByte("quote", o.Quote); err != nil {
		errs = append(errs, err)
	}
	l := o.Limits
	if l.RecordBytes < 0 || l.TotalBytes < 0 || l.Ratio < 0 || l.Entries < 0 || l.Labels < 0 {
		errs = append(errs, errors.New("corpora: a limit is negative"))
	}
	return errors.Join(errs...)
}

// heads returns the names of the heads.
func (o *Options) heads() []string {
	if len(o.Heads) == 0 {
		return []string{"label"}
	}
	names := make([]string, len(o.Heads))
	for i, h := range o.Heads {
		names[i] = h.Name
	}
	return names
}

// ParseHead parses "head=column"; "column" alone is the head of that name.
func ParseHead(spec string) (Head, error) {
	name, column, ok := strings.Cut(spec, "=")
	if !ok {
		column = name
	}
	h := Head{Name: strings.TrimSpace(name), Column: strings.TrimSpace(column)}
	if h.Name == "" || h.Column == "" {
		return Head{}, fmt.Errorf("corpora: head %q is not of the form head=column", spec)
	}
	return h, nil
}

// oneByte returns the delimiter or quote that s names, 0 for "" and "none".
func oneByte(what, s string) (byte, error) {
	switch {
	case s == "", s == "none" && what == "quote":
		return 0, nil
	case s == "tab", s == `\t`:
		return '\t', nil
	case len(s) == 1 && s[0] < utf8.RuneSelf && s[0] != '\n' && s[0] != '\r' && s[0] != 0:
		return s[0], nil
	}
	return 0, fmt.Errorf("corpora: %s %q is not one ASCII character", what, s)
}

// ParseLabelMap parses "from=to,from=to". An empty "to" drops the label, so that
// "-1=" makes -1 a missing label. A label with a comma or an equals sign stands in
// double quotes: "A, B"=AB.
func ParseLabelMap(spec string) (map[string]string, error) {
	if strings.TrimSpace(spec) == "" {
		return nil, nil
	}
	m := map[string]string{}
	for _, pair := range splitQuoted(spec, ',') {
		sides := splitQuoted(pair, '=')
		from, to := unquote(sides[0]), unquote(strings.Join(sides[1:], "="))
		if len(sides) < 2 || from == "" {
			return nil, fmt.Errorf(`corpora: label map %q: %q is not of the form from=to; a label with a comma stands in double quotes, "A, B"=C`, spec, pair)
		}
		if old, twice := m[from]; twice && old != to {
			return nil, fmt.Errorf("corpora: label map %q: %q is mapped to both %q and %q", spec, from, old, to)
		}
		m[from] = to
	}
	return m, nil
}

// splitQuoted splits s at sep, but not within double quotes.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	quoted, start := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// unquote takes off the space and the double quotes around s.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
	}
	return s
}

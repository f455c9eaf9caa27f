package corpora

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Report counts what a Reader has read so far.
type Report struct {
	// Rows were read, Refused rows could not be; together they are the rows of
	// the files. Blank lines between rows are no rows.
	Rows, Refused, Blank int
	// BadBytes were replaced by U+FFFD because they are not of the encoding.
	BadBytes int64
	// Ignored counts the files of directories and archives that were passed over.
	Ignored int
	// Files reports each source.
	Files []FileReport
	// Errors holds the first 100 refusals.
	Errors []*ParseError
	// Notes say what might surprise, such as that several parts are read as one.
	Notes []string
	// Renamed lists the labels that are read in another spelling than the files'.
	Renamed []Renamed
}

// Renamed says that a label is read in another spelling: see [CanonicalLabel].
type Renamed struct{ From, To string }

// A FileReport counts what was read of one source.
type FileReport struct {
	// Name is the source's name.
	Name string
	// Format that the source was read as.
	Format Format
	// Encoding is the name of the encoding, "mixed" if the files of the source
	// differ.
	Encoding string
	// Guesses say how the source was read where the options left that open.
	Guesses []Guess
	// Rows, Refused, Blank and BadBytes as in Report.
	Rows, Refused, Blank int
	BadBytes             int64
}

// A Guess is what was decided of a file about which the options say nothing.
type Guess struct {
	// What was decided: layout, delimiter, quotes, header, text, label, id, encoding.
	What string `json:"what"`
	// Value says how: a delimiter, the names of columns, and so on.
	Value string `json:"value"`
}

// Guessed returns one line that says how the source was read, "" if nothing was
// guessed: reviews.csv: csv; delimiter ";"; text "Review"; label "Stars".
func (f *FileReport) Guessed() string {
	if len(f.Guesses) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Name, f.Format)
	for _, g := range f.Guesses {
		fmt.Fprintf(&b, "; %s %s", g.What, g.Value)
	}
	return b.String()
}

// Obvious says that nothing was guessed but that the columns called text, label and
// id are those.
func (f *FileReport) Obvious() bool {
	return !slices.ContainsFunc(f.Guesses, func(g Guess) bool { return g.Value != strconv.Quote(g.What) })
}

// guess notes a guess, once for each source.
func (f *file) guess(what, value string) {
	fr := &f.report.Files[f.source]
	if g := (Guess{what, value}); len(fr.Guesses) < keptErrors && !slices.Contains(fr.Guesses, g) {
		fr.Guesses = append(fr.Guesses, g)
	}
}

// guessEncoding notes an encoding that the file's content tells.
func (f *file) guessEncoding() {
	if how := f.dec.how; how != "" && how != "given" && f.dec.name != "utf-8" {
		f.guess("encoding", f.dec.name+" "+how)
	}
}

const keptErrors = 100

package corpora

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// sampleRows is how many rows a table is judged by, of those in its first 64 KiB.
const sampleRows = 200

// delimiters are those that are looked for, the likelier first.
const delimiters = ",;\t|"

// A field is a cell of a sample.
type field struct {
	text   string
	quoted bool
}

// sniff finds the delimiter and the quote of a table where the options leave them
// open.
func (t *tableRows) sniff(format Format) error {
	t.delim, _ = oneByte("delimiter", t.opts.Delimiter)
	t.quote, _ = oneByte("quote", t.opts.Quote)
	usual := byte(',')
	if format == TSV {
		usual = '\t'
	}
	if t.delim == 0 {
		if end, next, err := t.lines.ahead(0); err == nil {
			if t.delim = separatorLine(t.lines.at(0, end)); t.delim != 0 {
				t.lines.take(next, 1)
			}
		}
		if t.delim == 0 {
			t.delim = t.sniffDelimiter(usual)
		}
		if t.delim != usual {
			t.guess("delimiter", delimiterName(t.delim))
		}
	}
	switch {
	case t.opts.Quote != "":
		if t.quote == t.delim {
			return fmt.Errorf("%s is both delimiter and quote: %w", delimiterName(t.delim), ErrFormat)
		}
	case t.delim != '\t':
		t.quote = '"'
	case t.quotesFields():
		t.quote = '"'
		t.guess("quotes", "around fields")
	case t.hasQuotes():
		t.guess("quotes", "are text")
	}
	if t.quote != 0 {
		rows := t.sample(t.delim, 0)
		t.spaces = t.delim != ' ' && spaced(rows) && slices.ContainsFunc(rows, func(row []field) bool {
			return slices.ContainsFunc(row, func(f field) bool { return strings.HasPrefix(f.text, ` "`) })
		})
	}
	return nil
}

func delimiterName(d byte) string {
	if d == '\t' {
		return "tab"
	}
	return strconv.Quote(string(rune(d)))
}

// separatorLine returns the delimiter that a line such as sep=; names, as Excel
// understands it, or 0.
func separatorLine(line []byte) byte {
	line = bytes.Trim(line, `"`)
	if rest, ok := bytes.CutPrefix(bytes.ToLower(line), []byte("sep=")); ok && len(rest) == 1 {
		return rest[0]
	}
	return 0
}

// sample splits the rows within the first 64 KiB, without taking them. A row with
// a fault has no fields.
func (t *tableRows) sample(delim, quote byte) [][]field {
	window, whole := t.lines.peek(sniffBytes, func(b []byte) bool { return bytes.IndexByte(b, t.lines.delim) >= 0 && !t.more() })
	if end := bytes.LastIndexByte(window, t.lines.delim); !whole {
		window = window[:end+1]
	}
	p := tableRows{file: t.file, delim: delim, quote: quote, spaces: t.spaces, lines: newLineReader(bytes.NewReader(window), t.lines.max)}
	p.lines.delim, p.lines.sniffed = t.lines.delim, true
	var rows [][]field
	for len(rows) < sampleRows {
		n, _, err := p.split()
		switch {
		case err == io.EOF, isSentinel(err) && n == 1 && p.length == len(window): // a quote that the window's end leaves open
			return rows
		case err == ErrTooLong:
			p.lines.skip()
			rows = append(rows, nil)
			continue
		case err != nil && !isSentinel(err):
			return rows
		}
		var row []field
		if err == nil {
			row = make([]field, len(p.fields))
			for i, f := range p.fields {
				row[i] = field{string(f), p.spans[i].quoted}
			}
		}
		p.lines.take(p.length, n)
		if len(row) != 1 || row[0].text != "" { // no blank line
			rows = append(rows, row)
		}
	}
	return rows
}

// sniffDelimiter returns the delimiter by which the first rows have equally many
// fields. If there are several it is the one whose header names a text column, then
// one that is not always followed by a space, as in prose, then the usual one.
func (t *tableRows) sniffDelimiter(usual byte) byte {
	best, most := usual, 0.0
	for _, d := range append([]byte{usual}, delimiters...) {
		rows := t.sample(d, '"')
		if len(rows) == 0 || len(rows[0]) < 2 {
			continue
		}
		even := 0
		for _, row := range rows {
			if len(row) == len(rows[0]) {
				even++
			}
		}
		score := float64(even) / float64(len(rows))
		if score < 0.5 && len(rows) > 2 {
			continue
		}
		names := make([]string, len(rows[0]))
		for i, f := range rows[0] {
			names[i] = f.text
		}
		if cols, err := t.opts.resolve(names, true); err == nil && len(cols.text) > 0 && !cols.numbered {
			score += 4
		}
		if !spaced(rows) {
			score += 2
		}
		if score > most {
			best, most = d, score
		}
	}
	return best
}

// spaced reports whether every field but the first of each row begins with a space.
func spaced(rows [][]field) bool {
	n := 0
	for _, row := range rows {
		for _, f := range row[min(1, len(row)):] {
			if f.quoted || !strings.HasPrefix(f.text, " ") {
				return false
			}
			n++
		}
	}
	return n > 0
}

// quotesFields reports whether quotes around the fields of a table with tabs are
// quoting, not text. They are where some writer's rule explains all quotes of the
// first rows: that of R (every text), of a data base (every field of a column), of
// pandas (fields with a tab, a quote or a line end) or of Excel (those and fields
// with a comma). Tweets whose words stand in quotes follow none of them.
func (t *tableRows) quotesFields() bool {
	rows := t.sample('\t', '"')
	if len(rows) == 0 {
		return false
	}
	var special, commas, plain, bareTexts, bareCommas, whole int
	columns := make([]int, len(rows[0])) // quoted fields of each, below the header
	for r, row := range rows {
		switch {
		case row == nil:
			return false // a fault
		case len(row) != len(columns):
			continue
		}
		whole++
		for i, f := range row {
			switch {
			case !f.quoted && strings.Contains(f.text, `"`):
				return false // every writer would have quoted it
			case !f.quoted:
				if !isNumber(f.text) && f.text != "" {
					bareTexts++
				}
				if strings.Contains(f.text, ",") {
					bareCommas++
				}
				continue
			case strings.ContainsAny(f.text, "\t\"\n\r"):
				special++
			case strings.Contains(f.text, ","):
				commas++
			default:
				plain++
			}
			if r > 0 {
				columns[i]++
			}
		}
	}
	if special+commas+plain == 0 {
		return false
	}
	raw := t.sample('\t', 0)
	separate := len(raw) > len(rows) // line ends within quotes, but each line is a row by itself
	for _, row := range raw {
		separate = separate && len(row) == len(columns)
	}
	r := bareTexts == 0
	database := whole > 2 && !slices.ContainsFunc(columns, func(n int) bool { return n > 0 && n < whole-1 })
	pandas := special > 0 && commas+plain == 0
	excel := special+commas > 0 && plain == 0 && bareCommas == 0
	return !separate && (r || database || pandas || excel)
}

// hasQuotes reports whether a field of the first rows begins with a quote.
func (t *tableRows) hasQuotes() bool {
	return slices.ContainsFunc(t.sample(t.delim, 0), func(row []field) bool {
		return slices.ContainsFunc(row, func(f field) bool { return strings.HasPrefix(f.text, `"`) })
	})
}

// looksLikeRow reports whether the first of the rows is like the others: it has a
// number where they have numbers, or a label that others have.
func looksLikeRow(rows [][]field, c *columns) bool {
	if len(rows) < 2 {
		return false
	}
	first, rest := rows[0], rows[1:]
	for i, f := range first {
		isLabel := slices.ContainsFunc(c.labels, func(l labelColumn) bool { return slices.Contains(l.at, i) })
		numbers, same := isNumber(f.text), false
		for _, row := range rest {
			if i < len(row) {
				numbers = numbers && (isNumber(row[i].text) || row[i].text == "")
				same = same || row[i].text == f.text && f.text != ""
			}
		}
		if numbers || isLabel && same {
			return true
		}
	}
	return false
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil
}

// A columnShape is what the values of a column look like.
type columnShape struct {
	words  float64 // mean number of words of a value
	digits bool    // nearly all are numbers, dates or times
	same   bool    // all are equal
}

// few is how many rows are too few to judge a column's values and lengths by.
const few = 5

func shapeOf(rows [][]field, column int) columnShape {
	digits, words, n := 0, 0, 0
	values := map[string]bool{}
	for _, row := range rows {
		if column >= len(row) || row[column].text == "" {
			continue
		}
		n++
		text := row[column].text
		words += len(strings.Fields(text))
		values[text] = true
		if isNumber(text) || len(text) < 40 && len(strings.Trim(text, "0123456789")) < len(text) && strings.ContainsAny(text, ":-/") && strings.Count(text, ":")+strings.Count(text, "-")+strings.Count(text, "/") > 1 {
			digits++
		}
	}
	return columnShape{float64(words) / float64(max(n, 1)), n > 0 && digits*10 > n*9, n >= few && len(values) == 1}
}

// alike reports whether the columns could together be the text, as a title and a
// body: none holds numbers or one value alone, and none words where another holds
// sentences.
func alike(rows [][]field, at []int) bool {
	least, most := math.Inf(1), 0.0
	for _, i := range at {
		s := shapeOf(rows, i)
		if s.digits || s.same {
			return false
		}
		least, most = min(least, s.words), max(most, s.words)
	}
	return len(rows) < few || least >= 1.2 || most < 3
}

// prose returns those of the columns that hold texts, if any holds sentences.
func prose(rows [][]field, at []int) []int {
	var texts []int
	for _, i := range at {
		if s := shapeOf(rows, i); !s.digits && !s.same && s.words >= 1.2 {
			texts = append(texts, i)
		}
	}
	return texts
}

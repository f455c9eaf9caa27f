package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"

	"io"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/textlstm/textlstm/internal/escape"
)

// Table writes rows under a header.
//
// A cell is a string, an integer, a float, a bool, nil, or anything that fmt
// prints. Floats are written with four decimals in text, Markdown, HTML and LaTeX and
// exactly elsewhere; NaN is "n/a" there, empty in CSV and TSV and null in JSON.
// Columns in which every cell looks like a number are aligned right. A nil row
// is an empty line in text and is left out elsewhere.
//
// JSON is an array of objects whose keys are the header, in its order.
// Every row must have as many cells as the header. CSV without a header, which is nil, is
// the rows alone.
func Table(w io.Writer, header []string, rows [][]any, style Style) error {
	bare := style == CSV && header == nil
	for i, r := range rows {
		if r != nil && !bare && len(r) != len(header) {
			return fmt.Errorf("report: row %d has %d cells, the header has %d", i, len(r), len(header))
		}
	}
	switch style {
	case Text:
		return textTable(w, header, rows)
	case Markdown:
		return markdownTable(w, header, rows)
	case HTML:
		return htmlTable(w, header, rows)
	case LaTeX:
		return latexTable(w, header, rows)
	case CSV:
		return csvTable(w, header, rows)
	case TSV:
		return tsvTable(w, header, rows)
	case JSON:
		return jsonTable(w, header, rows, "[\n", ",\n", "\n]\n")
	case JSONL:
		return jsonTable(w, header, rows, "", "\n", "\n")
	}
	_, err := ParseStyle(string(style))
	return err
}

// Verbatim is a cell that CSV and TSV write as it is, also where a spreadsheet would
// take it for a formula: the user's own. In TSV one with a tab or a line end stands in
// quotes.
type Verbatim string

// float returns the value of any floating-point cell.
func float(cell any) (float64, bool) {
	switch v := reflect.ValueOf(cell); v.Kind() {
	case reflect.Float32, reflect.Float64:
		return v.Float(), true
	}
	return 0, false
}

// show is a cell as a reader sees it.
func show(cell any) string {
	if cell == nil {
		return ""
	}
	if f, ok := float(cell); ok {
		if math.IsNaN(f) {
			return "n/a"
		}
		return strconv.FormatFloat(f, 'f', 4, 64)
	}
	return fmt.Sprint(cell)
}

// exact is a cell as a program reads it.
func exact(cell any) string {
	if cell == nil {
		return ""
	}
	if f, ok := float(cell); ok {
		if math.IsNaN(f) {
			return ""
		}
		return shortest(cell, f)
	}
	return fmt.Sprint(cell)
}

// shortest is f in the fewest digits that keep the cell's own precision.
func shortest(cell any, f float64) string {
	bits := 64
	if reflect.ValueOf(cell).Kind() == reflect.Float32 {
		bits = 32
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

// numeric matches what is aligned right: numbers, percentages, ranges,
// undefined figures.
var numeric = regexp.MustCompile(`^(|n/a|-|–|(< )?[-+±]?[0-9][0-9.,]*(e[-+]?[0-9]+)?( ?%)?( ± [0-9.]+)?( \([0-9.]+ %\))?|\[.*[0-9n].*, .*\]( \*)?)$`)

// alignments chooses the side of every column.
func alignments(columns int, cells [][]string) []tw.Align {
	out := make([]tw.Align, columns)
	for c := range out {
		out[c] = tw.AlignLeft
		digits := false
		for _, row := range cells {
			if !numeric.MatchString(row[c]) {
				digits = false
				break
			}
			digits = digits || row[c] != ""
		}
		if digits {
			out[c] = tw.AlignRight
		}
	}
	return out
}

// cellStrings renders the rows that are not nil.
func cellStrings(header []string, rows [][]any, f func(any) string) (head []string, cells [][]string) {
	head = make([]string, len(header))
	for i, h := range header {
		head[i] = f(h)
	}
	for _, r := range rows {
		if r == nil {
			continue
		}
		line := make([]string, len(r))
		for i, c := range r {
			line[i] = f(c)
		}
		cells = append(cells, line)
	}
	return head, cells
}

func textTable(w io.Writer, header []string, rows [][]any) error {
	head, cells := cellStrings(header, rows, func(c any) string { return Clean(show(c)) })
	align := alignments(len(header), cells)
	lines, err := layOut(head, cells, align, "  ")
	if err != nil {
		return err
	}
	// layOut gives one line for the header and one per row: put the empty
	// lines back between them.
	var b strings.Builder
	b.WriteString(lines[0] + "\n")
	next := 1
	for _, r := range rows {
		if r != nil {
			b.WriteString(lines[next])
			next++
		}
		b.WriteByte('\n')
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// layOut aligns head and cells in columns a gap apart, without borders, and
// returns the lines.
func layOut(head []string, cells [][]string, align []tw.Align, gap string) ([]string, error) {
	var b bytes.Buffer
	t := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithPadding(tw.Padding{Left: "", Right: gap, Overwrite: true}),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	)
	t.Header(head)
	if err := t.Bulk(cells); err != nil {
		return nil, err
	}
	if err := t.Render(); err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != len(cells)+1 {
		return nil, fmt.Errorf("report: %d lines for %d rows", len(lines), len(cells)+1)
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines, nil
}

// escapeMarkdown neutralises what could end a cell or start markup. Backslash
// escapes of ASCII punctuation are CommonMark's. Brackets are escaped only where
// they would make a link, so that intervals stay readable.
func escapeMarkdown(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "|", `\|`, "<", `\<`, ">", `\>`, "&", `\&`, "*", `\*`, "`", "\\`", "](", `\](`, "][", `\][`,
	).Replace(s)
}

func markdownTable(w io.Writer, header []string, rows [][]any) error {
	head, cells := cellStrings(header, rows, func(c any) string { return Clean(show(c)) })
	align := alignments(len(header), cells)
	for _, line := range append(cells, head) {
		for i, c := range line {
			line[i] = escapeMarkdown(c)
		}
	}
	t := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	)
	t.Header(head)
	if err := t.Bulk(cells); err != nil {
		return err
	}
	return t.Render()
}

func htmlTable(w io.Writer, header []string, rows [][]any) error {
	head, cells := cellStrings(header, rows, func(c any) string { return Clean(show(c)) })
	align := alignments(len(header), cells)
	var b strings.Builder
	line := func(tag string, cells []string) {
		b.WriteString("<tr>")
		for i, c := range cells {
			class := ""
			if align[i] == tw.AlignRight {
				class = ` class="number"`
			}
			fmt.Fprintf(&b, "<%s%s>%s</%s>", tag, class, escapeHTML(c), tag)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("<table>\n<thead>\n")
	line("th", head)
	b.WriteString("</thead>\n<tbody>\n")
	for _, c := range cells {
		line("td", c)
	}
	b.WriteString("</tbody>\n</table>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func latexTable(w io.Writer, header []string, rows [][]any) error {
	head, cells := cellStrings(header, rows, func(c any) string { return Clean(show(c)) })
	var b strings.Builder
	b.WriteString("\\begin{tabular}{")
	for _, a := range alignments(len(header), cells) {
		b.WriteByte(map[bool]byte{true: 'r', false: 'l'}[a == tw.AlignRight])
	}
	b.WriteString("}\n\\toprule\n")
	line := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteString(" & ")
			}
			if i == 0 && strings.HasPrefix(c, "[") {
				b.WriteString("{}") // or it would be an argument of the line break before it
			}
			b.WriteString(escapeLaTeX(c))
		}
		b.WriteString(" \\\\\n")
	}
	line(head)
	b.WriteString("\\midrule\n")
	for _, c := range cells {
		line(c)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// guard puts an apostrophe before a cell that a spreadsheet would take for a
// formula (OWASP, "CSV injection"); numbers stay as they are.
func guard(cell string) string {
	if len(cell) < 2 || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

func csvTable(w io.Writer, header []string, rows [][]any) error {
	head, cells := cellStrings(header, rows, func(c any) string {
		if v, ok := c.(Verbatim); ok {
			return string(v)
		}
		return guard(clean(exact(c), true))
	})
	cw := csv.NewWriter(w)
	if header != nil {
		if err := cw.Write(head); err != nil {
			return err
		}
	}
	return cw.WriteAll(cells)
}

func tsvTable(w io.Writer, header []string, rows [][]any) error {
	head, cells := cellStrings(header, rows, func(c any) string {
		switch v, ok := c.(Verbatim); {
		case ok && strings.ContainsAny(string(v), "\t\r\n"):
			return `"` + strings.ReplaceAll(string(v), `"`, `""`) + `"`
		case ok:
			return string(v)
		}
		return Clean(exact(c))
	})
	var b strings.Builder
	for _, line := range append([][]string{head}, cells...) {
		b.WriteString(strings.Join(line, "\t"))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func jsonTable(w io.Writer, header []string, rows [][]any, open, between, end string) error {
	var b bytes.Buffer
	keys := make([][]byte, len(header))
	for i, h := range header {
		k, err := json.Marshal(h)
		if err != nil {
			return err
		}
		keys[i] = escape.JSON(k)
	}
	first := true
	for _, r := range rows {
		if r == nil {
			continue
		}
		if !first {
			b.WriteString(between)
		}
		first = false
		b.WriteByte('{')
		for i, c := range r {
			if f, ok := float(c); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
				c = nil
			}
			v, err := marshal(c)
			if err != nil {
				return fmt.Errorf("report: column %q: %w", header[i], err)
			}
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(keys[i])
			b.WriteByte(':')
			b.Write(v)
		}
		b.WriteByte('}')
	}
	if first && open == "" {
		return nil // no lines at all
	}
	if first {
		open, end = "[", "]\n"
	}
	_, err := io.WriteString(w, open+b.String()+end)
	return err
}

// marshal is json.Marshal without the escapes that only HTML needs, and with those that
// a terminal does.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escape.JSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

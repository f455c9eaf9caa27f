package forecast

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// ErrData says that a table cannot be read as series. Errors that wrap it say where.
var ErrData = errors.New("bad data")

// A Missing says what stands for a value that a table has not.
type Missing string

// What stands for missing values. At the ends of a series nothing does: it is shorter.
const (
	Refused Missing = ""       // nothing: one is an error
	Linear  Missing = "linear" // the line between the values beside it
	Hold    Missing = "last"   // the value before it
	Zero    Missing = "zero"   // 0
)

// A TableConfig says which columns of a table are what, by their names in the header
// or their numbers from 1. The zero value suits a table with one column of numbers
// beside that of times.
type TableConfig struct {
	// Values are the columns of the series, one each; empty means the one that has
	// numbers and is nothing else.
	Values []string `json:"values,omitempty"`

	// Time is the column that names the steps; "" means the first that has dates, or
	// the first of all, unless it is another's.
	Time string `json:"time,omitempty"`

	// Series is a column that says which series a row belongs to, for tables that have
	// them below each other; Values is then one column.
	Series string `json:"series,omitempty"`

	// Covariates are columns of further values. Rows at the end whose value is empty
	// give the covariates of the steps to be forecast.
	Covariates []string `json:"covariates,omitempty"`

	// Missing says what stands for values that are empty or NA, and for steps that have
	// no row where the times are at equal distances.
	Missing Missing `json:"missing,omitempty"`

	// Comma is the delimiter; 0 means a comma, or the tab, semicolon or pipe of which
	// the first line has most.
	Comma rune `json:"-"`

	// Decimal is the mark of fractions, a point or a comma; 0 means what the numbers
	// show, and a point where they do not.
	Decimal rune `json:"-"`

	// OnNote, if not nil, is called with what is read otherwise than it stands.
	OnNote func(note string) `json:"-"`
}

// Validate reports what makes no sense.
func (c TableConfig) Validate() error {
	switch {
	case !slices.Contains([]Missing{Refused, Linear, Hold, Zero}, c.Missing):
		return fmt.Errorf("forecast: missing %q: want linear, last or zero", c.Missing)
	case !slices.Contains([]rune{0, '.', ','}, c.Decimal):
		return fmt.Errorf("forecast: decimal %q: want a point or a comma", c.Decimal)
	case c.Comma != 0 && (c.Comma == '"' || c.Comma == '\n' || c.Comma == '\r' || c.Comma == utf8.RuneError || c.Comma == c.Decimal):
		return fmt.Errorf("forecast: delimiter %q: want one that numbers and quotes do not have", c.Comma)
	}
	return nil
}

// The most columns and rows of a table.
const (
	maxColumns = 65_536
	maxRows    = 10_000_000
)

// ReadTable reads series from a table with comma-separated values, in UTF-8 or UTF-16, of
// at most 65,536 columns and 10,000,000 rows. A first row whose values are no numbers is the header. Rows are put in the order of
// their times. name is for errors, which give the line.
func ReadTable(r io.Reader, name string, c TableConfig) ([]Series, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var all strings.Builder
	if _, err := io.Copy(&all, transform.NewReader(r, unicode.BOMOverride(encoding.Nop.NewDecoder()))); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t := &table{TableConfig: c, name: name}
	if err := t.read(all.String()); err != nil {
		return nil, err
	}
	return t.all()
}

// A table is one being read.
type table struct {
	TableConfig
	name   string
	header []string   // nil for none
	width  int        // columns
	blocks [][]string // cells of blockRows rows each, one row after the other
	lines  []int      // of rows

	values, covariates []int
	time, group        int // -1 for none
	mark               rune
}

func (t *table) bad(line int, format string, args ...any) error {
	where := t.name
	if line > 0 {
		where = fmt.Sprintf("%s:%d", t.name, line)
	}
	return fmt.Errorf("%s: %w: %w", where, ErrData, fmt.Errorf(format, args...))
}

func (t *table) note(format string, args ...any) {
	if t.OnNote != nil {
		t.OnNote(t.name + ": " + fmt.Sprintf(format, args...))
	}
}

// read reads the rows and finds the columns.
func (t *table) read(text string) error {
	said, skipped := t.Comma, 0
	if line, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(line, "sep=") { // as Excel has it
		if mark := strings.TrimRight(line[4:], "\r"); utf8.RuneCountInString(mark) == 1 {
			text, skipped = rest, 1
			said = cmp.Or(said, []rune(mark)[0])
		}
	}
	r := csv.NewReader(strings.NewReader(text))
	if r.Comma = cmp.Or(said, delimiter(text)); (TableConfig{Comma: r.Comma}).Validate() != nil {
		return t.bad(1, "the delimiter %q", r.Comma)
	}
	r.ReuseRecord = true
	r.TrimLeadingSpace = !strings.ContainsRune(" \t", r.Comma) // else it would trim empty cells
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			err = parse.Err
			if errors.Is(err, csv.ErrFieldCount) {
				err = fmt.Errorf("wrong number of fields: %d, the first row has %d", len(row), r.FieldsPerRecord)
			}
			return t.bad(parse.Line+skipped, "%w", err)
		}
		if err != nil {
			return t.bad(0, "%w", err)
		}
		line, _ := r.FieldPos(0)
		line += skipped
		if t.width = len(row); t.width > maxColumns {
			return t.bad(line, "%d columns, more than %d", t.width, maxColumns)
		}
		if len(t.lines) > maxRows {
			return t.bad(line, "more than %d rows", maxRows)
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if t.header == nil && len(t.lines) == 0 && isHeader(row) {
			t.header = slices.Clone(row)
			continue
		}
		t.add(row, line)
	}
	if len(t.lines) == 0 {
		return t.bad(0, "no rows")
	}
	if err := t.columns(); err != nil {
		return t.bad(0, "%w", err)
	}
	if t.mark = t.Decimal; t.mark == 0 {
		t.mark = t.decimal(r.Comma)
	}
	return nil
}

// blockRows is how many rows of a table are kept together, so that it does not grow by
// copying.
func (t *table) blockRows() int { return max(1, 4096/t.width) }

func (t *table) add(row []string, line int) {
	if len(t.lines)%t.blockRows() == 0 {
		t.blocks = append(t.blocks, make([]string, 0, t.blockRows()*t.width))
	}
	last := &t.blocks[len(t.blocks)-1]
	*last = append(*last, row...)
	t.lines = append(t.lines, line)
}

// row is row k.
func (t *table) row(k int) []string {
	n := t.blockRows()
	return t.blocks[k/n][k%n*t.width:][:t.width]
}

// delimiter is the one of which the first line has most.
func delimiter(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, c := range ";\t|" {
		if strings.Count(first, string(c)) > strings.Count(first, string(best)) {
			best = c
		}
	}
	return best
}

// isHeader says whether the last cell of a row that could be a value is no number.
func isHeader(row []string) bool {
	for _, cell := range slices.Backward(row) {
		if cell != "" && !isMissing(cell) {
			return !isNumber(cell)
		}
	}
	return false
}

// numeric matches numbers with whatever marks.
var numeric = regexp.MustCompile(`^[-+]?(([0-9]{1,3}([.,' \x{a0}\x{202f}][0-9]{3})+|[0-9]+)([.,][0-9]*)?|[.,][0-9]+)([eE][-+]?[0-9]+)?$`)

// maxDigits bounds the bytes of a number: what is longer is none.
const maxDigits = 1000

func isNumber(cell string) bool { return len(cell) <= maxDigits && numeric.MatchString(cell) }

func isMissing(cell string) bool {
	switch strings.ToLower(cell) {
	case "", "na", "n/a", "nan", "null", "none", "-", ".", "?":
		return true
	}
	return false
}

// columns finds the columns.
func (t *table) columns() error {
	t.time, t.group = -1, -1
	var err error
	if t.Series != "" {
		if t.group, err = t.find(t.Series); err != nil {
			return err
		}
		if len(t.Values) > 1 {
			return errors.New("a column of the series' names and several columns of values: one is enough")
		}
	}
	for _, want := range t.Covariates {
		i, err := t.find(want)
		if err != nil {
			return err
		}
		t.covariates = append(t.covariates, i)
	}
	for _, want := range t.Values {
		i, err := t.find(want)
		if err != nil {
			return err
		}
		t.values = append(t.values, i)
	}
	if t.Time != "" {
		if t.time, err = t.find(t.Time); err != nil {
			return err
		}
	} else {
		t.time = t.findTime()
	}
	if len(t.values) > 0 {
		return t.titlesDiffer()
	}
	var found []int
	for i := range t.width {
		if !t.taken(i) && i != t.time && t.numbers(i) {
			found = append(found, i)
		}
	}
	if len(found) > 1 {
		return fmt.Errorf("the columns %s have numbers: say which are the values", t.titles(found))
	}
	if t.values = found; len(found) == 0 {
		// That of a table whose numbers are bad is told with its line.
		for i := range slices.Backward(t.row(0)) {
			if !t.taken(i) && i != t.time {
				t.values = []int{i}
				return nil
			}
		}
		return errors.New("no column is left for the values")
	}
	return nil
}

// titlesDiffer returns an error if two columns of values have one title, which is the
// name of a series.
func (t *table) titlesDiffer() error {
	seen := map[string]bool{}
	for _, i := range t.values {
		title := t.title(i)
		if seen[title] {
			return fmt.Errorf("two columns of values are %q: a series needs a name of its own", title)
		}
		seen[title] = true
	}
	return nil
}

// find returns the column of a name or number.
func (t *table) find(want string) (int, error) {
	for _, fold := range []bool{false, true} {
		i := slices.IndexFunc(t.header, func(cell string) bool { return cell == want || fold && strings.EqualFold(cell, want) })
		if i >= 0 {
			return i, nil
		}
	}
	if n, err := strconv.Atoi(want); err == nil && n >= 1 && n <= t.width {
		return n - 1, nil
	}
	all := make([]int, t.width)
	for i := range all {
		all[i] = i
	}
	return 0, fmt.Errorf("no column %q; the columns are %s", want, t.titles(all))
}

// titles are those of columns, the first ones of many.
func (t *table) titles(columns []int) string {
	const most = 20
	var names []string
	for _, i := range columns[:min(most, len(columns))] {
		names = append(names, t.title(i))
	}
	more := ""
	if len(columns) > most {
		more = fmt.Sprintf(" and %d more", len(columns)-most)
	}
	return strings.Join(names, ", ") + more
}

// title is the name of a column, or its number.
func (t *table) title(i int) string {
	if t.header == nil || t.header[i] == "" {
		return strconv.Itoa(i + 1)
	}
	return t.header[i]
}

func (t *table) taken(i int) bool {
	return i == t.group || slices.Contains(t.covariates, i) || slices.Contains(t.values, i)
}

// findTime returns the first column of dates, or else the first, unless that is taken
// or the only one that is not.
func (t *table) findTime() int {
	free, dates := 0, -1
	for i := range t.width {
		if t.taken(i) {
			continue
		}
		free++
		if dates >= 0 {
			continue
		}
		names := t.column(i, 50)
		if _, _, ok := CalendarOf(names); ok && !slices.ContainsFunc(names, func(s string) bool { return len(s) < 6 && isNumber(s) }) {
			dates = i
		}
	}
	switch {
	case dates >= 0 && (free > 1 || len(t.values) > 0):
		return dates
	case t.taken(0), free == 1 && len(t.values) == 0:
		return -1
	}
	return 0
}

// column returns the first n cells of a column, fewer if it has fewer.
func (t *table) column(i, n int) []string {
	var cells []string
	for k := range min(n, len(t.lines)) {
		cells = append(cells, t.row(k)[i])
	}
	return cells
}

// numbers says whether a column has numbers alone.
func (t *table) numbers(i int) bool {
	some := false
	for k := range t.lines {
		cell := t.row(k)[i]
		if isMissing(cell) {
			continue
		}
		if !isNumber(cell) {
			return false
		}
		some = true
	}
	return some
}

// decimal is the mark that the numbers show: the later one of two in a number, or the
// only one of a number where it does not part thousands.
func (t *table) decimal(comma rune) rune {
	doubt := false // 1,234
	columns := slices.Concat(t.values, t.covariates)
	for k := range t.lines {
		row := t.row(k)
		for _, i := range columns {
			point, comma := strings.LastIndexByte(row[i], '.'), strings.LastIndexByte(row[i], ',')
			switch only := max(point, comma); {
			case only < 0 || !isNumber(row[i]):
			case point >= 0 && comma >= 0:
				return rune(row[i][only])
			case strings.Count(row[i], row[i][only:only+1]) > 1: // 1,234,567
				return rune(",."[strings.IndexByte(".,", row[i][only])])
			case only != len(row[i])-4:
				return rune(row[i][only])
			case comma >= 0:
				doubt = true
			}
		}
	}
	if doubt && comma != ',' {
		return ','
	}
	return '.'
}

// number reads a number; NaN is one that is missing.
func (t *table) number(cell string) (float64, error) {
	if isMissing(cell) && (cell == "" || t.Missing != Refused) {
		return math.NaN(), nil
	}
	plain := cell
	if isNumber(cell) {
		other := string(",."[strings.IndexByte(".,", byte(t.mark))])
		for _, mark := range []string{other, "'", " ", "\u00a0", "\u202f"} {
			plain = strings.ReplaceAll(plain, mark, "")
		}
		if i := strings.LastIndex(cell, other); i >= 0 {
			whole, part := strings.Trim(cell[:i], "+-0"), cell[i+1:]
			digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
			if digits != 3 || whole == "" || strings.ContainsRune(whole, t.mark) { // no thousands
				names := map[string]string{".": "point", ",": "comma"}
				return 0, fmt.Errorf("%.100q has a %s, where fractions have a %s", cell, names[other], names[string(t.mark)])
			}
		}
		plain = strings.ReplaceAll(plain, string(t.mark), ".")
	}
	if len(plain) > maxDigits {
		return 0, fmt.Errorf("%.100q is not a number", cell)
	}
	v, err := strconv.ParseFloat(plain, 64)
	if err != nil {
		return 0, fmt.Errorf("%.100q is not a number", cell)
	}
	if v-v != 0 {
		return 0, fmt.Errorf("%.100q is not a finite number", cell)
	}
	return v, nil
}

// A step is a row of one series.
type step struct {
	line       int
	name       string // of its time
	value      float64
	covariates []float64
}

// all returns the series.
func (t *table) all() ([]Series, error) {
	var names []string
	steps := map[string][]step{}
	for k := range t.lines {
		row := t.row(k)
		for _, column := range t.values {
			name := t.title(column)
			if t.group >= 0 {
				name = row[t.group]
			}
			s := step{line: t.lines[k]}
			if t.time >= 0 {
				s.name = row[t.time]
			}
			var err error
			if s.value, err = t.number(row[column]); err != nil {
				return nil, t.bad(s.line, "column %d: %w", column+1, err)
			}
			for _, i := range t.covariates {
				x, err := t.number(row[i])
				if err != nil {
					return nil, t.bad(s.line, "covariate, column %d: %w", i+1, err)
				}
				s.covariates = append(s.covariates, x)
			}
			if steps[name] == nil {
				names = append(names, name)
				if t.group < 0 {
					steps[name] = make([]step, 0, len(t.lines))
				}
			}
			steps[name] = append(steps[name], s)
		}
	}
	var list []Series
	for k, name := range names {
		column := t.values[0]
		if t.group < 0 {
			column = t.values[k]
		}
		s, err := t.series(name, column, steps[name])
		if err != nil {
			return nil, err
		}
		if len(s.Values) == 0 {
			return nil, t.bad(0, "no values of %s", name)
		}
		list = append(list, s)
	}
	return list, nil
}

// series makes a series of its steps.
func (t *table) series(name string, column int, steps []step) (Series, error) {
	steps, err := t.inOrder(name, steps)
	if err != nil {
		return Series{}, err
	}
	missing := func(s step) bool { return math.IsNaN(s.value) }
	ends := len(steps)
	for ends > 0 && missing(steps[ends-1]) {
		ends--
	}
	begins := 0
	for begins < ends && missing(steps[begins]) {
		begins++
	}
	if t.Missing == Refused {
		gap := slices.IndexFunc(steps[:ends], missing)
		if gap < 0 && len(t.covariates) == 0 && ends < len(steps) {
			gap = ends
		}
		if gap >= 0 {
			line := steps[gap].line
			if len(t.covariates) > 0 && begins == 0 {
				for ; gap < ends && missing(steps[gap]); gap++ {
				}
				return Series{}, t.bad(steps[gap].line, "column %d: a value after rows without one", column+1)
			}
			return Series{}, t.bad(line, "column %d: no value: fill in or leave out the row, or say what is for missing ones: linear, last or zero", column+1)
		}
	} else if ends > 0 && (begins > 0 || ends < len(steps) && len(t.covariates) == 0) {
		t.note("%s begins with its first value, in line %d, and ends with its last, in line %d", name, steps[begins].line, steps[ends-1].line)
	}
	if len(t.covariates) == 0 {
		steps = steps[:ends]
	}
	s := Series{Name: name, Covariates: make([][]float64, len(t.covariates))}
	for i, x := range steps[begins:] {
		if begins+i < ends {
			s.Values = append(s.Values, x.value)
			if t.time >= 0 {
				s.Times = append(s.Times, x.name)
			}
		}
	}
	filled := t.fill(s.Values)
	for k := range s.Covariates {
		for _, x := range steps[begins:] {
			s.Covariates[k] = append(s.Covariates[k], x.covariates[k])
		}
		v := s.Covariates[k]
		for len(v) > len(s.Values) && math.IsNaN(v[len(v)-1]) {
			v = v[:len(v)-1] // not known ahead
		}
		s.Covariates[k] = v
		if gap := slices.IndexFunc(v, math.IsNaN); gap >= 0 && (t.Missing == Refused || gap == 0) {
			return Series{}, t.bad(steps[begins+gap].line, "covariate, column %d: no value: fill in or leave out the row", t.covariates[k]+1)
		}
		filled += t.fill(v)
	}
	if filled > 0 {
		t.note("%s: %d missing values are %s", name, filled, map[Missing]string{Linear: "on the line between those beside them", Hold: "the one before", Zero: "0"}[t.Missing])
	}
	return s, nil
}

// fill puts what stands for missing values in their place, and returns how many they
// were. The first of v is there.
func (t *table) fill(v []float64) (filled int) {
	next := 0 // the first value from i on that is there
	for i := range v {
		if !math.IsNaN(v[i]) {
			continue
		}
		filled++
		switch v[i] = v[i-1]; t.Missing {
		case Zero:
			v[i] = 0
		case Linear:
			for next = max(next, i+1); next < len(v) && math.IsNaN(v[next]); next++ {
			}
			if next < len(v) {
				v[i] += (v[next] - v[i-1]) / float64(next-i+1)
			}
		}
	}
	return filled
}

// inOrder puts steps in the order of their times, where these are known, and adds those
// that are missing between them.
func (t *table) inOrder(series string, steps []step) ([]step, error) {
	if t.time < 0 {
		return steps, nil
	}
	names, lines := make([]string, len(steps)), map[string]int{}
	for i, s := range steps {
		names[i] = s.name
		if line := lines[s.name]; line > 0 && s.name != "" {
			hint := ""
			if t.group < 0 {
				hint = "; if a column names the series of a row, say which"
			}
			return nil, t.bad(s.line, "%s has the time %s twice, also in line %d%s", series, s.name, line, hint)
		}
		lines[s.name] = s.line
	}
	calendar, times, ok := CalendarOf(names)
	if !ok {
		return steps, nil
	}
	order := make([]int, len(steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return times[a].Compare(times[b]) })
	if !slices.IsSorted(order) {
		t.note("%s: rows are put in the order of their times", series)
	}
	var out []step
	for k, i := range order {
		if k > 0 {
			last := order[k-1]
			gap := calendar.steps(times[last], times[i]) - 1
			if gap > 0 && t.Missing == Refused {
				return nil, t.bad(steps[i].line, "%s: no %s between %s and %s, %d missing of steps of %s: add the rows, or say what is for missing ones: linear, last or zero",
					series, calendar.Ahead(steps[last].name, 1)[0], steps[last].name, steps[i].name, gap, calendar)
			}
			if len(out)+gap > maxFilled(len(steps)) {
				return nil, t.bad(steps[i].line, "%s: %d steps are missing between %s and %s", series, gap, steps[last].name, steps[i].name)
			}
			for _, name := range calendar.Ahead(steps[last].name, max(0, gap)) {
				missing := step{line: steps[i].line, name: name, value: math.NaN()}
				for range t.covariates {
					missing.covariates = append(missing.covariates, math.NaN())
				}
				out = append(out, missing)
			}
		}
		out = append(out, steps[i])
	}
	return out, nil
}

// maxFilled is how many steps so many rows may become.
func maxFilled(rows int) int { return 10*rows + 1000 }

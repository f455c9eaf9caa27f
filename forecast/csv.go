package forecast

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrData says that a table cannot be read as series. Errors that wrap it say where.
var ErrData = errors.New("bad data")

// A TableConfig says which columns of a table are what, by their names in the header
// or their numbers from 1. The zero value suits a table whose last column is the
// series and whose first, if it has more, names the steps.
type TableConfig struct {
	// Values are the columns of the series, one each; empty means the last that is not
	// a covariate.
	Values []string

	// Time is the column that names the steps; "" means the first, unless it is
	// another's.
	Time string

	// Series is a column that says which series a row belongs to, for tables that have
	// them below each other; Values is then one column.
	Series string

	// Covariates are columns of further values. Rows at the end whose value is empty
	// give the covariates of the steps to be forecast.
	Covariates []string

	// Comma is the delimiter; 0 means a comma, or the tab, semicolon or pipe of which
	// the first line has most.
	Comma rune
}

// ReadTable reads series from a table with comma-separated values. A first row whose
// values are no numbers is the header. name is for errors, which give the line.
func ReadTable(r io.Reader, name string, c TableConfig) ([]Series, error) {
	t := &table{TableConfig: c, name: name, index: map[string]int{}}
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text := strings.TrimPrefix(string(all), "\ufeff")
	rows := csv.NewReader(strings.NewReader(text))
	if rows.Comma = c.Comma; rows.Comma == 0 {
		rows.Comma = delimiter(text)
	}
	rows.TrimLeadingSpace = true
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrData, err)
		}
		t.line, _ = rows.FieldPos(0)
		if err := t.add(row); err != nil {
			return nil, fmt.Errorf("%s:%d: %w: %w", name, t.line, ErrData, err)
		}
	}
	if !slices.ContainsFunc(t.series, func(s Series) bool { return len(s.Values) > 0 }) {
		return nil, fmt.Errorf("%s: %w: no rows", name, ErrData)
	}
	return t.series, nil
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

// A table is one being read.
type table struct {
	TableConfig
	name   string
	line   int
	series []Series
	index  map[string]int // series by name

	values, covariates []int
	time, group        int // -1 for none
}

// add takes a row.
func (t *table) add(row []string) error {
	if t.values == nil {
		header := !t.isData(row)
		if err := t.columns(row, header); err != nil {
			return err
		}
		if header {
			return nil
		}
	}
	for i, column := range t.values {
		s := &t.series[t.seriesOf(row, i)]
		for k, c := range t.covariates {
			x, err := number(row[c])
			if err != nil {
				return fmt.Errorf("covariate, column %d: %w", c+1, err)
			}
			s.Covariates[k] = append(s.Covariates[k], x)
		}
		if err := t.value(s, row, column); err != nil {
			return err
		}
	}
	return nil
}

// value appends the value of a row, unless it is empty, which only those of the last
// rows may be.
func (t *table) value(s *Series, row []string, column int) error {
	cell := strings.TrimSpace(row[column])
	ended := len(s.Covariates) > 0 && len(s.Covariates[0]) > len(s.Values)+1
	if cell == "" && len(t.covariates) > 0 {
		return nil
	}
	v, err := number(cell)
	if err != nil {
		return fmt.Errorf("column %d: %w", column+1, err)
	}
	if ended {
		return fmt.Errorf("column %d: a value after rows without one", column+1)
	}
	s.Values = append(s.Values, v)
	if t.time >= 0 {
		s.Times = append(s.Times, row[t.time])
	}
	return nil
}

func number(cell string) (float64, error) {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		return 0, errors.New("no value: fill in or leave out the row")
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", cell)
	}
	if v-v != 0 {
		return 0, fmt.Errorf("%q is not a finite number", cell)
	}
	return v, nil
}

// isData says whether the row's last cell that could be a value is a number.
func (t *table) isData(row []string) bool {
	for _, cell := range slices.Backward(row) {
		if cell = strings.TrimSpace(cell); cell != "" {
			_, err := strconv.ParseFloat(cell, 64)
			return err == nil
		}
	}
	return true
}

// columns finds the columns by the first row.
func (t *table) columns(row []string, header bool) error {
	find := func(want string) (int, error) {
		if header {
			if i := slices.IndexFunc(row, func(cell string) bool { return strings.TrimSpace(cell) == want }); i >= 0 {
				return i, nil
			}
		}
		if n, err := strconv.Atoi(want); err == nil && n >= 1 && n <= len(row) {
			return n - 1, nil
		}
		return 0, fmt.Errorf("no column %q; the columns are %s", want, strings.Join(row, ", "))
	}
	t.time, t.group = -1, -1
	var err error
	if t.Series != "" {
		if t.group, err = find(t.Series); err != nil {
			return err
		}
		if len(t.Values) > 1 {
			return errors.New("a column of the series' names and several columns of values: one is enough")
		}
	}
	for _, want := range t.Covariates {
		i, err := find(want)
		if err != nil {
			return err
		}
		t.covariates = append(t.covariates, i)
	}
	taken := func(i int) bool {
		return i == t.group || slices.Contains(t.covariates, i) || slices.Contains(t.values, i)
	}
	for _, want := range t.Values {
		i, err := find(want)
		if err != nil {
			return err
		}
		t.values = append(t.values, i)
	}
	for i := len(row) - 1; i >= 0 && len(t.values) == 0; i-- {
		if !taken(i) {
			t.values = append(t.values, i)
		}
	}
	if len(t.values) == 0 {
		return errors.New("no column is left for the values")
	}
	if t.Time != "" {
		t.time, err = find(t.Time)
	} else if !taken(0) {
		t.time = 0
	}
	if t.group < 0 {
		for _, i := range t.values {
			name := strconv.Itoa(i + 1)
			if header {
				name = strings.TrimSpace(row[i])
			}
			t.series = append(t.series, Series{Name: name, Covariates: make([][]float64, len(t.covariates))})
		}
	}
	return err
}

// seriesOf is the place of the series of the row's value i.
func (t *table) seriesOf(row []string, i int) int {
	if t.group < 0 {
		return i
	}
	name := row[t.group]
	at, ok := t.index[name]
	if !ok {
		at = len(t.series)
		t.index[name] = at
		t.series = append(t.series, Series{Name: name, Covariates: make([][]float64, len(t.covariates))})
	}
	return at
}

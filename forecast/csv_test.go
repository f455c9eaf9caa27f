package forecast_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/forecast"
)

func TestReadTable(t *testing.T) {
	one := []forecast.Series{{Name: "sales", Times: []string{"jan", "feb"}, Values: []float64{1, 2.5}, Covariates: [][]float64{}}}
	for name, tt := range map[string]struct {
		in   string
		c    forecast.TableConfig
		want []forecast.Series
	}{
		"plain":     {"month,sales\njan,1\nfeb,2.5\n", forecast.TableConfig{}, one},
		"semicolon": {"\ufeffmonth;sales\r\njan;1\r\nfeb;2.5", forecast.TableConfig{}, one},
		"no header": {"1\n2\n", forecast.TableConfig{}, []forecast.Series{{Name: "1", Values: []float64{1, 2}, Covariates: [][]float64{}}}},
		"several": {"t\ta\tb\n1\t2\t3\n", forecast.TableConfig{Values: []string{"b", "a"}}, []forecast.Series{
			{Name: "b", Times: []string{"1"}, Values: []float64{3}, Covariates: [][]float64{}},
			{Name: "a", Times: []string{"1"}, Values: []float64{2}, Covariates: [][]float64{}},
		}},
		"below each other": {"shop,day,n\nx,1,5\ny,1,6\nx,2,7\n", forecast.TableConfig{Series: "shop", Time: "day"}, []forecast.Series{
			{Name: "x", Times: []string{"1", "2"}, Values: []float64{5, 7}, Covariates: [][]float64{}},
			{Name: "y", Times: []string{"1"}, Values: []float64{6}, Covariates: [][]float64{}},
		}},
		"decimal commas": {"month;sales\njan;1,5\nfeb;1.234,25\n", forecast.TableConfig{}, []forecast.Series{{Name: "sales", Times: []string{"jan", "feb"}, Values: []float64{1.5, 1234.25}, Covariates: [][]float64{}}}},
		"thousands":      {"month,sales\njan,\"1,234\"\nfeb,\"1,234,567.5\"\n", forecast.TableConfig{}, []forecast.Series{{Name: "sales", Times: []string{"jan", "feb"}, Values: []float64{1234, 1234567.5}, Covariates: [][]float64{}}}},
		"either":         {"month;sales\njan;1,5\nfeb;1.234\n", forecast.TableConfig{}, []forecast.Series{{Name: "sales", Times: []string{"jan", "feb"}, Values: []float64{1.5, 1234}, Covariates: [][]float64{}}}},
		"of Excel":       {"\xff\xfes\x00e\x00p\x00=\x00;\x00\r\x00\n\x00a\x00;\x00b\x00\n\x001\x00;\x002\x00,\x005\x00\n\x00", forecast.TableConfig{}, []forecast.Series{{Name: "b", Times: []string{"1"}, Values: []float64{2.5}, Covariates: [][]float64{}}}},
		"E1 is a title":  {"date,E1\n1,.5\n2,5.\n3,5e1\n", forecast.TableConfig{}, []forecast.Series{{Name: "E1", Times: []string{"1", "2", "3"}, Values: []float64{0.5, 5, 50}, Covariates: [][]float64{}}}},
		"dates last":     {"n,day\n5,2026-01-01\n6,2026-01-02\n", forecast.TableConfig{}, []forecast.Series{{Name: "n", Times: []string{"2026-01-01", "2026-01-02"}, Values: []float64{5, 6}, Covariates: [][]float64{}}}},
		"newest first": {"day,n\n3.2.2026,3\n2.2.2026,2\n1.2.2026,1\n", forecast.TableConfig{}, []forecast.Series{
			{Name: "n", Times: []string{"1.2.2026", "2.2.2026", "3.2.2026"}, Values: []float64{1, 2, 3}, Covariates: [][]float64{}},
		}},
		"gaps": {"day,n\n2026-02-01,NA\n2026-02-02,2\n2026-02-03,\n2026-02-05,5\n2026-02-06,6\n2026-02-07,\n", forecast.TableConfig{Missing: forecast.Linear}, []forecast.Series{
			{Name: "n", Times: []string{"2026-02-02", "2026-02-03", "2026-02-04", "2026-02-05", "2026-02-06"}, Values: []float64{2, 3, 4, 5, 6}, Covariates: [][]float64{}},
		}},
		"covariates of before": {"n,x,price\n5,7,1\n6,8,2\n,,3\n", forecast.TableConfig{Covariates: []string{"x", "price"}}, []forecast.Series{
			{Name: "n", Values: []float64{5, 6}, Covariates: [][]float64{{7, 8}, {1, 2, 3}}},
		}},
		"covariates ahead": {"n,price\n5,1\n6,2\n,3\n", forecast.TableConfig{Covariates: []string{"price"}}, []forecast.Series{
			{Name: "n", Values: []float64{5, 6}, Covariates: [][]float64{{1, 2, 3}}},
		}},
	} {
		got, err := forecast.ReadTable(strings.NewReader(tt.in), "t.csv", tt.c)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	for in, want := range map[string]string{
		"a,b\n1,2\n3,x\n":           `t.csv:3: bad data: column 2: "x" is not a number`,
		"a,b\n1,2\n3,\n":            "t.csv:3: bad data: column 2: no value",
		"a,b\n1,2\n\n3,NaN\n":       `t.csv:4: bad data: column 2: "NaN" is not a finite number`,
		"a,b\n1\n":                  "wrong number of fields",
		"a,b\n":                     "t.csv: bad data: no rows",
		"":                          "t.csv: bad data: no rows",
		"day,a,b\n2026-01-01,2,3\n": "t.csv: bad data: the columns a, b have numbers: say which are the values",
		"day,n\n2026-01-01,2\n2026-01-02,3\n2026-01-01,4\n":                                                        "t.csv:4: bad data: n has the time 2026-01-01 twice, also in line 2; if a column names the series",
		"m,n\n2026-01,1\n2026-02,2\n2026-03,3\n2026-04,3\n2026-05,3\n2026-06,3\n2026-07,3\n2026-08,3\n2026-10,4\n": "t.csv:10: bad data: n: no 2026-09 between 2026-08 and 2026-10, 1 missing of steps of a month",
		"m;n\na;1.5\nb;1,5\nc;x\n": `t.csv:3: bad data: column 2: "1,5" has a comma, where fractions have a point`,
		"m;n\na;1,5\nb;0.25\n":     `t.csv:3: bad data: column 2: "0.25" has a point, where fractions have a comma`,
		"m;n\na;1,5\nb;0.250\n":    `"0.250" has a point`,
		"m;n\na;1,5\nb;1.2345\n":   `"1.2345" has a point`,
		"m;n\na;1,5\nb;1,234.5\n":  `"1,234.5" has a point`,
		"m;n\na;1.5\nb;1,5e3\n":    `"1,5e3" has a comma`,
	} {
		_, err := forecast.ReadTable(strings.NewReader(in), "t.csv", forecast.TableConfig{})
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, forecast.ErrData) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
	for _, c := range []forecast.TableConfig{{Values: []string{"z"}}, {Time: "z"}, {Series: "z"}, {Covariates: []string{"z"}}} {
		_, err := forecast.ReadTable(strings.NewReader("a,b\n1,2\n"), "t.csv", c)
		if err == nil || !strings.Contains(err.Error(), `no column "z"; the columns are a, b`) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for _, values := range [][]string{{"1", "2"}, {"x", "x"}} {
		_, err := forecast.ReadTable(strings.NewReader("x,x\n1,10\n2,20\n"), "t.csv", forecast.TableConfig{Values: values})
		if !errors.Is(err, forecast.ErrData) || !strings.Contains(err.Error(), `two columns of values are "x"`) {
			t.Errorf("one title twice gives %v", err)
		}
	}
	_, err := forecast.ReadTable(strings.NewReader("n,price\n5,1\n,3\n6,2\n"), "t.csv", forecast.TableConfig{Covariates: []string{"price"}})
	if err == nil || !strings.Contains(err.Error(), "t.csv:4: bad data: column 1: a value after rows without one") {
		t.Errorf("a gap gives %v", err)
	}
}

// Any bytes are series of finite numbers or an error.
func FuzzReadTable(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\n1;2\n", "\"a\n\",b\n1,2\n", "1\n2\n", "n,p\n5,1\n,3\n", "\ufeffx|y\n|\n"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, in string, covariate bool) {
		c := forecast.TableConfig{}
		if len(in)%2 == 0 {
			c.Missing = forecast.Linear
		}
		if covariate {
			c.Covariates = []string{"2"}
		}
		series, err := forecast.ReadTable(strings.NewReader(in), "fuzz", c)
		if err != nil {
			if !errors.Is(err, forecast.ErrData) {
				t.Fatal(err)
			}
			return
		}
		for _, s := range series {
			for _, v := range s.Values {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("a value of %v", v)
				}
			}
			if s.Times != nil && len(s.Times) != len(s.Values) {
				t.Fatalf("%d times, %d values", len(s.Times), len(s.Values))
			}
		}
	})
}

// Tables of more than their bounds are refused by name, and what stands for missing values
// is found in linear time.
func TestTableBounds(t *testing.T) {
	read := func(text string, c forecast.TableConfig) ([]forecast.Series, error) {
		return forecast.ReadTable(strings.NewReader(text), "t", c)
	}
	one := forecast.TableConfig{Values: []string{"1"}, Missing: forecast.Linear}
	if _, err := read(strings.Repeat("1,", 65_535)+"1\n", one); err != nil {
		t.Errorf("65,536 columns: %v", err)
	}
	if _, err := read(strings.Repeat("1,", 65_536)+"1\n", one); !errors.Is(err, forecast.ErrData) || !strings.Contains(err.Error(), "65537 columns, more than 65536") {
		t.Errorf("65,537 columns: %v", err)
	}
	_, err := read(strings.Repeat("1,", 24)+"1\n", forecast.TableConfig{})
	if err == nil || !strings.Contains(err.Error(), "the columns 2, 3, ") || !strings.Contains(err.Error(), "20, 21 and 4 more have numbers") {
		t.Errorf("many columns of numbers: %v", err)
	}
	if _, err := read("v\n"+strings.Repeat("9", 1000)+"x\n", one); err == nil || len(err.Error()) > 200 {
		t.Errorf("a long number: %v", err)
	}
	const gap = 400_000 // where quadratic time is minutes
	list, err := read("v\n0\n"+strings.Repeat("NA\n", gap)+fmt.Sprintln(gap+1), one)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range list[0].Values {
		if math.Abs(v-float64(i)) > 1e-6*gap {
			t.Fatalf("value %d is %g", i, v)
		}
	}
}

// A series of no values is named, and nothing is told of its first one.
func TestNoValues(t *testing.T) {
	const table = "day,a,b\n2026-01-01,1,NA\n2026-01-02,2,NA\n"
	var notes []string
	c := forecast.TableConfig{Values: []string{"a", "b"}, Missing: forecast.Linear, OnNote: func(note string) { notes = append(notes, note) }}
	list, err := forecast.ReadTable(strings.NewReader(table), "t.csv", c)
	if !errors.Is(err, forecast.ErrData) || !strings.Contains(err.Error(), "t.csv: bad data: no values of b") || list != nil {
		t.Errorf("%v, %v", list, err)
	}
	if notes != nil {
		t.Errorf("%q", notes)
	}
}

package forecast_test

import (
	"errors"
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
		"a,b\n1,2\n3,x\n":     `t.csv:3: bad data: column 2: "x" is not a number`,
		"a,b\n1,2\n3,\n":      "t.csv:3: bad data: column 2: no value",
		"a,b\n1,2\n\n3,NaN\n": `t.csv:4: bad data: column 2: "NaN" is not a finite number`,
		"a,b\n1\n":            "wrong number of fields",
		"a,b\n":               "t.csv: bad data: no rows",
		"":                    "t.csv: bad data: no rows",
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

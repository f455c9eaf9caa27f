package tune

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/train"
)

func TestSpaceSurvivesItsFile(t *testing.T) {
	var b strings.Builder
	if _, err := DefaultSpace().WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	s, err := ReadSpace(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	if _, err := s.WriteTo(&again); err != nil {
		t.Fatal(err)
	}
	if b.String() != again.String() {
		t.Errorf("got\n%s\nwant\n%s", again.String(), b.String())
	}
}

func TestReadSpaceRefuses(t *testing.T) {
	for want, text := range map[string]string{
		"no parameters":   "",
		"param.hi":        "[[param]]\npath=\"a\"\nkind=\"int\"\nlow=1\nhi=2\n",
		"space: toml":     "[[param",
		"want a range":    "[[param]]\npath=\"a\"\nkind=\"int\"\n",
		"is no number, s": "[[param]]\npath=\"a\"\nkind=\"choice\"\nchoices=[[1],[2]]\n",
	} {
		if _, err := ReadSpace(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// All of the default space can be applied, and lies within its bounds.
func TestDefaultSpaceFitsTheSettings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		v := Values{}
		for _, p := range DefaultSpace() {
			v[p.Path] = p.value(p.draw(r))
			if x, ok := p.coordinate(v[p.Path]); !ok {
				t.Errorf("%s = %v, at %v, is out of bounds", p.Path, v[p.Path], x)
			}
		}
		c, err := v.Apply(train.Config{Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		if c.Seed != 5 || c.Schedule.Rate != v["schedule.rate"] || c.Model.LSTM.HiddenSize != v["model.lstm.hidden_size"] {
			t.Errorf("%v gives %+v", v, c)
		}
		back, err := DefaultSpace().Of(c)
		if err != nil {
			t.Fatal(err)
		}
		if back.String() != v.String() {
			t.Errorf("got %v, want %v", back, v)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	for want, v := range map[string]Values{
		"unknown field \"dropuot\"": {"model.dropuot": 0.5},
		"cannot unmarshal string":   {"model.dropout": "much"},
		"cannot unmarshal number":   {"batch_size": 1.5},
	} {
		if _, err := v.Apply(train.Config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", v, err, want)
		}
	}
}

// The density of the estimator sums to 1, and draws follow it.
func TestDensity(t *testing.T) {
	p := Param{Kind: Float, Low: 1, High: 3}
	for _, points := range [][]float64{nil, {2}, {1, 1, 1}, {1.2, 1.3, 2.9}} {
		d := p.density(points)
		const n = 20000
		sum, below := 0.0, 0.0
		for i := range n {
			x := 1 + 2*(float64(i)+0.5)/n
			w := d.at(x) * 2 / n
			sum += w
			if x < 1.5 {
				below += w
			}
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("%v: the density sums to %v", points, sum)
		}
		r, drawn := rand.New(rand.NewPCG(1, 2)), 0
		for range n {
			x := d.draw(r)
			if x < 1 || x > 3 {
				t.Fatalf("%v: drew %v", points, x)
			}
			if x < 1.5 {
				drawn++
			}
		}
		// Four standard deviations of a share of n draws.
		if share := float64(drawn) / n; math.Abs(share-below) > 4*0.5/math.Sqrt(n) {
			t.Errorf("%v: %v of the draws are below 1.5, want %v", points, share, below)
		}
	}
}

// Every whole number of a range is as likely as the others.
func TestWholeNumbers(t *testing.T) {
	p := Param{Kind: Int, Low: 1, High: 4}
	r, n := rand.New(rand.NewPCG(1, 3)), map[any]int{}
	for range 4000 {
		n[p.value(p.draw(r))]++
	}
	for v := 1; v <= 4; v++ {
		if n[v] < 880 || n[v] > 1120 { // four standard deviations of 1000
			t.Errorf("%d was drawn %d times of 4000", v, n[v])
		}
	}
}

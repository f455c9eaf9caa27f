package tune

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/BurntSushi/toml"
)

// A Kind says what values a parameter takes.
type Kind string

// The kinds.
const (
	Float  Kind = "float"  // numbers from Low to High, of four significant digits
	Int    Kind = "int"    // whole numbers from Low to High
	Choice Kind = "choice" // one of Choices
)

// A Param is one setting to choose.
type Param struct {
	// Path names a field of train.Config by its JSON names, as in
	// "model.lstm.hidden_size".
	Path string `json:"path" toml:"path"`
	Kind Kind   `json:"kind" toml:"kind"`

	Low  float64 `json:"low,omitempty" toml:"low"`
	High float64 `json:"high,omitempty" toml:"high"`
	Log  bool    `json:"log,omitempty" toml:"log"` // as likely from 1 to 10 as from 10 to 100

	Choices []any `json:"choices,omitempty" toml:"choices"` // numbers, strings or booleans
}

// A Space is the settings to choose from.
type Space []Param

// extremes are the choices of p or its two ends.
func (p *Param) extremes() []any {
	if p.Kind == Choice {
		return p.Choices
	}
	return []any{p.Low, p.High}
}

// DefaultSpace is the settings that matter for most texts, around what
// package recommend chooses.
func DefaultSpace() Space {
	return Space{
		{Path: "schedule.rate", Kind: Float, Low: 5e-4, High: 1e-2, Log: true},
		{Path: "batch_size", Kind: Choice, Choices: []any{16, 32, 64}},
		{Path: "ema.decay", Kind: Choice, Choices: []any{0.98, 0.99, 0.995, 0.998}},
		{Path: "model.dropout", Kind: Float, Low: 0.1, High: 0.7},
		{Path: "model.word_dropout", Kind: Float, Low: 0, High: 0.3},
		{Path: "model.lstm.input_dropout", Kind: Float, Low: 0.1, High: 0.6},
		{Path: "model.lstm.hidden_size", Kind: Choice, Choices: []any{64, 128, 192}},
		{Path: "model.embed", Kind: Choice, Choices: []any{50, 100, 150}},
		{Path: "nbsvm.c", Kind: Float, Low: 3e-3, High: 1, Log: true},
	}
}

// ReadSpace reads a space in TOML: a table [[param]] for each parameter, with
// the fields of Param.
func ReadSpace(r io.Reader) (Space, error) {
	var file struct {
		Param Space `toml:"param"`
	}
	md, err := toml.NewDecoder(r).Decode(&file)
	if err != nil {
		return nil, fmt.Errorf("tune: space: %w", err)
	}
	if unknown := md.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("tune: space: unknown setting %s", unknown[0])
	}
	return file.Param, file.Param.Validate()
}

// WriteTo writes s in TOML, as ReadSpace reads it.
func (s Space) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	for i, p := range s {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "[[param]]\npath = %q\nkind = %q\n", p.Path, p.Kind)
		if p.Kind == Choice {
			choices, err := json.Marshal(p.Choices)
			if err != nil {
				return 0, fmt.Errorf("tune: space: %w", err)
			}
			fmt.Fprintf(&b, "choices = %s\n", choices)
			continue
		}
		fmt.Fprintf(&b, "low = %s\nhigh = %s\n", number(p.Low), number(p.High))
		if p.Log {
			b.WriteString("log = true\n")
		}
	}
	return b.WriteTo(w)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Validate reports everything that is wrong with s but the paths, which are
// looked at when settings are applied.
func (s Space) Validate() error {
	if len(s) == 0 {
		return errors.New("tune: space: no parameters")
	}
	var errs []error
	seen := map[string]bool{}
	for _, p := range s {
		if p.Path == "" || seen[p.Path] {
			errs = append(errs, fmt.Errorf("tune: space: path %q is empty or there twice", p.Path))
		}
		seen[p.Path] = true
		if err := p.validate(); err != nil {
			errs = append(errs, fmt.Errorf("tune: space: %s: %w", p.Path, err))
		}
	}
	return errors.Join(errs...)
}

func (p *Param) validate() error {
	if p.Kind == Choice {
		if len(p.Choices) < 2 {
			return fmt.Errorf("choices = %v, want at least 2", p.Choices)
		}
		for _, c := range p.Choices {
			switch c.(type) {
			case string, bool, int, int64, float64:
			default:
				return fmt.Errorf("choice %v is no number, string or boolean", c)
			}
		}
		return nil
	}
	switch {
	case p.Kind != Float && p.Kind != Int:
		return fmt.Errorf("kind %q, want %s, %s or %s", string(p.Kind), Float, Int, Choice)
	case !(p.Low < p.High) || math.IsInf(p.High-p.Low, 0):
		return fmt.Errorf("low = %v, high = %v: want a range", p.Low, p.High)
	case p.Log && !(p.Low > 0):
		return fmt.Errorf("log with low = %v, want more than 0", p.Low)
	case p.Kind == Int && (p.Low != math.Trunc(p.Low) || p.High != math.Trunc(p.High)):
		return fmt.Errorf("low = %v, high = %v: want whole numbers", p.Low, p.High)
	}
	return nil
}

// A coordinate of a parameter is a number in bounds: the value or its logarithm,
// or the index of the choice.

// bounds returns the range of the coordinate; that of a whole number begins and
// ends half a number further out, so that all are as likely.
func (p *Param) bounds() (low, high float64) {
	low, high = p.Low, p.High
	if p.Kind == Int {
		low, high = low-0.5, high+0.5
	}
	if p.Log {
		return math.Log(low), math.Log(high)
	}
	return low, high
}

// value returns the value at a coordinate.
func (p *Param) value(x float64) any {
	if p.Kind == Choice {
		return p.Choices[int(x)]
	}
	if p.Log {
		x = math.Exp(x)
	}
	if p.Kind == Int {
		return int(min(max(math.Round(x), p.Low), p.High))
	}
	digits, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	if err == nil {
		x = digits
	}
	return min(max(x, p.Low), p.High)
}

// coordinate is the inverse of value; false if v is not in the space.
func (p *Param) coordinate(v any) (float64, bool) {
	if p.Kind == Choice {
		i := slices.IndexFunc(p.Choices, func(c any) bool { return same(c, v) })
		return float64(i), i >= 0
	}
	x, ok := toFloat(v)
	if !ok || x < p.Low || x > p.High {
		return 0, false
	}
	if p.Log {
		x = math.Log(x)
	}
	return x, true
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	}
	return 0, false
}

// same compares values of which one may have been through JSON.
func same(a, b any) bool {
	x, ok := toFloat(a)
	y, too := toFloat(b)
	if ok && too {
		return x == y
	}
	return a == b
}

// draw returns a coordinate at random.
func (p *Param) draw(r *rand.Rand) float64 {
	if p.Kind == Choice {
		return float64(r.IntN(len(p.Choices)))
	}
	low, high := p.bounds()
	return low + (high-low)*r.Float64()
}

// Package progress shows how far work is: on a terminal by a line that is painted over and
// over, elsewhere by a line an epoch, or by JSON lines.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/report"
)

// A Console shows work. It is for one goroutine.
type Console struct {
	w     io.Writer
	JSON  bool // lines of JSON alone
	Quiet bool // nothing but warnings
	TTY   bool // lines can be painted
	last  time.Time
}

// New returns a console that writes to w: JSON lines if that is asked for; if quiet
// nothing but warnings.
func New(w io.Writer, logJSON, quiet bool) *Console {
	f, ok := w.(*os.File)
	return &Console{w: w, JSON: logJSON, Quiet: quiet, TTY: ok && !logJSON && term.IsTerminal(int(f.Fd()))}
}

// Say prints a line, unless the console is quiet or JSON is wanted.
func (c *Console) Say(format string, args ...any) {
	if !c.Quiet && !c.JSON {
		c.Clear()
		fmt.Fprintf(c.w, format+"\n", args...)
	}
}

// Line prints one line of JSON.
func (c *Console) Line(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers and strings, which JSON can say
	}
	fmt.Fprintf(c.w, "%s\n", escape.JSON(b))
}

// Every says whether it is time again: some time has gone by since it last was.
func (c *Console) Every(d time.Duration) bool {
	if time.Since(c.last) < d {
		return false
	}
	c.last = time.Now()
	return true
}

// Paint shows a line on a terminal that the next one takes the place of, ten times a
// second at most.
func (c *Console) Paint(format string, args ...any) {
	if c.TTY && !c.Quiet && c.Every(100*time.Millisecond) {
		fmt.Fprintf(c.w, "\r\x1b[K"+format, args...)
	}
}

// Clear removes the painted line.
func (c *Console) Clear() {
	if c.TTY {
		fmt.Fprint(c.w, "\r\x1b[K")
	}
}

// Done ends the painted line.
func (c *Console) Done() { c.Clear() }

// Warn says what the work has survived, quiet or not.
func (c *Console) Warn(what string) {
	if c.JSON {
		c.Line(map[string]string{"warning": what})
		return
	}
	c.Clear()
	fmt.Fprintf(c.w, "warning: %s\n", report.Clean(what))
}

// Counter returns what shows on a terminal how many texts have been answered, of total
// if that is not 0, once two seconds have gone by.
func (c *Console) Counter(total int) func(answered int) {
	start := time.Now()
	return func(answered int) {
		if elapsed := time.Since(start); elapsed > 2*time.Second {
			of := ""
			if total > 0 {
				of = " of " + Thousands(float64(total))
			}
			c.Paint("answered %s%s texts  %s", Thousands(float64(answered)), of, Short(elapsed))
		}
	}
}

// A Step is where a training is.
type Step struct {
	Epoch     int           `json:"epoch"` // the one under way, from 1
	Epochs    int           `json:"epochs"`
	Step      int           `json:"step"`
	Steps     int           `json:"steps"`
	Loss      float64       `json:"loss"`
	Units     string        `json:"units"` // what it is fast in: "tokens"
	PerSecond float64       `json:"per_second"`
	Elapsed   time.Duration `json:"-"`
	Resumed   bool          `json:"resumed,omitempty"` // set once
	Ended     bool          `json:"ended,omitempty"`   // the epoch
	More      string        `json:"more,omitempty"`    // to say of an epoch
	Warning   error         `json:"-"`                 // what it has survived
}

// Training shows where a training is.
func (c *Console) Training(s Step) {
	switch {
	case s.Warning != nil:
		c.Warn(s.Warning.Error())
	case c.Quiet:
	case c.JSON:
		if c.Every(time.Second) || s.Ended || s.Resumed {
			c.Line(struct {
				Step
				Seconds float64 `json:"seconds"`
			}{s, s.Elapsed.Seconds()})
		}
	case s.Resumed:
		c.Say("going on with epoch %d/%d, at step %d of %d", s.Epoch, s.Epochs, s.Step, s.Steps)
	case s.Ended:
		c.Say("epoch %*d/%d  loss %.4f%s  %s  %s %s/s", len(fmt.Sprint(s.Epochs)), s.Epoch, s.Epochs, s.Loss, s.More, Short(s.Elapsed), Thousands(s.PerSecond), s.Units)
	default:
		c.Paint("epoch %d/%d  %3.0f%%  loss %.4f  %s %s/s", s.Epoch, s.Epochs, 100*float64(s.Step)/float64(s.Steps), s.Loss, Thousands(s.PerSecond), s.Units)
	}
}

// Short prints a time without parts of seconds.
func Short(d time.Duration) string { return d.Round(time.Second).String() }

// Size prints the size of a file.
func Size(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Thousands prints 123456.7 as 123,457.
func Thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

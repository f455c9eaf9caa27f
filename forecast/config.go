package forecast

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// A Base is what a forecast is a difference from.
type Base string

// The bases. Auto tries them, and takes the one that is best on the dev steps.
const (
	Auto   Base = ""
	Last   Base = "last"   // the last value of the window
	Season Base = "season" // the value one season before the step
	None   Base = "none"   // zero, which is the mean of the training values
)

// A Loss is what training makes small.
type Loss string

// The losses.
const (
	Pinball  Loss = "pinball"  // of every level of Config.Levels
	Squared  Loss = "squared"  // of one number, the mean
	Absolute Loss = "absolute" // of one number, the median
)

// A Switch is on, off, or what suits the series.
type Switch string

// The positions of a switch.
const (
	Suits Switch = ""
	On    Switch = "on"
	Off   Switch = "off"
)

// A Config describes a forecaster and its training. The zero value of every field is
// the documented default.
type Config struct {
	// Horizon is the number of steps that one answer covers; 0 means 1.
	Horizon int `json:"horizon,omitempty"`

	// Window is the number of values that the network sees; 0 means 10, or a season
	// if that is more, and at most 64.
	Window int `json:"window,omitempty"`

	// Season is the number of steps after which a pattern comes again, such as 12 for
	// months; 0 means none. The network then also sees the place within the season and
	// the difference from the value one season before.
	Season int `json:"season,omitempty"`

	// Recursive makes the network answer with one step alone, which it then sees as if
	// it had happened, and so on: any number of steps can be asked for. Otherwise all
	// steps of the horizon are answered at once.
	Recursive bool `json:"recursive,omitempty"`

	// Base is what a forecast is a difference from; left open, the one that is best on
	// the dev steps.
	Base Base `json:"base,omitempty"`

	// Log makes the network see logarithms; left open, it is on where the spread of the
	// series grows with their level.
	Log Switch `json:"log,omitempty"`

	// Local divides by the size of the changes within the window; left open, it is on
	// where large changes follow large ones.
	Local Switch `json:"local,omitempty"`

	// Covariates are further series that the network sees beside the values.
	Covariates []Covariate `json:"covariates,omitempty"`

	// Loss is what training makes small; "" means Pinball.
	Loss Loss `json:"loss,omitempty"`

	// Levels are the quantiles of an answer, rising, within 0 and 1; empty means 0.05,
	// 0.1, 0.25, 0.5, 0.75, 0.9, 0.95. For Pinball 0.5 must be among them: the median is
	// the forecast.
	Levels []float64 `json:"levels,omitempty"`

	// LSTM is the network before its dense layer. InputSize follows from the rest. A
	// zero HiddenSize means 50, and then zero Layers mean 2.
	LSTM lstm.Config `json:"lstm,omitzero"`

	// Members is the number of networks, which differ in their seeds and whose answers
	// are averaged; 0 means 5, or 1 where there are more than 1,000 windows.
	Members int `json:"members,omitempty"`

	// Epochs is the most passes over the windows; 0 means 60.
	Epochs int `json:"epochs,omitempty"`

	// Patience is the number of epochs without a better error on the dev steps after
	// which training stops; 0 means 10.
	Patience int `json:"patience,omitempty"`

	// Batch is the number of windows of a step; 0 means 32, or a sixteenth of all where
	// that is less.
	Batch int `json:"batch,omitempty"`

	// Rate is the learning rate; 0 means 0.001 times the square root of Batch/8 where
	// Batch is more than 8.
	Rate float64 `json:"rate,omitempty"`

	// Optimizer moves the weights; the zero value is Adam.
	Optimizer nn.OptimizerConfig `json:"optimizer,omitzero"`

	// ClipNorm is the largest norm of a gradient; 0 means 1.
	ClipNorm float64 `json:"clip_norm,omitempty"`

	// DevShare of the steps of each series, its last ones, choose the epoch and place
	// the quantiles; 0 means 0.2.
	DevShare float64 `json:"dev_share,omitempty"`

	// NoRefit keeps the network of the choice. Else it learns anew from all steps, for
	// the epochs that were best.
	NoRefit bool `json:"no_refit,omitempty"`

	// Seed is that of weights, order, dropout and simulated paths.
	Seed uint64 `json:"seed,omitempty"`
}

// A Covariate is a further series.
type Covariate struct {
	// Name is that of its column.
	Name string `json:"name"`

	// Known says that its values are known for the steps to be forecast, as holidays
	// and prices are.
	Known bool `json:"known,omitempty"`
}

// The bounds of a Config.
const (
	maxSteps      = 10_000 // of window, horizon and season
	maxCovariates = 1_000
	maxLevels     = 99
	maxEpochs     = 1_000_000
	maxBatch      = 65_536
	maxMembers    = 100
)

// Resolve returns c with the defaults filled in that do not depend on the series.
func (c Config) Resolve() Config {
	c.Horizon = cmp.Or(c.Horizon, 1)
	if c.Window == 0 {
		c.Window = min(max(10, c.Season), 64)
	}
	c.Loss = cmp.Or(c.Loss, Pinball)
	if len(c.Levels) == 0 {
		c.Levels = []float64{0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95}
	}
	if c.LSTM.HiddenSize == 0 {
		c.LSTM.HiddenSize = 50
		c.LSTM.Layers = cmp.Or(c.LSTM.Layers, 2)
	}
	c.LSTM.InputSize = c.inputs()
	c.Epochs = cmp.Or(c.Epochs, 60)
	c.Patience = cmp.Or(c.Patience, 10)
	c.Optimizer.Kind = cmp.Or(c.Optimizer.Kind, nn.Adam)
	c.ClipNorm = cmp.Or(c.ClipNorm, 1)
	c.DevShare = cmp.Or(c.DevShare, 0.2)
	return c
}

// inputs is the width of what the network sees of a step.
func (c Config) inputs() int {
	n := 1 + len(c.Covariates)
	if c.Season > 1 {
		n += 3 // the seasonal difference, sine and cosine of the place in the season
	}
	return n
}

// steps is the number of steps that the network answers at once.
func (c Config) steps() int {
	if c.Recursive {
		return 1
	}
	return c.Horizon
}

// known is the number of covariates that are known for the steps ahead.
func (c Config) known() int {
	n := 0
	for _, v := range c.Covariates {
		if v.Known {
			n++
		}
	}
	return n
}

// answers is the number of values that the network gives for a step.
func (c Config) answers() int {
	if c.Loss == Pinball {
		return len(c.Levels)
	}
	return 1
}

// numParams is the number of weights of one member.
func (c Config) numParams() float64 {
	in := float64(c.LSTM.OutputSize()) + float64(c.steps())*float64(c.known())
	return c.LSTM.NumParams() + (in+1)*float64(c.steps())*float64(c.answers())
}

// back is the number of values that an answer needs.
func (c Config) back() int {
	if c.Season > 1 {
		return c.Window + c.Season
	}
	return c.Window
}

// A ConfigError is a config that makes no sense, whatever the series.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *ConfigError) Unwrap() error { return e.Err }

// Choices are the values of the settings that have a few.
func (Config) Choices() map[string][]string {
	switches := []string{string(On), string(Off)}
	return map[string][]string{
		"base": {string(Last), string(Season), string(None)}, "log": switches, "local": switches,
		"loss": {string(Pinball), string(Squared), string(Absolute)},
	}
}

// Validate reports the first field of a resolved c that makes no sense, as a
// *ConfigError.
func (c Config) Validate() error {
	if err := c.validate(); err != nil {
		return &ConfigError{err}
	}
	return nil
}

func (c Config) validate() error {
	switch {
	case c.Horizon < 1 || c.Horizon > maxSteps:
		return fmt.Errorf("forecast: horizon %d: want 1 to %d", c.Horizon, maxSteps)
	case c.Window < 2 || c.Window > maxSteps:
		return fmt.Errorf("forecast: window %d: want 2 to %d", c.Window, maxSteps)
	case c.Season < 0 || c.Season > maxSteps:
		return fmt.Errorf("forecast: season %d: want 0 to %d", c.Season, maxSteps)
	case !slices.Contains([]Base{Auto, Last, Season, None}, c.Base):
		return fmt.Errorf("forecast: base %q: want last, season or none", c.Base)
	case c.Base == Season && c.Season < 2:
		return errors.New("forecast: base season without a season: set season to the number of its steps")
	case !isSwitch(c.Log):
		return fmt.Errorf("forecast: log %q: want on or off", c.Log)
	case !isSwitch(c.Local):
		return fmt.Errorf("forecast: local %q: want on or off", c.Local)
	case c.Members < 0 || c.Members > maxMembers:
		return fmt.Errorf("forecast: members %d: want 0 to %d", c.Members, maxMembers)
	case len(c.Covariates) > maxCovariates:
		return fmt.Errorf("forecast: %d covariates: want at most %d", len(c.Covariates), maxCovariates)
	case !slices.Contains([]Loss{Pinball, Squared, Absolute}, c.Loss):
		return fmt.Errorf("forecast: loss %q: want pinball, squared or absolute", c.Loss)
	case c.LSTM.Direction != nn.Forward:
		return errors.New("forecast: the LSTM must read forward: the last state answers")
	case c.LSTM.InputSize != c.inputs():
		return fmt.Errorf("forecast: input size %d: want %d, which follows from season and covariates", c.LSTM.InputSize, c.inputs())
	}
	for i, v := range c.Covariates {
		if v.Name == "" || slices.ContainsFunc(c.Covariates[:i], func(w Covariate) bool { return w.Name == v.Name }) {
			return fmt.Errorf("forecast: covariate %d: name %q is empty or taken", i, v.Name)
		}
	}
	if err := c.validateLevels(); err != nil {
		return err
	}
	if err := c.validateTraining(); err != nil {
		return err
	}
	if err := c.LSTM.Validate(); err != nil {
		return fmt.Errorf("forecast: %w", err)
	}
	return nil
}

func isSwitch(s Switch) bool { return s == Suits || s == On || s == Off }

func (c Config) validateLevels() error {
	if len(c.Levels) > maxLevels {
		return fmt.Errorf("forecast: %d levels: want at most %d", len(c.Levels), maxLevels)
	}
	for i, l := range c.Levels {
		if !(l > 0 && l < 1) || i > 0 && l <= c.Levels[i-1] {
			return fmt.Errorf("forecast: level %g: want rising levels within 0 and 1", l)
		}
	}
	if c.Loss == Pinball && !slices.Contains(c.Levels, 0.5) {
		return errors.New("forecast: levels without 0.5: the median is the forecast")
	}
	return nil
}

func (c Config) validateTraining() error {
	switch {
	case c.Epochs < 1 || c.Epochs > maxEpochs:
		return fmt.Errorf("forecast: epochs %d: want 1 to %d", c.Epochs, maxEpochs)
	case c.Patience < 0:
		return fmt.Errorf("forecast: patience %d: want 0 or more", c.Patience)
	case c.Batch < 0 || c.Batch > maxBatch:
		return fmt.Errorf("forecast: batch %d: want 0 to %d", c.Batch, maxBatch)
	case !(c.Rate >= 0 && c.Rate <= 10):
		return fmt.Errorf("forecast: rate %g: want 0 to 10", c.Rate)
	case !(c.ClipNorm > 0) || math.IsInf(c.ClipNorm, 0):
		return fmt.Errorf("forecast: clip norm %g: want above 0", c.ClipNorm)
	case !(c.DevShare > 0 && c.DevShare <= 0.5):
		return fmt.Errorf("forecast: dev share %g: want above 0 and at most 0.5", c.DevShare)
	}
	return nil
}

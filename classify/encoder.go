package classify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// The kinds of encoders by Config.Encoder. Another one is a line here and a field
// of Config for its settings.
var encoders = map[string]encoderKind{
	"lstm": kind[lstm.Config, *lstm.LSTM]{
		func(c *Config) *lstm.Config { return &c.LSTM },
		lstm.New, lstm.NewInt8, func(m *lstm.LSTM) *bool { return &m.Int8 },
	},
	"gru": kind[gru.Config, *gru.GRU]{
		func(c *Config) *gru.Config { return &c.GRU },
		gru.New, gru.NewInt8, func(m *gru.GRU) *bool { return &m.Int8 },
	},
}

const defaultEncoder = "lstm"

// An encoderKind makes encoders of its settings in a config.
type encoderKind interface {
	shape(c *Config) nn.Shape
	reading(c *Config, input int, d nn.Direction)
	like(c, from *Config)
	numParams(c *Config) float64
	validate(c *Config) error
	build(c *Config, int8s bool) (nn.Encoder, error)
}

// settings of type C describe an encoder.
type settings[C any] interface {
	Shape() nn.Shape
	Reading(input int, d nn.Direction) C
	Like(from C) C
	NumParams() float64
	Validate() error
}

// A kind is the encoderKind of encoders E with settings C.
type kind[C settings[C], E nn.Encoder] struct {
	field     func(*Config) *C
	make      func(C) (E, error)
	makeInt8  func(C) (E, error)
	computing func(E) *bool // whether in eight bits
}

func (k kind[C, E]) shape(c *Config) nn.Shape    { return (*k.field(c)).Shape() }
func (k kind[C, E]) like(c, from *Config)        { *k.field(c) = (*k.field(c)).Like(*k.field(from)) }
func (k kind[C, E]) numParams(c *Config) float64 { return (*k.field(c)).NumParams() }
func (k kind[C, E]) validate(c *Config) error    { return (*k.field(c)).Validate() }

func (k kind[C, E]) reading(c *Config, input int, d nn.Direction) {
	*k.field(c) = (*k.field(c)).Reading(input, d)
}

func (k kind[C, E]) build(c *Config, int8s bool) (nn.Encoder, error) {
	build := k.make
	if int8s {
		build = k.makeInt8
	}
	e, err := build(*k.field(c))
	if err != nil {
		return nil, err
	}
	*k.computing(e) = c.Int8
	return e, nil
}

// EncoderNames lists what Config.Encoder may name.
func EncoderNames() []string { return slices.Sorted(maps.Keys(encoders)) }

// EncoderName is Encoder, or "lstm" where that is empty.
func (c Config) EncoderName() string {
	if c.Encoder == "" {
		return defaultEncoder
	}
	return c.Encoder
}

// encoderKind is the one that Encoder names, the default for a name that Validate
// refuses.
func (c Config) encoderKind() encoderKind {
	if k := encoders[c.Encoder]; k != nil {
		return k
	}
	return encoders[defaultEncoder]
}

// EncoderShape is the size of the encoder of a valid config.
func (c Config) EncoderShape() nn.Shape { return c.encoderKind().shape(&c) }

// NumEncoderParams counts the weights of the encoder of a valid config. It is a
// float64 because a config can ask for more than an int holds.
func (c Config) NumEncoderParams() float64 { return c.encoderKind().numParams(&c) }

// LikeEncoder returns c with the encoder of another config and its sizes, but with
// dropouts of its own.
func (c Config) LikeEncoder(from Config) Config {
	c.Encoder = from.Encoder
	c.encoderKind().like(&c, &from)
	return c
}

// WithoutDropout returns c with nothing dropped in training.
func (c Config) WithoutDropout() Config {
	c.WordDropout, c.Dropout = 0, 0
	c.LSTM, c.GRU = lstm.Config{}.Like(c.LSTM), gru.Config{}.Like(c.GRU)
	return c
}

// withDirection returns c with an encoder that reads so.
func (c Config) withDirection(d nn.Direction) Config {
	c = c.resolveEncoder()
	c.encoderKind().reading(&c, c.Embed, d)
	return c
}

// resolveEncoder fills in the defaults of the encoder. The settings of an LSTM are
// those of every encoder that has none of its own, so that what is recommended for
// one is for the other.
func (c Config) resolveEncoder() Config {
	if c.Encoder == defaultEncoder {
		c.Encoder = ""
	}
	if c.Encoder == "" || c.GRU.HiddenSize == 0 && len(c.GRU.Stack) == 0 {
		if c.LSTM.HiddenSize == 0 && len(c.LSTM.Stack) == 0 {
			c.LSTM.HiddenSize = 128
			c.LSTM.Direction = lstm.Bidirectional
		}
	}
	if c.Encoder == "gru" {
		c.GRU = followLSTM(c.GRU, c.LSTM)
		c.LSTM = lstm.Config{}
	}
	c.encoderKind().reading(&c, c.Embed, c.EncoderShape().Direction)
	return c
}

// followLSTM returns g with the sizes and the dropouts of l where it has none.
func followLSTM(g gru.Config, l lstm.Config) gru.Config {
	if len(g.Stack) == 0 {
		if g.HiddenSize == 0 {
			g.HiddenSize, g.Direction, g.Stack = l.HiddenSize, l.Direction, l.Stack
		}
		if g.Layers == 0 {
			g.Layers = l.Layers
		}
	}
	for _, d := range []struct {
		to   *float64
		from float64
	}{{&g.InputDropout, l.InputDropout}, {&g.Dropout, l.Dropout}, {&g.WeightDrop, l.WeightDrop}} {
		if *d.to == 0 {
			*d.to = d.from
		}
	}
	g.Tied, g.Locked = g.Tied || l.Tied, g.Locked || l.Locked
	return g
}

// checkEncoder reports what is wrong with the settings of the encoder.
func (c Config) checkEncoder() error {
	k := c.encoderKind()
	if encoders[c.EncoderName()] == nil {
		return fmt.Errorf("classify: encoder = %q, want %s", c.Encoder, strings.Join(slices.Sorted(maps.Keys(encoders)), " or "))
	}
	if err := k.validate(&c); err != nil {
		return err
	}
	if in := c.EncoderShape().Input; in != c.Embed {
		return fmt.Errorf("classify: %s.input_size = %d, embed = %d, want them equal", c.EncoderName(), in, c.Embed)
	}
	return nil
}

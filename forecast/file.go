package forecast

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/modelfile"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn/weights"
)

// formatVersion is the newest version of the model file that this code knows, and
// metadataKey the entry of the file's metadata that holds a description.
const (
	formatVersion = 1
	metadataKey   = "textlstm.forecast"
)

// ErrFormat says that a file is not a model that this code can read. Errors wrapping it
// say why.
var ErrFormat = errors.New("forecast: not a readable model")

// A description is what a model file holds beside its tensors, as JSON.
type description struct {
	Version int         `json:"version"`
	Config  Config      `json:"config"`
	Scalers []scaler    `json:"scalers"`
	Shifts  [][]float64 `json:"shifts"`
	Table   TableConfig `json:"table,omitzero"`
}

// Save writes the model to a file of safetensors, whole or not at all.
func (m *Model) Save(path string) error {
	d, err := json.Marshal(description{formatVersion, m.cfg, m.scalers, m.shifts, m.table})
	if err != nil {
		return fmt.Errorf("forecast: %w", err)
	}
	return weights.Save(path, m.params(), map[string]string{metadataKey: string(d)})
}

// Load reads a model that Save has written. What is not one is an error that wraps
// ErrFormat; no file makes it take more than a few times its size of memory.
func Load(path string) (*Model, error) {
	return modelfile.Load(path, tensorfile.Limits{MaxBytes: 1 << 30}, ErrFormat, decode)
}

// Decode is Load of the bytes of a file.
func Decode(b []byte) (*Model, error) { return modelfile.Decode(b, ErrFormat, decode) }

func decode(f *tensorfile.File) (*Model, error) {
	var d description
	if err := f.Describe(metadataKey, formatVersion, &d); err != nil {
		return nil, err
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	if err := modelfile.Holds(f, d.Config.numParams()*float64(d.Config.Members)); err != nil {
		return nil, err
	}
	m := &Model{cfg: d.Config, scalers: d.Scalers, shifts: d.Shifts, table: d.Table}
	for range d.Config.Members {
		net, err := newNetwork(d.Config)
		if err != nil {
			return nil, err
		}
		m.nets = append(m.nets, net)
	}
	if err := modelfile.Fill(f, m.params()); err != nil {
		return nil, err
	}
	return m, nil
}

// validate reports what cannot be used.
func (d *description) validate() error {
	c := d.Config
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Members == 0 || c.Batch == 0 || c.Base == Auto || c.Log == Suits || c.Local == Suits {
		return errors.New("members, batch, base, log or local is not decided")
	}
	for i, s := range d.Scalers {
		if !s.valid(len(c.Covariates)) {
			return fmt.Errorf("scaler %d (%q) has a deviation that is not above 0, or not %d covariates", i, s.Name, len(c.Covariates))
		}
	}
	if err := d.Table.Validate(); err != nil {
		return err
	}
	if len(d.Shifts) != c.steps() {
		return fmt.Errorf("shifts of %d steps, want %d", len(d.Shifts), c.steps())
	}
	for h, list := range d.Shifts {
		if len(list) != len(c.Levels) {
			return fmt.Errorf("step %d: %d shifts, want %d", h+1, len(list), len(c.Levels))
		}
		for _, v := range list {
			if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e9 {
				return fmt.Errorf("step %d: shift %g", h+1, v)
			}
		}
	}
	return nil
}

// Package device trains networks on a GPU, without cgo: [Find] returns one for
// train.Trainer.Device. What decides a training stays where it was: losses, schedules,
// checkpoints and evaluations are those of package train. Weights, gradients, moments and
// averages are on the device from the first step of an epoch to the last.
//
// On one device, with one driver, the same seed gives the same bytes from run to run. Between
// devices, and between a device and this processor, results differ by rounding.
package device

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/device/internal/cuda"
	"github.com/textlstm/textlstm/device/internal/opencl"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// A Device is a GPU, or what an OpenCL library has in its place. It is a train.Device.
type Device struct{ d compute.Device }

// List returns the devices of this machine: those of CUDA, then those of OpenCL, GPUs first. Where
// there are none, the error says what is missing.
func List() ([]*Device, error) {
	var list []*Device
	var errs []error
	for _, devices := range []func() ([]compute.Device, error){cuda.Devices, opencl.Devices} {
		found, err := devices()
		for _, d := range found {
			list = append(list, &Device{d})
		}
		errs = append(errs, err)
	}
	if len(list) > 0 {
		return list, nil
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("device: none found:\n%w", err)
	}
	return nil, errors.New("device: none found: the drivers have none")
}

// Find returns the device that name says: "cpu" is this processor, for which it returns nil; "auto" the first
// GPU or, without one, this processor; anything else the first of List whose name contains it, in any case,
// so that "cuda" and "opencl" are the first of each.
func Find(name string) (train.Device, error) {
	if name == "cpu" {
		return nil, nil
	}
	list, err := List()
	if name == "auto" {
		if len(list) > 0 && list[0].d.GPU() {
			return list[0], nil
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range list {
		if strings.Contains(strings.ToLower(d.d.Name()), strings.ToLower(name)) {
			return d, nil
		}
		names = append(names, d.d.Name())
	}
	return nil, fmt.Errorf("device: no device %q, want cpu, auto, or a part of the name of one of %q", name, names)
}

// Name is the device's own name with that of its library, and their versions.
func (d *Device) Name() string { return d.d.Name() + ", " + d.d.Version() }

// Memory is that of the device, in bytes.
func (d *Device) Memory() int64 { return d.d.Memory() }

// Check is train.Device's: a device trains whatever this processor does.
func (d *Device) Check(c train.Config) error { return nil }

// Open is train.Device's. What does not fit onto the device is a *train.MemoryError.
func (d *Device) Open(net *classify.Network, c train.Config, tokens int) (train.Engine, error) {
	e, err := d.open(net.Params(), c, tokens, output{})
	if err != nil {
		return nil, err
	}
	e.net = net
	return e, nil
}

// An output is the size of what follows the layers: its largest array, and all of its numbers.
type output struct{ largest, numbers int64 }

// A refusal is a *train.MemoryError in words of the device.
type refusal struct {
	message string
	full    *train.MemoryError
}

func (r *refusal) Error() string { return r.message }
func (r *refusal) Unwrap() error { return r.full }

// refuse says that something needs more than the limit.
func (d *Device) refuse(need, limit int64, format string, args ...any) error {
	return &refusal{fmt.Sprintf("device: "+format, args...), &train.MemoryError{Need: need, Limit: limit, Source: d.d.Name()}}
}

// open makes an engine for weights and batches of so many tokens, unless they are too large, which is
// a *train.MemoryError.
func (d *Device) open(params []*nn.Param, c train.Config, tokens int, o output) (*engine, error) {
	if n := max(largest(params, c, tokens), o.largest); n > math.MaxInt32 {
		return nil, d.refuse(4*n, 4*math.MaxInt32, "an array of %d numbers, want %d at most; make batch_tokens = %d or the network smaller", n, math.MaxInt32, c.BatchTokens)
	}
	if need := memory(params, c, tokens) + 4*o.numbers; need > d.d.Memory() {
		return nil, d.refuse(need, d.d.Memory(), "this needs about %d MiB: %s has %d; make batch_tokens = %d or the network smaller",
			need>>20, d.d.Name(), d.d.Memory()>>20, c.BatchTokens)
	}
	ctx, err := d.d.Open()
	if err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	return newEngine(ctx, params, c)
}

// largest is the number of numbers of the largest array up to the last layer.
func largest(params []*nn.Param, c train.Config, tokens int) (most int64) {
	for _, p := range params {
		most = max(most, int64(p.Len()))
	}
	row := c.Model.Embed
	for _, l := range c.Model.EncoderShape().AllLayers() {
		row = max(row, 4*l.Units, l.NumDirections()*l.Units)
	}
	return max(most, int64(tokens)*int64(row), ngrams(c, tokens)*int64(c.Model.Embed))
}

// memory is about what the training of weights on batches of so many tokens takes.
func memory(params []*nn.Param, c train.Config, tokens int) int64 {
	numbers := 0
	for _, p := range params {
		copies := 1 + c.Optimizer.Moments()
		if !p.Sparse {
			copies++
		}
		if c.EMA.Decay != 0 {
			copies++
		}
		numbers += copies * p.Len()
	}
	D := c.Model.Embed
	unit, row, widest := unitOf(c.Model), 5*D, 0
	if c.Adversarial.On() {
		row += 2 * D // places' vectors of their own, and the gradient
	}
	if c.Model.HasSubword() {
		row += 2 * wordNgrams // lists of them by word, and of words by them
	}
	for _, l := range c.Model.EncoderShape().AllLayers() {
		units := l.NumDirections() * l.Units
		row += (unit.sums + unit.state + 1 + 1) * units // and outputs, and inputs of the layer above
		if !l.Merge.Joins() {
			row += 3 * l.Units // the merged output, and the gradient of the directions
		}
		widest = max(widest, units)
	}
	row += (unit.sums + 3 + 2*2) * widest // of the layer under way
	return 4 * (int64(numbers) + int64(tokens)*int64(row+14)*5/4 + ngrams(c, tokens)*int64(D+4))
}

// wordNgrams is how many n-grams of 3 to 6 letters a word of six has.
const wordNgrams = 18

// ngrams is about how many different n-grams a batch of so many tokens has.
func ngrams(c train.Config, tokens int) int64 {
	if !c.Model.HasSubword() {
		return 0
	}
	return min(int64(1)<<c.Model.Subword.Bits, wordNgrams*int64(tokens))
}

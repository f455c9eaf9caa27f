// Package modelfile has what the files of all kinds of models share: how one is opened
// and refused, and how the parameters of a network stand in it as tensors.
package modelfile

import (
	"errors"
	"fmt"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
)

// Load returns what parse makes of the file at path. Where the content is at fault, the
// error wraps format and names the file.
func Load[M any](path string, l tensorfile.Limits, format error, parse func(*tensorfile.File) (M, error)) (M, error) {
	f, err := tensorfile.ReadFile(fsx.OS{}, path, l)
	if err != nil {
		var none M
		if _, ok := errors.AsType[*tensorfile.FormatError](err); ok {
			err = fmt.Errorf("%w: %w", format, err)
		}
		return none, err
	}
	return parsed(f, fmt.Errorf("%w: %s", format, path), parse)
}

// Decode is Load of the bytes of a file, parts of which the model may keep.
func Decode[M any](b []byte, format error, parse func(*tensorfile.File) (M, error)) (M, error) {
	f, err := tensorfile.Decode(b, tensorfile.Limits{})
	if err != nil {
		var none M
		return none, fmt.Errorf("%w: %w", format, err)
	}
	return parsed(f, format, parse)
}

func parsed[M any](f *tensorfile.File, format error, parse func(*tensorfile.File) (M, error)) (M, error) {
	m, err := parse(f)
	if err != nil {
		var none M
		return none, fmt.Errorf("%w: %w", format, err)
	}
	return m, nil
}

// Holds returns an error if a file has fewer numbers than a network has weights. It is
// for before the network is made: no memory is then claimed that is not in the file.
func Holds(f *tensorfile.File, weights float64) error {
	var held int64
	for _, t := range f.Tensors {
		held += int64(len(t.Data) / t.DType.Size())
	}
	if weights > float64(held) {
		return fmt.Errorf("the config asks for %.0f weights, the file holds %d", weights, held)
	}
	return nil
}

// scaleSuffix is behind the name of a tensor in eight bits in that of its scales.
const scaleSuffix = ".scale"

// Tensors are the parameters of a network under their names. If int8s, those that
// Param.Quantize marks are in eight bits, with a scale for each row.
func Tensors(params []*nn.Param, int8s bool) []tensorfile.Tensor {
	list := make([]tensorfile.Tensor, 0, len(params))
	for _, p := range params {
		if !int8s || !p.Quantize {
			list = append(list, tensorfile.Float32(p.Name, p.Data, p.Shape...))
			continue
		}
		q := p.Rounded()
		list = append(list, tensorfile.Int8(p.Name, q.Q, p.Shape...), tensorfile.Float32(p.Name+scaleSuffix, q.Scale, p.Shape[0]))
	}
	return list
}

// Int8 returns the tensor called name, which is in eight bits, and its scales, with the
// names of both. It aliases f.
func Int8(f *tensorfile.File, name string, shape ...int) (q nn.Int8, names []string, err error) {
	if q.Q, err = f.Int8(name, shape...); err != nil {
		return q, nil, err
	}
	q.Scale, err = f.Float32(name+scaleSuffix, shape[0])
	return q, []string{name, name + scaleSuffix}, err
}

// Fill gives parameters the values of the tensors of their names, all of them or none.
// The file must have those and no other, in the shapes of the parameters.
func Fill(f *tensorfile.File, params []*nn.Param) (err error) {
	names := make([]string, len(params))
	read := make([][]float32, len(params))
	for i, p := range params {
		names[i] = p.Name
		if read[i], err = f.Float32(p.Name, p.Shape...); err != nil {
			return err
		}
	}
	if err := f.CheckNames(names...); err != nil {
		return err
	}
	for i, p := range params {
		copy(p.Data, read[i])
		p.Changed()
	}
	return nil
}

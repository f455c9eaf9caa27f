// Package weights keeps the parameters of a network in a file of safetensors, which
// other programs can read too.
//
// A network is an [lstm.LSTM], an [nn.Dense] or whatever has parameters of package nn.
// The file has their names, shapes and values, and what the caller says in the
// metadata; the network itself is made anew before its weights are loaded.
package weights

import (
	"fmt"
	"io"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/modelfile"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
)

// Save writes parameters to a file, whole or not at all, as tensors of float32 by their
// names, which must differ. Values that are not finite are an error, as are parameters
// in eight bits. meta, which may be nil, is for what makes the network anew, such as its
// config in JSON. The same parameters give the same bytes.
func Save(path string, params []*nn.Param, meta map[string]string) error {
	if err := float32s(params); err != nil {
		return fmt.Errorf("weights: %s: %w", path, err)
	}
	tensors := modelfile.Tensors(params, false)
	return fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error { return tensorfile.Write(w, meta, tensors) })
}

// Load fills parameters from a file that Save has written, or another program, and
// returns its metadata. The file must have the tensors of those names and shapes, and
// no other; an error says which has another shape, is missing or is too many. The
// parameters are then as they were.
func Load(path string, params []*nn.Param) (meta map[string]string, err error) {
	f, err := tensorfile.ReadFile(fsx.OS{}, path, tensorfile.Limits{})
	if err != nil {
		return nil, err
	}
	if err = float32s(params); err == nil {
		err = modelfile.Fill(f, params)
	}
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	return f.Meta, nil
}

// float32s returns an error that names a parameter in eight bits.
func float32s(params []*nn.Param) error {
	for _, p := range params {
		if p.Int8 != nil {
			return fmt.Errorf("parameter %s is in eight bits, which are for inference alone", p.Name)
		}
	}
	return nil
}

package foreign

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/interop/onnx"
	"github.com/textlstm/textlstm/interop/torch"
)

// A writer makes the files of an export, by their names, of which path is the first one.
type writer func(m *classify.Model, path string) (map[string]func(io.Writer) error, error)

// The formats that Export writes.
var writers = map[string]writer{
	"onnx": func(m *classify.Model, path string) (map[string]func(io.Writer) error, error) {
		b, err := onnx.Export(m)
		return map[string]func(io.Writer) error{path: content(b)}, err
	},
	"pytorch": func(m *classify.Model, path string) (map[string]func(io.Writer) error, error) {
		return stateDictOf(m, path, torch.Write)
	},
	"safetensors": func(m *classify.Model, path string) (map[string]func(io.Writer) error, error) {
		return stateDictOf(m, path, func(w io.Writer, t []torch.Tensor) error { return torch.WriteSafetensors(w, t, nil) })
	},
	"keras": func(m *classify.Model, path string) (map[string]func(io.Writer) error, error) {
		base, ok := strings.CutSuffix(path, ".weights.h5") // load_weights takes no other name
		if !ok {
			return nil, fmt.Errorf("%w: %s: Keras wants weights in a file with the suffix .weights.h5", ErrUsage, path)
		}
		x, err := keras.Export(m, filepath.Base(path))
		if err != nil {
			return nil, err
		}
		return map[string]func(io.Writer) error{path: x.Write, base + ".py": content([]byte(x.Script))}, nil
	},
}

// ErrUsage says that Export was asked for a format that there is none of, or for a file whose
// name does not go with it.
var ErrUsage = errors.New("foreign: cannot export so")

// Formats lists what Export writes.
func Formats() []string { return []string{"keras", "onnx", "pytorch", "safetensors"} }

// Export writes a classifier to a file for another framework and, for PyTorch and Keras, the
// Python that loads it beside the file, with the suffix .py. It returns the names of the files,
// each of which is whole or as it was.
func Export(m *classify.Model, format, path string) ([]string, error) {
	write := writers[format]
	if write == nil {
		return nil, fmt.Errorf("%w: format %q, want %s", ErrUsage, format, strings.Join(Formats(), ", "))
	}
	files, err := write(m, path)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, write := range files {
		if err := fsx.WriteFile(fsx.OS{}, name, write); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func content(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// stateDictOf are a state_dict, in whatever container, and its module.
func stateDictOf(m *classify.Model, path string, write func(io.Writer, []torch.Tensor) error) (map[string]func(io.Writer) error, error) {
	source := strings.TrimSuffix(path, filepath.Ext(path)) + ".py"
	if source == path {
		return nil, fmt.Errorf("%w: %s is the name of the module beside the weights: want another suffix, such as .pt", ErrUsage, path)
	}
	x, err := torch.Export(m, filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return map[string]func(io.Writer) error{
		path:   func(w io.Writer) error { return write(w, x.Tensors) },
		source: content([]byte(x.Module)),
	}, nil
}

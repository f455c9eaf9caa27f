package keras

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/textlstm/textlstm/internal/hdf5"
	"github.com/textlstm/textlstm/interop/internal/archive"
)

// ErrFormat says that a file is no model of Keras that this package can read. Errors that
// wrap it say why.
var ErrFormat = errors.New("keras: not a readable model")

// Limits of what is text in a file.
const (
	maxConfig     = 8 << 20
	maxVocabulary = 256 << 20

	moreVocabulary = 16 << 20 // than the bytes of an archive that has packed it
)

// A File is a model as a file has it. It is for one goroutine at a time.
type File struct {
	// Config is the JSON of the model, Compiled that of how it was trained: losses among
	// other things; nil where the file has none.
	Config, Compiled json.RawMessage

	weights weights
	files   *archive.Archive // of a .keras
	close   io.Closer
}

// Open opens a file, which must stay as it is until Close: .keras, .h5 or .weights.h5, told
// apart by their content. Weights alone need config, the file of the model's JSON as
// model.to_json() writes it, or config.json of a .keras; "" looks for it beside them, under
// the name of the weights with .json in place of .weights.h5, as config.json or as
// model.json. Errors about the content wrap ErrFormat.
func Open(name, config string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	file, err := open(f, config)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	file.close = f
	return file, nil
}

func open(f *os.File, config string) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: it is no regular file", ErrFormat)
	}
	file, err := Read(f, info.Size())
	if err != nil || file.Config != nil {
		return file, err
	}
	names := []string{config}
	if config == "" {
		dir := filepath.Dir(f.Name())
		names = []string{
			strings.TrimSuffix(strings.TrimSuffix(f.Name(), ".h5"), ".weights") + ".json",
			filepath.Join(dir, "config.json"), filepath.Join(dir, "model.json"),
		}
	}
	for _, config = range names {
		if info, err = os.Stat(config); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: it has weights alone, and the JSON of the model (model.to_json()) is not beside it, as %s", ErrFormat, strings.Join(names, " or "))
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("%s: %w: %d bytes, limit %d", config, ErrFormat, info.Size(), maxConfig)
	}
	file.Config, err = os.ReadFile(config)
	return file, err
}

// Read is Open for size bytes of r, which Network reads again. Where they are weights alone
// Config is nil, and to be set.
func Read(r io.ReaderAt, size int64) (*File, error) {
	f, err := read(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return f, nil
}

func read(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, len(hdf5.Magic))
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch head = head[:n]; {
	case string(head) == hdf5.Magic:
		return readHDF5(r, size)
	case bytes.HasPrefix(head, []byte("PK")):
		return readArchive(r, size)
	}
	return nil, errors.New("it begins neither as a .keras archive nor as an HDF5 file")
}

// readArchive reads a .keras.
func readArchive(r io.ReaderAt, size int64) (*File, error) {
	a, err := archive.Open(r, size)
	if err != nil {
		return nil, err
	}
	config, err := a.ReadFile("config.json", maxConfig)
	if err != nil {
		return nil, err
	}
	const name = "model.weights.h5"
	if a.Has("model.weights.json") {
		return nil, errors.New("its weights are in several files (max_shard_size): save it in one")
	}
	var content io.ReaderAt
	section, err := a.Section(name)
	if err == nil {
		content, size = section, section.Size()
	} else if !a.Has(name) {
		return nil, err
	} else { // somebody has packed it again
		b, err := a.ReadFile(name, size+size/2+1<<20)
		if err != nil {
			return nil, err
		}
		content, size = bytes.NewReader(b), int64(len(b))
	}
	f, err := readHDF5(content, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var compiled struct {
		Compile json.RawMessage `json:"compile_config"`
	}
	if err := json.Unmarshal(config, &compiled); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	f.Config, f.Compiled, f.files = config, compiled.Compile, a
	return f, nil
}

// readHDF5 reads weights, and the model's JSON where they are in a legacy file.
func readHDF5(r io.ReaderAt, size int64) (*File, error) {
	h, err := hdf5.Open(r, size)
	if err != nil {
		return nil, err
	}
	root, err := h.Root()
	if err != nil {
		return nil, err
	}
	f := new(File)
	if root.Has("model_weights") {
		config, err := root.Text("model_config")
		if err != nil {
			return nil, err
		}
		training, err := root.Text("training_config")
		if err != nil {
			return nil, err
		}
		if config == "" {
			return nil, errors.New("no attribute model_config")
		}
		f.Config, f.Compiled = []byte(config), []byte(training)
		below, err := root.Group("model_weights")
		if err != nil {
			return nil, err
		}
		f.weights = legacyWeights{below}
		return f, nil
	}
	if texts, err := root.Texts("layer_names"); err != nil || texts != nil { // save_weights of Keras 2
		f.weights = legacyWeights{root}
		return f, err
	}
	f.weights, err = newTreeWeights(root)
	return f, err
}

// Close closes the file.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close.Close()
}

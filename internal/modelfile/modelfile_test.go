package modelfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/modelfile"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/nn/weights"
)

var errFormat = errors.New("no such model")

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	if err := weights.Save(good, []*nn.Param{nn.NewParam("w", 2, 3)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte("some text, no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("no head")
	refuse := func(*tensorfile.File) (int, error) { return 7, refused }
	size := func(f *tensorfile.File) (int, error) { return len(f.Tensors), nil }

	if n, err := modelfile.Load(good, tensorfile.Limits{}, errFormat, size); n != 1 || err != nil {
		t.Errorf("Load = %d, %v", n, err)
	}
	if n, err := modelfile.Load(good, tensorfile.Limits{}, errFormat, refuse); n != 0 || !errors.Is(err, refused) || !errors.Is(err, errFormat) || strings.Count(err.Error(), good) != 1 {
		t.Errorf("what parse refuses: %d, %v", n, err)
	}
	if n, err := modelfile.Load(bad, tensorfile.Limits{}, errFormat, size); n != 0 || !errors.Is(err, tensorfile.ErrOther) || !errors.Is(err, errFormat) || strings.Count(err.Error(), bad) != 1 {
		t.Errorf("text: %d, %v", n, err)
	}
	if n, err := modelfile.Load(filepath.Join(dir, "none"), tensorfile.Limits{}, errFormat, size); n != 0 || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, errFormat) {
		t.Errorf("no file: %d, %v", n, err)
	}
	if _, err := modelfile.Load(good, tensorfile.Limits{MaxBytes: 10}, errFormat, size); !errors.Is(err, tensorfile.ErrTooLarge) || !errors.Is(err, errFormat) {
		t.Errorf("a file over the limit: %v", err)
	}
	if _, err := modelfile.Decode([]byte("text"), errFormat, size); !errors.Is(err, errFormat) {
		t.Errorf("Decode of text: %v", err)
	}
}

// What Tensors makes of parameters, Fill and Int8 read.
func TestTensors(t *testing.T) {
	matrix, bias := nn.NewParam("w", 2, 2), nn.NewParam("b", 3)
	copy(matrix.Data, []float32{127, -127, 2, 1})
	copy(bias.Data, []float32{1, 2, 3})
	matrix.Quantize = true
	params := []*nn.Param{matrix, bias}
	file := func(int8s bool) *tensorfile.File {
		var b strings.Builder
		if err := tensorfile.Write(&b, nil, modelfile.Tensors(params, int8s)); err != nil {
			t.Fatal(err)
		}
		f, err := tensorfile.Decode([]byte(b.String()), tensorfile.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}

	again := []*nn.Param{nn.NewParam("w", 2, 2), nn.NewParam("b", 3)}
	if err := modelfile.Fill(file(false), again); err != nil || again[0].Data[1] != -127 || again[1].Data[2] != 3 || again[1].Version == 0 {
		t.Errorf("Fill: %v; %v", err, again[0].Data)
	}
	fresh := []*nn.Param{nn.NewParam("b", 3), nn.NewParam("x", 1)}
	if err := modelfile.Fill(file(false), fresh); !errors.Is(err, tensorfile.ErrMissing) || fresh[0].Data[0] != 0 {
		t.Errorf("Fill without a tensor: %v; %v, want no parameter changed", err, fresh[0].Data)
	}
	if err := modelfile.Fill(file(false), fresh[:1]); !errors.Is(err, tensorfile.ErrExtra) {
		t.Errorf("Fill with a tensor too many: %v", err)
	}
	q, names, err := modelfile.Int8(file(true), "w", 2, 2)
	if err != nil || q.Q[1] != -127 || q.Scale[0] != 1 || len(names) != 2 || names[1] != "w.scale" {
		t.Errorf("Int8 = %v, %v, %v", q, names, err)
	}
	if got := modelfile.Tensors(params, true)[1].Name; got != "w.scale" {
		t.Errorf("the scales have the name %q", got)
	}
	if err := modelfile.Holds(file(false), 7); err != nil {
		t.Errorf("7 numbers: %v", err)
	}
	if err := modelfile.Holds(file(false), 8); err == nil || !strings.Contains(err.Error(), "8 weights, the file holds 7") {
		t.Errorf("8 numbers of 7: %v", err)
	}
}

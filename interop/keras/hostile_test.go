package keras_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/internal/mutate"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/nn"
)

// answerOf reads a file as far as an answer, which must be a number.
func answerOf(t testing.TB, b []byte, config []byte) error {
	f, err := keras.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	if f.Config == nil {
		f.Config = config
	}
	n, err := f.Network(keras.Options{})
	if err != nil {
		return err
	}
	if n.Embedding != nil {
		return mutate.Answer(t, n, "the film, good")
	}
	got, err := answerOfNumbers(n)
	if err != nil {
		return err
	}
	if err := mutate.Finite(got); err != nil {
		t.Error(err)
	}
	return nil
}

func answerOfNumbers(n *interop.Network) ([]float32, error) {
	s, err := n.Sequential()
	if err != nil {
		return nil, err
	}
	lay := new(nn.Layout)
	lay.Reset([]int{2})
	return s.Forward(new(interop.Pass), nn.Batch{Layout: lay, X: make([]float32, 2*s.InputSize())}, nn.Mode{})
}

func testdata(t testing.TB, names ...string) [][]byte {
	return mutate.Files(t, "testdata/%s", names...)
}

// damageArchive changes the model's JSON, its weights, or the entries around them.
func damageArchive(r *rand.Rand, b []byte) []byte {
	entries := mutate.Unzip(b)
	change := func(*zip.FileHeader) {}
	switch r.IntN(8) {
	case 0:
		e := &entries[r.IntN(len(entries))]
		e.Name = string(mutate.Bytes(r, []byte(e.Name)))
	case 1:
		change = func(h *zip.FileHeader) {
			if r.IntN(4) == 0 {
				h.UncompressedSize64 = mutate.Telling(r)
			}
			if r.IntN(8) == 0 {
				h.CompressedSize64, h.Method = mutate.Telling(r), uint16(r.IntN(2)*8)
			}
		}
	case 2:
		e := &entries[r.IntN(len(entries))]
		e.Content = mutate.Bytes(r, e.Content)
	case 3, 4:
		for i := range entries {
			if strings.HasSuffix(entries[i].Name, ".h5") {
				entries[i].Content = damageHDF5(r, entries[i].Content)
			}
		}
	default:
		for i := range entries {
			if entries[i].Name == "config.json" {
				entries[i].Content = damageJSON(r, entries[i].Content)
			}
		}
	}
	return mutate.Zip(entries, change)
}

// damageJSON changes values of an object, some to those of another place, and takes out or
// doubles members.
func damageJSON(r *rand.Rand, b []byte) []byte {
	var top any
	if json.Unmarshal(b, &top) != nil {
		return b
	}
	var places []func(any) // each sets one value
	var values []any
	var walk func(v any)
	walk = func(v any) {
		values = append(values, v)
		switch v := v.(type) {
		case []any:
			for i := range v {
				places = append(places, func(x any) { v[i] = x })
				walk(v[i])
			}
		case map[string]any:
			for _, k := range sortedKeys(v) {
				places = append(places, func(x any) {
					if x == nil && r.IntN(2) == 0 {
						delete(v, k)
					} else {
						v[k] = x
					}
				})
				walk(v[k])
			}
		}
	}
	walk(top)
	for range 1 + r.IntN(3) {
		telling := []any{nil, true, "", "relu", "Sequential", "lstm", []any{}, map[string]any{}, -1, float64(mutate.Telling(r)), 1.5, values[r.IntN(len(values))]}
		clone, err := json.Marshal(telling[r.IntN(len(telling))]) // or a circle may arise
		if err != nil {
			continue
		}
		var x any
		if json.Unmarshal(clone, &x) == nil {
			places[r.IntN(len(places))](x)
		}
	}
	out, err := json.Marshal(top)
	if err != nil {
		return b
	}
	return out
}

func sortedKeys(m map[string]any) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// damageHDF5 writes telling numbers where the parts of a file's structure begin, or the
// address of another part.
func damageHDF5(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	var places []int
	for _, magic := range []string{"TREE", "SNOD", "HEAP", "GCOL", "\x01\x00\x01\x00\x01\x00\x00\x00", "\x11\x00\x10\x00", "\x03\x00\x18\x00", "\x08\x00\x18\x00"} {
		for at := 0; len(places) < 1<<12; {
			i := bytes.Index(b[at:], []byte(magic))
			if i < 0 {
				break
			}
			places = append(places, at+i)
			at += i + 1
		}
	}
	for range 1 + r.IntN(4) {
		at := 0
		if len(places) > 0 {
			at = places[r.IntN(len(places))]
		}
		if at = min(at+r.IntN(48), len(b)-8); at < 0 {
			return b
		}
		if r.IntN(3) == 0 {
			other := places[r.IntN(len(places))]
			b[at], b[at+1], b[at+2] = byte(other), byte(other>>8), byte(other>>16)
		} else {
			mutate.Number(r, b[at:])
		}
	}
	return b
}

func TestMutatedArchives(t *testing.T) {
	files := testdata(t, "text_sequential.keras", "two_heads.keras", "nested.keras", "series.keras", "padding_is_read.keras", "products.keras")
	mutate.Test(t, files, damageArchive, func(b []byte) error { return answerOf(t, b, nil) })
}

func TestMutatedLegacyFiles(t *testing.T) {
	mutate.Test(t, testdata(t, "forecaster.h5"), damageHDF5, func(b []byte) error { return answerOf(t, b, nil) })
}

func TestMutatedWeights(t *testing.T) {
	config := testdata(t, "forecaster_model.json")[0]
	mutate.Test(t, testdata(t, "forecaster.weights.h5"), damageHDF5, func(b []byte) error { return answerOf(t, b, config) })
}

// FuzzRead gives any bytes to the reader.
func FuzzRead(f *testing.F) {
	for _, b := range testdata(f, "logits_of_ids.keras", "forecaster.h5", "forecaster.weights.h5") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { _ = answerOf(t, b, nil) })
}

// FuzzConfig gives any JSON to what follows the graph.
func FuzzConfig(f *testing.F) {
	for _, b := range testdata(f, "two_heads.keras", "nested.keras", "forecaster.keras") {
		for _, e := range mutate.Unzip(b) {
			if e.Name == "config.json" {
				f.Add(e.Content)
			}
		}
	}
	weights := testdata(f, "forecaster.weights.h5")[0]
	f.Fuzz(func(t *testing.T, config []byte) { _ = answerOf(t, weights, config) })
}

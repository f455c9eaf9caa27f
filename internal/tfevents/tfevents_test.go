package tfevents

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The file is that of TensorBoard's own writer, byte for byte: see
// testdata/gen_events.py.
func TestFileIsTensorBoards(t *testing.T) {
	want, err := os.ReadFile("testdata/scalars.tfevents")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new", "dir")
	start := time.UnixMilli(1700000000250)
	w, err := Create(dir, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		step    int64
		scalars []Scalar
	}{
		{0, []Scalar{{"train/loss", 0.75}}},
		{1, []Scalar{{"train/loss", 0.5}, {"train/rate", 1e-3}}},
		{300, []Scalar{{"dev/macro_f1", 0.8125}, {"dev/log_loss", math.NaN()}}},
	} {
		if err := w.Write(start.Add(time.Duration(e.step)*time.Second), e.step, e.scalars...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(w.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1, 0)
	w, err := Create(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := Create(dir, now); !os.IsExist(err) {
		t.Errorf("a second file of the same name: %v", err)
	}
	if _, err := Create(w.Name(), now); err == nil {
		t.Error("a file was taken for a directory")
	}
}

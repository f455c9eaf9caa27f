package train_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// The model's bytes follow from data, config and seed, whatever the number of
// workers and processors.
func TestSameSeedSameBytes(t *testing.T) {
	c := joint()
	c.Epochs = 2
	c.Model.LSTM.HiddenSize = 20
	c.Model.LSTM.Layers = 2
	c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.WeightDrop = 0.2, 0.2, 0.1
	c.Model.WordDropout, c.Model.Dropout = 0.1, 0.3
	c.Model.Pool = []nn.Pooling{nn.Max, nn.Attention}
	c.Model.Chunk = 4
	c.EMA.Decay = 0.9
	c.Crop = 0.5
	d, dev := reviews(60, 1), reviews(20, 2)
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	sum := func(seed uint64, workers int) string {
		c := c
		c.Seed = seed
		r := fit(t, train.Trainer{Config: c, Workers: workers}, d, dev)
		return fmt.Sprintf("%x", sha256.Sum256(modelBytes(t, r.Model)))
	}
	seeds, workers := []uint64{1, 2, 3}, []int{2, 3, 4, 7, 16}
	if testing.Short() {
		seeds, workers = seeds[:2], []int{4}
	}
	seen := map[string]uint64{}
	for _, seed := range seeds {
		runtime.GOMAXPROCS(old)
		want := sum(seed, 1)
		if other, ok := seen[want]; ok {
			t.Errorf("seeds %d and %d give the same model", other, seed)
		}
		seen[want] = seed
		for _, w := range workers {
			runtime.GOMAXPROCS(w)
			if got := sum(seed, w); got != want {
				t.Errorf("seed %d: %d workers give another model than 1", seed, w)
			}
		}
	}
}

// A Trainer may train again, and a history does not leak into what follows.
func TestTrainerTwice(t *testing.T) {
	tr := train.Trainer{Config: small()}
	d := reviews(30, 1)
	first := modelBytes(t, fit(t, tr, d, nil).Model)
	fit(t, tr, reviews(10, 5), reviews(10, 6))
	if !bytes.Equal(first, modelBytes(t, fit(t, tr, d, nil).Model)) {
		t.Error("the second training gives another model than the first")
	}
	if len(tr.Model.Heads) != 0 {
		t.Error("Fit changed the Trainer's config")
	}
}

// The order of texts in memory is part of the data, their IDs are not.
func TestIDsDoNotMatter(t *testing.T) {
	a, b := reviews(20, 1), reviews(20, 1)
	for i := range b.Examples {
		b.Examples[i].ID = "x"
	}
	tr := train.Trainer{Config: joint()}
	if !bytes.Equal(modelBytes(t, fit(t, tr, a, nil).Model), modelBytes(t, fit(t, tr, b, nil).Model)) {
		t.Error("IDs change the model")
	}
}

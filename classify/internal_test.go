package classify

import (
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// Texts go into batches by falling length, each once, as many together as the budget has.
func TestByLength(t *testing.T) {
	lengths := []int{3, 9, 0, 4, 4, 1, 30, 2}
	texts := make([]Encoded, len(lengths))
	for i, n := range lengths {
		texts[i].IDs = make([]vocab.ID, n)
	}
	want := [][]int{{6}, {1}, {3, 4}, {0, 7, 5, 2}}
	if got := byLength(texts, 10); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := byLength(nil, 10); len(got) != 0 {
		t.Errorf("no texts are in batches %v", got)
	}
}

// The mean and the scale of a number come from the texts unless they are known.
func TestStandardize(t *testing.T) {
	read := func(*Head) (nn.Targets, error) { return nn.Targets{Values: []float32{2, 4, 6, 8}}, nil }
	h := Head{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}}
	if err := h.Standardize(read, nil); err != nil || h.Mean != 5 || h.Scale*h.Scale < 4.99 || h.Scale*h.Scale > 5.01 {
		t.Errorf("mean %v, scale %v, err %v, want 5 and the square root of 5", h.Mean, h.Scale, err)
	}
	h = Head{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}, Mean: 1, Scale: 1}
	if err := h.Standardize(read, nil); err != nil || h.Mean != 1 || h.Scale != 1 {
		t.Errorf("mean %v and scale %v became others, err %v", h.Mean, h.Scale, err)
	}
}

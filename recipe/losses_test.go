package recipe_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/recipe"
)

func TestLosses(t *testing.T) {
	data := []string{"stars", "price"}
	for _, tt := range []struct {
		losses recipe.Losses
		heads  []classify.Head
		want   []nn.LossKind
	}{
		{nil, nil, nil},
		{recipe.Losses{"squared"}, nil, []nn.LossKind{nn.SquaredError, nn.SquaredError}},
		{recipe.Losses{"price=absolute"}, nil, []nn.LossKind{"", nn.AbsoluteError}},
		{recipe.Losses{"squared", "price=absolute"}, nil, []nn.LossKind{nn.SquaredError, nn.AbsoluteError}},
		{recipe.Losses{"stars=binary-cross-entropy"}, nil, []nn.LossKind{nn.BinaryCrossEntropy, ""}},
		{recipe.Losses{"squared"}, []classify.Head{{Name: "stars"}}, []nn.LossKind{nn.SquaredError}},
	} {
		heads, err := tt.losses.Heads(tt.heads, data)
		if err != nil {
			t.Fatal(err)
		}
		var got []nn.LossKind
		for _, h := range heads {
			got = append(got, h.Loss.Kind)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q: %s", tt.losses, d)
		}
		for _, h := range tt.heads {
			if h.Loss.Kind != "" {
				t.Errorf("%q changed the heads it was given", tt.losses)
			}
		}
	}
	for _, bad := range []string{"cubic", "stars=cubic", "size=squared"} {
		var e *recipe.Error
		if _, err := (recipe.Losses{bad}).Heads(nil, data); !errors.As(err, &e) {
			t.Errorf("%s: err = %v, want an *Error", bad, err)
		}
	}
}

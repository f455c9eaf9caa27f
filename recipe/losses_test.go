package recipe

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
)

func TestLosses(t *testing.T) {
	data := []string{"stars", "price"}
	for _, tt := range []struct {
		losses Losses
		heads  []classify.Head
		want   []nn.LossKind
	}{
		{nil, nil, nil},
		{Losses{"squared"}, nil, []nn.LossKind{nn.SquaredError, nn.SquaredError}},
		{Losses{"price=absolute"}, nil, []nn.LossKind{"", nn.AbsoluteError}},
		{Losses{"squared", "price=absolute"}, nil, []nn.LossKind{nn.SquaredError, nn.AbsoluteError}},
		{Losses{"stars=binary-cross-entropy"}, nil, []nn.LossKind{nn.BinaryCrossEntropy, ""}},
		{Losses{"squared"}, []classify.Head{{Name: "stars"}}, []nn.LossKind{nn.SquaredError}},
	} {
		heads, err := tt.losses.heads(tt.heads, data)
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
		var e *Error
		if _, err := (Losses{bad}).heads(nil, data); !errors.As(err, &e) {
			t.Errorf("%s: err = %v, want an *Error", bad, err)
		}
	}
}

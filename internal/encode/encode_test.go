package encode_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/encode"
	"github.com/textlstm/textlstm/vocab"
)

func TestTexts(t *testing.T) {
	texts := []string{"A b, a c", "", "b a", "Seldom"}
	for range 30 { // more than there are shards
		texts = append(texts, "a")
	}
	for _, workers := range []int{1, 2, 5} {
		v, ids, err := encode.Texts(t.Context(), texts, "words|lower", vocab.Options{MinCount: 2}, workers)
		if err != nil {
			t.Fatal(err)
		}
		if v.Known() != 2 || v.Count(v.ID("a")) != 33 || v.Count(v.ID("b")) != 2 {
			t.Errorf("%d workers: %d words, a %d times, b %d times, want 2, 33 and 2", workers, v.Known(), v.Count(v.ID("a")), v.Count(v.ID("b")))
		}
		var got []string
		for _, id := range ids[0] {
			got = append(got, v.Token(id))
		}
		if want := []string{"a", "b", "<unk>", "a", "<unk>"}; !slices.Equal(got, want) {
			t.Errorf("%d workers: %q, want %q", workers, got, want)
		}
		if len(ids) != len(texts) || len(ids[1]) != 0 || len(ids[3]) != 1 {
			t.Errorf("%d workers: lengths of %d texts are wrong: %v", workers, len(ids), ids)
		}
	}
}

func TestTextsErrors(t *testing.T) {
	if _, _, err := encode.Texts(t.Context(), []string{"a"}, "wrods", vocab.Options{}, 1); err == nil || !strings.Contains(err.Error(), "wrods") {
		t.Errorf("a pipeline that there is not: %v", err)
	}
	if _, _, err := encode.Texts(t.Context(), []string{"a"}, "words", vocab.Options{MinCount: -1}, 1); err == nil {
		t.Error("a negative count is no error")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("enough"))
	if _, _, err := encode.Texts(ctx, []string{"a"}, "words", vocab.Options{}, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

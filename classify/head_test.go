package classify_test

import (
	"testing"

	"github.com/textlstm/textlstm/classify"
)

func TestLossUsage(t *testing.T) {
	const want = "cross-entropy (default), binary-cross-entropy for labels of which a text may have several, squared-error for a number"
	if got := classify.LossUsage(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

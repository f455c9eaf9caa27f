package device

import (
	"testing"

	"github.com/textlstm/textlstm/train/enginetest"
)

// found returns a device, and skips the test where there is none.
func found(t *testing.T) *Device {
	t.Helper()
	list, err := List()
	if err != nil {
		t.Skip(err)
	}
	t.Logf("on %s", list[0].Name())
	return list[0]
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, found(t), "gru", "subword", "merged stack")
}

package device

import (
	"errors"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrain/lm/lmtest"
)

func TestLanguageConformance(t *testing.T) { lmtest.Run(t, found(t)) }

// What does not fit is refused, with figures.
func TestLanguageRefusals(t *testing.T) {
	d := &Device{small{}}
	c := lm.Config{Embed: 4, LSTM: lstm.Config{HiddenSize: 4}}.Resolve()
	params := []*nn.Param{nn.NewParam("embedding.weight", 20_000, 4)}
	var full *pretrain.MemoryError
	if _, err := d.OpenLanguage(params, c, 8192); !errors.As(err, &full) || !strings.Contains(err.Error(), "MiB: small has 1; make batch_tokens = 4096") {
		t.Errorf("error %v, want one about memory", err)
	}
	if _, err := d.OpenLanguage(params, c, 1<<22); !errors.As(err, &full) || !strings.Contains(err.Error(), "an array of 4294967296 numbers") {
		t.Errorf("error %v, want one about the size of an array", err)
	}
}

package train_test

import (
	"testing"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/enginetest"
)

// recording is a device that notes the config of the last engine.
type recording struct {
	train.Device
	config *train.Config
}

func (r recording) Open(net *classify.Network, c train.Config, tokens int) (train.Engine, error) {
	*r.config = c
	return r.Device.Open(net, c, tokens)
}

// An epoch in which the whole network learns is measured.
func TestEpochTimeOfAllWeights(t *testing.T) {
	c := small()
	c.Finetune.HeadEpochs = 1
	var measured train.Config
	tr := train.Trainer{Config: c, Device: recording{enginetest.Mirror{}, &measured}}
	took, err := tr.EpochTime(t.Context(), reviews(60, 1), time.Nanosecond)
	if err != nil || took <= 0 {
		t.Fatalf("%v, error %v", took, err)
	}
	if measured.Finetune.HeadEpochs != 0 {
		t.Errorf("%d epochs of the heads alone, want 0", measured.Finetune.HeadEpochs)
	}
}

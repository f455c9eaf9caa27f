package train_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/enginetest"
)

// A training on a device that rounds as this processor does, with weights of its own, gives
// the bytes of one without: nothing is looked at before it was fetched, and nothing is changed
// without being handed over.
func TestDeviceGivesTheSameBytes(t *testing.T) {
	for name, change := range map[string]func(*train.Config){
		"everything": func(*train.Config) {},
		"momentum": func(c *train.Config) {
			c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}
			c.Schedule.Rate = 0.1
		},
		"heads first": func(c *train.Config) { c.Finetune = train.Finetune{HeadEpochs: 1, Decay: 2} },
		"members":     func(c *train.Config) { c.Model.Members = 2 },
		"refit":       func(c *train.Config) { c.Refit = true },
		"adversarial": func(c *train.Config) { c.Adversarial = train.Adversarial{Weight: 1, VAT: 1} },
		"subword":     func(c *train.Config) { c.Model.Subword.Bits, c.Adversarial.Weight = 8, 1 },
		"patience":    func(c *train.Config) { c.Epochs, c.Patience = 8, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := everything()
			change(&c)
			d, dev := reviews(60, 1), reviews(20, 2)
			want := fit(t, train.Trainer{Config: c}, d, dev)
			got := fit(t, train.Trainer{Config: c, Device: enginetest.Mirror{}}, d, dev)
			if !bytes.Equal(modelBytes(t, got.Model), modelBytes(t, want.Model)) {
				t.Error("another model")
			}
			if diff := cmp.Diff(want.History, got.History, sameHistory...); diff != "" {
				t.Errorf("another history:\n%s", diff)
			}
		})
	}
}

// So does one that is interrupted again and again.
func TestDeviceResumes(t *testing.T) {
	d, dev := reviews(60, 1), reviews(20, 2)
	want := modelBytes(t, fit(t, train.Trainer{Config: everything()}, d, dev).Model)
	tr := train.Trainer{Config: everything(), Device: enginetest.Mirror{}, Checkpoint: t.TempDir(), Resume: true}
	var got *train.Result
	stops := 0
	for stopped := true; stopped; stops++ {
		got, stopped = interrupted(t, tr, d, dev, 4)
	}
	if stops < 5 || !bytes.Equal(modelBytes(t, got.Model), want) {
		t.Errorf("after %d interruptions: another model", stops-1)
	}
}

// And one that goes back: the device takes up the weights of the start of the epoch.
func TestDeviceGoesBack(t *testing.T) {
	c := everything()
	c.Schedule = nn.Schedule{Kind: nn.Constant, Rate: 1e38}
	c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD}
	run := func(on train.Device) (said string, model []byte) {
		tr := train.Trainer{Config: c, Device: on, OnProgress: func(p train.Progress) {
			if p.Warning != nil {
				said += p.Warning.Error() + "\n"
			}
		}}
		return said, modelBytes(t, fit(t, tr, reviews(60, 1), reviews(20, 2)).Model)
	}
	want, wantModel := run(nil)
	got, gotModel := run(enginetest.Mirror{})
	if want == "" || got != want {
		t.Errorf("it said\n%s\nwant\n%s", got, want)
	}
	if !bytes.Equal(gotModel, wantModel) {
		t.Error("another model")
	}
}

// A limited device trains no GRUs.
type limited struct{ enginetest.Mirror }

func (limited) Check(c train.Config) error {
	if c.Model.EncoderName() != "lstm" {
		return fmt.Errorf("no training with encoder = %q", c.Model.Encoder)
	}
	return nil
}

func TestDeviceRefuses(t *testing.T) {
	c := everything()
	c.Model.Encoder = "gru"
	tr := train.Trainer{Config: c, Device: limited{}}
	_, err := tr.Fit(t.Context(), reviews(60, 1), nil)
	var config *train.ConfigError
	if !errors.As(err, &config) || !strings.Contains(err.Error(), `encoder = "gru"`) {
		t.Errorf("error %v, want a *train.ConfigError about the encoder", err)
	}
}

// A checkpoint of one device is not for another.
func TestDeviceIsIdentity(t *testing.T) {
	d := reviews(60, 1)
	tr := train.Trainer{Config: everything(), Device: enginetest.Mirror{}, Checkpoint: t.TempDir()}
	if _, stopped := interrupted(t, tr, d, nil, 3); !stopped {
		t.Fatal("not interrupted")
	}
	tr.Device, tr.Resume = nil, true
	_, err := tr.Fit(t.Context(), d, nil)
	var mismatch *train.MismatchError
	if !errors.As(err, &mismatch) || !strings.Contains(err.Error(), "mirror") {
		t.Errorf("error %v, want a *train.MismatchError about the device", err)
	}
}

package train_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// adversarial has all adversarial losses, and everything else.
func adversarial() train.Config {
	c := everything()
	c.Epochs = 2
	c.Adversarial = train.Adversarial{Weight: 1, VAT: 1, Epsilon: 0.5}
	return c
}

// Interruptions and the number of workers leave no trace, also within a pass
// over the unlabelled texts.
func TestResumeAdversarial(t *testing.T) {
	d, dev, more := reviews(40, 1), reviews(20, 2), reviews(50, 3)
	c := adversarial()
	want := modelBytes(t, fit(t, train.Trainer{Config: c, Workers: 1, Unlabelled: more}, d, dev).Model)
	tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), Resume: true, CheckpointInterval: always, Unlabelled: more}
	r := rand.New(rand.NewPCG(7, 7))
	for stopped := true; stopped; {
		tr.Workers = []int{1, 2, 3, 7}[r.IntN(4)]
		result, again := interrupted(t, tr, d, dev, 3)
		if stopped = again; !stopped && !bytes.Equal(want, modelBytes(t, result.Model)) {
			t.Error("another model after interruptions")
		}
	}
}

// Each of the losses, the unlabelled texts and their words change the model;
// their labels do not, nor does an epsilon for no loss.
func TestAdversarialOptions(t *testing.T) {
	d, more := reviews(40, 1), reviews(50, 3)
	model := func(a train.Adversarial, tr train.Trainer) string {
		c := small()
		c.Epochs = 1
		c.Adversarial = a
		tr.Config = c
		m := fit(t, tr, d, nil).Model
		var b strings.Builder
		for _, p := range m.Deep().Params() {
			for _, v := range p.Data {
				b.WriteByte(byte(int(v * 1e6)))
			}
		}
		return b.String()
	}
	seen := map[string]string{}
	for name, m := range map[string]string{
		"none":       model(train.Adversarial{}, train.Trainer{}),
		"at":         model(train.Adversarial{Weight: 1}, train.Trainer{}),
		"at, far":    model(train.Adversarial{Weight: 1, Epsilon: 7}, train.Trainer{}),
		"vat":        model(train.Adversarial{VAT: 1}, train.Trainer{}),
		"both":       model(train.Adversarial{Weight: 1, VAT: 1}, train.Trainer{}),
		"unlabelled": model(train.Adversarial{VAT: 1}, train.Trainer{Unlabelled: more}),
		"other":      model(train.Adversarial{VAT: 1}, train.Trainer{Unlabelled: reviews(50, 4)}),
	} {
		if other, ok := seen[m]; ok {
			t.Errorf("%s gives the model of %s", name, other)
		}
		seen[m] = name
	}
	none := model(train.Adversarial{Epsilon: 3}, train.Trainer{})
	if seen[none] != "none" {
		t.Error("an epsilon alone changes the model")
	}
	bare := reviews(50, 3)
	bare.Heads = nil
	for i := range bare.Examples {
		bare.Examples[i].Labels = nil
	}
	if seen[model(train.Adversarial{VAT: 1}, train.Trainer{Unlabelled: bare})] != "unlabelled" {
		t.Error("the labels of unlabelled texts change the model")
	}
}

// Labels of unlabelled texts that are none of a head's are ignored, too.
func TestUnlabelledForeignLabels(t *testing.T) {
	more := data([]string{"price"}, []string{"unknown", "a good film"}, []string{"", "a bad film"})
	c := small()
	c.Epochs, c.Adversarial.VAT = 1, 1
	c.Model.Heads = []classify.Head{{Name: "price", Loss: nn.Loss{Kind: nn.SquaredError}}}
	fit(t, train.Trainer{Config: c, Unlabelled: more}, rated(20, 1), nil)
}

// It learns what there is to learn.
func TestAdversarialLearns(t *testing.T) {
	d, test := reviews(200, 1), reviews(100, 2)
	c := small()
	c.Adversarial = train.Adversarial{Weight: 1, VAT: 1, Epsilon: 1}
	m := fit(t, train.Trainer{Config: c, Unlabelled: reviews(100, 5)}, d, nil).Model
	for _, head := range d.Heads {
		if a := accuracy(m, test, head); a < 0.95 {
			t.Errorf("%s: accuracy %v, want 0.95", head, a)
		}
	}
}

func TestAdversarialErrors(t *testing.T) {
	d := reviews(20, 1)
	wide := joint()
	wide.Model.NoDeep, wide.Adversarial.VAT = true, 1
	for want, tr := range map[string]train.Trainer{
		"adversarial.weight = -1": {Config: train.Config{Adversarial: train.Adversarial{Weight: -1}}},
		"adversarial.epsilon":     {Config: train.Config{Adversarial: train.Adversarial{VAT: 1, Epsilon: math.Inf(1)}}},
		"set adversarial.vat":     {Config: small(), Unlabelled: d},
		"deep branch":             {Config: wide, Unlabelled: d},
	} {
		if _, err := tr.Fit(t.Context(), d, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want it to say %q", err, want)
		}
	}

	// A checkpoint knows its unlabelled texts.
	tr := train.Trainer{Config: adversarial(), Checkpoint: t.TempDir(), Unlabelled: d}
	if _, stopped := interrupted(t, tr, d, nil, 2); !stopped {
		t.Fatal("the training was not interrupted")
	}
	tr.Resume, tr.Unlabelled = true, reviews(20, 9)
	_, err := tr.Fit(t.Context(), d, nil)
	var other *train.MismatchError
	if !errors.As(err, &other) || other.Field != "unlabelled texts" {
		t.Errorf("err = %v, want a MismatchError of the unlabelled texts", err)
	}
}

// A streamed training takes unlabelled texts, too.
func TestStreamUnlabelled(t *testing.T) {
	d := reviews(40, 1)
	c := small()
	c.Epochs, c.Adversarial = 1, train.Adversarial{Weight: 1, VAT: 1}
	models := map[string]bool{}
	for _, more := range []*corpora.Dataset{nil, reviews(50, 3)} {
		tr := train.Trainer{Config: c, Unlabelled: more}
		r := fitStream(t, tr, streamOf(t, d), nil)
		models[string(modelBytes(t, r.Model))] = true
	}
	if len(models) != 2 {
		t.Error("unlabelled texts do not change the model")
	}
}

// An adversarial loss beyond all numbers is called so.
func TestAdversarialLossDiverges(t *testing.T) {
	c := small()
	c.Adversarial.Weight = math.MaxFloat64
	tr := train.Trainer{Config: c}
	_, err := tr.Fit(t.Context(), reviews(20, 1), nil)
	var diverged *train.DivergedError
	if !errors.As(err, &diverged) || diverged.Name != "adversarial loss" || diverged.Halvings != 3 {
		t.Errorf("err = %v, want that the adversarial loss diverged", err)
	}
}

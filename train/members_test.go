package train_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// pair trains two networks.
func pair() train.Config {
	c := everything()
	c.Model.Members = 2
	return c
}

func sameWeights(a, b *classify.Model) bool {
	return slices.EqualFunc(a.Deep().Params(), b.Deep().Params(), func(p, q *nn.Param) bool {
		return p.Name == q.Name && slices.Equal(p.Data, q.Data)
	})
}

// The first member is the network that is trained where there is one; the
// others are other networks. The wide branch is that of one.
func TestMembers(t *testing.T) {
	d, dev := reviews(60, 1), reviews(30, 2)
	one := fit(t, train.Trainer{Config: everything()}, d, dev)
	c := pair()
	c.Model.Members = 3
	several := fit(t, train.Trainer{Config: c}, d, dev)
	if !sameWeights(one.Model, several.Model.Member(0)) {
		t.Error("the first member is not the network that is trained alone")
	}
	if sameWeights(several.Model.Member(1), several.Model.Member(0)) || sameWeights(several.Model.Member(1), several.Model.Member(2)) {
		t.Error("two members are the same")
	}
	if !slices.Equal(one.Model.Wide().Heads[0].Weights, several.Model.Wide().Heads[0].Weights) {
		t.Error("another wide branch")
	}
	if n := c.Epochs; len(several.History) != 3*n || several.History[n].Member != 2 || several.History[n].Epoch != 1 {
		t.Errorf("history: %+v", several.History)
	}
	if one.History[0].Member != 0 {
		t.Error("a history of one network names the member")
	}
	for _, branch := range []string{"joint", "deep", "wide"} {
		if several.Dev[branch] == nil {
			t.Errorf("no dev score of %s", branch)
		}
	}
	want := 0
	for _, e := range several.History {
		if e.Dev.Best {
			want = max(want, e.Epoch)
		}
	}
	if got := several.Model.Card(); got.Epochs != want || got.Seed != c.Seed {
		t.Errorf("card says epoch %d of seed %d, want %d of %d", got.Epochs, got.Seed, want, c.Seed)
	}
	if diff := cmp.Diff(c.Resolve().Model.Members, several.Config.Model.Members); diff != "" {
		t.Error(diff)
	}

	c.Model.NoDeep = true
	if _, err := (&train.Trainer{Config: c}).Fit(t.Context(), d, dev); err == nil {
		t.Error("members of a branch that is left out")
	}
}

func TestMembersHaveDirections(t *testing.T) {
	c := pair()
	c.Model.Members, c.Model.Directions = 3, []lstm.Direction{lstm.Forward, lstm.Reverse, lstm.Bidirectional}
	tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), CheckpointInterval: always}
	d, dev := reviews(40, 1), reviews(20, 2)
	m := fit(t, tr, d, dev).Model
	for k, want := range c.Model.Directions {
		if got := m.Member(k).Config().LSTM.Direction; got != want {
			t.Errorf("member %d reads %v, want %v", k+1, got, want)
		}
	}
	tr.Resume = true // the end of the training
	if !bytes.Equal(modelBytes(t, m), modelBytes(t, fit(t, tr, d, dev).Model)) {
		t.Error("another model after the last checkpoint")
	}
}

func TestMembersDoNotDependOnWorkers(t *testing.T) {
	d, dev := reviews(40, 1), reviews(20, 2)
	want := modelBytes(t, fit(t, train.Trainer{Config: pair(), Workers: 1}, d, dev).Model)
	if got := modelBytes(t, fit(t, train.Trainer{Config: pair(), Workers: 5}, d, dev).Model); !bytes.Equal(want, got) {
		t.Error("5 workers give another model than 1")
	}
}

// An interruption at every report of both members, with and without a dev set,
// ends with the same bytes.
func TestMembersResume(t *testing.T) {
	c := pair()
	c.Epochs = 2
	c.Patience = 1
	for _, dev := range []bool{true, false} {
		d, devSet := reviews(30, 1), reviews(10, 2)
		if !dev {
			devSet = nil
		}
		whole := fit(t, train.Trainer{Config: c}, d, devSet)
		want := modelBytes(t, whole.Model)
		for n := 1; ; n++ {
			tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), CheckpointInterval: []time.Duration{0, always}[n%2]}
			_, stopped := interrupted(t, tr, d, devSet, n)
			tr.Resume = true
			got := fit(t, tr, d, devSet)
			if !bytes.Equal(want, modelBytes(t, got.Model)) {
				t.Errorf("dev %t, interrupted after %d reports: another model", dev, n)
			}
			if diff := cmp.Diff(whole.History, got.History, sameHistory...); diff != "" {
				t.Errorf("dev %t, interrupted after %d reports: another history:\n%s", dev, n, diff)
			}
			if !stopped {
				break
			}
		}
	}
}

func TestMembersProgress(t *testing.T) {
	var lines []string
	c := pair()
	c.Epochs = 1
	last := 0
	tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) {
		if p.Dev != nil {
			lines = append(lines, fmt.Sprintf("%d/%d %d/%d %t", p.Member, p.Members, p.Step, p.Steps, p.Elapsed > 0))
		}
		if p.Step < last {
			t.Errorf("step %d after %d", p.Step, last)
		}
		last = p.Step
	}}
	d, dev := reviews(40, 1), reviews(20, 2)
	fit(t, tr, d, dev)
	if diff := cmp.Diff([]string{"1/2 5/10 true", "2/2 10/10 true"}, lines); diff != "" {
		t.Error(diff)
	}
	lines, last = nil, 0
	fitStream(t, tr, streamOf(t, d), dev)
	if diff := cmp.Diff([]string{"1/2 5/10 true", "2/2 10/10 true"}, lines); diff != "" {
		t.Error(diff)
	}
}

package train_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
)

// unlabelled are n texts of reviews alone.
func unlabelled(n int, seed uint64) *corpora.Dataset {
	d := reviews(n, seed)
	d.Heads = nil
	for i := range d.Examples {
		d.Examples[i].Labels = nil
	}
	return d
}

func answered(t *testing.T, m *classify.Model, d *corpora.Dataset) *corpora.Dataset {
	t.Helper()
	a, err := train.PseudoLabels(t.Context(), m, d)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A student of many texts without labels agrees with its teacher, in both
// heads, more than what was learned from a few labels does, and more than it
// agrees with the labels where the teacher has learned other ones.
func TestStudentFollowsItsTeacher(t *testing.T) {
	wrong := reviews(300, 1) // all that is good about books is bad
	for i := range wrong.Examples {
		e := &wrong.Examples[i]
		if e.Labels = slices.Clone(e.Labels); e.Labels[1] == "book" {
			e.Labels[0] = map[string]string{"negative": "positive", "positive": "negative"}[e.Labels[0]]
		}
	}
	c := joint()
	c.Epochs = 15
	teacher := fit(t, train.Trainer{Config: c}, wrong, nil).Model
	held := answered(t, teacher, unlabelled(200, 3))
	c.Seed = 7
	c.Model.LSTM.HiddenSize = 6
	student := fit(t, train.Trainer{Config: c, Teacher: teacher}, unlabelled(600, 2), held).Model
	few := fit(t, train.Trainer{Config: c}, reviews(30, 2), nil).Model
	for _, head := range []string{"sentiment", "topic"} {
		got, other := accuracy(student, held, head), accuracy(few, held, head)
		t.Logf("%s: the student agrees on %.3f, one of a few labels on %.3f", head, got, other)
		if got < 0.85 || got <= other-0.02 {
			t.Errorf("%s: the student agrees on %.3f, one of a few labels on %.3f", head, got, other)
		}
	}
	for h, head := range student.Heads() {
		if !slices.Equal(head.Labels, teacher.Heads()[h].Labels) {
			t.Errorf("labels %q, the teacher has %q", head.Labels, teacher.Heads()[h].Labels)
		}
	}
}

// What the teacher's lexicon says the student must not be given again.
func TestStudentWithLexicon(t *testing.T) {
	teacher := fit(t, train.Trainer{Config: small()}, reviews(40, 1), nil).Model
	c := small()
	c.Model.Heads = []classify.Head{{Name: "sentiment", Lexicon: []float64{-1, 1}}}
	tr := train.Trainer{Config: c, Teacher: teacher}
	if _, err := tr.Fit(t.Context(), unlabelled(30, 2), nil); err == nil || !strings.Contains(err.Error(), "leave lexicon out") {
		t.Errorf("err = %v", err)
	}
}

// True labels count if they are given weight.
func TestStudentSeesLabels(t *testing.T) {
	d := reviews(300, 1)
	teacher := fit(t, train.Trainer{Config: small()}, d, nil).Model
	other := reviews(300, 2)
	for i := range other.Examples {
		other.Examples[i].Labels = []string{"positive", "book"}
	}
	c := small()
	alone := fit(t, train.Trainer{Config: c, Teacher: teacher}, other, nil).Model
	c.Distill.Labels = 50
	both := fit(t, train.Trainer{Config: c, Teacher: teacher}, other, nil).Model
	if a, b := accuracy(alone, other, "topic"), accuracy(both, other, "topic"); a > 0.7 || b < 0.95 {
		t.Errorf("labels that are all one are learned by %.2f without weight and %.2f with", a, b)
	}
}

func TestDistillResume(t *testing.T) {
	teacher := fit(t, train.Trainer{Config: pair()}, reviews(40, 1), reviews(20, 2)).Model
	c := everything()
	c.Epochs = 2
	c.Distill.Temperature = 3
	d := unlabelled(30, 3)
	dev := answered(t, teacher, unlabelled(10, 4))
	want := modelBytes(t, fit(t, train.Trainer{Config: c, Teacher: teacher, Workers: 1}, d, dev).Model)
	if got := modelBytes(t, fit(t, train.Trainer{Config: c, Teacher: teacher, Workers: 4}, d, dev).Model); !bytes.Equal(want, got) {
		t.Error("4 workers give another student")
	}
	for n := 2; ; n += 3 {
		tr := train.Trainer{Config: c, Teacher: teacher, Checkpoint: t.TempDir(), CheckpointInterval: always}
		_, stopped := interrupted(t, tr, d, dev, n)
		tr.Resume = true
		if stopped && n == 5 {
			other := tr
			other.Teacher = teacher.Member(0)
			var mismatch *train.MismatchError
			if _, err := other.Fit(t.Context(), d, dev); !errors.As(err, &mismatch) || mismatch.Field != "teacher" {
				t.Errorf("another teacher: %v", err)
			}
		}
		if got := modelBytes(t, fit(t, tr, d, dev).Model); !bytes.Equal(want, got) {
			t.Errorf("interrupted after %d reports: another student", n)
		}
		if !stopped {
			break
		}
	}
}

func TestDistillMultiLabel(t *testing.T) {
	d := reviews(150, 1)
	d.Heads, d.Separator = []string{"about"}, ";"
	for i := range d.Examples {
		e := &d.Examples[i]
		e.Labels = []string{e.Labels[0] + ";" + e.Labels[1]}
	}
	teacher := fit(t, train.Trainer{Config: joint()}, d, nil).Model
	if !teacher.Heads()[0].MultiLabel() {
		t.Fatal("the teacher is not multi-label")
	}
	held := answered(t, teacher, unlabelled(50, 4))
	student := fit(t, train.Trainer{Config: joint(), Teacher: teacher}, unlabelled(200, 3), held)
	if f1 := student.Dev["joint"].Heads["about"].MicroF1; f1 < 0.8 {
		t.Errorf("micro-F1 with the teacher's labels %v", f1)
	}
}

func TestDistillErrors(t *testing.T) {
	d := reviews(20, 1)
	teacher := fit(t, train.Trainer{Config: small()}, d, nil).Model
	c := small()
	c.Distill.Temperature = -1
	if _, err := (&train.Trainer{Config: c, Teacher: teacher}).Fit(t.Context(), d, nil); err == nil {
		t.Error("a negative temperature")
	}
	c = small()
	c.Model.Heads = []classify.Head{{Name: "author"}}
	if _, err := (&train.Trainer{Config: c, Teacher: teacher}).Fit(t.Context(), d, nil); err == nil {
		t.Error("a head that the teacher lacks")
	}
	if _, err := (&train.Trainer{Config: small(), Teacher: teacher}).FitStream(t.Context(), streamOf(t, d), nil); err == nil {
		t.Error("a streamed training with a teacher")
	}
}

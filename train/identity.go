package train

import (
	"math"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train/loop"
)

// What the checkpoints of trainings and of what trains several times are of.
type (
	// An Identity lists what must be the same for a training to go on.
	Identity = loop.Identity

	// A MismatchError says that a checkpoint is of another training.
	MismatchError = loop.MismatchError
)

// ErrUnfinished says that the directory for checkpoints holds those of a training
// that nobody asked to resume.
var ErrUnfinished = loop.ErrUnfinished

// Identity lists all that decides what t makes of data and dev, apart from the
// machine. Either may be nil. Workers and what is told on the way are no part of it.
func (t *Trainer) Identity(data, dev *corpora.Dataset) (Identity, error) {
	return t.identity(t.Config, fingerprint(data), fingerprint(dev))
}

func (t *Trainer) identity(cfg Config, data, dev string) (Identity, error) {
	start := ""
	if t.Start != nil {
		start = t.Start.Sum()
	}
	teacher, err := teacherPrint(t.Teacher)
	if err != nil {
		return nil, err
	}
	kernel := loop.Kernel()
	if t.Device != nil {
		kernel = t.Device.Name()
	}
	return Identity{
		{Name: "kernel", Value: kernel},
		{Name: "seed", Value: cfg.Seed},
		{Name: "training texts", Value: data},
		{Name: "dev texts", Value: dev},
		{Name: "model to start from", Value: start},
		{Name: "teacher", Value: teacher},
		{Name: "fingerprint", Value: t.Fingerprint},
		{Name: "unlabelled texts", Value: fingerprint(t.Unlabelled)},
		{Value: cfg},
	}, nil
}

// fingerprint identifies the texts, labels, sources and weights of a data set, "" if
// there is none.
func fingerprint(d *corpora.Dataset) string {
	if d == nil {
		return ""
	}
	s := newTextSum(d)
	for i := range d.Examples {
		s.add(&d.Examples[i])
	}
	return s.String()
}

// A textSum identifies examples.
type textSum struct{ *loop.Sum }

// newTextSum begins with what examples have in common.
func newTextSum(header *corpora.Dataset) textSum {
	s := textSum{loop.NewSum()}
	s.Strings(append([]string{header.Separator}, header.Heads...)...)
	for _, source := range header.Sources {
		for _, labels := range source.Labels {
			s.Strings(labels...)
		}
	}
	return s
}

func (s textSum) add(e *corpora.Example) {
	s.Strings(e.Text)
	s.Strings(e.Labels...)
	s.Numbers(uint64(e.Source), uint64(math.Float32bits(e.Weight)))
}

// teacherPrint identifies a teacher; "" is none.
func teacherPrint(m *classify.Model) (string, error) {
	if m == nil {
		return "", nil
	}
	s := loop.NewSum()
	if _, err := m.WriteTo(s); err != nil {
		return "", err
	}
	return s.String(), nil
}

package loop

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/textlstm/textlstm/internal/resume"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// What checkpoints are of and how they are kept.
type (
	// CheckpointOptions say where and how often.
	CheckpointOptions = resume.Options

	// An Identity lists what must be the same for a training to go on.
	Identity = resume.Identity

	// A MismatchError says that a checkpoint is of another training.
	MismatchError = resume.MismatchError
)

// ErrUnfinished says that a directory holds the checkpoints of a training that
// nobody asked to resume.
var ErrUnfinished = resume.ErrUnfinished

// Checkpoints keep the state of a training in a directory: the newest two, each with
// all that is needed to go on. A nil *Checkpoints keeps none.
type Checkpoints struct {
	dir   *resume.Dir
	id    Identity
	found *resume.Checkpoint
}

// OpenCheckpoints locks a directory for a training until Close. It returns nil
// where o has no Path. It refuses a directory that has checkpoints, with
// ErrUnfinished, unless o.Resume is set.
func OpenCheckpoints(o CheckpointOptions) (*Checkpoints, error) {
	dir, err := resume.Open(o)
	if dir == nil || err != nil {
		return nil, err
	}
	return &Checkpoints{dir: dir}, nil
}

// Close unlocks the directory.
func (c *Checkpoints) Close() {
	if c != nil {
		c.dir.Close()
	}
}

// Find looks for the checkpoint to go on from, and decodes the state that its task
// had kept into state. One of a training that id is not of is a *MismatchError.
func (c *Checkpoints) Find(id Identity, state any) (err error) {
	c.id = id
	if c.found, err = c.dir.Newest(id); err != nil || c.found == nil {
		return err
	}
	var s saved
	if err := c.found.State(&s); err != nil {
		return err
	}
	if err := json.Unmarshal(s.Task, state); err != nil {
		return fmt.Errorf("%s: %w", c.found.Path, err)
	}
	return nil
}

// Found says whether there is a checkpoint to go on from.
func (c *Checkpoints) Found() bool { return c != nil && c.found != nil }

// Done returns the tensors that Loop.Done listed when the checkpoint that Find has
// found was written.
func (c *Checkpoints) Done() ([]*nn.Param, error) {
	now, _, err := c.read()
	if err != nil {
		return nil, err
	}
	return now.tensors[done], nil
}

// RemoveCheckpoints deletes the checkpoints in a directory, and the directory if
// nothing else is in it, once what they led to is safe. It is an error if a training
// is using them, and none if there is no directory.
func RemoveCheckpoints(dir string) error { return resume.Remove(dir) }

// A saved is the state in a checkpoint, but for its tensors.
type saved struct {
	At   Position        `json:"at"`
	Good *Position       `json:"good,omitempty"` // at the start of the epoch, if it has begun
	Task json.RawMessage `json:"task"`
}

// A state is all that a training needs to go on.
type state struct {
	Position
	tensors [len(kinds)][]*nn.Param
}

// The kinds of a state's tensors. Within an epoch a checkpoint has weights and averages a
// second time, as they were at its start, under a prefix; older ones have moments too.
const (
	weight = iota
	moment
	average
	best
	done
	goodPrefix = "good."
)

var kinds = [...]string{"weight", "moment", "average", "best", "done"}

// state returns the present state, which aliases l.
func (l *Loop) state() *state {
	s := &state{Position: l.Position}
	s.Elapsed = time.Since(l.start)
	s.tensors[weight] = l.Params
	s.tensors[moment] = l.optimizer.State()
	if l.ema != nil {
		s.tensors[average] = l.ema.State()
	}
	for i, w := range l.best {
		s.tensors[best] = append(s.tensors[best], &nn.Param{Name: l.Params[i].Name, Shape: l.Params[i].Shape, Data: w})
	}
	s.tensors[done] = l.Done
	return s
}

// start returns what an epoch that begins with s goes back to if it diverges: the weights
// and their averages, for an optimiser that starts anew. Its moments would be two more
// copies of the weights, and gradients that led astray are in them.
func (s *state) start() *state {
	c := &state{Position: s.Position}
	c.Fresh = Fresh{s.Step, s.Epoch}
	c.tensors[weight], c.tensors[average] = s.tensors[weight], s.tensors[average]
	return c
}

// keep keeps the state at the start of the epoch: beside the checkpoints, where it takes
// no memory, or as a copy if there are none.
func (l *Loop) keep(s *state) {
	l.good = s
	if c := l.Checkpoints; c != nil && c.dir.Keep(s.append(nil, "")) == nil {
		clear(s.tensors[:])
		return
	}
	for k, list := range s.tensors {
		s.tensors[k] = cloneParams(list)
	}
}

// kept returns the state at the start of the epoch.
func (l *Loop) kept() (*state, error) {
	if l.good.tensors[weight] != nil {
		return l.good, nil
	}
	f, err := l.Checkpoints.dir.Kept()
	if err != nil {
		return nil, err
	}
	s, _, err := saved{At: l.good.Position}.states(f)
	return s, err
}

// append lists the tensors for a file.
func (s *state) append(dst []tensorfile.Tensor, prefix string) []tensorfile.Tensor {
	for k, kind := range kinds {
		for _, p := range s.tensors[k] {
			dst = append(dst, tensorfile.Float32(prefix+kind+"."+p.Name, p.Data, p.Shape...))
		}
	}
	return dst
}

// restore puts a state in place of the present one, but for the best weights.
func (l *Loop) restore(s *state) error {
	if err := copyWeights(l.Params, s.tensors[weight]); err != nil {
		return err
	}
	if want := l.optimizer.Moments() * len(l.learning(s.Fresh.Epoch)); s.Step > s.Fresh.Step && len(s.tensors[moment]) != want {
		return fmt.Errorf("%d tensors of the optimizer, want %d", len(s.tensors[moment]), want)
	}
	if err := l.optimizer.LoadState(l.Params, s.Step-s.Fresh.Step, s.tensors[moment]); err != nil {
		return err
	}
	if l.ema != nil {
		if err := l.ema.LoadState(s.Step, s.tensors[average]); err != nil {
			return err
		}
	}
	l.Position = s.Position
	return l.load()
}

// copyWeights fills in params from a list of the same tensors.
func copyWeights(params, list []*nn.Param) error {
	weights := make(map[string]*nn.Param, len(list))
	for _, p := range list {
		weights[p.Name] = p
	}
	for _, p := range params {
		from := weights[p.Name]
		if from == nil || len(from.Data) != len(p.Data) || len(weights) != len(params) {
			return fmt.Errorf("no weights for %s of shape %v", p.Name, p.Shape)
		}
	}
	for _, p := range params {
		copy(p.Data, weights[p.Name].Data)
		p.Changed()
	}
	return nil
}

// read returns the state that was found, and that at the start of its epoch, nil if
// the epoch had not begun.
func (c *Checkpoints) read() (now, good *state, err error) {
	var s saved
	if err := c.found.State(&s); err != nil {
		return nil, nil, err
	}
	return s.states(c.found.Tensors)
}

// states returns what read does, of a file with its tensors.
func (s saved) states(f *tensorfile.File) (now, good *state, err error) {
	now = &state{Position: s.At}
	if s.Good != nil {
		good = &state{Position: *s.Good}
	}
	for _, t := range f.Tensors {
		to, name := now, t.Name
		if rest, ok := strings.CutPrefix(name, goodPrefix); ok {
			to, name = good, rest
		}
		kind, name, _ := strings.Cut(name, ".")
		k := slices.Index(kinds[:], kind)
		if to == nil || k < 0 {
			return nil, nil, fmt.Errorf("unexpected tensor %s", t.Name)
		}
		data, err := f.Float32(t.Name)
		if err != nil {
			return nil, nil, err
		}
		to.tensors[k] = append(to.tensors[k], &nn.Param{Name: name, Shape: t.Shape, Data: data})
	}
	return now, good, nil
}

// resume goes on from the checkpoint that was found.
func (l *Loop) resume() error {
	c := l.Checkpoints
	found := c.found
	if err := l.resumeState(); err != nil {
		return fmt.Errorf("%s: %w", found.Path, err)
	}
	c.found = nil // its tensors are large, and the next loop begins anew
	l.start = time.Now().Add(-l.Elapsed)
	if found.Damage != nil {
		l.warn(found.Damage)
	}
	l.report(Progress{Resumed: true})
	return nil
}

func (l *Loop) resumeState() error {
	now, good, err := l.Checkpoints.read()
	if err != nil {
		return err
	}
	if err := l.checkPosition(&now.Position); err != nil {
		return err
	}
	if (now.Batch > 0) != (good != nil) {
		return errors.New("no state at the start of the epoch")
	}
	if good != nil {
		if err := l.checkPosition(&good.Position); err != nil {
			return err
		}
		if good.Epoch != now.Epoch || good.Batch != 0 {
			return errors.New("the state at the start of the epoch is of another place")
		}
		if err := l.restore(good); err != nil {
			return err
		}
		l.keep(good)
	}
	if err := l.restore(now); err != nil {
		return err
	}
	return l.resumeBest(now.tensors[best])
}

func (l *Loop) resumeBest(list []*nn.Param) error {
	if (l.Best > 0) != (len(list) > 0) {
		return errors.New("best weights without an epoch, or an epoch without them")
	}
	if l.Best == 0 {
		return nil
	}
	kept := cloneParams(l.Params)
	if err := copyWeights(kept, list); err != nil {
		return fmt.Errorf("best weights: %w", err)
	}
	for _, p := range kept {
		l.best = append(l.best, p.Data)
	}
	return nil
}

// checkPosition reports a position that this training cannot reach.
func (l *Loop) checkPosition(p *Position) error {
	ok := p.Epoch >= 0 && p.Epoch <= l.Epochs && p.Batch >= 0 && (p.Batch == 0 || p.Epoch < l.Epochs) &&
		p.Step >= p.Batch && (p.Epoch > 0 || p.Step == p.Batch) && p.Texts >= 0 && p.Tokens >= 0 &&
		p.Halvings >= 0 && p.Halvings <= l.retries() && p.Best >= 0 && p.Best <= p.Epoch &&
		p.Fresh.Step >= 0 && p.Fresh.Step <= p.Step && p.Fresh.Epoch >= 0 && p.Fresh.Epoch <= p.Epoch
	if !ok {
		return fmt.Errorf("epoch %d, batch %d, step %d are not a place in this training", p.Epoch, p.Batch, p.Step)
	}
	if l.Check == nil {
		return nil
	}
	return l.Check(*p)
}

// saveDue writes a checkpoint if the last one is as old as a share of the interval.
func (l *Loop) saveDue(share time.Duration) error {
	c := l.Checkpoints
	if c == nil || !c.dir.Due(c.dir.Interval()/share) {
		return nil
	}
	return l.save()
}

// Save writes a checkpoint, if there are to be some; what fails is a warning. Run
// does so by itself: this is for what follows it.
func (l *Loop) Save() {
	if l.Checkpoints == nil {
		return
	}
	if l.averaged {
		l.ema.Swap()
		defer l.ema.Swap()
	}
	if err := l.save(); err != nil {
		l.warn(err)
	}
}

func (l *Loop) save() error {
	if err := l.sync(); err != nil {
		return err
	}
	if err := l.checkFinite(l.Params); err != nil {
		return err
	}
	task, err := json.Marshal(l.State)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	warning, err := l.write(task)
	if warning != nil {
		l.warn(warning)
	}
	return err
}

// write writes a checkpoint with the state of the task.
func (l *Loop) write(task json.RawMessage) (warning, err error) {
	c, now := l.Checkpoints, l.state()
	s := saved{At: now.Position, Task: task}
	tensors := now.append(nil, "")
	if l.Batch > 0 {
		good, err := l.kept()
		if err != nil {
			return c.dir.Failed(err)
		}
		s.Good = &good.Position
		tensors = good.append(tensors, goodPrefix)
	}
	return c.dir.Write(c.id, s, tensors)
}

// A Sum identifies texts and whatever else decides a training.
type Sum = resume.Sum

// NewSum returns the sum of nothing so far.
func NewSum() *Sum { return resume.NewSum() }

// Kernel names the arithmetic that a training uses: another gives other last bits.
func Kernel() string { return vec.Rounding() }

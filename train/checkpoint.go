package train

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// A checkpoint is a tensor file: a metadata entry with what the training is and
// how far it has come, the tensors of its state and, within an epoch, those at
// the start of the epoch, to which a training that diverges goes back. All
// random streams are functions of the seed, the epoch and the step, so that
// the position says where they are.
const (
	checkpointKey     = "textlstm.checkpoint"
	checkpointVersion = 1 // raised whenever a training would go on differently
	checkpointName    = "checkpoint-%08d.safetensors"
	kept              = 2       // checkpoints; each holds the best weights too
	maxFailures       = 3       // to write a checkpoint, in a row
	goodPrefix        = "good." // of the tensors at the start of the epoch
)

// ErrUnfinished says that the directory for checkpoints holds those of a
// training that nobody asked to resume.
var ErrUnfinished = errors.New("there is an unfinished training")

// A MismatchError says that a checkpoint is of another training.
type MismatchError struct {
	Path  string // of the checkpoint
	Field string // "seed", "training texts", "model.embed", ...
	There string // in the checkpoint; of texts a fingerprint
	Here  string // in the training that was to go on from it
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("train: %s is of another training: %s is %s there and %s here", e.Path, e.Field, e.There, e.Here)
}

// A position is how far a training has come.
type position struct {
	Member    int           `json:"member,omitempty"` // members of the model done
	Epoch     int           `json:"epoch"`            // epochs done
	Batch     int           `json:"batch"`            // batches done of the next epoch
	Step      int           `json:"step"`             // batches done in all
	Tokens    int64         `json:"tokens"`
	Loss      float64       `json:"loss"`            // running mean
	Sum       float64       `json:"sum"`             // of the losses of the epoch under way
	Norm      float64       `json:"norm"`            // of the last gradient
	WorstNorm float64       `json:"worst_norm"`      // of the epoch under way
	Clipped   int           `json:"clipped"`         // in the epoch under way
	Halvings  int           `json:"halvings"`        // of the learning rate
	Fresh     int           `json:"fresh,omitempty"` // the step at which the optimiser was made anew
	Elapsed   time.Duration `json:"elapsed"`
	Earlier   []Epoch       `json:"earlier,omitempty"` // history of the members done
	History   []Epoch       `json:"history,omitempty"`
	Best      *DevScore     `json:"best,omitempty"`
}

// A state is all that a training needs to go on.
type state struct {
	position
	tensors [len(kinds)][]*nn.Param
}

// kinds are the kinds of a state's tensors: those of the member in training,
// and the weights of the members done.
var kinds = [...]string{"weight", "moment", "average", "best", "member"}

// state returns the present state, which aliases f.
func (f *fit) state() *state {
	params := f.net.Params()
	s := &state{position: f.position}
	s.Elapsed = time.Since(f.start)
	s.tensors[0] = params
	s.tensors[1] = f.optimizer.State()
	if f.ema != nil {
		s.tensors[2] = f.ema.State()
	}
	for i, w := range f.bestWeights {
		s.tensors[3] = append(s.tensors[3], &nn.Param{Name: params[i].Name, Shape: params[i].Shape, Data: w})
	}
	s.tensors[4] = f.trained()
	return s
}

// clone copies a state but for the best weights and the members done, which do
// not change within an epoch.
func (s *state) clone() *state {
	c := &state{position: s.position}
	for k := range 3 {
		for _, p := range s.tensors[k] {
			c.tensors[k] = append(c.tensors[k], &nn.Param{Name: p.Name, Shape: p.Shape, Data: slices.Clone(p.Data)})
		}
	}
	return c
}

// restore puts a state in place of the present one, but for the best weights.
func (f *fit) restore(s *state) error {
	weights := map[string]*nn.Param{}
	for _, p := range s.tensors[0] {
		weights[p.Name] = p
	}
	params := f.net.Params()
	for _, p := range params {
		from := weights[p.Name]
		if from == nil || len(from.Data) != len(p.Data) || len(weights) != len(params) {
			return fmt.Errorf("no weights for %s of shape %v", p.Name, p.Shape)
		}
		copy(p.Data, from.Data)
		p.Changed()
	}
	stepped := params
	if s.Fresh == 0 && f.cfg.Finetune.HeadEpochs > 0 {
		stepped = aboveEncoder(params)
	}
	if want := f.moments() * len(stepped); s.Step > s.Fresh && len(s.tensors[1]) != want {
		return fmt.Errorf("%d tensors of the optimizer, want %d", len(s.tensors[1]), want)
	}
	if err := f.optimizer.LoadState(params, s.Step-s.Fresh, s.tensors[1]); err != nil {
		return err
	}
	if f.ema != nil {
		if err := f.ema.LoadState(s.Step, s.tensors[2]); err != nil {
			return err
		}
	}
	f.position = s.position
	return nil
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

// An identity is what must be the same for a training to go on.
type identity struct {
	Version    int             `json:"version"`
	Kernel     string          `json:"kernel"` // of package vec: others round differently
	Train      string          `json:"train"`  // fingerprints of the texts
	Dev        string          `json:"dev"`
	Start      string          `json:"start,omitempty"`      // fingerprint, "" of none
	Teacher    string          `json:"teacher,omitempty"`    // fingerprint
	Unlabelled string          `json:"unlabelled,omitempty"` // fingerprint, "" of none
	Also       string          `json:"also,omitempty"`       // Trainer.Also
	Config     json.RawMessage `json:"config"`               // resolved
}

func newIdentity(cfg Config, data, dev, unlabelled *corpora.Dataset) (identity, error) {
	c, err := json.Marshal(cfg)
	id := identity{Version: checkpointVersion, Kernel: vec.Kernel(), Train: fingerprint(data), Dev: fingerprint(dev), Config: c}
	if unlabelled != nil {
		id.Unlabelled = fingerprint(unlabelled)
	}
	return id, err
}

// check returns the first difference between an identity in a file and one here.
func (there identity) check(path string, here identity) error {
	for _, f := range []struct {
		name string
		a, b any
	}{
		{"kernel", there.Kernel, here.Kernel},
		{"seed", seedOf(there.Config), seedOf(here.Config)},
		{"training texts", there.Train, here.Train},
		{"dev texts", there.Dev, here.Dev},
		{"model to start from", cmp.Or(there.Start, "none"), cmp.Or(here.Start, "none")},
		{"teacher", cmp.Or(there.Teacher, "none"), cmp.Or(here.Teacher, "none")},
		{"what else decides it", cmp.Or(there.Also, "none"), cmp.Or(here.Also, "none")},
		{"unlabelled texts", cmp.Or(there.Unlabelled, "none"), cmp.Or(here.Unlabelled, "none")},
	} {
		if f.a != f.b {
			return &MismatchError{path, f.name, fmt.Sprint(f.a), fmt.Sprint(f.b)}
		}
	}
	if bytes.Equal(there.Config, here.Config) {
		return nil
	}
	var a, b any
	if err := errors.Join(decodeNumbers(there.Config, &a), decodeNumbers(here.Config, &b)); err != nil {
		return fmt.Errorf("train: %s: config: %w", path, err)
	}
	field, x, y := difference("", a, b)
	return &MismatchError{path, field, x, y}
}

func seedOf(config json.RawMessage) uint64 {
	var c struct {
		Seed uint64 `json:"seed"`
	}
	_ = json.Unmarshal(config, &c) // what else is wrong with it comes out later
	return c.Seed
}

func decodeNumbers(b []byte, v *any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(v)
}

// difference names the first path at which two JSON values differ, and what is
// there; "" if they are equal.
func difference(path string, a, b any) (field, x, y string) {
	x, y = compact(a), compact(b)
	if x == y {
		return "", "", ""
	}
	m, isMap := a.(map[string]any)
	n, isMap2 := b.(map[string]any)
	if !isMap || !isMap2 {
		return path, x, y
	}
	keys := maps.Clone(m)
	maps.Copy(keys, n)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if field, x, y := difference(strings.TrimPrefix(path+"."+key, "."), m[key], n[key]); field != "" {
			return field, x, y
		}
	}
	return path, x, y
}

func compact(v any) string {
	if v == nil {
		return "the default"
	}
	b, _ := json.Marshal(v) // it was read from JSON
	return string(b)
}

// fingerprint identifies the texts, labels and weights of a data set.
func fingerprint(d *corpora.Dataset) string {
	if d == nil {
		return "none"
	}
	h := sha256.New()
	putStrings(h, append([]string{d.Separator}, d.Heads...)...)
	for _, s := range d.Sources {
		for _, labels := range s.Labels {
			putStrings(h, labels...)
		}
	}
	for i := range d.Examples {
		e := &d.Examples[i]
		putStrings(h, e.Text)
		putStrings(h, e.Labels...)
		putNumbers(h, uint64(e.Source), uint64(math.Float32bits(e.Weight)))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// putStrings hashes strings so that no others hash alike.
func putStrings(h hash.Hash, list ...string) {
	putNumbers(h, uint64(len(list)))
	for _, s := range list {
		putNumbers(h, uint64(len(s)))
		io.WriteString(h, s)
	}
}

func putNumbers(h hash.Hash, list ...uint64) {
	var b [8]byte
	for _, n := range list {
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
}

// checkpoints are the files of one training, in a directory locked for it.
type checkpoints struct {
	fs       fsx.FS
	dir      string
	lock     *fsx.Lock // nil with a file system that is not the machine's
	every    time.Duration
	files    []string // oldest first
	serial   int      // of the newest
	last     time.Time
	failures int // in a row
	warning  error
}

// openCheckpoints locks a directory for checkpoints, sweeps it and lists
// those that are there. It returns nil if there are to be none.
func (t *Trainer) openCheckpoints(dir string) (_ *checkpoints, err error) {
	if dir == "" {
		if t.Resume {
			return nil, errors.New("train: Resume needs a directory for checkpoints")
		}
		return nil, nil
	}
	c := &checkpoints{fs: t.FS, dir: dir, every: t.Every, last: time.Now()}
	if c.every == 0 {
		c.every = 5 * time.Minute
	}
	if c.fs == nil {
		c.fs = fsx.OS{}
	}
	if err := fsx.MkdirAll(c.fs, c.dir, 0o777); err != nil {
		return nil, fmt.Errorf("train: directory for checkpoints: %w", err)
	}
	if t.FS == nil {
		if c.lock, err = fsx.LockDir(c.dir); err != nil {
			return nil, fmt.Errorf("train: directory for checkpoints: %w", err)
		}
	}
	if err := c.list(); err != nil {
		c.close()
		return nil, fmt.Errorf("train: directory for checkpoints: %w", err)
	}
	if len(c.files) > 0 && !t.Resume {
		c.close()
		return nil, fmt.Errorf("train: %w in %s: resume it, or remove the directory", ErrUnfinished, c.dir)
	}
	return c, nil
}

func (c *checkpoints) close() {
	if c != nil && c.lock != nil {
		c.lock.Unlock() // the process's end would do as well
	}
}

func (c *checkpoints) list() error {
	if _, err := fsx.Sweep(c.fs, c.dir); err != nil {
		return err
	}
	entries, err := c.fs.ReadDir(c.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if serial, ok := serialOf(e.Name()); ok {
			c.files = append(c.files, filepath.Join(c.dir, e.Name()))
			c.serial = max(c.serial, serial)
		}
	}
	return nil
}

func serialOf(name string) (serial int, ok bool) {
	if _, err := fmt.Sscanf(name, checkpointName, &serial); err != nil {
		return 0, false
	}
	return serial, name == fmt.Sprintf(checkpointName, serial)
}

// A saved is the content of a checkpoint.
type saved struct {
	path string
	identity
	State position  `json:"state"`
	Good  *position `json:"good,omitempty"`

	now, good *state // with tensors
}

// newest reads the newest checkpoint that is whole; nil if there is none. One
// that is damaged, which takes more than a crash, is passed over.
func (c *checkpoints) newest() (*saved, error) {
	var damage error
	for len(c.files) > 0 {
		path := c.files[len(c.files)-1]
		s, err := readCheckpoint(c.fs, path)
		var format *tensorfile.FormatError
		if err == nil || !errors.As(err, &format) && !errors.Is(err, tensorfile.ErrOther) {
			c.warning = damage
			return s, err
		}
		damage = fmt.Errorf("train: %s: %w", path, err)
		c.files = c.files[:len(c.files)-1]
	}
	return nil, damage
}

func readCheckpoint(fsys fsx.FS, path string) (*saved, error) {
	f, err := tensorfile.ReadFile(fsys, path, tensorfile.Limits{MaxBytes: math.MaxInt64, RequireChecksum: true})
	if err != nil {
		return nil, err
	}
	s := &saved{path: path}
	text, ok := f.Meta[checkpointKey]
	if !ok {
		return nil, fmt.Errorf("train: %s: not a checkpoint: no metadata entry %q", path, checkpointKey)
	}
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal([]byte(text), &version); err != nil {
		return nil, fmt.Errorf("train: %s: %w", path, err)
	}
	if version.Version != checkpointVersion {
		return nil, &MismatchError{path, "format version", strconv.Itoa(version.Version), strconv.Itoa(checkpointVersion)}
	}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, fmt.Errorf("train: %s: %w", path, err)
	}
	s.now = &state{position: s.State}
	if s.Good != nil {
		s.good = &state{position: *s.Good}
	}
	for _, t := range f.Tensors {
		to, name := s.now, t.Name
		if rest, ok := strings.CutPrefix(name, goodPrefix); ok {
			to, name = s.good, rest
		}
		kind, name, _ := strings.Cut(name, ".")
		k := slices.Index(kinds[:], kind)
		if to == nil || k < 0 {
			return nil, fmt.Errorf("train: %s: unexpected tensor %s", path, t.Name)
		}
		data, err := f.Float32(t.Name)
		if err != nil {
			return nil, fmt.Errorf("train: %s: %w", path, err)
		}
		to.tensors[k] = append(to.tensors[k], &nn.Param{Name: name, Shape: t.Shape, Data: data})
	}
	return s, nil
}

// resume goes on from a checkpoint.
func (f *fit) resume(s *saved) error {
	if err := f.resumeState(s); err != nil {
		return fmt.Errorf("train: %s: %w", s.path, err)
	}
	f.start = time.Now().Add(-f.Elapsed)
	f.reportResumed()
	return nil
}

func (f *fit) resumeState(s *saved) error {
	if err := f.checkPosition(&s.State); err != nil {
		return err
	}
	if err := f.resumeMembers(s.State.Member, s.now.tensors[4]); err != nil {
		return err
	}
	if (s.State.Batch > 0) != (s.good != nil) {
		return errors.New("no state at the start of the epoch")
	}
	if s.good != nil {
		if err := f.checkPosition(s.Good); err != nil {
			return err
		}
		if s.Good.Member != s.State.Member || s.Good.Epoch != s.State.Epoch || s.Good.Batch != 0 {
			return errors.New("the state at the start of the epoch is of another place")
		}
		if err := f.restore(s.good); err != nil {
			return err
		}
		f.good = s.good.clone()
	}
	best := s.now.tensors[3]
	if (s.State.Best != nil) != (len(best) > 0) {
		return errors.New("best weights without a score, or a score without them")
	}
	if err := f.restore(s.now); err != nil {
		return err
	}
	if len(best) == 0 {
		return nil
	}
	weights := map[string]*nn.Param{}
	for _, p := range best {
		weights[p.Name] = p
	}
	for _, p := range f.net.Params() {
		from := weights[p.Name]
		if from == nil || len(from.Data) != len(p.Data) {
			return fmt.Errorf("no best weights for %s of shape %v", p.Name, p.Shape)
		}
		f.bestWeights = append(f.bestWeights, slices.Clone(from.Data))
	}
	return nil
}

// checkPosition reports a position that this training cannot reach.
func (f *fit) checkPosition(p *position) error {
	ok := p.Member >= 0 && p.Member < len(f.plans) && p.Fresh >= 0 && p.Fresh <= p.Step &&
		p.Epoch >= 0 && p.Epoch <= f.lastEpoch(p.Member) && len(p.History) == p.Epoch &&
		p.Batch >= 0 && p.Halvings >= 0 && p.Halvings <= maxHalvings &&
		(p.Best == nil || p.Best.Epoch >= 1 && p.Best.Epoch <= p.Epoch)
	if ok {
		step := p.Batch
		for e := range p.Epoch {
			step += f.batchesOf(p.Member, e)
		}
		ok = step == p.Step && (p.Batch == 0 || p.Epoch < f.lastEpoch(p.Member) && p.Batch <= f.batchesOf(p.Member, p.Epoch))
	}
	if !ok {
		return fmt.Errorf("epoch %d, batch %d, step %d are not a place in this training", p.Epoch, p.Batch, p.Step)
	}
	return nil
}

// save writes a checkpoint if the last one is as old as that. One that cannot
// be written is a warning, and tried again when the next is due; the third in
// a row is an error.
func (f *fit) save(age time.Duration) error {
	c := f.checkpoints
	if time.Since(c.last) < age {
		return nil
	}
	err := f.saveNow()
	var diverged *DivergedError
	switch {
	case err == nil:
		c.failures = 0
	case errors.As(err, &diverged):
		return err
	default:
		if c.failures++; c.failures == maxFailures {
			return fmt.Errorf("%w (the third checkpoint in a row)", err)
		}
		f.warn(err)
	}
	c.last = time.Now()
	return nil
}

// saveNow writes a checkpoint and removes those that are too many.
func (f *fit) saveNow() error {
	for _, p := range f.net.Params() {
		if err := f.checkFinite(p.Name, p.Data); err != nil {
			return err
		}
	}
	c := f.checkpoints
	now := f.state()
	s := saved{identity: f.identity, State: now.position}
	tensors := now.append(nil, "")
	if f.Batch > 0 {
		s.Good = &f.good.position
		tensors = f.good.append(tensors, goodPrefix)
	}
	meta, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	path := filepath.Join(c.dir, fmt.Sprintf(checkpointName, c.serial+1))
	err = fsx.WriteFile(c.fs, path, func(w io.Writer) error {
		return tensorfile.Write(w, map[string]string{checkpointKey: string(meta)}, tensors)
	})
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	c.serial++
	c.files = append(c.files, path)
	for len(c.files) > kept {
		if err := c.fs.Remove(c.files[0]); err != nil && !errors.Is(err, os.ErrNotExist) {
			f.warn(fmt.Errorf("train: old checkpoint: %w", err))
			break // and try again next time
		}
		c.files = c.files[1:]
	}
	return nil
}

// RemoveCheckpoints deletes the checkpoints in a directory, and the directory
// if nothing else is in it, once the model that they led to is safe. It is an
// error if a training is using them.
func RemoveCheckpoints(dir string) error {
	lock, err := fsx.LockDir(dir)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	defer lock.Unlock()
	if err := RemoveCheckpoints(refitDir(dir)); err != nil {
		return err
	}
	c := &checkpoints{fs: fsx.OS{}, dir: dir}
	if err := c.list(); err != nil {
		return err
	}
	for _, path := range c.files {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 1 {
		return err
	}
	return os.RemoveAll(dir) // with the lock
}

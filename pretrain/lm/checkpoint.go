package lm

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"time"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

const (
	checkpointKey     = "textlstm.lm.checkpoint"
	checkpointVersion = 1 // raised whenever a training would go on differently
	weightPrefix      = "weight."
	momentPrefix      = "moment."
)

// ErrUnfinished says that there is the checkpoint of a training that nobody
// asked to resume.
var ErrUnfinished = errors.New("there is an unfinished training")

// A state is a checkpoint's metadata.
type state struct {
	Version int      `json:"version"`
	Kernel  string   `json:"kernel"` // of package vec: others round differently
	Texts   string   `json:"texts"`  // fingerprint
	Config  string   `json:"config"` // resolved, as JSON
	At      position `json:"at"`
}

func (f *fit) state() (state, error) {
	c, err := json.Marshal(f.cfg)
	return state{checkpointVersion, vec.Kernel(), f.fingerprint(), string(c), f.position}, err
}

// fingerprint identifies the texts as the model reads them.
func (f *fit) fingerprint() string {
	h := sha256.New()
	var b [4]byte
	for _, ids := range f.texts {
		binary.LittleEndian.PutUint32(b[:], uint32(len(ids)))
		h.Write(b[:])
		for _, id := range ids {
			binary.LittleEndian.PutUint32(b[:], uint32(id))
			h.Write(b[:])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// saveDue writes a checkpoint if the last one is old enough.
func (f *fit) saveDue() error {
	every := f.t.Every
	if every == 0 {
		every = 5 * time.Minute
	}
	if f.t.Checkpoint == "" || time.Since(f.saved) < every {
		return nil
	}
	f.saved = time.Now()
	return f.save()
}

func (f *fit) save() error {
	f.Elapsed = time.Since(f.start)
	s, err := f.state()
	if err != nil {
		return err
	}
	meta, err := json.Marshal(s)
	if err != nil {
		return err
	}
	tensors := append(tensorsOf(weightPrefix, f.net.params), tensorsOf(momentPrefix, f.optimizer.State())...)
	err = fsx.WriteFile(fsx.OS{}, f.t.Checkpoint, func(w io.Writer) error {
		return tensorfile.Write(w, map[string]string{checkpointKey: string(meta)}, tensors)
	})
	if err != nil {
		return fmt.Errorf("lm: checkpoint: %w", err)
	}
	return nil
}

// load goes on from the checkpoint, if there is one.
func (f *fit) load() error {
	path := f.t.Checkpoint
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !f.t.Resume {
		return fmt.Errorf("lm: %w in %s: resume it, or remove the file", ErrUnfinished, path)
	}
	file, err := tensorfile.ReadFile(fsx.OS{}, path, tensorfile.Limits{MaxBytes: math.MaxInt64, RequireChecksum: true})
	if err != nil {
		return fmt.Errorf("lm: checkpoint: %w", err)
	}
	var there state
	if err := json.Unmarshal([]byte(file.Meta[checkpointKey]), &there); err != nil {
		return fmt.Errorf("lm: %s is not a checkpoint of a language model: %w", path, err)
	}
	here, err := f.state()
	if err != nil {
		return err
	}
	for _, field := range []struct {
		name string
		a, b any
	}{
		{"version", there.Version, here.Version}, {"kernel", there.Kernel, here.Kernel},
		{"config", there.Config, here.Config}, {"texts", there.Texts, here.Texts},
	} {
		if field.a != field.b {
			return fmt.Errorf("lm: %s is of another training: %s is %v there and %v here", path, field.name, field.a, field.b)
		}
	}
	if p := there.At; p.Step < 0 || p.Step > f.cfg.Epochs*f.batches || len(p.History) != p.Step/f.batches {
		return fmt.Errorf("lm: %s: step %d with %d epochs done is not a place in this training", path, p.Step, len(p.History))
	}
	var moments []*nn.Param
	for _, t := range file.Tensors {
		name, ok := strings.CutPrefix(t.Name, momentPrefix)
		if !ok {
			continue
		}
		data, err := file.Float32(t.Name)
		if err != nil {
			return fmt.Errorf("lm: %s: %w", path, err)
		}
		moments = append(moments, &nn.Param{Name: name, Shape: t.Shape, Data: data})
	}
	for _, p := range f.net.params {
		if err := file.CopyFloat32(p.Data, weightPrefix+p.Name, p.Shape...); err != nil {
			return fmt.Errorf("lm: %s: %w", path, err)
		}
		p.Changed()
	}
	if err := f.optimizer.LoadState(f.net.params, there.At.Step, moments); err != nil {
		return fmt.Errorf("lm: %s: %w", path, err)
	}
	f.position = there.At
	f.start = time.Now().Add(-f.Elapsed)
	if f.t.OnProgress != nil {
		f.t.OnProgress(Progress{Resumed: true, Epoch: f.Step/f.batches + 1, Epochs: f.cfg.Epochs, Step: f.Step, Steps: f.cfg.Epochs * f.batches})
	}
	return nil
}

// RemoveCheckpoint deletes a checkpoint, once the model that it led to is safe.
// It is no error if there is none.
func RemoveCheckpoint(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

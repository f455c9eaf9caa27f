//go:build linux

package hostile

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/vocab"
)

// TestModelMutants reads damaged models of every kind, whose sums are right, and asks those
// that load all that a model can be asked: no panic, no hang, no number that is not
// finite, errors of a screen. MUTANTS=50000 tries so many.
func TestModelMutants(t *testing.T) {
	paths, err := filepath.Glob("../../classify/testdata/v*/*.safetensors")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d models, %v", len(paths), err)
	}
	var files []victim
	for _, p := range paths {
		files = append(files, victimAt(t, p))
	}
	tryMutants(t, 7, files, "textlstm", func(b []byte) (string, error) { return ask(t.Context(), b) })
}

// A victim is a file to damage.
type victim struct {
	name string
	*tensorfile.File
}

func victimAt(t *testing.T, path string) victim {
	t.Helper()
	f, err := tensorfile.ReadFile(fsx.OS{}, path, tensorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return victim{filepath.Base(path), f}
}

// saved is a model's file.
func saved(t *testing.T, save func(path string) error) victim {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m")
	if err := save(path); err != nil {
		t.Fatal(err)
	}
	return victimAt(t, path)
}

// tryMutants asks damaged models, by turns of the files, whose descriptions are the
// metadata of key. ask says what came of one, refused or answered perhaps, and what should
// not have.
func tryMutants(t *testing.T, seed uint64, files []victim, key string, ask func(b []byte) (string, error)) {
	t.Helper()
	n, counts := mutants(t), map[string]int{}
	for i := range n {
		m, f := &modelMutant{r: rand.New(rand.NewPCG(seed, uint64(i)))}, files[i%len(files)]
		b := m.damage(t, f.File, key)
		begin := time.Now()
		outcome, err := ask(b)
		counts[outcome]++
		if err != nil {
			t.Errorf("mutant %d of %s, %s: %v", i, f.name, strings.Join(m.what, "; "), err)
		}
		if took := time.Since(begin); took > timeLimit {
			t.Errorf("mutant %d of %s, %s: %v", i, f.name, strings.Join(m.what, "; "), took)
		}
	}
	t.Logf("%d mutants: %v", n, counts)
	if counts["refused"] == 0 || counts["answered"] == 0 {
		t.Error("want some that are refused and some that answer")
	}
}

// thrifty is ask that bounds the memory, too.
func thrifty(ask func(b []byte) (string, error)) func(b []byte) (string, error) {
	return func(b []byte) (string, error) {
		before := allocated()
		outcome, err := ask(b)
		if made := allocated() - before; made > uint64(4*len(b)+memoryLimit) {
			err = errors.Join(err, fmt.Errorf("%d bytes of memory for a file of %d", made, len(b)))
		}
		return outcome, err
	}
}

// mutants is how many to try.
func mutants(t *testing.T) int {
	n := 300
	if testing.Short() {
		n = 60
	}
	if s := os.Getenv("MUTANTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// A modelMutant is what is done to a model.
type modelMutant struct {
	r    *rand.Rand
	what []string
}

func (m *modelMutant) note(format string, args ...any) {
	m.what = append(m.what, fmt.Sprintf(format, args...))
}

// damage returns the file, whose description is the metadata of key, with one to three
// changes, and the sums that it should have.
func (m *modelMutant) damage(t *testing.T, f *tensorfile.File, key string) []byte {
	tensors := slices.Clone(f.Tensors)
	for i := range tensors {
		tensors[i].Data, tensors[i].Shape = bytes.Clone(tensors[i].Data), slices.Clone(tensors[i].Shape)
	}
	var meta any
	if err := json.Unmarshal([]byte(f.Meta[key]), &meta); err != nil {
		t.Fatal(err)
	}
	for range 1 + m.r.IntN(3) {
		if m.r.IntN(3) == 0 {
			m.description(meta)
		} else {
			tensors = m.tensor(tensors)
		}
	}
	text, err := json.Marshal(meta)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tensorfile.Write(&b, map[string]string{key: string(text)}, tensors); err != nil { // two tensors of a name, for instance
		b.Reset()
		b.WriteString(err.Error())
	}
	return b.Bytes()
}

// numbers are those that settings and weights may be changed to.
var numbers = []float64{0, -1, 1, 0.5, 2, 1e-45, 1e-30, 1e10, 3e30, -3e30, math.MaxFloat32, -math.MaxFloat32, 1 << 31, 1 << 40, -1 << 40, 1e300, -1e300}

// description changes a value somewhere in the description.
func (m *modelMutant) description(v any) {
	path := "meta"
	for {
		switch x := v.(type) {
		case map[string]any:
			keys := slices.Sorted(maps.Keys(x))
			if len(keys) == 0 {
				return
			}
			k := keys[m.r.IntN(len(keys))]
			path += "." + k
			if m.leaf(x[k]) {
				if m.r.IntN(6) == 0 {
					delete(x, k)
					m.note("%s gone", path)
				} else {
					x[k] = m.value(x[k])
					m.note("%s = %.40v", path, x[k])
				}
				return
			}
			v = x[k]
		case []any:
			if len(x) == 0 {
				return
			}
			k := m.r.IntN(len(x))
			path += fmt.Sprintf("[%d]", k)
			if m.leaf(x[k]) {
				x[k] = m.value(x[k])
				m.note("%s = %.40v", path, x[k])
				return
			}
			v = x[k]
		default:
			return
		}
	}
}

// leaf says whether a value is changed as a whole.
func (m *modelMutant) leaf(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return m.r.IntN(8) == 0
	}
	return true
}

// value returns another value, of the same kind mostly.
func (m *modelMutant) value(v any) any {
	words := []string{"", "mean", "max", "last", "attention", "forward", "reverse", "bidirectional", "gru", "lstm", "words", "html|words|lower", "bce", "ranking", "ordinal", "id", "a\x1b[31m\u202e"}
	switch x := v.(type) {
	case float64:
		return numbers[m.r.IntN(len(numbers))]
	case string:
		return words[m.r.IntN(len(words))]
	case bool:
		return !x
	case []any:
		if len(x) > 0 && m.r.IntN(2) == 0 {
			return append(slices.Clone(x), x[m.r.IntN(len(x))])
		}
		return x[:m.r.IntN(len(x)+1)]
	}
	return numbers[m.r.IntN(len(numbers))]
}

// tensor changes a tensor: its values above all.
func (m *modelMutant) tensor(list []tensorfile.Tensor) []tensorfile.Tensor {
	i := m.r.IntN(len(list))
	x := &list[i]
	switch m.r.IntN(12) {
	case 0:
		m.note("%s gone", x.Name)
		return slices.Delete(list, i, i+1)
	case 1:
		other := list[m.r.IntN(len(list))].Name
		m.note("%s is called %s", x.Name, other+"x")
		x.Name = other + "x"
	case 2:
		if len(x.Shape) == 2 {
			x.Shape[0], x.Shape[1] = x.Shape[1], x.Shape[0]
			m.note("%s turned", x.Name)
		}
	case 3:
		if len(x.Shape) > 0 && x.Shape[0] > 1 {
			row := len(x.Data) / x.Shape[0]
			x.Shape[0]--
			x.Data = x.Data[:len(x.Data)-row]
			m.note("%s a row shorter", x.Name)
		}
	case 4, 5:
		m.note("%s all huge", x.Name)
		for at := range len(x.Data) / x.DType.Size() {
			m.set(x, at, numbers[6+m.r.IntN(6)])
		}
	default:
		for range 1 + m.r.IntN(4) {
			at, v := m.r.IntN(max(1, len(x.Data)/x.DType.Size())), numbers[m.r.IntN(len(numbers))]
			m.note("%s[%d] = %g", x.Name, at, v)
			m.set(x, at, v)
		}
	}
	return list
}

// set changes an element, of a float in 32 bits as it says, of another to some bytes.
func (m *modelMutant) set(x *tensorfile.Tensor, at int, v float64) {
	if x.DType == tensorfile.F32 {
		if 4*at < len(x.Data) {
			binary.LittleEndian.PutUint32(x.Data[4*at:], math.Float32bits(float32(v)))
		}
		return
	}
	for i := at * x.DType.Size(); i < min((at+1)*x.DType.Size(), len(x.Data)); i++ {
		x.Data[i] = byte(m.r.Uint32())
	}
}

// ask reads a model and asks it everything. The outcome is refused, answered, or
// answered in part, where some of it is an error.
func ask(ctx context.Context, file []byte) (outcome string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	m, err := classify.Decode(file)
	if err != nil {
		if len(err.Error()) > screen {
			return "refused", fmt.Errorf("an error of %d bytes: %.200s", len(err.Error()), err)
		}
		return "refused", nil
	}
	outcome = "answered"
	partly := func(err error) error {
		outcome = "answered in part"
		if len(err.Error()) > screen {
			return fmt.Errorf("an error of %d bytes", len(err.Error()))
		}
		return nil
	}
	texts := []string{"", "the film was good", "not bad ! a very long story", strings.Repeat("good ", 50)}
	if err := predict(ctx, m, texts); err != nil {
		return outcome, err
	}
	for _, head := range m.Heads() {
		for _, leaveOut := range []bool{false, true} {
			x, err := explain.New(m).Explain(ctx, texts[2], explain.Options{Head: head.Name, LeaveOut: leaveOut, MaxPoints: 33})
			if err != nil {
				if err := partly(err); err != nil {
					return outcome, err
				}
				continue
			}
			if _, err := json.Marshal(x); err != nil { // NaN and infinity have no JSON
				return outcome, fmt.Errorf("explain: %w", err)
			}
			if err := explain.WriteHTML(io.Discard, "x", []*explain.Explanation{x}); err != nil {
				return outcome, err
			}
		}
	}
	if m.Deep() != nil {
		curves, err := gradflow.Model(ctx, m, gradflow.Sample{Texts: texts[1:], Sequences: 3, Steps: 5}, gradflow.Options{Seed: 1})
		if err == nil {
			_, err = json.Marshal(curves)
			if err != nil {
				return outcome, fmt.Errorf("gradflow: %w", err)
			}
		} else if err := partly(err); err != nil {
			return outcome, err
		}
		table := m.Embed()
		for id := vocab.ID(0); int(id) < min(table.Rows(), 5); id++ {
			for _, n := range table.Nearest(table.Row(id), 3) {
				if c := float64(n.Cosine); math.IsNaN(c) || math.IsInf(c, 0) {
					return outcome, fmt.Errorf("neighbours of %d: cosine %v", id, c)
				}
			}
		}
	}
	if err := judge(ctx, m, texts); err != nil {
		return outcome, err
	}
	q, err := m.Quantize()
	if err != nil {
		return outcome, partly(err)
	}
	if err := predict(ctx, q, texts); err != nil {
		return outcome, fmt.Errorf("in eight bits: %w", err)
	}
	var b bytes.Buffer
	if _, err := q.WriteTo(&b); err != nil {
		return outcome, partly(err)
	}
	if _, err := classify.Decode(b.Bytes()); err != nil {
		return outcome, fmt.Errorf("what it wrote in eight bits is not read: %w", err)
	}
	return outcome, nil
}

// predict wants finite answers.
func predict(ctx context.Context, m *classify.Model, texts []string) error {
	answers, err := m.PredictBatch(ctx, texts)
	if err != nil {
		return err
	}
	for i, a := range answers {
		if _, err := json.Marshal(a); err != nil {
			return fmt.Errorf("text %d: %w", i, err)
		}
	}
	return nil
}

// judge evaluates each head that has labels.
func judge(ctx context.Context, m *classify.Model, texts []string) error {
	for _, head := range m.Heads() {
		if !head.Labelled() {
			continue
		}
		labels := make([]string, len(texts))
		for i := range labels {
			labels[i] = head.Labels[i%len(head.Labels)]
		}
		d, err := corpora.NewDataset(head.Name, texts, labels)
		if err != nil {
			return err
		}
		scored, err := score.Dataset(ctx, m, d, head.Name)
		if err != nil {
			continue // labels with a separator in them, for instance
		}
		for _, s := range scored {
			e, err := s.Evaluate(evaluate.Options{Resamples: 5, Seed: 1})
			if err != nil {
				return err
			}
			if _, err := json.Marshal(e); err != nil {
				return fmt.Errorf("eval: %w", err)
			}
		}
	}
	return nil
}

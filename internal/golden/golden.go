// Package golden has the answers of networks that gen_torch.py in interop/testdata has
// made, and compares with them.
package golden

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// Limit is the largest difference of a score.
const Limit = 1e-5

// A Case is what a file NAME.json says of a network.
type Case struct {
	Pool   nn.Pooling  `json:"pool"`
	Rows   [][]float32 `json:"rows"` // by text: ids, or the numbers of a series
	Scores [][]float64 `json:"scores"`

	// Gradients are those of the sum of (score - 1)² over all rows, by tensor.
	Gradients map[string][]float64 `json:"gradients"`
}

// Load returns the case of a file.
func Load(path string) (*Case, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c Case
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &c, nil
}

// Read is Load in a test.
func Read(t testing.TB, path string) *Case {
	t.Helper()
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Check reports answers of a network that are further from the case than Limit.
func (c *Case) Check(t testing.TB, n *interop.Network) {
	t.Helper()
	worst, err := c.Worst(n)
	if err != nil {
		t.Fatal(err)
	}
	if !(worst <= Limit) {
		t.Errorf("worst difference %.3g, want at most %g", worst, Limit)
	}
}

// Worst is the largest difference of a score.
func (c *Case) Worst(n *interop.Network) (float64, error) {
	got, err := c.scores(n)
	if err != nil {
		return 0, err
	}
	worst := 0.0
	for i, row := range c.Scores {
		for k, want := range row {
			v := float64(got[i][len(got[i])-len(row)+k]) // one unit is the second of two scores
			worst = max(worst, math.Abs(v-want))
			if math.IsNaN(v) {
				return v, nil
			}
		}
	}
	return worst, nil
}

func (c *Case) scores(n *interop.Network) ([][]float32, error) {
	if n.Embedding == nil {
		return c.series(n)
	}
	m, err := n.Model(classify.Card{})
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, row := range c.Rows {
		var ids []string
		for _, id := range row {
			ids = append(ids, strconv.Itoa(int(id)))
		}
		texts = append(texts, strings.Join(ids, " "))
	}
	enc, err := m.Encode(context.Background(), texts)
	if err != nil {
		return nil, err
	}
	logits, err := m.Logits(context.Background(), enc)
	if err != nil {
		return nil, err
	}
	var out [][]float32
	C := m.Heads()[0].Width()
	for i := range texts {
		out = append(out, logits[0][i*C:(i+1)*C])
	}
	return out, nil
}

func (c *Case) series(n *interop.Network) ([][]float32, error) {
	s, err := n.Sequential()
	if err != nil {
		return nil, err
	}
	var out [][]float32
	var pass interop.Pass
	for _, row := range c.Rows {
		var lay nn.Layout
		lay.Reset([]int{len(row) / s.InputSize()})
		y, err := s.Forward(&pass, nn.Batch{Layout: &lay, X: row}, nn.Mode{})
		if err != nil {
			return nil, err
		}
		out = append(out, append([]float32(nil), y...))
	}
	return out, nil
}

var update = flag.Bool("verified", false, "write down the sums of exports that other frameworks have just run: bench/interop/run does")

// Verified reports an export that is another than the one that other frameworks have run
// with this module's answers. Its sum is in file, by name.
func Verified(t *testing.T, file string, exports map[string][]byte) {
	t.Helper()
	sums := map[string]string{}
	for name, b := range exports {
		sums[name] = fmt.Sprintf("%x", sha256.Sum256(b))
	}
	if *update {
		b, err := json.MarshalIndent(sums, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := fsx.WriteFile(fsx.OS{}, file, func(w io.Writer) error {
			_, err := w.Write(append(b, '\n'))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for name := range maps.Keys(sums) {
		if sums[name] != want[name] {
			t.Errorf("%s: the export has changed since other frameworks have run it: bench/interop/run does it again", name)
		}
	}
}

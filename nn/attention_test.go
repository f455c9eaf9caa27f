package nn_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/nn"
)

// Parameters, memory and queries have the gradients of finite differences; weights sum
// to 1, a memory without rows gives none, and neither calls nor workers change a bit.
func TestCrossAttention(t *testing.T) {
	const M, Q, O = 6, 4, 3
	rng := rand.New(rand.NewPCG(8, 0))
	for _, c := range []nn.AttentionConfig{{}, {Kind: nn.Additive}, {Kind: nn.Additive, Hidden: 5}} {
		c.Memory, c.Query, c.Output = M, Q, O
		a, err := nn.NewCrossAttention("a", c)
		if err != nil {
			t.Fatal(err)
		}
		a.Init(rng)
		var l nn.Layout
		l.Reset([]int{3, 0, 5})
		seq := []int{2, 0, 2, 1, 0, 2}
		y := &nn.Param{Name: "memory", Shape: []int{l.Rows(), M}, Data: normals(rng, l.Rows()*M)}
		s := &nn.Param{Name: "queries", Shape: []int{len(seq), Q}, Data: normals(rng, len(seq)*Q)}
		params := append(a.Params(), y, s)
		total := 0
		for _, p := range a.Params() {
			p.NeedGrad()
			total += len(p.Data)
		}
		if float64(total) != c.NumParams() {
			t.Errorf("%+v: %d weights, NumParams says %.0f", c, total, c.NumParams())
		}
		target := normals(rng, len(seq)*O)
		// run takes queries in calls of so many.
		run := func(n, workers int) (loss float64) {
			ws := nn.AttentionWorkspace{Workers: workers}
			nn.ZeroGrad(a.Params())
			a.Remember(&ws, y.Data, &l)
			a.Begin(&ws, seq)
			dOut := make([]float32, len(target))
			for r := 0; r < len(seq); r += n {
				for i, v := range a.Attend(&ws, r, n, s.Data[r*Q:(r+n)*Q]) {
					d := v - target[r*O+i]
					loss += float64(d) * float64(d)
					dOut[r*O+i] = 2 * d
				}
				sum := float32(0)
				for _, w := range ws.Weights(r) {
					sum += w
				}
				if seq[r] != 1 && (sum < 0.9999 || sum > 1.0001) {
					t.Errorf("weights of query %d sum to %v", r, sum)
				}
			}
			a.BeginBack(&ws)
			s.Grad = make([]float32, len(s.Data))
			for r := len(seq) - n; r >= 0; r -= n {
				a.Back(&ws, r, n, s.Data[r*Q:(r+n)*Q], s.Grad[r*Q:(r+n)*Q], dOut[r*O:(r+n)*O])
			}
			y.Grad = slices.Clone(a.Finish(&ws, s.Data))
			return loss
		}
		want := run(1, 1)
		var grads []float32
		for _, p := range params {
			grads = append(grads, p.Grad...)
		}
		gradcheck.Check(t, params, func() float64 { return run(1, 1) }, 1e-2)
		if got := run(1, 3); got != want {
			t.Errorf("3 workers: loss %v, want %v", got, want)
		}
		var again []float32
		for _, p := range params {
			again = append(again, p.Grad...)
		}
		if !slices.Equal(again, grads) {
			t.Error("3 workers give other gradients")
		}
		if got := run(3, 1); got != want {
			t.Errorf("calls of 3 queries: loss %v, want %v", got, want)
		}
	}
	if _, err := nn.NewCrossAttention("a", nn.AttentionConfig{Kind: "dot"}); err == nil || !strings.Contains(err.Error(), `unknown attention "dot"`) || !strings.Contains(err.Error(), "Memory 0") {
		t.Errorf("a config of nothing: %v", err)
	}
}

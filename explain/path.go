package explain

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/vec"
)

// A Path says how exact the parts of the deep branch are.
type Path struct {
	Points     int     `json:"points"`     // gradients taken
	Sum        float64 `json:"sum"`        // of the words' parts
	Difference float64 `json:"difference"` // that they should sum to: the branch's score less its base

	// Error is |Sum - Difference| as a share of |Difference|. A difference
	// below 0.01 counts as 0.01: that moves a probability by a quarter of a
	// percentage point at most.
	Error float64 `json:"error"`

	// Exceeded says that the tolerance could not be kept with MaxPoints, or not
	// at all since the score jumps on the way. It is asked of all stretches of
	// the path together, whatever their signs, and so is stricter than Error.
	Exceeded bool `json:"exceeded,omitempty"`
}

const (
	smallestDifference = 0.01

	// A stretch as narrow as this is not halved: where the score changes within
	// it, as it may where a network with large recurrent weights tips from one
	// state to another, float32 knows no slope.
	narrowest = 1.0 / (1 << 18)
)

// A node is a point of the path from no words to the text.
type node struct {
	at    float64
	score float64
	parts []float64 // by token: x_t · dF/dx_t
	trace *classify.Trace
}

// A panel is a stretch of the path with its ends and its middle.
type panel struct{ a, m, b *node }

// miss is what Simpson's rule leaves of the difference of the panel's ends.
func (p panel) miss() float64 {
	sum := 0.0
	for t := range p.a.parts {
		sum += p.part(t)
	}
	return sum - (p.b.score - p.a.score)
}

// part is the integral of one token's gradient, by Simpson's rule.
func (p panel) part(t int) float64 {
	return (p.b.at - p.a.at) / 6 * (p.a.parts[t] + 4*p.m.parts[t] + p.b.parts[t])
}

// deep fills in the parts of the deep branch.
func (e *Explainer) deep(ctx context.Context, q *question, x *Explanation) error {
	if n := len(q.ids); n > q.MaxTokens {
		return fmt.Errorf("%w: %d tokens, at most %d are explained", ErrTooLong, n, q.MaxTokens)
	}
	scale := orOne(e.model.Heads()[q.head].Deep)
	panels, points, exceeded, err := e.integrate(ctx, q)
	if err != nil {
		return err
	}
	first, last := panels[0].a, panels[len(panels)-1].b
	x.Deep = &Branch{Score: scale * last.score, Base: scale * first.score}
	if len(q.ids) == 0 {
		return nil
	}
	path := &Path{Points: points, Difference: x.Deep.Score - x.Deep.Base, Exceeded: exceeded}
	for t := range q.ids {
		part := 0.0
		for _, p := range panels {
			part += p.part(t)
		}
		part *= scale
		path.Sum += part
		x.Deep.Base += q.places.share(t, part, func(w int, part float64) { x.Words[w].Deep += part })
	}
	path.Error = math.Abs(path.Sum-path.Difference) / max(math.Abs(path.Difference), smallestDifference)
	x.Path = path
	for t, a := range last.trace.Attention {
		q.places.share(t, float64(a), func(w int, a float64) {
			if x.Words[w].Attention == nil {
				x.Words[w].Attention = new(float64)
			}
			*x.Words[w].Attention += a
		})
	}
	return nil
}

// integrate cuts the path into panels that together miss no more than the
// tolerance, or as many as the points allow.
func (e *Explainer) integrate(ctx context.Context, q *question) (panels []panel, points int, exceeded bool, err error) {
	const start = 4 // panels
	at := make([]float64, 2*start+1)
	for i := range at {
		at[i] = float64(i) / (2 * start)
	}
	if len(q.ids) == 0 {
		at = []float64{0, 0, 1}
	}
	nodes, err := e.nodes(ctx, q, at)
	if err != nil {
		return nil, 0, false, err
	}
	points = len(nodes)
	for i := 0; i+2 < len(nodes); i += 2 {
		panels = append(panels, panel{&nodes[i], &nodes[i+1], &nodes[i+2]})
	}
	for {
		difference := panels[len(panels)-1].b.score - panels[0].a.score
		scale := orOne(e.model.Heads()[q.head].Deep)
		allowed := q.Tolerance * max(math.Abs(difference), smallestDifference/scale)
		worst, total := worstFirst(panels)
		if total <= allowed {
			return panels, points, false, nil
		}
		// Halve those without which the rest would miss half of what is allowed.
		var halve []int
		for _, w := range worst {
			if p := panels[w.panel]; p.b.at-p.a.at <= narrowest {
				continue // a jump
			}
			if total <= allowed/2 || points+2*len(halve)+2 > q.MaxPoints {
				break
			}
			halve = append(halve, w.panel)
			total -= w.miss
		}
		if len(halve) == 0 {
			return panels, points, true, nil
		}
		slices.Sort(halve)
		at = at[:0]
		for _, i := range halve {
			p := panels[i]
			at = append(at, (p.a.at+p.m.at)/2, (p.m.at+p.b.at)/2)
		}
		nodes, err := e.nodes(ctx, q, at)
		if err != nil {
			return nil, 0, false, err
		}
		points += len(nodes)
		var next []panel
		for i, p := range panels {
			if len(halve) > 0 && halve[0] == i {
				next = append(next, panel{p.a, &nodes[0], p.m}, panel{p.m, &nodes[1], p.b})
				halve, nodes = halve[1:], nodes[2:]
				continue
			}
			next = append(next, p)
		}
		panels = next
	}
}

type missed struct {
	panel int
	miss  float64
}

// worstFirst lists the panels by how much they miss, and the sum of it.
func worstFirst(panels []panel) (worst []missed, total float64) {
	for i, p := range panels {
		m := math.Abs(p.miss())
		worst = append(worst, missed{i, m})
		total += m
	}
	slices.SortStableFunc(worst, func(a, b missed) int { return cmp.Compare(b.miss, a.miss) })
	return worst, total
}

// nodes takes the gradients at some points of the path.
func (e *Explainer) nodes(ctx context.Context, q *question, at []float64) ([]node, error) {
	const mostRows = 4096 // of one batch
	ws := e.workspace()
	defer e.workspaces.Put(ws)
	table, D := e.model.Embed(), e.model.Embed().Dim()
	out := make([]node, 0, len(at))
	batch := max(1, mostRows/max(len(q.ids), 1))
	for from := 0; from < len(at); from += batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var points []classify.Point
		for _, a := range at[from:min(from+batch, len(at))] {
			points = append(points, classify.Point{IDs: q.ids, Scale: float32(a)})
		}
		traces, err := e.tracer.Trace(ws, points, q.head, q.direction)
		if err != nil {
			return nil, err
		}
		for i := range traces {
			n := node{at: at[from+i], score: float64(traces[i].Score), parts: make([]float64, len(q.ids))}
			for t, id := range q.ids {
				n.parts[t] = float64(vec.Dot(table.Row(id), traces[i].Gradient[t*D:(t+1)*D]))
			}
			traces[i].Gradient = nil // only its products are wanted
			n.trace = &traces[i]
			out = append(out, n)
		}
	}
	return out, nil
}

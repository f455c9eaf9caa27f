package explain

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/textlstm/textlstm/classify"
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

	// Jumped is the size of all jumps that the score makes on the way: most
	// texts have none.
	Jumped float64 `json:"jumped,omitempty"`

	// Exceeded says that the tolerance could not be kept with MaxPoints. It is
	// asked of all stretches of the path together, whatever their signs, and so
	// is stricter than Error.
	Exceeded bool `json:"exceeded,omitempty"`
}

const (
	smallestDifference = 0.01

	// A stretch as narrow as this is not halved: float32 has few numbers left
	// in it.
	narrowest = 1.0 / (1 << 20)
)

// A node is a point of the path from no words to the text.
type node struct {
	at    float64
	score float64
	parts []float64 // by token: x_t · dF/dx_t
	trace *classify.Trace
}

// A panel is a stretch of the path with its ends and its middle.
type panel struct {
	a, m, b *node

	// If it is a jump: the node whose parts it is shared out by, and their factor.
	steep *node
	jump  float64
}

func (p *panel) width() float64      { return p.b.at - p.a.at }
func (p *panel) difference() float64 { return p.b.score - p.a.score }

// miss is what the rule leaves of the difference of the panel's ends.
func (p *panel) miss() float64 {
	if p.steep != nil {
		return 0
	}
	sum := 0.0
	for t := range p.a.parts {
		sum += p.part(t)
	}
	return sum - p.difference()
}

// part is the integral of one token's gradient: by Simpson's rule, or a share
// of the jump.
func (p *panel) part(t int) float64 {
	if p.steep != nil {
		return p.jump * p.steep.parts[t]
	}
	return p.width() / 6 * (p.a.parts[t] + 4*p.m.parts[t] + p.b.parts[t])
}

// steepest is the node of the panel with the largest slope.
func (p *panel) steepest() *node {
	best := p.a
	for _, n := range []*node{p.m, p.b} {
		if math.Abs(n.slope()) > math.Abs(best.slope()) {
			best = n
		}
	}
	return best
}

// slope is the derivative of the score along the path.
func (n *node) slope() float64 {
	sum := 0.0
	for _, v := range n.parts {
		sum += v
	}
	return sum
}

// leap makes a panel that is too narrow to be halved, and still misses, a jump:
// the state of a recurrent network may tip over from one basin to another
// within a few units of float32's last place. Its whole difference is shared
// out as the gradient at its steepest point is, which near such a point points
// the way of the tipping. Where the parts cancel so much that their sum
// says nothing, the panel stays as it is.
func (p *panel) leap() {
	const cancelled = 0.05
	size := 0.0
	n := p.steepest()
	for _, v := range n.parts {
		size += math.Abs(v)
	}
	if slope := n.slope(); math.Abs(slope) > cancelled*size {
		p.steep, p.jump = n, p.difference()/slope
	}
}

// deep fills in the parts of the deep branch.
func (e *Explainer) deep(ctx context.Context, q *question, x *Explanation) error {
	scale := cmp.Or(e.model.Heads()[q.head].Deep, 1)
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
	parts := make([]float64, len(q.ids))
	for i := range panels {
		p := &panels[i]
		for t := range parts {
			parts[t] += p.part(t)
		}
		if p.steep != nil {
			path.Jumped += scale * math.Abs(p.difference())
		}
	}
	for t := range q.ids {
		part := scale * parts[t]
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
		panels = append(panels, panel{a: &nodes[i], m: &nodes[i+1], b: &nodes[i+2]})
	}
	for {
		difference := panels[len(panels)-1].b.score - panels[0].a.score
		scale := cmp.Or(e.model.Heads()[q.head].Deep, 1)
		allowed := q.Tolerance * max(math.Abs(difference), smallestDifference/scale)
		worst, total := worstFirst(panels)
		if total <= allowed {
			return panels, points, false, nil
		}
		// Halve those without which the rest would miss half of what is allowed.
		var halve []int
		for _, w := range worst {
			if panels[w.panel].width() <= narrowest {
				continue // the steepest slope says nothing
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
				next = append(next, panel{a: p.a, m: &nodes[0], b: p.m}, panel{a: p.m, m: &nodes[1], b: p.b})
				halve, nodes = halve[1:], nodes[2:]
				continue
			}
			next = append(next, p)
		}
		panels = next
		for i := range panels {
			if p := &panels[i]; p.steep == nil && p.width() <= narrowest && math.Abs(p.miss()) > allowed/100 {
				p.leap()
			}
		}
	}
}

type missed struct {
	panel int
	miss  float64
}

// worstFirst lists the panels by how much they miss, and the sum of it.
func worstFirst(panels []panel) (worst []missed, total float64) {
	for i := range panels {
		m := math.Abs(panels[i].miss())
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
	out := make([]node, 0, len(at))
	batch := max(1, mostRows/max(len(q.ids), 1))
	for from := 0; from < len(at); from += batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var points []classify.Point
		for _, a := range at[from:min(from+batch, len(at))] {
			points = append(points, classify.Point{IDs: q.ids, Unknown: q.unknown, Scale: float32(a)})
		}
		traces, err := e.tracer.Trace(ws, points, q.head, q.direction)
		if err != nil {
			return nil, err
		}
		for i := range traces {
			n := node{at: at[from+i], score: float64(traces[i].Score), parts: traces[i].Products}
			traces[i].Gradient = nil // only the products are wanted
			n.trace = &traces[i]
			out = append(out, n)
		}
	}
	return out, nil
}

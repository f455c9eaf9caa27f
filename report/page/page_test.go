package page_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report/page"
)

// attack is text that would show itself if any part of it were run or fetched.
const attack = `</script><script>document.title="run"</script><img src="http://192.0.2.1/x" onerror="document.title='run'">` +
	`" onmouseover="document.title='run'" <svg onload="document.title='run'"> {{.Title}} javascript:alert(1) ]]> --> </style>` + "\x1b[31m\u202e"

// demo is a page with everything on it. hostile puts an attack wherever there
// is text.
func demo(t testing.TB, hostile bool) page.Page {
	t.Helper()
	h := ""
	if hostile {
		h = attack
	}
	r := rand.New(rand.NewPCG(1, 1))
	p := &evaluate.Predictions{Head: "sentiment" + h, Labels: []string{"negative" + h, "neutral", "positive"}}
	words := strings.Fields("the film was not good at all but its music , slow and dull , made me smile ; a waste of two hours I loved every minute")
	for i := range 1500 {
		gold := r.IntN(3)
		z := [3]float64{r.NormFloat64(), r.NormFloat64() - 0.5, r.NormFloat64()}
		z[gold] += 2
		var probs [3]float32
		sum := 0.0
		for k := range z {
			sum += math.Exp(1.6 * z[k])
		}
		for k := range z {
			probs[k] = float32(math.Exp(1.6*z[k]) / sum)
		}
		n := int(math.Exp(r.NormFloat64()*0.7 + 3))
		var text []string
		for range min(n, 60) {
			text = append(text, words[r.IntN(len(words))])
		}
		p.Add(gold, probs[:], evaluate.Row{
			ID: fmt.Sprint("row ", i, h), Text: strings.Join(text, " ") + h, Tokens: n,
			Unknown: max(0, r.NormFloat64()*0.03), Source: []string{"imdb", "sst2", "tweets" + h}[i%3], Language: "en",
		})
	}
	e, err := evaluate.New(p, evaluate.Options{Resamples: 200, Seed: 1, Slices: true, Mistakes: 30, Coverage: true, Curves: true})
	if err != nil {
		t.Fatal(err)
	}
	head := page.Head{Evaluation: e, Rows: p.Rows, Highlights: make(map[int][]page.Highlight)}
	for _, m := range e.Mistakes {
		at := 0
		for _, w := range strings.Fields(m.Text) {
			start := at + strings.Index(m.Text[at:], w)
			at = start + len(w)
			head.Highlights[m.Index] = append(head.Highlights[m.Index], page.Highlight{Start: start, End: at, Score: r.NormFloat64() * 0.2})
		}
	}
	out := page.Page{
		Title: "Evaluation" + h,
		Facts: []page.Fact{{"model", "models/default.safetensors" + h}, {"data", "imdb.test.tsv, 1,500 texts"}, {"command", "sentiment eval --output html imdb.test.tsv"}},
		Heads: []page.Head{head, {Evaluation: multi(t)}},
	}
	series := func(group, name string, f func(x float64) float64) {
		s := page.Series{Group: group + h, Name: name + h, Unit: "epoch"}
		for i := range 40 {
			x := float64(i+1) / 4
			s.X, s.Y = append(s.X, x), append(s.Y, f(x)+r.NormFloat64()*0.01)
		}
		out.History = append(out.History, s)
	}
	series("loss", "train", func(x float64) float64 { return 0.7*math.Exp(-x/3) + 0.05 })
	series("loss", "dev", func(x float64) float64 { return 0.5*math.Exp(-x/2) + 0.2 + x/100 })
	series("macro F1", "dev", func(x float64) float64 { return 0.92 - 0.3*math.Exp(-x) })
	series("learning rate", "", func(x float64) float64 { return 0.001 * x })
	out.History = append(out.History,
		page.Series{Group: "gradient norm", Name: "one point", X: []float64{1, 2}, Y: []float64{3, math.NaN()}},
		page.Series{Group: "nothing", X: []float64{1}, Y: []float64{math.Inf(1)}})
	return out
}

func multi(t testing.TB) *evaluate.Evaluation {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 2))
	p := &evaluate.MultiPredictions{Head: "topics", Labels: []string{"grain", "wheat", "trade", "ship"}}
	for range 300 {
		var gold []int
		var probs []float32
		for k := range p.Labels {
			on := r.Float64() < 0.3
			if on {
				gold = append(gold, k)
			}
			z := r.NormFloat64() - 1.5
			if on {
				z += 3
			}
			probs = append(probs, float32(1/(1+math.Exp(-z))))
		}
		p.Add(gold, probs, evaluate.Row{})
	}
	e, err := evaluate.NewMulti(p, evaluate.Options{Resamples: 100, Curves: true})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func render(t testing.TB, p page.Page) string {
	t.Helper()
	var b strings.Builder
	if err := page.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

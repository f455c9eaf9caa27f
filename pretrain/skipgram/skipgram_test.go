package skipgram

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/vocab"
)

// words returns a vocabulary of n words w0, w1, … with falling counts.
func words(t testing.TB, n int) *vocab.Vocabulary {
	t.Helper()
	var tokens []string
	var counts []int64
	for i := range n {
		tokens = append(tokens, fmt.Sprintf("w%d", i))
		counts = append(counts, int64(1+1000/(i+1)))
	}
	v, err := vocab.New(tokens, counts, 2)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// randomModel has both tables drawn.
func randomModel(v *vocab.Vocabulary, dim int) *model {
	m := newModel(dim, make([]float32, v.Len()*dim))
	r := rand.New(rand.NewPCG(3, 4))
	for _, table := range m.tables {
		for i := range table {
			table[i] = float32(r.NormFloat64())
		}
	}
	return m
}

// randomSpans returns spans of known and unknown words.
func randomSpans(v *vocab.Vocabulary, lengths ...int) []span {
	r := rand.New(rand.NewPCG(1, 2))
	var spans []span
	for _, n := range lengths {
		s := make(span, n)
		for i := range s {
			s[i] = vocab.Unk + vocab.ID(r.IntN(v.Len()-1))
		}
		spans = append(spans, s)
	}
	return spans
}

// pairLoss is the loss of all pairs of p, pair after pair, as the package's
// documentation has it.
func pairLoss(p *piece, m *model) float64 {
	score := func(i int, id vocab.ID) float64 {
		sum := 0.0
		for k, x := range m.row(in, p.centres[i]) {
			sum += float64(x) * float64(m.row(out, id)[k])
		}
		return sum
	}
	nll := func(x float64) float64 { return math.Log1p(math.Exp(-x)) } // of s(x)
	loss := 0.0
	for i := range p.centres {
		near, _ := p.neighbours(i)
		for _, o := range near {
			loss += nll(score(i, p.outs[o]))
			for j, w := range p.weights {
				if p.outs[j] != p.outs[o] {
					loss += float64(w) * nll(-score(i, p.outs[j]))
				}
			}
		}
	}
	return loss
}

// The step of a batch is minus the gradient of the loss of its pairs.
func TestGradient(t *testing.T) {
	v := words(t, 12)
	keep := keepShares(v, 1)
	pieces := make([]piece, 2)
	for i := range pieces {
		pieces[i].scratch = new(scratch)
		pieces[i].draw(rand.New(rand.NewPCG(5, uint64(i))), randomSpans(v, 6, 1, 0, 7), keep, newNoise(v), 2, 1)
	}
	m := randomModel(v, 5)
	loss := func() float64 { return pairLoss(&pieces[0], m) + pairLoss(&pieces[1], m) }
	for i := range pieces {
		got := pieces[i].eval(m, true) * float64(len(pieces[i].near))
		if want := pairLoss(&pieces[i], m); math.Abs(got-want) > 1e-4*want {
			t.Errorf("piece %d: loss %v, want %v", i, got, want)
		}
	}
	for i := range pieces { // no step is cut short
		for table := range m.tables {
			if _, terms, _ := pieces[i].gradient(table); slices.Max(terms) > most/4 {
				t.Fatalf("%v terms", slices.Max(terms))
			}
		}
	}
	before := [2][]float32{slices.Clone(m.tables[in]), slices.Clone(m.tables[out])}
	for table := range m.tables {
		for id := range vocab.ID(v.Len()) {
			m.move(table, pieces, 1, func(x vocab.ID) bool { return x == id })
		}
	}
	after := [2][]float32{slices.Clone(m.tables[in]), slices.Clone(m.tables[out])}
	for table, w := range m.tables {
		copy(m.tables[in], before[in])
		copy(m.tables[out], before[out])
		moved := false
		for i := range w {
			const h = 1.0 / 256
			w[i] = before[table][i] + h
			up := loss()
			w[i] = before[table][i] - h
			down := loss()
			w[i] = before[table][i]
			want := -(up - down) / (2 * h)
			if got := float64(after[table][i] - before[table][i]); math.Abs(got-want) > 2e-3*(1+math.Abs(want)) {
				t.Errorf("table %d, word %d, number %d: moved by %v, want %v", table, i/m.dim, i%m.dim, got, want)
			}
			moved = moved || want != 0
		}
		if !moved {
			t.Errorf("table %d: no gradient", table)
		}
	}
}

// A step of more terms than most is their mean times most.
func TestLongStepsAreCut(t *testing.T) {
	v := words(t, 2)
	m := newModel(1, make([]float32, v.Len()))
	id := v.ID("w1")
	pieces := []piece{
		{centres: []vocab.ID{id, id}, inTerms: []float32{most, most / 2}, dIn: []float32{3, 4}},
		{centres: []vocab.ID{id}, inTerms: []float32{most / 2}, dIn: []float32{5}},
	}
	for range 2 { // the numbers of terms do not add up over batches
		m.row(in, id)[0] = 1
		m.move(in, pieces, 0.5, func(vocab.ID) bool { return true })
		if got, want := m.row(in, id)[0], float32(1+0.5*(3+4+5)/2); got != want {
			t.Errorf("moved to %v, want %v", got, want)
		}
	}
}

// Pairs are the tokens within a window of each other, from 1 to the largest on
// either side, each size as often as another; unknown words are not there.
func TestWindows(t *testing.T) {
	v := words(t, 40)
	s := make(span, 0, 60)
	for id := range v.All() {
		s = append(s, id)
		if id%3 == 0 {
			s = append(s, vocab.Unk, vocab.ID(v.Len()-1))
		}
	}
	const window = 4
	p := piece{scratch: new(scratch)}
	sizes := make([]int, window+1)
	r := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		p.draw(r, []span{s}, keepShares(v, 1), newNoise(v), window, 5)
		if len(p.centres) != v.Known() {
			t.Fatalf("%d centres, want %d", len(p.centres), v.Known())
		}
		for i, id := range p.centres {
			near, _ := p.neighbours(i)
			var got []vocab.ID
			for _, j := range near {
				got = append(got, p.outs[j])
			}
			place := int(id - 2)
			size := max(int(got[len(got)-1]-id), int(id-got[0]))
			if size > window {
				t.Fatalf("word %d has the neighbours %v", id, got)
			}
			var want []vocab.ID
			for k := max(place-size, 0); k <= min(place+size, v.Known()-1); k++ {
				if k != place {
					want = append(want, vocab.ID(k+2))
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("word %d has the neighbours %v, want %v", id, got, want)
			}
			if place >= window && place < v.Known()-window {
				sizes[size]++
			}
		}
		if sum := sumOf(p.weights); math.Abs(sum-5) > 1e-4 {
			t.Fatalf("the weights of the noise add up to %v, want 5", sum)
		}
	}
	for size := 1; size <= window; size++ {
		if share := float64(sizes[size]) / sumOf(sizes); math.Abs(share-1.0/window) > 0.02 {
			t.Errorf("%.3f of the windows have size %d, want %.3f", share, size, 1.0/window)
		}
	}
}

func sumOf[N int | float32](list []N) float64 {
	sum := 0.0
	for _, x := range list {
		sum += float64(x)
	}
	return sum
}

func TestNoise(t *testing.T) {
	v := words(t, 30)
	n, r := newNoise(v), rand.New(rand.NewPCG(2, 2))
	counts := make([]int, v.Len())
	const draws = 300_000
	for range draws {
		counts[n.draw(r)]++
	}
	total := 0.0
	for id := range v.All() {
		total += math.Pow(float64(v.Count(id)), 0.75)
	}
	known := 0
	for id := range v.All() {
		want := draws * math.Pow(float64(v.Count(id)), 0.75) / total
		if got := float64(counts[id]); math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("%s was drawn %v times, want about %.0f", v.Token(id), got, want)
		}
		known += counts[id]
	}
	if known != draws {
		t.Errorf("%d of %d draws were no known words", draws-known, draws)
	}
}

func TestKeepShares(t *testing.T) {
	v, err := vocab.New([]string{"often", "some", "seldom"}, []int64{900_000, 99_900, 100}, 1)
	if err != nil {
		t.Fatal(err)
	}
	keep := keepShares(v, 1e-3)
	f := 0.9
	for token, want := range map[string]float64{"often": math.Sqrt(1e-3/f) + 1e-3/f, "seldom": 1, "never": 0} {
		if got := float64(keep[v.ID(token)]); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s is kept with probability %v, want %v", token, got, want)
		}
	}
	if keep := keepShares(v, 1); keep[v.ID("often")] != 1 {
		t.Errorf("with sample = 1 a word is kept with probability %v", keep[v.ID("often")])
	}
	// A token is kept that often.
	s := make(span, 20_000)
	for i := range s {
		s[i] = v.ID("often")
	}
	p := piece{scratch: new(scratch)}
	p.draw(rand.New(rand.NewPCG(1, 1)), []span{s}, keep, newNoise(v), 1, 1)
	if got, want := float64(len(p.centres)), float64(keep[v.ID("often")])*20_000; math.Abs(got-want) > 5*math.Sqrt(want) {
		t.Errorf("%v of 20,000 tokens are kept, want about %.0f", got, want)
	}
}

// sentences are of animals, which eat and sleep, and of things, which are bought
// and break; within a kind, all words stand in the same places.
func sentences(n int) []string {
	kinds := [2][2][]string{
		{{"cat", "dog", "horse", "mouse"}, {"eats", "sleeps", "runs", "bites"}},
		{{"car", "lamp", "phone", "chair"}, {"breaks", "sells", "rusts", "costs"}},
	}
	r := rand.New(rand.NewPCG(9, 9))
	var texts []string
	for range n {
		kind := kinds[r.IntN(2)]
		texts = append(texts, fmt.Sprintf("the %s %s now", kind[0][r.IntN(4)], kind[1][r.IntN(4)]))
	}
	return texts
}

func testConfig() Config {
	return Config{Vocab: vocab.Options{MinCount: 1}, Embed: 16, Window: 2, Sample: 1, Rate: 0.05, Epochs: 5, Seed: 1}
}

// Words that stand among the same words become neighbours.
func TestNeighbors(t *testing.T) {
	tr := Trainer{Config: testConfig()}
	r, err := tr.Fit(t.Context(), sentences(4000))
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"cat dog horse mouse", "car lamp phone chair", "eats sleeps runs bites", "breaks sells rusts costs"} {
		members := strings.Fields(group)
		for _, word := range members {
			id := r.Vocab.ID(word)
			for _, n := range r.Embed.Nearest(r.Embed.Row(id), 3, id) {
				if near := r.Vocab.Token(n.ID); !slices.Contains(members, near) {
					t.Errorf("%s is among the nearest of %s, want %s", near, word, group)
				}
			}
		}
	}
	if r.Tokens != 16_000 || r.Unknown != 0 {
		t.Errorf("%d tokens, %d unknown, want 16,000 and 0", r.Tokens, r.Unknown)
	}
}

// The number of workers changes no bit, the seed does.
func TestWorkers(t *testing.T) {
	texts := append(sentences(1500), strings.Repeat("a long text of many words ", 200), "", "one")
	cfg := testConfig()
	cfg.Epochs, cfg.Sample, cfg.Vocab.MinCount = 2, 0.05, 2
	fit := func(workers int, seed uint64) []byte {
		tr := Trainer{Config: cfg, Run: pretrain.Run{Workers: workers}}
		tr.Seed = seed
		r, err := tr.Fit(t.Context(), texts)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := r.Embed.WriteText(&b, r.Vocab); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	want := fit(1, 3)
	for _, workers := range []int{0, 1, 2, 3, 5, 16} {
		if !bytes.Equal(fit(workers, 3), want) {
			t.Errorf("%d workers learn other vectors than one", workers)
		}
	}
	if bytes.Equal(fit(1, 4), want) {
		t.Error("another seed gives the same vectors")
	}
}

// A training says how far it is, reads every token in every epoch and ends at
// the next batch when it is told to.
func TestProgress(t *testing.T) {
	texts := sentences(3000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all []Progress
	tr := Trainer{Config: testConfig(), OnProgress: func(p Progress) { all = append(all, p) }}
	r, err := tr.Fit(ctx, texts)
	if err != nil {
		t.Fatal(err)
	}
	last := all[len(all)-1]
	if last.Step != last.Steps || len(all) != last.Steps || last.Epoch != 5 || last.Epochs != 5 || !last.EndOfEpoch || last.Tokens != 5*r.Tokens {
		t.Errorf("ends with %+v after %d batches", last, len(all))
	}
	if last.Loss != r.Loss || last.Loss > 0.95*all[0].Loss {
		t.Errorf("loss from %v to %v, the result says %v", all[0].Loss, last.Loss, r.Loss)
	}
	ends := 0
	for i, p := range all {
		if p.EndOfEpoch {
			ends++
		}
		if want := 0.05 * (1 - float64(i)/float64(len(all))); math.Abs(p.Rate-want) > 1e-9 {
			t.Errorf("batch %d has the rate %v, want %v", i, p.Rate, want)
		}
	}
	if ends != 5 {
		t.Errorf("%d ends of epochs, want 5", ends)
	}

	steps := 0
	tr.OnProgress = func(Progress) {
		if steps++; steps == 3 {
			cancel()
		}
	}
	if r, err := tr.Fit(ctx, texts); !errors.Is(err, context.Canceled) || r != nil || steps != 3 {
		t.Errorf("cancelled after 3 batches: %v after %d", err, steps)
	}
	if _, err := tr.Fit(ctx, texts); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestFitErrors(t *testing.T) {
	for want, cfg := range map[string]Config{
		"embed = -1":     {Embed: -1},
		"window = -2":    {Window: -2},
		"negatives = -1": {Negatives: -1},
		"epochs = -3":    {Epochs: -3},
		"sample = 1.5":   {Sample: 1.5},
		"sample = NaN":   {Sample: math.NaN()},
		"rate = -0.1":    {Rate: -0.1},
		"rate = +Inf":    {Rate: math.Inf(1)},
		"wrods":          {Pipeline: "wrods"},
		"MinCount = -1":  {Vocab: vocab.Options{MinCount: -1}},
		"diverged":       {Rate: 1e38, Vocab: vocab.Options{MinCount: 1}},
	} {
		tr := Trainer{Config: cfg}
		if _, err := tr.Fit(t.Context(), sentences(300)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
	}
	both := Config{Embed: -1, Rate: -1}.Resolve().Validate()
	if both == nil || !strings.Contains(both.Error(), "embed") || !strings.Contains(both.Error(), "rate") {
		t.Errorf("%v, want both mistakes", both)
	}
	for _, texts := range [][]string{nil, {"", " "}, {"word word word word"}, {"all words here are rare"}} {
		tr := Trainer{}
		_, err := tr.Fit(t.Context(), texts)
		if few, ok := errors.AsType[*vocab.TooFewError](err); !ok || few.Texts != len(texts) {
			t.Errorf("%q: %v, want a TooFewError", texts, err)
		}
	}
}

// Every token is in one span, and no span is long.
func TestSpans(t *testing.T) {
	for _, n := range []int{0, 1, pieceTokens, pieceTokens + 1, 5000} {
		text := make([]vocab.ID, n)
		for i := range text {
			text[i] = vocab.ID(i)
		}
		var all []vocab.ID
		for _, s := range appendSpans(nil, text) {
			if len(s) == 0 || len(s) > pieceTokens {
				t.Errorf("a span of %d tokens", len(s))
			}
			all = append(all, s...)
		}
		if !slices.Equal(all, text) {
			t.Errorf("the spans of %d tokens are not the text", n)
		}
	}
}

func BenchmarkFit(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	z := rand.NewZipf(r, 1.1, 5, 30_000)
	var texts []string
	for range 500 {
		var s strings.Builder
		for range 240 {
			fmt.Fprintf(&s, "w%d ", z.Uint64())
		}
		texts = append(texts, s.String())
	}
	var last Progress
	for b.Loop() {
		tr := Trainer{OnProgress: func(p Progress) { last = p }}
		if _, err := tr.Fit(b.Context(), texts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(last.TokensPerSecond(), "tokens/s")
}

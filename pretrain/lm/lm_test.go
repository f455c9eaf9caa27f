package lm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/internal/hostile"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
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
	v, err := vocab.New(tokens, counts, 0)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newTestNetwork(t testing.TB, cfg Config, v *vocab.Vocabulary) *network {
	t.Helper()
	cfg = cfg.Resolve()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	n, err := newNetwork(cfg, v)
	if err != nil {
		t.Fatal(err)
	}
	r := seed.Rand(7, "test")
	n.init(r)
	for i := range n.bias.Data {
		n.bias.Data[i] = float32(r.NormFloat64())
	}
	return n
}

// step is a step on pieces of texts, but for moving the weights.
func (n *network) step(ws *workspace, texts [][]vocab.ID, batch []piece, s *sample, mode nn.Mode) (loss float64, err error) {
	n.prepare(ws, texts, batch, s, mode)
	return n.learn(ws)
}

func randomTexts(r *rand.Rand, v *vocab.Vocabulary, lengths ...int) [][]vocab.ID {
	var texts [][]vocab.ID
	for _, n := range lengths {
		ids := make([]vocab.ID, n)
		for i := range ids {
			ids[i] = vocab.Unk + vocab.ID(r.IntN(v.Known()+1)) // some unknown
		}
		texts = append(texts, ids)
	}
	return texts
}

func TestGradients(t *testing.T) {
	v := words(t, 11)
	texts := randomTexts(rand.New(rand.NewPCG(1, 2)), v, 7, 1, 3, 12)
	for _, direction := range []lstm.Direction{lstm.Forward, lstm.Reverse, lstm.Bidirectional} {
		for _, samples := range []int{4, 11} {
			t.Run(fmt.Sprintf("%s/%d", direction, samples), func(t *testing.T) {
				n := newTestNetwork(t, Config{Embed: 5, Chunk: 5, Samples: samples, Dropout: float64(samples%2) * 0.4, LSTM: lstm.Config{HiddenSize: 4, Direction: direction}}, v)
				s := newSampler(v, samples).draw(seed.Rand(3, "sample"))
				batch := pieces(texts, n.cfg.Chunk)
				loss := func() float64 {
					nn.ZeroGrad(n.params)
					l, err := n.step(new(workspace), texts, batch, s, lstm.Mode{Train: true})
					if err != nil {
						t.Fatal(err)
					}
					return l
				}
				loss()
				gradcheck.Check(t, n.params, loss, 1e-2)
			})
		}
	}
}

// Against a sample of all words the loss is the cross-entropy over the
// vocabulary, which full computes in another way.
func TestSampleOfAllWordsIsTheSoftmax(t *testing.T) {
	v := words(t, 40)
	texts := randomTexts(rand.New(rand.NewPCG(1, 2)), v, 30, 9)
	n := newTestNetwork(t, Config{Embed: 8, LSTM: lstm.Config{HiddenSize: 6}}, v)
	sampler := newSampler(v, 1000)
	s := sampler.draw(seed.Rand(3, "sample"))
	ws := &workspace{workers: 2}
	batch := pieces(texts, 10)
	got, err := n.step(ws, texts, batch, s, lstm.Mode{Train: true})
	if err != nil {
		t.Fatal(err)
	}
	n.lay(ws, texts, batch)
	y, err := n.encode(ws, lstm.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	want, count := 0.0, 0
	for d := range n.predictors {
		u := n.project(ws, d, y, nn.Dropout{})
		for i, id := range ws.batch.Predictions[d].Targets {
			sum, score := 0.0, 0.0
			for _, w := range sampler.words {
				x := float64(n.bias.Data[w])
				for k, e := range n.embed.Row(w) {
					x += float64(e) * float64(u[i*8+k])
				}
				sum += math.Exp(x)
				if w == id {
					score = x
				}
			}
			want += math.Log(sum) - score
			count++
		}
		if full := ws.softmax.full(n.embed, n.bias, u, ws.batch.Predictions[d].Targets, sampler.words, 2); d == 0 && math.Abs(full-want) > 1e-4*want {
			t.Errorf("full softmax %v, by hand %v", full, want)
		}
	}
	if want /= float64(count); math.Abs(got-want) > 1e-4*want {
		t.Errorf("loss %v, by hand %v", got, want)
	}
}

// Pieces of one word, of the end of a text, have nothing before or after.
func TestNothingToPredict(t *testing.T) {
	v := words(t, 300)
	n := newTestNetwork(t, Config{Embed: 4, LSTM: lstm.Config{HiddenSize: 4, Direction: lstm.Bidirectional}, Samples: 200}, v)
	texts := randomTexts(seed.Rand(1, "texts"), v, 65)
	s := newSampler(v, 200).draw(seed.Rand(2, "sample"))
	for _, batch := range [][]piece{{{0, 0, 64}}, {{0, 64, 65}}, {{0, 0, 64}, {0, 64, 65}}} {
		loss, err := n.step(&workspace{workers: 1}, texts, batch, s, lstm.Mode{Train: true})
		if err != nil || math.IsNaN(loss) {
			t.Errorf("pieces %v: loss %v, %v", batch, loss, err)
		}
	}
}

// A sample has each word once, and as often as its logCount says.
func TestSample(t *testing.T) {
	v := words(t, 50)
	sampler := newSampler(v, 10)
	const draws = 20_000
	seen := map[vocab.ID]int{}
	expected := map[vocab.ID]float64{}
	for i := range draws {
		s := sampler.draw(seed.Rand(1, "draw", uint64(i)))
		if len(s.Words) != 10 || len(s.at) != 10 {
			t.Fatalf("%d words, %d of them distinct", len(s.Words), len(s.at))
		}
		for _, id := range s.Words {
			seen[id]++
		}
		for id := range v.All() {
			expected[id] += math.Exp(float64(s.logCount(id))) / draws
		}
	}
	for id, e := range expected {
		if got := float64(seen[id]) / draws; math.Abs(got-e) > 0.02+0.05*e {
			t.Errorf("word %d is in %.3f of the samples, expected in %.3f", id, got, e)
		}
	}
}

// sentences are of a language in which each word says what the next one is.
func sentences(n int) []string {
	r := rand.New(rand.NewPCG(5, 6))
	var texts []string
	for range n {
		w, text := r.IntN(20), []string{}
		for range 5 + r.IntN(20) {
			text = append(text, fmt.Sprintf("word%c", 'a'+w))
			w = (w*3 + 7) % 20
		}
		texts = append(texts, strings.Join(text, " "))
	}
	return texts
}

func small() Config {
	return Config{Pipeline: "words", Embed: 12, LSTM: lstm.Config{HiddenSize: 16, Direction: lstm.Bidirectional}, Samples: 8, BatchTokens: 200, Epochs: 6, Chunk: 12, Seed: 1,
		Schedule: nn.Schedule{Kind: nn.OneCycle, Rate: 0.03}}
}

func TestFitLearns(t *testing.T) {
	r, err := (&Trainer{Config: small()}).Fit(t.Context(), sentences(1200))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.History) != 6 || r.Unknown != 0 || r.Texts != 1200 {
		t.Fatalf("%d epochs, %d unknown words, %d texts", len(r.History), r.Unknown, r.Texts)
	}
	for name, p := range r.History[5].Perplexity {
		// Nobody can know the word beside the start of a stretch better than that.
		if p > 1.6 {
			t.Errorf("perplexity of the %s word %.2f, want near 1: it is certain but at the start of a stretch", name, p)
		}
	}
}

func encoded(t *testing.T, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A model whose bytes are not those that were saved is an error.
func TestDamagedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	c := small()
	c.Epochs = 1
	r, err := (&Trainer{Config: c}).Fit(t.Context(), sentences(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Model.Save(path); err != nil {
		t.Fatal(err)
	}
	hostile.Damage(t, path, ErrFormat, func(path string) error {
		_, err := Load(path)
		return err
	})
}

// However many workers, however often interrupted: the bytes are the same.
func TestFitIsDeterministic(t *testing.T) {
	texts := sentences(400)
	r, err := (&Trainer{Config: small(), Run: pretrain.Run{Workers: 1}}).Fit(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	want := encoded(t, r.Model)
	for _, workers := range []int{2, 3} {
		r, err := (&Trainer{Config: small(), Run: pretrain.Run{Workers: workers}}).Fit(t.Context(), texts)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, r.Model), want) {
			t.Errorf("%d workers make another model", workers)
		}
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	stops := []int{1, 7, 40, 41}
	for {
		ctx, cancel := context.WithCancel(t.Context())
		trainer := Trainer{Config: small(), Run: pretrain.Run{Checkpoint: path, Resume: true}, OnProgress: func(p Progress) {
			if len(stops) > 0 && p.Step == stops[0] {
				stops = stops[1:]
				cancel()
			}
		}}
		r, err := trainer.Fit(ctx, texts)
		cancel()
		if errors.Is(err, context.Canceled) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(stops) > 0 {
			t.Fatalf("not interrupted at %v", stops)
		}
		if !bytes.Equal(encoded(t, r.Model), want) {
			t.Error("a training that was interrupted makes another model")
		}
		break
	}
}

func TestResumeRefuses(t *testing.T) {
	texts := sentences(200)
	path := filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(t.Context())
	trainer := Trainer{Config: small(), Run: pretrain.Run{Checkpoint: path}, OnProgress: func(Progress) { cancel() }}
	if _, err := trainer.Fit(ctx, texts); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	trainer.OnProgress = nil
	if _, err := trainer.Fit(t.Context(), texts); !errors.Is(err, pretrain.ErrUnfinished) {
		t.Errorf("without Resume: %v", err)
	}
	trainer.Resume = true
	if _, err := trainer.Fit(t.Context(), texts[1:]); err == nil || !strings.Contains(err.Error(), "texts is") {
		t.Errorf("other texts: %v", err)
	}
	trainer.Seed = 2
	if _, err := trainer.Fit(t.Context(), texts); err == nil || !strings.Contains(err.Error(), "seed is") {
		t.Errorf("other seed: %v", err)
	}
}

func TestModelFile(t *testing.T) {
	cfg := small()
	cfg.Epochs = 1
	r, err := (&Trainer{Config: cfg}).Fit(t.Context(), sentences(50))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.lm")
	if err := r.Model.Save(path); err != nil {
		t.Fatal(err)
	}
	m, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded(t, m), encoded(t, r.Model)) {
		t.Error("what was read differs from what was written")
	}
	if diff := cmp.Diff(r.Model.Config(), m.Config()); diff != "" {
		t.Error(diff)
	}
	b := encoded(t, m)
	for n := 0; n < len(b); n += 97 {
		if _, err := Decode(b[:n:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(b), err)
		}
		bad := slices.Clone(b)
		bad[n] ^= 0x10
		if _, err := Decode(bad); !errors.Is(err, ErrFormat) {
			t.Fatalf("bit flipped in byte %d: %v", n, err)
		}
	}
}

// A quantised model has the frequent words alone, their vectors within half a
// step of eight bits, and is a whole language model, also when read from a file.
func TestQuantize(t *testing.T) {
	cfg := small()
	cfg.Epochs = 1
	r, err := (&Trainer{Config: cfg}).Fit(t.Context(), sentences(50))
	if err != nil {
		t.Fatal(err)
	}
	m := r.Model
	const words = 5
	q, err := m.Quantize(words)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "q.lm")
	if err := q.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := m.Quantize(0); err != nil || all.Vocab().Known() != m.Vocab().Known() {
		t.Errorf("0 words: %d of %d, %v", all.Vocab().Known(), m.Vocab().Known(), err)
	}
	if _, err := m.Quantize(-1); err == nil {
		t.Error("-1 words are no error")
	}
	for _, q := range []*Model{q, loaded} {
		if q.Vocab().Known() != words {
			t.Errorf("%d words, want %d", q.Vocab().Known(), words)
		}
		for id, token := range q.Vocab().All() {
			was, ok := m.Vocab().Lookup(token)
			if !ok || m.Vocab().Count(was) != q.Vocab().Count(id) {
				t.Errorf("word %q was not there so often", token)
			}
			if was != id {
				t.Errorf("word %q has id %d, was %d: not the most frequent", token, id, was)
			}
			row, from := q.Embed().Row(id), m.Embed().Row(was)
			largest := 0.0
			for _, v := range from {
				largest = max(largest, math.Abs(float64(v)))
			}
			for j := range row {
				if d := math.Abs(float64(row[j] - from[j])); d > largest/127*0.501 {
					t.Errorf("word %q: %v became %v", token, from[j], row[j])
				}
			}
		}
		for i, p := range q.net.params {
			if was := m.net.params[i]; p.Name != was.Name {
				t.Errorf("parameter %d is %s, was %s", i, p.Name, was.Name)
			}
			for k, v := range p.Data {
				if w := loaded.net.params[i].Data[k]; math.Abs(float64(v-w)) > 1e-6 {
					t.Fatalf("%s[%d] is %v, read from a file %v", p.Name, k, v, w)
				}
			}
		}
		if n := q.net.bias.Data[len(q.net.bias.Data)-1]; n != m.net.bias.Data[len(q.net.bias.Data)-1] {
			t.Errorf("the bias of the last word is %v", n)
		}
	}
	b := encoded(t, loaded)
	for n := 0; n < len(b); n += 89 {
		bad := slices.Clone(b)
		bad[n] ^= 0x10
		if _, err := Decode(bad); !errors.Is(err, ErrFormat) {
			t.Fatalf("bit flipped in byte %d: %v", n, err)
		}
		if _, err := Decode(b[:n:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(b), err)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for want, cfg := range map[string]Config{
		"chunk = -1":                {Chunk: -1},
		"sees the words":            {LSTM: lstm.Config{HiddenSize: 4, Layers: 2, Direction: lstm.Bidirectional}},
		"clip_norm = -1":            {ClipNorm: -1},
		"too few to learn from":     {},
		"unknown stage":             {Pipeline: "nonsense"},
		"embed = -2, want at least": {Embed: -2},
		"lm: nn: dropout: P is 1":   {Dropout: 1},
	} {
		if _, err := (&Trainer{Config: cfg}).Fit(t.Context(), []string{"one text"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	v := words(b, 30_000)
	n := newTestNetwork(b, Config{}, v)
	r := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(r, 1.1, 2, 29_000)
	var texts [][]vocab.ID
	for range 64 {
		ids := make([]vocab.ID, 64)
		for i := range ids {
			ids[i] = vocab.Unk + vocab.ID(z.Uint64())
		}
		texts = append(texts, ids)
	}
	batch := pieces(texts, 64)
	sampler := newSampler(v, 1024)
	ws := &workspace{workers: 2}
	o, _ := nn.NewOptimizer(nn.OptimizerConfig{})
	for b.Loop() {
		nn.ZeroGrad(n.params)
		s := sampler.draw(seed.Rand(1, "s"))
		if _, err := n.step(ws, texts, batch, s, lstm.Mode{Train: true}); err != nil {
			b.Fatal(err)
		}
		nn.ClipNorm(n.params, 1)
		if err := o.Step(n.params, 1e-3); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(4096*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func FuzzDecode(f *testing.F) {
	cfg := small()
	cfg.Epochs, cfg.Embed, cfg.LSTM.HiddenSize = 1, 2, 2
	r, err := (&Trainer{Config: cfg}).Fit(f.Context(), sentences(20))
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Model.write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(b.Bytes()))
	q, err := r.Model.Quantize(3)
	if err != nil {
		f.Fatal(err)
	}
	b.Reset()
	if err := q.write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			if m != nil || !errors.Is(err, ErrFormat) {
				t.Errorf("%v, %v", m, err)
			}
			return
		}
		var again bytes.Buffer
		if err := m.write(&again); err != nil {
			t.Error(err)
		}
	})
}

// A config that asks for more than the file holds is refused before memory is
// taken for it.
func TestHugeConfigs(t *testing.T) {
	m, err := (&Trainer{Config: small()}).Fit(t.Context(), sentences(50))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"input_size":  func(c *Config) { c.LSTM.InputSize = math.MaxInt >> 5 },
		"layers":      func(c *Config) { c.LSTM.Layers, c.LSTM.Direction = 1e9, lstm.Forward },
		"hidden_size": func(c *Config) { c.LSTM.HiddenSize = math.MaxInt >> 4 },
		"embed":       func(c *Config) { c.Embed, c.LSTM.InputSize = math.MaxInt>>4, math.MaxInt>>4 },
	} {
		huge := *m.Model
		change(&huge.cfg)
		if _, err := Decode(encoded(t, &huge)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, want an ErrFormat", name, err)
		}
	}
}

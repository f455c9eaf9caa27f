package page_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"image/png"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
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
	better := &evaluate.Predictions{Head: p.Head, Labels: p.Labels, Gold: p.Gold, Probs: slices.Clone(p.Probs)}
	for i := range 120 {
		row := better.Probs[3*i : 3*i+3]
		clear(row)
		row[p.Gold[i]] = 1
		if i%20 == 0 {
			row[p.Gold[i]], row[(p.Gold[i]+1)%3] = 0, 1
		}
	}
	c, err := evaluate.Compare(p, better, evaluate.CompareOptions{Resamples: 100, Changes: 3})
	if err != nil {
		t.Fatal(err)
	}
	out.Comparisons = []report.Comparison{{A: "bilstm" + h, B: "bilstm-wide" + h, Comparison: c}}
	series := func(group, name string, f func(x float64) float64) {
		s := page.Series{Group: group + h, Name: name + h, Unit: "epoch"}
		for i := range 40 {
			x := float64(i+1) / 4
			s.X, s.Y = append(s.X, x), append(s.Y, f(x)*(1+r.NormFloat64()*0.02))
		}
		out.History = append(out.History, s)
	}
	series("loss", "train", func(x float64) float64 { return 0.7*math.Exp(-x/3) + 0.05 })
	series("loss", "dev", func(x float64) float64 { return 0.5*math.Exp(-x/2) + 0.2 + x/100 })
	series("macro F1", "dev", func(x float64) float64 { return 0.92 - 0.3*math.Exp(-x) })
	series("learning rate", "", func(x float64) float64 { return 0.001 * x / 10 })
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

// TestHostileTextIsInert parses the page as a browser does and looks for
// anything that text could have brought in.
func TestHostileTextIsInert(t *testing.T) {
	names := func(hostile bool) []string { return slices.Sorted(maps.Keys(elements(t, render(t, demo(t, hostile))))) }
	if d := cmp.Diff(names(false), names(true)); d != "" {
		t.Errorf("elements (-of the page without hostile text +with it):\n%s", d)
	}
}

// elements counts the elements of a page by name, and holds them to what the
// page may have.
func elements(t *testing.T, source string) map[string]int {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	policy, scriptText := "", ""
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case a.Key == "src", a.Key == "href" && !strings.HasPrefix(a.Val, "#") && a.Val != "data:,":
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case a.Key == "style" && strings.Contains(a.Val, "url("):
				t.Errorf("<%s style=%q>", n.Data, a.Val)
			case a.Key == "content" && strings.HasPrefix(a.Val, "default-src"):
				policy = a.Val
			}
		}
		if n.Data == "script" {
			scriptText = n.FirstChild.Data
		}
	}
	if count["script"] != 1 || count["img"] != 0 || count["style"] != 1 {
		t.Errorf("%d scripts, %d images, %d style sheets, want 1, 0, 1", count["script"], count["img"], count["style"])
	}
	hash := sha256.Sum256([]byte(scriptText))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"; !strings.Contains(policy, want) || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q does not allow the script, whose hash is %s", policy, want)
	}
	return count
}

func TestSamePageSameBytes(t *testing.T) {
	first, second := render(t, demo(t, false)), render(t, demo(t, false))
	if first != second {
		t.Error("two renderings of one page differ")
	}
}

func TestSmallestPages(t *testing.T) {
	one, err := evaluate.New(&evaluate.Predictions{Labels: []string{"only"}, Gold: []int{0}, Predicted: []int{0}}, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	certain, err := evaluate.New(&evaluate.Predictions{Labels: []string{"a", "b"}, Gold: []int{0, 0}, Probs: []float64{1, 0, 1, 0}}, evaluate.Options{Curves: true, Coverage: true, Slices: true, Mistakes: 5, Resamples: 10})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]page.Page{
		"nothing":     {},
		"one row":     {Heads: []page.Head{{Evaluation: one, Rows: []evaluate.Row{{Tokens: 0}}}}},
		"all certain": {Heads: []page.Head{{Evaluation: certain, Rows: []evaluate.Row{{Tokens: 1}, {Tokens: 1}}}}},
		"one epoch":   {History: []page.Series{{Group: "loss", X: []float64{1}, Y: []float64{0.5}}}},
	} {
		if got := render(t, p); !strings.Contains(got, "</html>") {
			t.Errorf("%s: the page has no end", name)
		}
	}
	if err := page.Write(&bytes.Buffer{}, page.Page{History: []page.Series{{Group: "loss", X: []float64{1}}}}); err == nil || !strings.Contains(err.Error(), "1 x and 0 y") {
		t.Errorf("a series of unequal lengths: got error %v", err)
	}
}

func TestHighlightsKeepTheText(t *testing.T) {
	text := "not bad <at> all"
	e := &evaluate.Evaluation{N: 1, Mistakes: []evaluate.Mistake{{Index: 7, Row: evaluate.Row{Text: text}, Loss: 1}}}
	for name, hs := range map[string][]page.Highlight{
		"none":        nil,
		"two":         {{0, 3, 0.5}, {4, 7, -1}},
		"whole":       {{0, len(text), 2}},
		"overlapping": {{0, 6, 1}, {4, 7, 1}},
		"beyond":      {{4, 99, 1}, {-3, 2, 1}, {5, 5, 1}},
		"not numbers": {{0, 3, math.NaN()}, {4, 7, math.Inf(1)}, {8, 12, 0}},
	} {
		source := render(t, page.Page{Heads: []page.Head{{Evaluation: e, Highlights: map[int][]page.Highlight{7: hs}}}})
		root, err := html.Parse(strings.NewReader(source))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && n.Data == "article" {
				for m := range n.Descendants() {
					if m.Type == html.TextNode && slices.ContainsFunc(slices.Collect(m.Ancestors()), func(a *html.Node) bool { return a.Data == "p" }) {
						got += m.Data
					}
				}
			}
		}
		if got != text {
			t.Errorf("%s: text %q, want %q", name, got, text)
		}
	}
}

func TestWritePlots(t *testing.T) {
	if testing.Short() {
		t.Skip("drawing every plot as PNG takes a second")
	}
	dir := filepath.Join(t.TempDir(), "new", "plots")
	p := demo(t, true)
	p.Heads = append(p.Heads, page.Head{Evaluation: p.Heads[1].Evaluation}) // the same name again
	names, err := page.WritePlots(dir, p)
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(names) {
		t.Errorf("%d files for %d names", len(files), len(names))
	}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(name) {
		case ".png":
			if _, err := png.Decode(bytes.NewReader(b)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case ".svg":
			if !bytes.Contains(b, []byte("</svg>")) {
				t.Errorf("%s has no end", name)
			}
		}
	}
}

// TestInChromium opens pages in a real browser whose every request goes to a
// proxy that counts them.
func TestInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starting a browser takes seconds")
	}
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("no chromium on this machine: the page was not opened in a browser")
	}
	var mu sync.Mutex
	var requests []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The browser itself asks its maker for the time and for updates.
		host, _, _ := strings.Cut(r.Host, ":")
		if strings.HasSuffix(host, ".google.com") || strings.HasSuffix(host, ".googleapis.com") {
			http.Error(w, "no network", http.StatusBadGateway)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		requests = append(requests, r.Method+" "+r.Host+" "+r.URL.String())
		http.Error(w, "no network", http.StatusBadGateway)
	}))
	defer proxy.Close()

	for _, hostile := range []bool{false, true} {
		p := demo(t, hostile)
		file := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(file, []byte(render(t, p)), 0o644); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
			"--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(), "--proxy-server="+proxy.URL, "--proxy-bypass-list=<-loopback>",
			"--enable-logging=stderr", "--dump-dom", "file://"+file)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		for line := range strings.Lines(stderr.String()) {
			if strings.Contains(line, "CONSOLE") {
				t.Errorf("hostile %v: %s", hostile, line)
			}
		}
		// The page's own script ran, and none other.
		if dom := stdout.String(); !strings.Contains(dom, "20 of 30 shown") || strings.Contains(dom, "<title>run</title>") {
			t.Errorf("hostile %v: own script ran: %v; other script ran: %v", hostile, strings.Contains(dom, "20 of 30 shown"), strings.Contains(dom, "<title>run</title>"))
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, r := range requests {
		t.Errorf("request: %s", r)
	}
}

// A head of numbers has a scatter plot and its own figures, and nothing about labels.
func TestNumbers(t *testing.T) {
	p := &evaluate.ValuePredictions{Head: "stars"}
	for i := range 40 {
		gold := float64(1 + i%5)
		p.Add(gold, gold+float64(i%3-1)/2, evaluate.Row{ID: fmt.Sprint(i), Text: "some text", Tokens: 1 + i})
	}
	e, err := evaluate.NewValues(p, evaluate.Options{Resamples: 100, Slices: true, Mistakes: 5, Curves: true})
	if err != nil {
		t.Fatal(err)
	}
	html := render(t, page.Page{Heads: []page.Head{{Evaluation: e, Rows: p.Rows}}})
	for _, want := range []string{"40 texts, a number each", "RMSE", "the mean alone", "Answers beside the gold numbers", ">R²</th>", "error 0.50", "largest error first"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, other := range []string{"accuracy", "By label", "macro F1", "NaN"} {
		if strings.Contains(html, other) {
			t.Errorf("the page has %q", other)
		}
	}
}

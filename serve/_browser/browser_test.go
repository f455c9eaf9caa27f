package browser

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/pretrained/langid"
	"github.com/textlstm/textlstm/serve"
)

// A tab is a page that is open in the browser.
type tab struct {
	*testing.T
	ctx context.Context
	mu  sync.Mutex
	bad []string // what the browser complained about
}

// open opens a page of a server of the embedded model.
func open(t *testing.T, path string, c serve.Config) *tab {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium here: the page is not tested in a browser")
	}
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Models = append([]serve.Source{{Name: "default", Model: m}}, c.Models...)
	c.Foreign = langid.ForeignTo
	s, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		s.Close()
	})
	return visit(t, program, server.URL+path)
}

// visit opens an address.
func visit(t *testing.T, program, url string) *tab {
	t.Helper()
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options, chromedp.ExecPath(program), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b := &tab{T: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	complain := func(what string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bad = append(b.bad, what)
	}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			complain(fmt.Sprintf("%+v", ev.ExceptionDetails))
		case *log.EventEntryAdded:
			if ev.Entry.Level == "error" {
				complain(ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(url))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, what := range b.bad {
			t.Errorf("the browser says: %s", what)
		}
	})
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// eval returns the value of an expression.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%.200s: %v", expression, err)
	}
	return v
}

// holds says whether an expression is true, or a promise of what is.
func (b *tab) holds(expression string) bool {
	b.Helper()
	return eval[bool](b, "(async () => !!(await ("+expression+")))()")
}

// until waits for an expression to hold.
func (b *tab) until(expression string) {
	b.Helper()
	for end := time.Now().Add(30 * time.Second); !b.holds(expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("not within 30 s: %s; the page says:\n%s", expression, eval[string](b, "document.body.innerText"))
		}
	}
}

func (b *tab) scheme(name string) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	if err != nil {
		b.Fatal(err)
	}
}

// What is promised is waited for.
func TestHolds(t *testing.T) {
	b := open(t, "/", serve.Config{})
	for expression, want := range map[string]bool{
		`1 < 2`: true, `""`: false, `undefined`: false, `Promise.resolve(true)`: true, `Promise.resolve(0)`: false,
	} {
		if got := b.holds(expression); got != want {
			t.Errorf("%s holds: %t, want %t", expression, got, want)
		}
	}
}

const review = "The room was spotless and the staff were wonderful. The breakfast was cold and awful 😀, though. I paid qqzzxx for it!"

// typed has the page answer the review.
func (b *tab) typed() {
	b.Helper()
	b.do(chromedp.SendKeys("#text", review))
	b.until(`document.querySelectorAll("#marked mark").length > 15 && document.querySelectorAll("#list li").length === 3`)
	b.until(`document.getElementById("marked").textContent === document.getElementById("text").value`)
}

// What one types is answered: labels, bars, words by weight, sentences.
func TestTyping(t *testing.T) {
	b := open(t, "/", serve.Config{})
	b.typed()
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	p := m.Predict(review)
	for _, head := range []string{"sentiment", "topic"} {
		shown := eval[string](b, `[...document.querySelectorAll("#heads .card")].map(c => c.innerText).join("\n")`)
		want := fmt.Sprintf("%.0f %%", 100*p.Prob(head, p.Label(head)))
		if !strings.Contains(shown, p.Label(head)) || !strings.Contains(shown, want) {
			t.Errorf("%s %s is not in\n%s", p.Label(head), want, shown)
		}
	}
	if got := eval[string](b, `document.getElementById("status").textContent`); !strings.Contains(got, "sentiment: "+p.Label("sentiment")) || !strings.Contains(got, "unknown") {
		t.Errorf("read aloud: %q", got)
	}
	if got := eval[string](b, `[...document.querySelectorAll("#marked mark.unknown")].at(-1).textContent`); got != "qqzzxx" {
		t.Errorf("the last unknown word is %q", got)
	}
	before := eval[string](b, `document.querySelector("#marked mark").className + document.getElementById("marked").innerHTML`)
	eval[any](b, `{ const s = document.getElementById("label"); s.selectedIndex = 1; s.dispatchEvent(new Event("change")); null }`)
	b.until(`document.querySelector("#marked mark").className + document.getElementById("marked").innerHTML !== ` + fmt.Sprintf("%q", before))
	if got := eval[float64](b, `document.querySelectorAll("mark[class^=for]").length * document.querySelectorAll("mark[class^=against]").length`); got == 0 {
		t.Error("no words on one of the sides")
	}
	eval[any](b, `{ const t = document.getElementById("text"); t.value = "Das Zimmer war sauber und das Personal sehr freundlich."; t.dispatchEvent(new Event("input")); null }`)
	b.until(`document.getElementById("status").textContent.startsWith("This is no language") && document.getElementById("words").hidden`)
	eval[any](b, `{ const t = document.getElementById("text"); t.value = "A fine day. <img src=x onerror=alert(1)>"; t.dispatchEvent(new Event("input")); null }`)
	b.until(`document.getElementById("marked").textContent.includes("<img")`)
	if got := eval[float64](b, `document.images.length`); got != 0 {
		t.Error("a text became markup")
	}
}

// A file is labelled: the chart, the table and both downloads have its texts.
func TestFiles(t *testing.T) {
	rows := "id,stars,review\r\n"
	for i := range 150 {
		rows += fmt.Sprintf("%d,%d,\"A %s film, \"\"number\"\" %d\"\r\n", i, i%5, []string{"wonderful", "terrible"}[i%2], i)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "films.csv")
	if err := os.WriteFile(file, []byte(rows), 0o666); err != nil {
		t.Fatal(err)
	}
	b := open(t, "/", serve.Config{MaxQueue: 100}) // two parts of 64 are too many: one is told to come again
	b.until(`document.getElementById("facts").children.length > 4`)
	b.do(chromedp.SetUploadFiles("#file", []string{file}))
	b.until(`document.getElementById("count").textContent === "150 texts"`)
	if got := eval[string](b, `document.getElementById("column").selectedOptions[0].text`); got != "review" {
		t.Errorf("texts are taken from %s", got)
	}
	eval[any](b, `{ globalThis.saved = []; const real = URL.createObjectURL; URL.createObjectURL = (blob) => { saved.push(blob.text()); return real.call(URL, blob); }; null }`)
	b.do(chromedp.Click("#start"))
	b.until(`document.querySelectorAll("#preview-rows tr").length === 100`)
	chart := eval[string](b, `document.querySelector("#chart .card").innerText`)
	if !strings.Contains(chart, "75 (50 %)") {
		t.Errorf("chart:\n%s", chart)
	}
	eval[any](b, `{ document.getElementById("csv").click(); document.getElementById("jsonl").click(); document.getElementById("header").click(); document.getElementById("csv").click(); null }`)
	csv := strings.Split(eval[string](b, `saved[0]`), "\r\n")
	if len(csv) != 152 || csv[0] != "id,stars,review,sentiment,sentiment_prob,topic,topic_prob" || !strings.HasPrefix(csv[2], `1,1,"A terrible film, ""number"" 1",negative,0.`) {
		t.Errorf("%d lines of CSV: %.300q", len(csv), csv)
	}
	if eval[string](b, `saved[2]`) != strings.Join(csv, "\r\n") {
		t.Error("the names in the first row have become a text after the texts were labelled")
	}
	jsonl := strings.Split(eval[string](b, `saved[1]`), "\n")
	if len(jsonl) != 151 || !strings.HasPrefix(jsonl[149], `{"text":"A terrible film, \"number\" 149","id":"150","sentiment":{"label":"negative"`) {
		t.Errorf("%d lines of JSON: %.300q", len(jsonl), jsonl)
	}
	b.mu.Lock()
	kept := b.bad[:0]
	for _, what := range b.bad { // the browser reports each refusal, which the page has handled
		if !strings.Contains(what, "429") {
			kept = append(kept, what)
		}
	}
	b.bad = kept
	b.mu.Unlock()
}

// lines has the page read a file of so many texts.
func (b *tab) lines(name string, n int) {
	b.Helper()
	text := ""
	for i := range n {
		text += fmt.Sprintf("A fine day, number %d.\n", i)
	}
	file := filepath.Join(b.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		b.Fatal(err)
	}
	b.until(`document.getElementById("facts").children.length > 4`)
	b.do(chromedp.SetUploadFiles("#file", []string{file}))
	b.until(fmt.Sprintf(`document.getElementById("count").textContent === "%d texts"`, n))
}

// A file is labelled by the model with which that has begun, whatever is chosen meanwhile.
func TestOneModel(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "/", serve.Config{Models: []serve.Source{{Name: "other", Model: m}}})
	b.lines("texts.txt", 150)
	eval[any](b, `{ globalThis.asked = []; const real = fetch; globalThis.fetch = (path, o) => {
		const { model, texts } = JSON.parse(o.body ?? "{}");
		if (texts) { asked.push(model); document.getElementById("model").selectedIndex = 1; }
		return real(path, o);
	}; null }`)
	b.do(chromedp.Click("#start"))
	b.until(`!document.getElementById("downloads").hidden`)
	if got := eval[string](b, `asked.join(" ")`); got != "default default default" {
		t.Errorf("the parts are asked of %s", got)
	}
}

// Where one stops before the first part is answered, the others are shown, and nothing else.
func TestStop(t *testing.T) {
	b := open(t, "/", serve.Config{})
	b.lines("texts.txt", 150)
	eval[any](b, `{ const real = fetch; globalThis.fetch = (path, o) => {
		if (!JSON.parse(o.body ?? "{}").texts?.[0].includes("number 0.")) return real(path, o);
		return new Promise((_, reject) => o.signal.addEventListener("abort", () => reject(o.signal.reason)));
	}; null }`)
	b.do(chromedp.Click("#start"))
	b.until(`document.getElementById("progress-text").textContent.startsWith("86 of 150")`)
	b.do(chromedp.Click("#cancel"))
	b.until(`!document.getElementById("preview").hidden`)
	if got := eval[string](b, `[...document.getElementById("preview-rows").childNodes].map((n) => n.nodeName).join(" ")`); got != strings.TrimSpace(strings.Repeat("TR ", 86)) {
		t.Errorf("the rows are %s", got)
	}
	if got := eval[string](b, `document.querySelector("#preview-rows td").textContent`); got != "A fine day, number 64." {
		t.Errorf("the first row is of %q", got)
	}
}

// Another file is labelled while the one before still waits for a busy server.
func TestAnotherFile(t *testing.T) {
	b := open(t, "/", serve.Config{})
	b.lines("long.txt", 150)
	eval[any](b, `{ globalThis.asked = 0; globalThis.answer = {}; const real = fetch; globalThis.fetch = async (path, o) => {
		const { texts } = JSON.parse(o.body ?? "{}");
		asked++;
		if (texts?.length > 5) return new Response("{}", { status: 429, headers: { "Retry-After": "1" } });
		if (texts) await new Promise((resolve) => (answer.now = resolve));
		return real(path, o);
	}; null }`)
	b.do(chromedp.Click("#start"))
	b.until(`asked === 2`)
	b.lines("short.txt", 5)
	b.do(chromedp.Click("#start"))
	b.until(`asked === 3`)
	eval[any](b, `new Promise((resolve) => setTimeout(resolve, 1500)).then(() => answer.now()).then(() => null)`)
	b.until(`document.querySelectorAll("#preview-rows tr").length === 5`)
}

// The readers of files.
func TestReaders(t *testing.T) {
	b := open(t, "/", serve.Config{})
	for expression, want := range map[string]string{
		`f.parseTable('a,b\r\n"x ""y""\n",2\r\n', ",")`:            `[["a","b"],["x \"y\"\n","2"]]`,
		`f.parseTable("a\tb\n\n1\t\n", "\t")`:                      `[["a","b"],["1",""]]`,
		`f.parse("a.csv", "\ufeffx;y\n1;2").rows`:                  `[["x","y"],["1","2"]]`,
		`f.parse("a.txt", "one\r\n\r\ntwo").rows`:                  `[["text"],["one"],["two"]]`,
		`f.parse("a.jsonl", '"one"\n{"text":"two","n":3}\n').rows`: `[["text","n"],["one",""],["two","3"]]`,
		`f.parse("a.json", '[{"t":"x"}]').rows`:                    `[["t"],["x"]]`,
		`f.textColumn([["n","words"],["1","a long text"]])`:        `1`,
		`f.textColumn([["a long name","Review"],["long","x"]])`:    `1`,

		// A line that is not JSON is named as an editor counts it.
		`(() => { try { f.parseLines('"one"\n\n[]\n{two'); } catch (err) { return err.message; } })()`: `"Line 4 is not JSON."`,

		// A text without words has no answer, and empty cells, as in the command's tables.
		`f.toCSV([["t"],["a"],[""]], true, [{s:{label:"x",prob:0.9},n:{value:2.5}},{s:{label:null,prob:null},n:{value:null}}], [{name:"s",kind:"label"},{name:"n",kind:"number"}])`: `"t,s,s_prob,n\r\na,x,0.9000,2.5\r\n,,,\r\n"`,
	} {
		if got := eval[string](b, `import(document.baseURI + "files.js").then((f) => JSON.stringify(`+expression+`))`); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
}

// A server with tokens: the page asks for one, whatever else one tries, and then answers.
func TestToken(t *testing.T) {
	b := open(t, "/", serve.Config{Tokens: []string{"a-token-of-this-test"}})
	b.until(`!document.getElementById("entrance").hidden`)
	eval[any](b, `{ const t = document.getElementById("text"); t.value = "A fine day."; t.dispatchEvent(new Event("input")); null }`)
	eval[any](b, `new Promise((resolve) => setTimeout(resolve, 500)).then(() => null)`)
	if got := eval[string](b, `document.getElementById("entrance").hidden + document.getElementById("problem").textContent`); !strings.HasPrefix(got, "false") || strings.Contains(got, "undefined") {
		t.Errorf("who types a text first sees no place for the token, or %q", got)
	}
	eval[any](b, `{ document.getElementById("text").value = ""; null }`)
	b.do(chromedp.SendKeys("#token", "a-token-of-this-test\r"))
	b.until(`document.getElementById("entrance").hidden && document.getElementById("facts").children.length > 4`)
	b.typed()
	b.mu.Lock()
	b.bad = nil // the first answer was 401, and the browser says so
	b.mu.Unlock()
}

// All that can be clicked can be reached by the keyboard, in the order of the page.
func TestKeyboard(t *testing.T) {
	b := open(t, "/", serve.Config{})
	b.typed()
	eval[any](b, `{ document.activeElement.blur(); document.body.focus(); window.scrollTo(0, 0); null }`)
	seen := map[string]bool{}
	for range 30 {
		b.do(chromedp.KeyEvent("\t"))
		seen[eval[string](b, `document.activeElement.id || document.activeElement.tagName`)] = true
	}
	for _, id := range []string{"text", "label", "SUMMARY", "file", "docs"} {
		if !seen[id] {
			t.Errorf("the keyboard does not reach %s: %v", id, seen)
		}
	}
}

// On a phone, a tablet and a desk, light and dark: nothing is wider than the screen, and
// axe finds no fault by WCAG 2.2 AA.
func TestSizesAndAccessibility(t *testing.T) {
	axe := ""
	if name := os.Getenv("AXE"); name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		axe = string(b)
	}
	for _, page := range []string{"index", "docs"} {
		b := open(t, strings.TrimSuffix("/"+page, "index"), serve.Config{})
		if page == "index" {
			b.typed()
			file := filepath.Join(t.TempDir(), "texts.txt")
			if err := os.WriteFile(file, []byte("A good day.\nA bad day.\nShares fell by 3 %.\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			b.do(chromedp.SetUploadFiles("#file", []string{file}))
			b.until(`document.getElementById("count").textContent === "3 texts"`)
			b.do(chromedp.Click("#start"))
			b.until(`document.querySelectorAll("#preview-rows tr").length === 3`)
		} else {
			b.until(`document.querySelectorAll("pre").length > 10`)
		}
		for size, width := range map[string]int64{"phone": 360, "tablet": 768, "desk": 1280} {
			for _, scheme := range []string{"light", "dark"} {
				name := fmt.Sprintf("%s-%s-%s", page, size, scheme)
				b.scheme(scheme)
				b.do(chromedp.EmulateViewport(width, 900))
				if over := eval[float64](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s: %v pixels too wide", name, over)
				}
				if dir := os.Getenv("SCREENSHOTS"); dir != "" {
					picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o666); err != nil {
						t.Fatal(err)
					}
				}
				if axe != "" {
					found := eval[string](b, axe+`;axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.help, v.nodes.map((n) => n.html + n.failureSummary)])))`)
					if found != "[]" {
						t.Errorf("%s: axe finds %s", name, found)
					}
				}
			}
		}
	}
	if axe == "" {
		t.Log("AXE does not name axe.min.js: accessibility was not checked")
	}
}

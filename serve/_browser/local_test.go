package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

// The page that needs no server, as web/build makes it: WEB names its directory, else it
// is made. Its answers are the model's; it works when the files cannot be had any more. All
// of it is a download of at most 10 MB.
func TestWithoutServer(t *testing.T) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no Chromium here: the page is not tested in a browser")
	}
	dir := os.Getenv("WEB")
	if dir == "" {
		dir = t.TempDir()
		if out, err := exec.Command(filepath.Join("..", "..", "web", "build"), dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	size := int64(0)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > 10_000_000 {
		t.Errorf("the files have %d bytes", size)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	b := visit(t, program, server.URL+"/")
	first := eval[float64](b, `import(document.baseURI + "backend.js").then((m) => m.call("v1/classify", { text: "A fine day.", sentences: true })).then(() => performance.now())`)
	t.Logf("%d bytes; the first answer %.0f ms after the address was opened", size, first)
	b.typed()
	if got := eval[string](b, `import(document.baseURI + "backend.js").then((m) => { const c = new AbortController(); const asked = m.call("v1/classify", { text: "A bad day." }, c.signal); c.abort(); return asked.then(() => "answered", (err) => err.name); })`); got != "AbortError" {
		t.Errorf("a question that is no longer wanted is %s, want AbortError", got)
	}

	long := strings.Repeat("The room was spotless and the staff were wonderful, although the breakfast came late and the coffee was cold. ", 12)
	milliseconds := eval[float64](b, `import(document.baseURI + "backend.js").then(async (m) => { const ask = () => m.call("v1/classify", { text: `+"`"+long+"`"+` }); await ask(); const t = performance.now(); for (let i = 0; i < 5; i++) await ask(); return (performance.now() - t) / 5; })`)
	t.Logf("228 words in %.0f ms: %.0f words/s", milliseconds, 228/milliseconds*1000)

	b.until(`navigator.serviceWorker.ready.then(() => true)`)
	b.until(`caches.keys().then(async (k) => k.length === 1 && (await (await caches.open(k[0])).keys()).length === 10)`)
	server.Close()
	b.do(chromedp.Navigate(server.URL + "/"))
	b.until(`document.getElementById("facts").children.length > 4`)
	b.typed()
}

// Files of a new version take the places of those that are kept, also where the browser may still
// use the old ones.
func TestNewVersion(t *testing.T) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no Chromium here: the page is not tested in a browser")
	}
	script, err := os.ReadFile(filepath.Join("..", "..", "web", "offline.js"))
	if err != nil {
		t.Fatal(err)
	}
	var version atomic.Value
	version.Store("one")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := version.Load().(string)
		w.Header().Set("Cache-Control", "max-age=600")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<link rel="icon" href="data:,">`, now)
		case "/offline.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, strings.Replace(string(script), "VERSION", now, 1))
		default:
			fmt.Fprint(w, now)
		}
	}))
	defer server.Close()
	b := visit(t, program, server.URL+"/")
	eval[any](b, `navigator.serviceWorker.register("offline.js").then(() => null)`)
	for _, now := range []string{"one", "two"} {
		version.Store(now)
		eval[any](b, `navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => null)`)
		b.until(`caches.keys().then(async (k) => k.join() === "` + now + `" && (await (await caches.open(k[0])).keys()).length === 10)`)
		for _, name := range []string{"", "page.js", "model.gz"} {
			if got := eval[string](b, `caches.match(new URL("`+name+`", document.baseURI)).then((r) => r.text())`); !strings.HasSuffix(got, now) {
				t.Errorf("version %s keeps %q as %q", now, got, name)
			}
		}
	}
}

package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/textlstm/textlstm/classify"
)

// listening starts Serve on a port of this machine; stop ends it and says how it ended.
func listening(t *testing.T, c Config) (s *Server, addr string, stop func() error) {
	t.Helper()
	if c.Models == nil {
		c.Models = []Source{{Name: "default", Model: embedded(t)}}
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	return s, l.Addr().String(), sync.OnceValue(func() error {
		cancel()
		err := <-ended
		if err == nil {
			s.Close()
		}
		return err
	})
}

// A load sends requests one after the other on several connections until it is stopped.
type load struct {
	stop     atomic.Bool
	clients  sync.WaitGroup
	statuses sync.Map // status -> *atomic.Int64
	errors   sync.Map // text -> count
}

func (l *load) count(status int) int64 {
	n, ok := l.statuses.Load(status)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

func (l *load) total() (n int64) {
	l.statuses.Range(func(_, v any) bool { n += v.(*atomic.Int64).Load(); return true })
	return n
}

// start sends body from n clients; check sees each answer.
func (l *load) start(n int, url, body string, check func(status int, answer string) error) {
	for range n {
		l.clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for !l.stop.Load() {
				resp, err := client.Post(url, "application/json", strings.NewReader(body))
				if err != nil {
					l.errors.Store(err.Error(), err)
					return
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err == nil && check != nil {
					err = check(resp.StatusCode, string(b))
				}
				if err != nil {
					l.errors.Store(err.Error(), err)
				}
				n, _ := l.statuses.LoadOrStore(resp.StatusCode, new(atomic.Int64))
				n.(*atomic.Int64).Add(1)
			}
		})
	}
}

func (l *load) end() (errs []error) {
	l.stop.Store(true)
	l.clients.Wait()
	l.errors.Range(func(_, v any) bool { errs = append(errs, v.(error)); return true })
	return errs
}

// tinyModels are two files of one small model, which differ in their bytes and cards.
func tinyModels(t *testing.T) (files [2][]byte) {
	t.Helper()
	for i, name := range []string{"deep", "wide"} {
		b, err := os.ReadFile(filepath.Join("..", "classify", "testdata", "v1", name+".safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		files[i] = b
	}
	return files
}

// replace puts a new file in the place of another at once.
func replace(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file+".new", content, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// Models are replaced under load: no request fails, and each is answered by one of the
// two models as that model answers.
func TestReloadUnderLoad(t *testing.T) {
	reloads := 1000
	if testing.Short() {
		reloads = 100
	}
	files := tinyModels(t)
	file := filepath.Join(t.TempDir(), "tiny.model")
	replace(t, file, files[0])
	s, h := serving(t, Config{Models: []Source{{Name: "tiny", File: file}}})
	const body = `{"texts":["a good film","a bad film","the match was lost"],"sentences":true}`
	var want sync.Map // revision -> answer
	for i := range files {
		replace(t, file, files[i])
		if _, err := s.Reload(); err != nil {
			t.Fatal(err)
		}
		_, got, _ := ask(t, "POST", h.URL+"/v1/classify", body)
		want.Store(got, true)
	}
	var l load
	l.start(8, h.URL+"/v1/classify", body, func(status int, got string) error {
		if _, ok := want.Load(got); status != 200 || !ok {
			return fmt.Errorf("status %d, %.300s", status, got)
		}
		return nil
	})
	const requests = 100 // at least, however slow they are
	for i := 0; i < reloads || i < 100*reloads && l.count(200) < requests; i++ {
		replace(t, file, files[i%2])
		if changed, err := s.Reload(); err != nil || len(changed) != 1 {
			t.Fatalf("reload %d: %v, %v", i, changed, err)
		}
		if i%100 == 99 { // what cannot be read leaves the model as it was
			replace(t, file, files[0][:len(files[0])/2])
			if changed, err := s.Reload(); !errors.Is(err, classify.ErrFormat) || !strings.Contains(err.Error(), file) || len(changed) != 0 {
				t.Fatalf("half a file: %v, %v", changed, err)
			}
		}
	}
	if errs := l.end(); errs != nil {
		t.Errorf("%d kinds of failures, such as %v", len(errs), errs[0])
	}
	t.Logf("%d requests, at least %d reloads", l.count(200), reloads)
	if l.count(200) < requests {
		t.Errorf("%d requests only", l.count(200))
	}
}

// A file that changes is noticed; the server says which bytes answer.
func TestWatch(t *testing.T) {
	files := tinyModels(t)
	file := filepath.Join(t.TempDir(), "tiny.model")
	replace(t, file, files[0])
	s, h := serving(t, Config{Models: []Source{{Name: "tiny", File: file}, {Name: "tiny", Version: "2", File: file}}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go s.Watch(ctx, 10*time.Millisecond)
	revision := func(version string) string {
		m, err := s.models.find("tiny", version)
		if err != nil {
			t.Fatal(err)
		}
		return m.Revision
	}
	first := revision("2")
	replace(t, file, files[1])
	// A look at the files that is under way may find version 1's as it was.
	waitFor(t, "the new file is read", func() bool { return revision("1") != first && revision("2") != first })
	second := revision("2")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if _, got, _ := ask(t, "POST", h.URL+"/v1/classify", `{"text":"a good film","version":"1"}`); !strings.Contains(got, `"revision":"`+second+`"`) {
		t.Errorf("without its file: %s", got)
	}
	if _, got, _ := ask(t, "GET", h.URL+"/v2/models/tiny", ""); !strings.Contains(got, `"versions":["1","2"]`) {
		t.Errorf("versions: %s", got)
	}
}

// A server that is told to stop under load answers all that it has admitted.
func TestStopUnderLoad(t *testing.T) {
	for _, drain := range []time.Duration{0, 200 * time.Millisecond} {
		s, addr, stop := listening(t, Config{Drain: drain})
		var l load
		text := strings.Repeat("a good film and a bad one ", 20)
		l.start(16, "http://"+addr+"/v1/classify", `{"text":"`+text+`"}`, func(status int, got string) error {
			if status != 200 {
				return fmt.Errorf("status %d, %s", status, got)
			}
			return nil
		})
		waitFor(t, "requests are answered", func() bool { return l.total() > 200 })
		if drain > 0 {
			go func() {
				for !s.draining.Load() {
					time.Sleep(time.Millisecond)
				}
				if s.draining.Load() && l.total() == 0 {
					t.Error("nothing was answered")
				}
			}()
		}
		if err := stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		for _, err := range l.end() { // once the server is gone nothing can be asked
			var op *net.OpError
			// The last is what net/http says where the connection ends before the request is begun.
			closed := errors.As(err, &op) || errors.Is(err, io.EOF) || strings.HasSuffix(err.Error(), "http: server closed idle connection")
			if !closed || strings.Contains(err.Error(), "status") {
				t.Errorf("drain %v: %v", drain, err)
			}
		}
		answered := int64(0)
		for _, f := range gather(t, s) {
			if f.status == "200" {
				answered += int64(f.n)
			} else {
				t.Errorf("drain %v: %v requests ended with status %s", drain, f.n, f.status)
			}
		}
		if got := l.count(200); got != answered {
			t.Errorf("drain %v: the server answered %d, the clients have %d", drain, answered, got)
		}
	}
}

type counted struct {
	status string
	n      float64
}

// gather reads the counter of requests.
func gather(t *testing.T, s *Server) (out []counted) {
	t.Helper()
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "textlstm_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			out = append(out, counted{m.GetLabel()[0].GetValue(), m.GetCounter().GetValue()})
		}
	}
	return out
}

// More than the server can bear: what it admits is answered, the rest is told to come
// again, and the queue stays within its bound.
func TestOverload(t *testing.T) {
	s, h := serving(t, Config{MaxQueue: 32, MaxBatch: 8, Workers: 1})
	text := strings.Repeat("a good film and a bad one ", 40)
	var l load
	l.start(64, h.URL+"/v1/classify", `{"texts":["`+text+`","`+text+`"]}`, func(status int, got string) error {
		if status != 200 && status != 429 || status == 200 && strings.Count(got, `"id"`) != 2 || status == 429 && !strings.Contains(got, `"code":"busy"`) {
			return fmt.Errorf("status %d, %.300s", status, got)
		}
		return nil
	})
	most := int64(0)
	for l.count(200) < 50 || l.count(429) < 50 {
		most = max(most, s.queue.waiting.Load())
		time.Sleep(time.Millisecond)
	}
	if errs := l.end(); errs != nil {
		t.Errorf("%d kinds of failures, such as %v", len(errs), errs[0])
	}
	if most > 32+128 { // a request that is refused counts for a moment
		t.Errorf("%d texts in a queue of 32", most)
	}
	if left := s.queue.waiting.Load(); left != 0 {
		t.Errorf("%d texts are left", left)
	}
	t.Logf("%d answered, %d refused", l.count(200), l.count(429))
}

// Requests that come together are answered together.
func TestBatches(t *testing.T) {
	s, h := serving(t, Config{MaxDelay: 300 * time.Millisecond, MaxBatch: 16, Workers: 1})
	var together sync.WaitGroup
	begin := time.Now()
	for range 16 {
		together.Go(func() {
			if status, got, _ := ask(t, "POST", h.URL+"/v1/classify", `{"text":"good"}`); status != 200 {
				t.Errorf("status %d, %s", status, got)
			}
		})
	}
	together.Wait()
	if took := time.Since(begin); took > 250*time.Millisecond {
		t.Logf("a full batch waited: %v", took)
	}
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "textlstm_batch_texts" {
			if h := f.GetMetric()[0].GetHistogram(); h.GetSampleCount() > 4 || h.GetSampleSum() != 16 {
				t.Errorf("%d batches of %v texts in all", h.GetSampleCount(), h.GetSampleSum())
			}
		}
	}
}

// passed is a context whose time has passed, but whose channel does not say so yet.
type passed struct{ context.Context }

func (passed) Err() error { return context.DeadlineExceeded }

// A request whose time has passed gets no answer, not even when the workers, who pass over
// its texts, are done with them first.
func TestNoAnswerWithoutPredictions(t *testing.T) {
	s, _ := serving(t, Config{Workers: 1})
	m, err := s.models.find("", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.queue.ask(passed{context.Background()}, m, []string{"good"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("answers %+v, error %v", got, err)
	}
}

// Who has an answer finds the places free that its texts had.
func TestPlacesAreFreeAfterAnAnswer(t *testing.T) {
	s, _ := serving(t, Config{Workers: 1, MaxQueue: 2})
	m, err := s.models.find("", "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		if _, err := s.queue.ask(t.Context(), m, []string{"good", "bad"}); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
}

// A model that panics fails the requests of its batch, and the server goes on.
func TestPanicsAreContained(t *testing.T) {
	s, h := serving(t, Config{Workers: 1})
	broken := &model{Model: new(classify.Model)}
	if _, err := s.queue.ask(t.Context(), broken, []string{"a"}); err == nil || !strings.Contains(err.Error(), "the model failed") {
		t.Errorf("error %v", err)
	}
	s.mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("secret") })
	if status, got, _ := ask(t, "GET", h.URL+"/panic", ""); status != 500 || strings.Contains(got, "secret") || !strings.Contains(got, `"code":"internal"`) {
		t.Errorf("a handler that panics: status %d, %s", status, got)
	}
	if status, _, _ := ask(t, "POST", h.URL+"/v1/classify", `{"text":"good"}`); status != 200 {
		t.Errorf("afterwards: status %d", status)
	}
}

func TestConfigValidate(t *testing.T) {
	m := embedded(t)
	err := Config{
		Models:   []Source{{Name: "a/b", Model: m}, {Name: "a", Model: m}, {Name: "a", Version: "1", Model: m}, {Name: "c"}},
		MaxQueue: -1, Tokens: []string{"short"},
	}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"a/b"`, "a has version 1 twice", "model c: want either", "MaxQueue -1", "token 1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if _, err := New(Config{Models: []Source{{Name: "a", File: filepath.Join(t.TempDir(), "none")}}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

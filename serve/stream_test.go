package serve

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/jsonapi"
)

// streamOf is a stream of s that answers to w, outside a server.
func streamOf(t *testing.T, s *Server, w http.ResponseWriter) *streaming {
	t.Helper()
	r := httptest.NewRequest("POST", "/v1/classify", http.NoBody)
	r = r.WithContext(context.WithValue(t.Context(), noteKey{}, &note{lease: lease{of: s.bodies}}))
	st, err := s.newStreaming(w, r, jsonapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// A line without an answer in time says so, as a request of its own would; the lines that
// are then tried one by one count once.
func TestStreamDeadline(t *testing.T) {
	var log bytes.Buffer
	s, _ := serving(t, Config{Timeout: time.Nanosecond, LogTexts: true, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	w := httptest.NewRecorder()
	st := streamOf(t, s, w)
	batch := []line{{number: 1, text: jsonapi.Text{Text: "good"}}, {number: 2, text: jsonapi.Text{Text: "bad"}}}
	if err := st.answer(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	for i, got := range strings.Split(strings.TrimSpace(w.Body.String()), "\n") {
		if !strings.Contains(got, `"code":"deadline"`) || !strings.Contains(got, fmt.Sprintf(`"field":"line %d"`, i+1)) {
			t.Errorf("line %d: %s", i+1, got)
		}
	}
	if n := noteOf(st.request).texts; n != 2 || strings.Count(log.String(), `"msg":"text"`) != 2 {
		t.Errorf("%d texts are counted, want 2; the log:\n%s", n, &log)
	}
}

// A live stream is one that is being sent.
type live struct {
	to   *io.PipeWriter
	resp *http.Response
	from *bufio.Reader
}

// send begins a stream with a line.
func send(t *testing.T, url, line string) *live {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // what hangs fails
	t.Cleanup(cancel)
	context.AfterFunc(ctx, func() { w.Close() })
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/classify", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	go io.WriteString(w, line+"\n")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &live{to: w, resp: resp, from: bufio.NewReader(resp.Body)}
}

// answer reads one answer.
func (l *live) answer(t *testing.T) string {
	t.Helper()
	got, err := l.from.ReadString('\n')
	if err != nil {
		t.Fatalf("answer %q, %v", got, err)
	}
	return got
}

// A stream that its context ends is cut off: the answer does not look whole, though the
// client goes on.
func TestStreamOfAnEndedContext(t *testing.T) {
	s, _ := serving(t, Config{})
	var end context.CancelFunc
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		end = cancel
		s.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer h.Close()
	l := send(t, h.URL, `"first"`)
	l.answer(t)
	end()
	io.WriteString(l.to, "\n")
	if got, err := io.ReadAll(l.from); err == nil {
		t.Errorf("the answer ends well: %q", got)
	}
}

// A panic within a stream ends it as what it is, before and after its first answer, and
// nobody reads its body any more.
func TestStreamThatPanics(t *testing.T) {
	boom := func(*classify.Model) func(string) string {
		return func(text string) string {
			if text == "boom" {
				panic(text)
			}
			return ""
		}
	}
	s, _ := serving(t, Config{Foreign: boom})
	var reading atomic.Int64
	ended := make(chan int64, 2) // how many read when the handler ended
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := r.Body
		r.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
			reading.Add(1)
			defer reading.Add(-1)
			return body.Read(p)
		}))
		defer func() { ended <- reading.Load() }()
		s.ServeHTTP(w, r)
	}))
	defer h.Close()
	l := send(t, h.URL, `"boom"`)
	if got := l.answer(t); l.resp.StatusCode != 500 || !l.resp.Close || !strings.Contains(got, `"code":"internal"`) {
		t.Errorf("at once: status %d, closed %t, %s", l.resp.StatusCode, l.resp.Close, got)
	}
	l = send(t, h.URL, `"first"`)
	l.answer(t)
	io.WriteString(l.to, "\"boom\"\n")
	if got, err := io.ReadAll(l.from); err == nil {
		t.Errorf("in the middle: the answer ends well: %q", got)
	}
	for range 2 {
		if n := <-ended; n != 0 {
			t.Error("the body is still being read after the end of its request")
		}
	}
}

// deadlines counts those that are set, and tells what is flushed.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write atomic.Int64
	flushed     chan struct{}
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	if !at.IsZero() {
		d.read.Add(1)
	}
	return nil
}

func (d *deadlines) SetWriteDeadline(time.Time) error {
	d.write.Add(1)
	return nil
}

func (d *deadlines) Flush() { d.flushed <- struct{}{} }

// countDeadlines returns a writer that has room for a few flushes.
func countDeadlines() *deadlines {
	return &deadlines{ResponseRecorder: httptest.NewRecorder(), flushed: make(chan struct{}, 8)}
}

// A body that does not come in time is told by a line, and then cut off. Its connection
// ends the context, too.
func TestStreamThatStalls(t *testing.T) {
	s, _ := serving(t, Config{})
	for range 10 { // two things happen at once
		ctx, cancel := context.WithCancel(t.Context())
		w := countDeadlines()
		stalls := readerFunc(func([]byte) (int, error) {
			<-w.flushed
			cancel()
			return 0, os.ErrDeadlineExceeded
		})
		r := httptest.NewRequestWithContext(ctx, "POST", "/v1/classify", io.MultiReader(strings.NewReader("\"first\"\n"), stalls))
		r.Header.Set("Content-Type", "application/x-ndjson")
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("the handler ends with %v", p)
				}
			}()
			s.ServeHTTP(w, r)
		}()
		lines := strings.Split(w.Body.String(), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[0], `{"id":"1"`) || !strings.Contains(lines[1], `"code":"too_slow","field":"line 2"`) {
			t.Fatalf("answers %q", lines)
		}
	}
}

// Streams that send little take little of the memory of all bodies; a long line takes its
// bytes until it is answered, and is refused by itself where there are none.
func TestStreamsAreBounded(t *testing.T) {
	s, h := serving(t, Config{MaxBody: 1 << 20, MaxBodies: 1 << 20})
	var streams []*live
	for range 16 {
		l := send(t, h.URL, `"first"`)
		l.answer(t)
		streams = append(streams, l)
	}
	const idle = 16 * 4 * buffered
	used := func(n int64) func() bool { return func() bool { return s.bodies.used.Load() == n } }
	waitFor(t, "idle streams take what they last with", used(idle))
	if status, got, _ := ask(t, "POST", h.URL+"/v1/classify", `{"text":"good"}`); status != 200 {
		t.Errorf("beside idle streams: status %d, %s", status, got)
	}

	l := streams[0]
	long := `"` + strings.Repeat("long ", 4*buffered/5)
	io.WriteString(l.to, long)
	waitFor(t, "a long line takes its bytes", func() bool { return s.bodies.used.Load() >= idle+3*buffered })
	io.WriteString(l.to, "\"\n")
	if got := l.answer(t); !strings.HasPrefix(got, `{"id":"2"`) {
		t.Errorf("a long line: %s", got)
	}
	waitFor(t, "a line that is answered gives them back", used(idle))

	rest := lease{of: s.bodies}
	if !rest.take(s.bodies.most - idle - 2*buffered) {
		t.Fatal("no room")
	}
	io.WriteString(l.to, long+"\"\n\"short\"\n")
	if got := l.answer(t); !strings.Contains(got, `"code":"busy","field":"line 3"`) {
		t.Errorf("a long line without room: %s", got)
	}
	if got := l.answer(t); !strings.HasPrefix(got, `{"id":"4"`) {
		t.Errorf("a short line after it: %s", got)
	}
	rest.giveBack()
	for _, l := range streams {
		l.to.Close()
		if got, err := io.ReadAll(l.from); err != nil || len(got) != 0 {
			t.Errorf("at the end: %q, %v", got, err)
		}
	}
	waitFor(t, "all is given back", used(0))
}

// Lines that are answered together take their bytes until they are; without room for
// them, fewer are.
func TestStreamGathers(t *testing.T) {
	s, _ := serving(t, Config{MaxBatch: 4, MaxBody: 4000, MaxBodies: 1 << 20})
	st := streamOf(t, s, httptest.NewRecorder())
	idle := s.bodies.used.Load()
	for _, test := range []struct {
		name      string
		room      int64
		sizes     []int64
		together  []int
		mostTaken int64
	}{
		{"lines of a batch", 1 << 19, []int64{1, 2, 3, 4, 5, 6}, []int{4, 2}, 2 + 3 + 4},
		{"bytes of a body", 1 << 19, []int64{1000, 1000, 2000, 1000}, []int{3, 1}, 1000 + 2000},
		{"no room", 1500, []int64{1000, 1000, 1000, 1000}, []int{3, 1}, 1000},
	} {
		rest := lease{of: s.bodies}
		if !rest.take(s.bodies.most - idle - test.room) {
			t.Fatal("no room")
		}
		before := s.bodies.used.Load()
		lines := make(chan line, len(test.sizes))
		for _, n := range test.sizes {
			lines <- line{bytes: n}
		}
		close(lines)
		var together []int
		most := int64(0)
		for batch := range st.gathered(lines) {
			together = append(together, len(batch))
			most = max(most, s.bodies.used.Load()-before)
		}
		if !slices.Equal(together, test.together) || most != test.mostTaken || s.bodies.used.Load() != before {
			t.Errorf("%s: %v together, want %v; %d bytes, want %d", test.name, together, test.together, most, test.mostTaken)
		}
		rest.giveBack()
	}
}

// Blank lines do not put off the time within which the next line must come.
func TestBlankLinesAreNoLines(t *testing.T) {
	s, _ := serving(t, Config{})
	r := httptest.NewRequest("POST", "/v1/classify", strings.NewReader("\n \n\n\"good\"\n\n\r\n\n"))
	r.Header.Set("Content-Type", "application/x-ndjson")
	w := countDeadlines()
	s.ServeHTTP(w, r)
	if n := w.read.Load(); n != 2 || !strings.HasPrefix(w.Body.String(), `{"id":"4"`) {
		t.Errorf("%d deadlines, want one for each of two lines: %s", n, w.Body)
	}
}

// However late the body ends after its last line, there is time to write the end of the
// answer.
func TestStreamEndsLate(t *testing.T) {
	s, _ := serving(t, Config{})
	w := countDeadlines()
	late := readerFunc(func([]byte) (int, error) {
		<-w.flushed
		return 0, io.EOF
	})
	r := httptest.NewRequest("POST", "/v1/classify", io.MultiReader(strings.NewReader("\"good\"\n"), late))
	r.Header.Set("Content-Type", "application/x-ndjson")
	s.ServeHTTP(w, r)
	if n := w.write.Load(); n != 2 || !strings.HasPrefix(w.Body.String(), `{"id":"1"`) {
		t.Errorf("%d deadlines, want one for the answer and one for its end: %s", n, w.Body)
	}
}

// A stream that is refused hears so at once, not when it ends.
func TestRefusedStream(t *testing.T) {
	_, h := serving(t, Config{})
	body, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // what hangs fails
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "POST", h.URL+"/v1/classify?model=none", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	go w.Write([]byte("\"good\"\n"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", resp.StatusCode)
	}
}

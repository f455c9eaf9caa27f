package serve

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/textlstm/textlstm/internal/jsonapi"
)

// A refusal is a request and the error that it must get.
type refusal struct {
	name, method, path, body string
	header                   []string
	status                   int
	field                    string
}

const longText = 200_000

func refusals() []refusal {
	infer := "/v2/models/default/infer"
	v2 := func(inputs string) string { return `{"inputs":[` + inputs + `]}` }
	nested := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	return []refusal{
		{"no JSON", "POST", "/v1/classify", "hello", nil, 400, ""},
		{"no body", "POST", "/v1/classify", "", nil, 400, ""},
		{"half a body", "POST", "/v1/classify", `{"text":"a`, nil, 400, ""},
		{"two values", "POST", "/v1/classify", `{"text":"a"}{}`, nil, 400, ""},
		{"deep JSON", "POST", "/v1/classify", `{"texts":` + nested + `}`, nil, 400, ""},
		{"deep text", "POST", "/v1/classify", `{"texts":[` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `]}`, nil, 400, "texts[0]"},
		{"unknown field", "POST", "/v1/classify", `{"text":"a","explian":true}`, nil, 400, "explian"},
		{"null text", "POST", "/v1/classify", `{"texts":["a",null]}`, nil, 400, "texts[1]"},
		{"number for a text", "POST", "/v1/classify", `{"texts":[{"text":3}]}`, nil, 400, "texts[0].text"},
		{"text and texts", "POST", "/v1/classify", `{"text":"a","texts":["b"]}`, nil, 400, "text"},
		{"probability", "POST", "/v1/classify", `{"text":"a","abstain":1.5}`, nil, 400, "abstain"},
		{"word for a truth", "POST", "/v1/classify", `{"text":"a","sentences":"yes"}`, nil, 400, "sentences"},
		{"unknown head", "POST", "/v1/classify", `{"text":"a","heads":["mood"]}`, nil, 400, "heads[0]"},
		{"unknown model", "POST", "/v1/classify", `{"text":"a","model":"../../etc/passwd"}`, nil, 404, "model"},
		{"unknown version", "POST", "/v1/classify", `{"text":"a","version":"9"}`, nil, 404, "version"},
		{"too many texts", "POST", "/v1/classify", `{"texts":[` + strings.Repeat(`"a",`, 2000) + `"a"]}`, nil, 413, "texts"},
		{"far too many texts", "POST", "/v1/classify", `{"texts":[` + strings.Repeat(`"",`, 70_000) + `""]}`, nil, 413, "texts"},
		{"long text", "POST", "/v1/classify", `{"texts":["b","` + strings.Repeat("a", longText) + `"]}`, nil, 413, "texts[1]"},
		{"long text alone", "POST", "/v1/classify", `{"text":"` + strings.Repeat("a", longText) + `"}`, nil, 413, "text"},
		{"unknown label", "POST", "/v1/explain", `{"text":"a","label":"happy"}`, nil, 400, "label"},
		{"explain an unknown head", "POST", "/v1/explain", `{"text":"a","head":"mood"}`, nil, 400, "head"},
		{"stream option", "POST", "/v1/classify?abstain=x", "", []string{"Content-Type", "application/x-ndjson"}, 400, "abstain"},
		{"stream model", "POST", "/v1/classify?model=x", "", []string{"Content-Type", "application/x-ndjson"}, 404, "model"},
		{"deadline that is none", "POST", "/v1/classify", `{"text":"a"}`, []string{"Request-Timeout", "soon"}, 400, "Request-Timeout"},
		{"deadline that has passed", "POST", "/v1/classify", `{"text":"a"}`, []string{"Request-Timeout", "1e-9"}, 504, ""},
		{"encoding", "POST", "/v1/classify", `{"text":"a"}`, []string{"Content-Encoding", "br"}, 415, "Content-Encoding"},
		{"no gzip", "POST", "/v1/classify", `{"text":"a"}`, []string{"Content-Encoding", "gzip"}, 400, "Content-Encoding"},
		{"gzip bomb", "POST", "/v1/classify", zipped(strings.Repeat(" ", 9<<20)), []string{"Content-Encoding", "gzip"}, 413, ""},

		{"no input", "POST", infer, v2(``), nil, 400, "inputs"},
		{"two inputs", "POST", infer, v2(`{"name":"text"},{"name":"text"}`), nil, 400, "inputs"},
		{"wrong input", "POST", infer, v2(`{"name":"ids","datatype":"INT64","shape":[1],"data":[1]}`), nil, 400, "inputs"},
		{"wrong type", "POST", infer, v2(`{"name":"text","datatype":"FP32","shape":[1],"data":[1]}`), nil, 400, "inputs[0].datatype"},
		{"no shape", "POST", infer, v2(`{"name":"text","datatype":"BYTES","data":["a"]}`), nil, 400, "inputs[0].shape"},
		{"wrong shape", "POST", infer, v2(`{"name":"text","datatype":"BYTES","shape":[3],"data":["a"]}`), nil, 400, "inputs[0].shape"},
		{"negative shape", "POST", infer, v2(`{"name":"text","datatype":"BYTES","shape":[-1],"data":["a"]}`), nil, 400, "inputs[0].shape"},
		{"huge shape", "POST", infer, v2(`{"name":"text","datatype":"BYTES","shape":[65536,65536,65536,65536],"data":["a"]}`), nil, 400, "inputs[0].shape"},
		{"number in data", "POST", infer, v2(`{"name":"text","datatype":"BYTES","shape":[2],"data":["a",1]}`), nil, 400, "inputs[0].data[1]"},
		{"deep data", "POST", infer, v2(`{"name":"text","datatype":"BYTES","shape":[1],"data":` + strings.Repeat("[", 50) + `"a"` + strings.Repeat("]", 50) + `}`), nil, 400, ""},
		{"unknown output", "POST", infer, `{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":["a"]}],"outputs":[{"name":"logits"}]}`, nil, 400, "outputs[0].name"},
		{"head length", "POST", infer, `{}`, []string{"Inference-Header-Content-Length", "99"}, 400, "Inference-Header-Content-Length"},
		{"head length below 0", "POST", infer, `{}`, []string{"Inference-Header-Content-Length", "-1"}, 400, "Inference-Header-Content-Length"},
		{"length beyond the tensor", "POST", infer, binaryInfer(8, "\xff\xff\xff\xffabcd"), []string{"Inference-Header-Content-Length", "107"}, 400, "inputs[0]"},
		{"half a length", "POST", infer, binaryInfer(2, "\x01\x00"), []string{"Inference-Header-Content-Length", "107"}, 400, "inputs[0]"},
		{"size that is not the data's", "POST", infer, binaryInfer(9, "\x01\x00\x00\x00a"), []string{"Inference-Header-Content-Length", "107"}, 400, "inputs[0].parameters.binary_data_size"},
		{"path tricks", "POST", "/v2/models/..%2f..%2fetc%2fpasswd/infer", `{}`, nil, 404, "model"},

		{"Hugging Face inputs", "POST", "/", `{"inputs":{"a":1}}`, nil, 400, "inputs"},
		{"Hugging Face input", "POST", "/", `{"inputs":["a",2]}`, nil, 400, "inputs[1]"},
		{"top_k", "POST", "/", `{"inputs":"a","parameters":{"top_k":-1}}`, nil, 400, "parameters.top_k"},
		{"another function", "POST", "/", `{"inputs":"a","parameters":{"function_to_apply":"none"}}`, nil, 400, "parameters.function_to_apply"},
		{"no instances", "POST", "/v1/models/default:predict", `{}`, nil, 400, "instances"},
		{"instance", "POST", "/v1/models/default:predict", `{"instances":["a",2]}`, nil, 400, "instances[1]"},
		{"deep instance", "POST", "/v1/models/default:predict", `{"instances":[` + strings.Repeat(`{"text":`, 9000) + `"a"` + strings.Repeat("}", 9000) + `]}`, nil, 400, "instances[0]"},
		{"no base64", "POST", "/v1/models/default:predict", `{"instances":[{"b64":"%"}]}`, nil, 400, "instances[0]"},
		{"signature", "POST", "/v1/models/default:predict", `{"signature_name":"x","instances":["a"]}`, nil, 400, "signature_name"},
		{"verb", "POST", "/v1/models/default:train", `{}`, nil, 404, ""},
		{"method", "DELETE", "/v1/classify", ``, nil, 405, ""},
		{"no such path", "GET", "/.git/config", ``, nil, 404, ""},
		{"page of another site", "POST", "/v1/classify", `{"text":"a"}`, []string{"Origin", "https://evil.example"}, 403, "Origin"},
		{"request of another site", "POST", "/v1/classify", `{"text":"a"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "Origin"},
	}
}

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// binaryInfer is a request whose JSON has 107 bytes.
func binaryInfer(size int, data string) string {
	return fmt.Sprintf("%-107s", fmt.Sprintf(`{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":%d}}]}`, size)) + data
}

// Whatever is wrong with a request, its answer says what and where, and the server goes on.
func TestRefusals(t *testing.T) {
	_, h := serving(t, Config{})
	for _, r := range refusals() {
		t.Run(r.name, func(t *testing.T) {
			status, got, header := ask(t, r.method, h.URL+r.path, r.body, r.header...)
			var e jsonapi.Error
			if err := json.Unmarshal([]byte(got), &e); err != nil {
				t.Fatalf("status %d, %v: %.300s", status, err, got)
			}
			if status != r.status || e.Field != r.field && r.name != "deep data" || e.Message == "" || e.Code == "" || e.Request != header.Get("X-Request-Id") {
				t.Errorf("status %d, want %d; field %q, want %q: %.300s", status, r.status, e.Field, r.field, got)
			}
			if len(got) > 1000 {
				t.Errorf("an error of %d bytes", len(got))
			}
		})
	}
	if status, _, _ := ask(t, "POST", h.URL+"/v1/classify", `{"text":"good"}`); status != 200 {
		t.Errorf("afterwards: status %d", status)
	}
}

// However a body is made of small values, a request takes no more memory than some times
// its bytes: many may come at once.
func TestManyValues(t *testing.T) {
	s, _ := serving(t, Config{})
	const size = 4 << 20
	many := func(before, value, after string) string {
		return before + strings.Repeat(value+",", size/(len(value)+1)) + value + after
	}
	for name, tt := range map[string]struct{ path, body string }{
		"inputs":             {"/v2/models/default/infer", many(`{"inputs":[`, "{}", "]}")},
		"outputs":            {"/v2/models/default/infer", many(`{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":["a"]}],"outputs":[`, "{}", "]}")},
		"parameters":         {"/v2/models/default/infer", many(`{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":["a"]}],"parameters":{"a":[`, "[]", "]}}")},
		"parameters of one":  {"/v2/models/default/infer", many(`{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":["a"],"parameters":{"a":[`, "{}", "]}}]}")},
		"shape":              {"/v2/models/default/infer", many(`{"inputs":[{"name":"text","datatype":"BYTES","data":["a"],"shape":[`, "1", "]}]}")},
		"data":               {"/v2/models/default/infer", many(`{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":[`, `""`, "]}]}")},
		"texts":              {"/v1/classify", many(`{"texts":[`, `""`, "]}")},
		"heads":              {"/v1/classify", many(`{"text":"a","heads":[`, `""`, "]}")},
		"heads of a reading": {"/v1/classify", many(`{"text":"a","heads":[`, `[]`, "]}")},
		"instances":          {"/v1/models/default:predict", many(`{"instances":[`, "{}", "]}")},
		"Hugging Face":       {"/models/default", many(`{"inputs":[`, `""`, "]}")},
	} {
		r := httptest.NewRequest(http.MethodPost, tt.path, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		if w.Code/100 != 4 || w.Body.Len() > 1000 {
			t.Errorf("%s: %d, %.200s", name, w.Code, w.Body)
		}
		if made := after.TotalAlloc - before.TotalAlloc; made > 20*size { // all that was taken, one after the other
			t.Errorf("%s: %d MiB of memory for %d", name, made>>20, size>>20)
		}
	}
}

// A body without end is refused when it is larger than bodies may be, in bounded memory.
func TestEndlessBody(t *testing.T) {
	s, h := serving(t, Config{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, header := range []string{"", "gzip"} {
		var sent atomic.Int64
		endless := readerFunc(func(p []byte) (int, error) {
			if sent.Add(int64(len(p))) > 1<<30 {
				return 0, io.EOF
			}
			for i := range p {
				p[i] = ' '
			}
			return len(p), nil
		})
		req, err := http.NewRequestWithContext(t.Context(), "POST", h.URL+"/v1/classify", endless)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Encoding", header)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if want := map[string]int{"": 413, "gzip": 400}[header]; resp.StatusCode != want {
				t.Errorf("%q: status %d, want %d", header, resp.StatusCode, want)
			}
		} // else the connection was closed while the client was still sending
		if sent.Load() > 64<<20 {
			t.Errorf("%q: %d bytes were taken", header, sent.Load())
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 100<<20 {
		t.Errorf("%d bytes were allocated", taken)
	}
	waitFor(t, "the memory of bodies is given back", func() bool { return s.bodies.used.Load() == 0 })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// The memory of all bodies together is bounded: more are refused and may try again.
func TestBodiesAreBounded(t *testing.T) {
	s, h := serving(t, Config{MaxBody: 1 << 20, MaxBodies: 1 << 20})
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", h.URL+"/v1/classify", r)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			done <- 0
			return
		}
		resp.Body.Close()
		done <- resp.StatusCode
	}()
	go io.WriteString(w, strings.Repeat(" ", 900<<10))
	waitFor(t, "the first body is being read", func() bool { return s.bodies.used.Load() > 900<<10 })
	status, got, header := ask(t, "POST", h.URL+"/v1/classify", `{"text":"`+strings.Repeat("a ", 40_000)+`"}`)
	if status != 429 || header.Get("Retry-After") == "" || !strings.Contains(got, `"code":"busy"`) {
		t.Errorf("second body: status %d, %s, %v", status, got, header)
	}
	io.WriteString(w, `{"text":"a"}`)
	w.Close()
	if status := <-done; status != 200 {
		t.Errorf("first body: status %d", status)
	}
}

// What speaks no HTTP, or speaks it slowly, or stops in the middle, harms nobody else.
func TestRawConnections(t *testing.T) {
	s, addr, stop := listening(t, Config{Timeout: time.Second})
	defer stop()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	const head = "POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, test := range map[string]struct{ send, answer string }{
		"no HTTP":           {"\x16\x03\x01\x02\x00garbage\r\n\r\n", "HTTP/1.1 400"},
		"header flood":      {head + strings.Repeat("X-A: "+strings.Repeat("b", 1000)+"\r\n", 100) + "\r\n", "HTTP/1.1 431"},
		"two lengths":       {head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "HTTP/1.1 400"},
		"length and chunks": {head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400"},
		"negative length":   {head + "Content-Length: -3\r\n\r\n", "HTTP/1.1 400"},
		"1 GB announced":    {head + "Content-Length: 1073741824\r\n\r\n{", "HTTP/1.1 413"},
		"wrong chunk":       {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
		"no host":           {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
		"path tricks":       {"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 307"}, // to /etc/passwd, which is not there
		"half closed":       {head + "Content-Length: 12\r\n\r\n{\"text\":\"a\"}", "HTTP/1.1 "},    // 200, or 408: it may have gone
	} {
		t.Run(name, func(t *testing.T) {
			c := dial()
			io.WriteString(c, test.send)
			if name == "half closed" {
				c.(*net.TCPConn).CloseWrite()
			}
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
			line, err := bufio.NewReader(c).ReadString('\n')
			if !strings.HasPrefix(line, test.answer) {
				t.Errorf("answer %q, %v; want %s", line, err, test.answer)
			}
		})
	}
	var slow []net.Conn
	for range 100 { // slow loris: a header, and a body, that never end
		c := dial()
		io.WriteString(c, head+"X-Slow: ")
		slow = append(slow, c)
		c = dial()
		io.WriteString(c, head+"Content-Length: 100\r\n\r\n{")
		slow = append(slow, c)
	}
	for range 20 { // and those that leave before their answer
		c := dial()
		io.WriteString(c, head+"Content-Length: 12\r\n\r\n{\"text\":\"a\"}")
		c.Close()
	}
	if status, _, _ := ask(t, "POST", "http://"+addr+"/v1/classify", `{"text":"good"}`); status != 200 {
		t.Errorf("beside slow connections: status %d", status)
	}
	for _, c := range slow {
		c.Close()
	}
	waitFor(t, "all requests have ended", func() bool { return s.metrics.open.Load() == 0 && s.queue.waiting.Load() == 0 })
}

// Tokens: one of the file's is enough, anything else is refused, whatever its form.
func TestTokens(t *testing.T) {
	const token = "correct-horse-battery"
	_, h := serving(t, Config{Tokens: []string{"another-token-of-ours", token}})
	for value, want := range map[string]int{
		"Bearer " + token: 200, "Bearer another-token-of-ours": 200, "": 401, "Bearer": 401, "Bearer ": 401, "Basic " + token: 401, token: 401,
		"Bearer " + token + "x": 401, "Bearer " + token[1:]: 401, "bearer  " + token: 401, "Bearer " + strings.Repeat("x", 20_000): 401,
	} {
		status, got, header := ask(t, "POST", h.URL+"/v1/classify", `{"text":"a"}`, "Authorization", value)
		if status != want || (status == 401) != (header.Get("WWW-Authenticate") == "Bearer") || strings.Contains(got, token) {
			t.Errorf("%.40q: status %d, want %d: %s", value, status, want, got)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/v2/health/ready": 200, "/": 200, "/page.js": 200, "/metrics": 401, "/v1/models": 401, "/debug/pprof/": 401} {
		if status, _, _ := ask(t, "GET", h.URL+path, ""); status != want {
			t.Errorf("GET %s: status %d, want %d", path, status, want)
		}
	}
}

// Pages of the origins that are named may ask, and nobody else's.
func TestOrigins(t *testing.T) {
	_, h := serving(t, Config{Origins: []string{"https://example.org"}})
	for origin, want := range map[string]int{"https://example.org": 200, "https://example.com": 403, "null": 403} {
		status, _, header := ask(t, "POST", h.URL+"/v1/classify", `{"text":"a"}`, "Origin", origin, "Sec-Fetch-Site", "cross-site")
		allowed := header.Get("Access-Control-Allow-Origin")
		if status != want || (allowed == origin) != (want == 200) {
			t.Errorf("%s: status %d, want %d; allowed %q", origin, status, want, allowed)
		}
		_, _, header = ask(t, "OPTIONS", h.URL+"/v1/classify", "", "Origin", origin, "Access-Control-Request-Method", "POST")
		if got := header.Get("Access-Control-Allow-Methods"); (got != "") != (want == 200) {
			t.Errorf("%s: preflight allows %q", origin, got)
		}
	}
	_, _, header := ask(t, "GET", h.URL+"/", "")
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if header.Get(name) != want {
			t.Errorf("%s: %q", name, header.Get(name))
		}
	}
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if status, _, _ := ask(t, "GET", h.URL+"/debug/pprof/", ""); status != 404 {
		t.Errorf("pprof, not asked for: status %d", status)
	}
}

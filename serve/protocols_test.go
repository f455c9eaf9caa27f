package serve

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/pretrained/langid"
	"github.com/textlstm/textlstm/pretrained/multilingual"
	"github.com/textlstm/textlstm/train"
)

func embedded(t testing.TB) *classify.Model {
	t.Helper()
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// serving starts a server of the embedded model, called default unless c names others.
func serving(t testing.TB, c Config) (*Server, *httptest.Server) {
	t.Helper()
	if c.Models == nil {
		c.Models = []Source{{Name: "default", Model: embedded(t)}}
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		h.Close()
		s.Close()
	})
	return s, h
}

// ask sends a request and returns the status and body of its answer.
func ask(t testing.TB, method, url, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

var someTexts = []string{
	"A wonderful, moving film. The acting is superb.", "", "The room was cold & the \"service\" awful!", "schade 😀", "Shares of the bank fell by 3 %.",
}

// records are what sentiment classify prints of texts, without the object around.
func records(t *testing.T, m *classify.Model, texts []string, o answer.Options) string {
	t.Helper()
	var b strings.Builder
	w := answer.NewWriter(&b, m.Heads(), o, true)
	each := func(yield func(answer.Text) bool) {
		for i, text := range texts {
			if !yield(answer.Text{ID: strconv.Itoa(i + 1), Text: text}) {
				return
			}
		}
	}
	for r, err := range answer.All(t.Context(), m, each, o) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The records are the command's, byte for byte, with every option.
func TestClassify(t *testing.T) {
	m := embedded(t)
	_, h := serving(t, Config{})
	const before = `{"model":"default","version":"1","revision":"","results":`
	for options, o := range map[string]answer.Options{
		``:                                 {},
		`,"sentences":true,"explain":true`: {Sentences: true, Explainer: explain.New(m)},
		`,"abstain":0.9,"model":"default"`: {Naming: answer.Naming{Abstain: 0.9}},
		`,"neutral":0.995,"version":"1"`:   {Naming: answer.Naming{Neutral: 0.995}},
	} {
		status, got, header := ask(t, "POST", h.URL+"/v1/classify", `{"texts":`+marshal(t, someTexts)+options+`}`)
		if diff := cmp.Diff(before+records(t, m, someTexts, o)+"}\n", got); status != 200 || diff != "" {
			t.Errorf("%s: status %d (-command +server):\n%s", options, status, diff)
		}
		if header.Get("Content-Type") != "application/json" || header.Get("X-Request-Id") == "" {
			t.Errorf("headers %v", header)
		}
	}
	status, got, _ := ask(t, "POST", h.URL+"/v1/classify", `{"text":"Fine.","heads":["topic"]}`)
	if status != 200 || strings.Contains(got, "sentiment") || !strings.Contains(got, `"topic":{"label":`) {
		t.Errorf("one head: status %d, %s", status, got)
	}
	status, got, _ = ask(t, "POST", h.URL+"/v1/classify", `{"texts":[{"id":"mine","text":"Fine."},"Bad."]}`)
	if status != 200 || !strings.Contains(got, `{"id":"mine","sentiment"`) || !strings.Contains(got, `{"id":"2","sentiment"`) {
		t.Errorf("ids: status %d, %s", status, got)
	}
	if status, got, _ = ask(t, "POST", h.URL+"/v1/classify", `{"texts":[]}`); status != 200 || got != before+"[]}\n" {
		t.Errorf("no texts: status %d, %s", status, got)
	}
}

// Texts of languages that the model does not read have no label, unless that is wanted.
func TestForeignTexts(t *testing.T) {
	m := embedded(t)
	_, h := serving(t, Config{Foreign: langid.ForeignTo})
	texts := []string{"Das Zimmer war sauber und das Personal sehr freundlich.", "The room was clean and the staff were friendly."}
	o := answer.Options{Foreign: langid.ForeignTo(m)}
	status, got, _ := ask(t, "POST", h.URL+"/v1/classify", `{"texts":`+marshal(t, texts)+`}`)
	if want := records(t, m, texts, o); status != 200 || !strings.Contains(got, want) || !strings.Contains(want, `"language":"de"`) {
		t.Errorf("status %d, %s, want %s", status, got, want)
	}
	_, got, _ = ask(t, "POST", h.URL+"/v1/classify", `{"any_language":true,"texts":`+marshal(t, texts)+`}`)
	if want := records(t, m, texts, answer.Options{}); !strings.Contains(got, want) {
		t.Errorf("any language: %s, want %s", got, want)
	}
	_, got, _ = ask(t, "POST", h.URL+"/v2/models/default/infer", `{"inputs":[{"name":"text","datatype":"BYTES","shape":[2],"data":`+marshal(t, texts)+`}],"outputs":[{"name":"sentiment"}]}`)
	if !strings.Contains(got, `"data":["","positive"]`) {
		t.Errorf("inference: %s", got)
	}
	_, got, _ = ask(t, "GET", h.URL+"/metrics", "")
	if !strings.Contains(got, `textlstm_foreign_texts_total{language="de",model="default",version="1"} 2`) {
		t.Error("the foreign texts are not counted")
	}
}

// Texts of languages that the model does not read are answered by the other model that its
// source has, in all protocols; it lacks the topic.
func TestForeignTextsOfAnother(t *testing.T) {
	m := embedded(t)
	other, err := multilingual.Model()
	if err != nil {
		t.Fatal(err)
	}
	_, h := serving(t, Config{Foreign: langid.ForeignTo, Models: []Source{{Name: "default", Model: m, Other: other}}})
	texts := []string{"So eine Frechheit, ich bin wirklich enttäuscht und wütend.", "The room was clean and the staff were friendly."}
	o := answer.Options{Foreign: langid.ForeignTo(m), Other: answer.ReadBy(multilingual.Model), Sentences: true}
	_, got, _ := ask(t, "POST", h.URL+"/v1/classify", `{"sentences":true,"texts":`+marshal(t, texts)+`}`)
	if want := records(t, m, texts, o); !strings.Contains(got, want) || strings.Count(want, `"language":"de"`) != 2 || strings.Count(want, `"label":null`) != 2 {
		t.Errorf("%s, want %s", got, want)
	}
	_, got, _ = ask(t, "POST", h.URL+"/v2/models/default/infer", `{"inputs":[{"name":"text","datatype":"BYTES","shape":[2],"data":`+marshal(t, texts)+`}],"outputs":[{"name":"sentiment"},{"name":"topic"},{"name":"topic_probs"}]}`)
	if !strings.Contains(got, `"data":["negative","positive"]`) || !strings.Contains(got, `"data":["","`) || !strings.Contains(got, `"data":[0,0,0,0,0.`) {
		t.Errorf("inference: %s", got)
	}
	_, got, _ = ask(t, "POST", h.URL+"/v1/models/default:predict", `{"instances":[`+marshal(t, texts[0])+`]}`)
	if !strings.Contains(got, `"sentiment":"negative"`) || !strings.Contains(got, `"topic_probs":[0,0,0,0]`) {
		t.Errorf("TensorFlow Serving: %s", got)
	}
	_, got, _ = ask(t, "POST", h.URL+"/models/default", `{"inputs":`+marshal(t, texts[0])+`}`)
	if !strings.HasPrefix(strings.TrimLeft(got, "["), `{"label":"negative"`) {
		t.Errorf("Hugging Face: %s", got)
	}
	_, got, _ = ask(t, "GET", h.URL+"/metrics", "")
	if !strings.Contains(got, `textlstm_texts_total{model="multilingual",version="1"} 5`) {
		t.Error("the texts of the other model are not counted")
	}
}

// An explanation is that of sentiment explain --output jsonl.
func TestExplain(t *testing.T) {
	m := embedded(t)
	_, h := serving(t, Config{})
	x, err := explain.New(m).Explain(t.Context(), someTexts[0], explain.Options{Head: "topic", Label: "Sports", Against: "World"})
	if err != nil {
		t.Fatal(err)
	}
	status, got, _ := ask(t, "POST", h.URL+"/v1/explain", `{"text":`+marshal(t, someTexts[0])+`,"head":"topic","label":"Sports","against":"World"}`)
	if diff := cmp.Diff(marshal(t, x)+"\n", got); status != 200 || diff != "" {
		t.Errorf("status %d (-command +server):\n%s", status, diff)
	}
}

// A stream has a line for each that comes in, in order, and those that are wrong are
// answered too.
func TestStream(t *testing.T) {
	m := embedded(t)
	_, h := serving(t, Config{MaxBatch: 3})
	var in, want strings.Builder
	for i := range 500 {
		text := fmt.Sprintf("Number %d is good.", i)
		fmt.Fprintf(&in, "%s\n", marshal(t, text))
		want.WriteString(strings.Trim(records(t, m, []string{text}, answer.Options{Sentences: true}), "[]\n") + "\n")
	}
	status, got, header := ask(t, "POST", h.URL+"/v1/classify?sentences=true", in.String(), "Content-Type", "application/x-ndjson")
	wanted := strings.Split(want.String(), "\n")
	lines := strings.Split(got, "\n")
	if status != 200 || len(lines) != len(wanted) || header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("status %d, %d lines, want %d, headers %v", status, len(lines), len(wanted), header)
	}
	for i, w := range wanted[:500] {
		w = strings.Replace(w, `{"id":"1"`, fmt.Sprintf(`{"id":"%d"`, i+1), 1)
		if diff := cmp.Diff(w, lines[i]); diff != "" {
			t.Fatalf("line %d (-command +server):\n%s", i+1, diff)
		}
	}
	in.Reset()
	in.WriteString("\"good\"\n\n{\"text\":\"bad\",\"id\":\"b\"}\n[1]\n\"" + strings.Repeat("long ", 200_000) + "\"\n{\"text\":1}\n\"the end\"")
	status, got, _ = ask(t, "POST", h.URL+"/v1/classify?heads=topic", in.String(), "Content-Type", "application/x-ndjson")
	for _, part := range []string{`{"id":"1","topic"`, `{"id":"b","topic"`, `"field":"line 4"`, `"field":"line 5"`, `"field":"line 6, text"`, `{"id":"7","topic"`} {
		before, after, ok := strings.Cut(got, part)
		if !ok || strings.Count(before, "\n") > 1 && !strings.HasSuffix(strings.TrimSuffix(before, "\n"), "}") {
			t.Fatalf("%s is not where it should be (status %d):\n%.2000s", part, status, got)
		}
		got = after
	}
}

// A stream answers a line before the next one comes.
func TestStreamIsLive(t *testing.T) {
	_, h := serving(t, Config{})
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", h.URL+"/v1/classify", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	go io.WriteString(w, "\"first\"\n")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	d := json.NewDecoder(resp.Body)
	for i := range 3 {
		var line struct{ ID string }
		if err := d.Decode(&line); err != nil || line.ID != strconv.Itoa(i+1) {
			t.Fatalf("line %d: %+v, %v", i, line, err)
		}
		if i < 2 {
			io.WriteString(w, "\"next\"\n")
		}
	}
	w.Close()
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

// The Open Inference Protocol: every output, as JSON and binary, is the model's.
func TestInference(t *testing.T) {
	m := embedded(t)
	_, h := serving(t, Config{})
	answers, err := m.PredictBatch(t.Context(), someTexts)
	if err != nil {
		t.Fatal(err)
	}
	n := len(someTexts)
	var labels []string
	var probs []float32
	for _, a := range answers {
		labels = append(labels, a.Label("sentiment"))
		probs = append(probs, a.Scores[0].Probs...)
	}
	url := h.URL + "/v2/models/default/versions/1/infer"
	wanted := `"outputs":[{"name":"sentiment"%[1]s},{"name":"sentiment_probs"%[1]s}]`
	status, got, _ := ask(t, "POST", url, fmt.Sprintf(`{"id":"7","inputs":[{"name":"text","datatype":"BYTES","shape":[%d,1],"data":%s}],%s}`, n, marshal(t, someTexts), fmt.Sprintf(wanted, "")))
	want := fmt.Sprintf(`{"model_name":"default","model_version":"1","id":"7","outputs":[{"name":"sentiment","datatype":"BYTES","shape":[%d],"data":%s},{"name":"sentiment_probs","datatype":"FP32","shape":[%[1]d,3],"data":%[3]s}]}`,
		n, marshal(t, labels), marshal(t, probs))
	if diff := cmp.Diff(want, got); status != 200 || diff != "" {
		t.Errorf("JSON: status %d (-want +got):\n%s", status, diff)
	}

	var packed bytes.Buffer
	for _, text := range someTexts {
		binary.Write(&packed, binary.LittleEndian, uint32(len(text)))
		packed.WriteString(text)
	}
	head := fmt.Sprintf(`{"inputs":[{"name":"text","datatype":"BYTES","shape":[%d],"parameters":{"binary_data_size":%d}}],%s}`, n, packed.Len(), fmt.Sprintf(wanted, `,"parameters":{"binary_data":true}`))
	status, got, header := ask(t, "POST", url, head+packed.String(), "Inference-Header-Content-Length", strconv.Itoa(len(head)))
	size, err := strconv.Atoi(header.Get("Inference-Header-Content-Length"))
	if status != 200 || err != nil {
		t.Fatalf("binary: status %d, %v, %.300q", status, err, got)
	}
	data := got[size:]
	for _, l := range labels {
		k := int(binary.LittleEndian.Uint32([]byte(data)))
		if data[4:4+k] != l {
			t.Errorf("label %q, want %q", data[4:4+k], l)
		}
		data = data[4+k:]
	}
	for i, p := range probs {
		if v := math.Float32frombits(binary.LittleEndian.Uint32([]byte(data[4*i:]))); v != p {
			t.Errorf("probability %d is %v, want %v", i, v, p)
		}
	}
	if len(data) != 4*len(probs) {
		t.Errorf("%d bytes of probabilities, want %d", len(data), 4*len(probs))
	}
	for path, part := range map[string]string{
		"/v2": `"binary_tensor_data"`, "/v2/health/live": `"live":true`, "/v2/health/ready": `"ready":true`, "/v2/models/default/ready": `"ready":true`,
		"/v2/models/default": `{"name":"topic_probs","datatype":"FP32","shape":[-1,4],"parameters":{"labels":["World","Sports","Business","Sci/Tech"]}}`,
		"/healthz":           `"live":true`, "/readyz": `"ready":true`, "/v1/models": `"kind":"label"`, "/v1/models/default": `"AVAILABLE"`, "/openapi.json": `"openapi"`,
	} {
		if status, got, _ := ask(t, "GET", h.URL+path, ""); status != 200 || !strings.Contains(got, part) {
			t.Errorf("GET %s: status %d, %s", path, status, got)
		}
	}
}

func TestHuggingFace(t *testing.T) {
	p := embedded(t).Predict("awful").Scores[0].Probs
	all := []labelScore{{"negative", p[0]}, {"neutral", p[1]}, {"positive", p[2]}} // the likeliest first, as p has them
	_, h := serving(t, Config{})
	for body, want := range map[string][][]labelScore{
		`{"inputs":"awful"}`:           {all},
		`{"inputs":["awful","awful"]}`: {all, all},
		`{"inputs":["awful"],"parameters":{"top_k":1,"head":"sentiment","function_to_apply":null}}`: {all[:1]},
		`{"inputs":[]}`: {},
	} {
		for _, path := range []string{"/", "/models/default"} {
			if status, got, _ := ask(t, "POST", h.URL+path, body); status != 200 || got != marshal(t, want)+"\n" {
				t.Errorf("%s %s: status %d, got %s, want %s", path, body, status, got, marshal(t, want))
			}
		}
	}
}

func TestTensorFlow(t *testing.T) {
	p := embedded(t).Predict("awful")
	row := map[string]any{"sentiment": "negative", "sentiment_probs": p.Scores[0].Probs, "topic": p.Label("topic"), "topic_probs": p.Scores[1].Probs}
	column := map[string]any{}
	for name, v := range row {
		column[name] = []any{v}
	}
	_, h := serving(t, Config{})
	for body, want := range map[string]any{
		`{"instances":["awful"]}`: map[string]any{"predictions": []any{row}},
		`{"instances":[{"text":"awful"}],"signature_name":"serving_default"}`: map[string]any{"predictions": []any{row}},
		`{"instances":[{"b64":"YXdmdWw="}]}`:                                  map[string]any{"predictions": []any{row}},
		`{"instances":[{"text":{"b64":"YXdmdWw="}}]}`:                         map[string]any{"predictions": []any{row}},
		`{"inputs":["awful"]}`:                                                map[string]any{"outputs": column},
		`{"inputs":{"text":["awful"]}}`:                                       map[string]any{"outputs": column},
	} {
		for _, path := range []string{"/v1/models/default:predict", "/v1/models/default/versions/1:predict"} {
			if status, got, _ := ask(t, "POST", h.URL+path, body); status != 200 || got != marshal(t, want)+"\n" {
				t.Errorf("%s %s: status %d, got %s, want %s", path, body, status, got, marshal(t, want))
			}
		}
	}
}

// Logs are JSON with the request's id, and hold no text unless they are to.
func TestLogs(t *testing.T) {
	for _, texts := range []bool{false, true} {
		var b bytes.Buffer
		s, err := New(Config{Models: []Source{{Name: "default", Model: embedded(t)}}, LogTexts: texts, Logger: slog.New(slog.NewJSONHandler(&b, nil))})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/v1/classify", strings.NewReader(`{"text":"a private matter"}`))
		r.Header.Set("X-Request-Id", "abc-1")
		r.Header.Set("Traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")
		s.ServeHTTP(httptest.NewRecorder(), r)
		s.Close()
		var line map[string]any
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
			t.Fatal(err)
		}
		if line["request_id"] != "abc-1" || line["status"] != 200.0 || line["texts"] != 1.0 || line["trace_id"] != "0123456789abcdef0123456789abcdef" {
			t.Errorf("line %v", line)
		}
		if got := strings.Contains(b.String(), "private"); got != texts {
			t.Errorf("LogTexts %t: %s", texts, &b)
		}
	}
}

func TestMetrics(t *testing.T) {
	_, h := serving(t, Config{})
	ask(t, "POST", h.URL+"/v1/classify", `{"texts":["awful","qqzzxx awful"]}`)
	ask(t, "POST", h.URL+"/v1/classify", `{`)
	var got string
	for range 100 { // a request is out of the queue a little after its answer is there
		if _, got, _ = ask(t, "GET", h.URL+"/metrics", ""); strings.Contains(got, "textlstm_queue_texts 0\n") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, want := range []string{
		`textlstm_requests_total{code="200",protocol="v1"} 1`, `textlstm_requests_total{code="400",protocol="v1"} 1`,
		`textlstm_texts_total{model="default",version="1"} 2`, `textlstm_tokens_total{model="default",version="1"} 3`,
		`textlstm_unknown_tokens_total{model="default",version="1"} 1`, `textlstm_labels_total{head="sentiment",label="negative",model="default",version="1"} 2`,
		`textlstm_batch_texts_sum 2`, `textlstm_request_seconds_count{protocol="v1"} 2`, `textlstm_queue_texts 0`, `textlstm_model_info{model="default",revision="",version="1"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
}

// A model of numbers alone has no answer in a protocol of labels, and says so.
func TestHuggingFaceOfNumbers(t *testing.T) {
	d := &corpora.Dataset{Heads: []string{"stars"}, Examples: []corpora.Example{{Labels: []string{"1"}, Text: "bad film"}, {Labels: []string{"5"}, Text: "good film"}}}
	c := train.Config{Epochs: 1, Model: classify.Config{Embed: 4, LSTM: lstm.Config{HiddenSize: 4}, Heads: []classify.Head{{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}}}}}
	c.Model.Vocab.MinCount = 1
	trained, err := (&train.Trainer{Config: c}).Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, h := serving(t, Config{Models: []Source{{Name: "r", Model: trained.Model}}})
	if status, got, _ := ask(t, "POST", h.URL+"/models/r", `{"inputs":"good"}`); status != 400 || !strings.Contains(got, "answers with numbers alone") || !strings.Contains(got, `"field":"model"`) {
		t.Errorf("status %d: %s", status, got)
	}
}

// Heads that give several labels, and those that answer with a number.
func TestKindsOfHeads(t *testing.T) {
	for name, want := range map[string]struct{ infer, predict, huggingFace string }{
		"multi-label": {`_given","datatype":"BOOL","shape":[1,`, `_given":[`, `"score":`},
		"number":      {`"datatype":"FP32","shape":[1],"data":[`, `{"predictions":[{"`, `"score":`},
	} {
		m, err := classify.Load("../classify/testdata/v1/" + name + ".safetensors")
		if err != nil {
			t.Fatal(err)
		}
		_, h := serving(t, Config{Models: []Source{{Name: "m", Model: m}}})
		text := marshal(t, someTexts[2])
		_, got, _ := ask(t, "POST", h.URL+"/v1/classify", `{"text":`+text+`}`)
		if record := records(t, m, someTexts[2:3], answer.Options{}); !strings.Contains(got, record) {
			t.Errorf("%s: %s, want %s", name, got, record)
		}
		for path, test := range map[string]struct{ body, want string }{
			"/v2/models/m/infer":   {`{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":[` + text + `]}]}`, want.infer},
			"/v1/models/m:predict": {`{"instances":[` + text + `]}`, want.predict},
			"/":                    {`{"inputs":` + text + `}`, want.huggingFace},
			"/v1/explain":          {`{"text":` + text + `}`, `"words":[`},
		} {
			if _, got, _ := ask(t, "POST", h.URL+path, test.body); !strings.Contains(got, test.want) {
				t.Errorf("%s %s: %s, want %s", name, path, got, test.want)
			}
		}
		_, plain, _ := ask(t, "POST", h.URL+"/v2/models/m/infer", `{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":[`+text+`]}],"parameters":{"binary_data_output":true}}`)
		var head struct {
			Outputs []struct {
				Shape      []int
				Datatype   string
				Parameters map[string]int
			}
		}
		d := json.NewDecoder(strings.NewReader(plain))
		if err := d.Decode(&head); err != nil {
			t.Fatal(err)
		}
		size := int(d.InputOffset())
		for _, o := range head.Outputs {
			n := o.Parameters["binary_data_size"]
			if each, ok := map[string]int{"FP32": 4, "BOOL": 1}[o.Datatype]; ok {
				for _, k := range o.Shape {
					each *= k
				}
				if n != each {
					t.Errorf("%s: %v has %d bytes", name, o, n)
				}
			}
			size += n
		}
		if len(plain) != size {
			t.Errorf("%s: %d bytes, want %d", name, len(plain), size)
		}
	}
}

package serve

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"github.com/textlstm/textlstm/internal/jsonapi"
)

// refused checks that an error of a parser is one that a client can read and act on.
func refused(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*jsonapi.Error](err)
	if !ok || e.Status < 400 || e.Status > 499 || e.Message == "" || e.Code == "" {
		t.Fatalf("error %#v", err)
	}
	if b := e.Append(nil); !json.Valid(b) || len(b) > 2000 {
		t.Fatalf("%d bytes of error: %.300s", len(b), b)
	}
}

var fuzzLimits = jsonapi.Limits{Texts: 100, Bytes: 1000}

// within checks what a parser has accepted.
func within(t *testing.T, n int, text func(i int) string) {
	t.Helper()
	if err := fuzzLimits.Check("texts", n, text); err != nil {
		t.Fatal(err)
	}
}

func FuzzClassify(f *testing.F) {
	for _, r := range refusals() {
		if len(r.body) < 2000 {
			f.Add([]byte(r.body))
		}
	}
	f.Add([]byte(`{"texts":["a",{"text":"b","id":"c"}],"heads":["topic"],"explain":true,"sentences":true,"abstain":0.5,"neutral":1e-3}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := jsonapi.ParseClassify(body, fuzzLimits)
		if err != nil {
			refused(t, err)
			return
		}
		within(t, len(c.Texts), func(i int) string { return c.Texts[i].Text })
	})
}

func FuzzExplain(f *testing.F) {
	f.Add([]byte(`{"text":"a","head":"topic","label":"World","against":"Sports"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := jsonapi.ParseExplain(body, fuzzLimits)
		if err != nil {
			refused(t, err)
			return
		}
		within(t, 1, func(int) string { return *e.Text })
	})
}

func FuzzInfer(f *testing.F) {
	for _, r := range refusals() {
		if len(r.body) < 2000 && len(r.header) == 2 {
			f.Add([]byte(r.body), r.header[1])
		}
	}
	f.Add([]byte(`{"id":"1","parameters":{"timeout":5,"binary_data_output":true},"inputs":[{"name":"text","datatype":"BYTES","shape":[1,2],"data":[["a","b"]]}],"outputs":[{"name":"topic","parameters":{"binary_data":true}}]}`), "")
	f.Add([]byte(binaryInfer(5, "\x01\x00\x00\x00a")), "107")
	heads := embedded(f).Heads()
	f.Fuzz(func(t *testing.T, body []byte, length string) {
		in, err := parseInfer(body, length, fuzzLimits)
		if err != nil {
			refused(t, err)
			return
		}
		within(t, len(in.texts), func(i int) string { return in.texts[i] })
		if _, err := in.wanted(heads); err != nil {
			refused(t, err)
		}
	})
}

func FuzzHuggingFace(f *testing.F) {
	f.Add([]byte(`{"inputs":"a","parameters":{"top_k":2,"head":"topic","function_to_apply":null},"options":{"wait_for_model":true}}`))
	f.Add([]byte(`{"inputs":["a",{"text":"b"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, texts, err := parseHF(body, fuzzLimits)
		if err != nil {
			refused(t, err)
			return
		}
		within(t, len(texts), func(i int) string { return texts[i] })
	})
}

func FuzzTensorFlow(f *testing.F) {
	f.Add([]byte(`{"signature_name":"serving_default","instances":["a",{"b64":"YQ=="},{"text":"b"},{"text":{"b64":""}}]}`))
	f.Add([]byte(`{"inputs":{"text":["a"]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		texts, _, err := parseTF(body, fuzzLimits)
		if err != nil {
			refused(t, err)
			return
		}
		within(t, len(texts), func(i int) string { return texts[i] })
	})
}

func FuzzStreamLine(f *testing.F) {
	f.Add([]byte(`"a"`), "model=a&heads=b,c&explain=1&sentences=true&abstain=0.5&neutral=1")
	f.Add([]byte(`{"text":"a","id":"b"}`), "")
	f.Fuzz(func(t *testing.T, line []byte, query string) {
		if text, err := parseLine(line, 1, fuzzLimits); err != nil {
			refused(t, err)
		} else {
			within(t, 1, func(int) string { return text.Text })
		}
		if q, err := url.ParseQuery(query); err == nil {
			if _, err := queryOptions(q); err != nil {
				refused(t, err)
			}
		}
	})
}

// Elements cuts as encoding/json does.
func FuzzElements(f *testing.F) {
	f.Add([]byte(`[1, "a\"]", {"b":[2]}, [[]], null ]`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, array []byte) {
		var want []json.RawMessage
		if json.Unmarshal(array, &want) != nil || want == nil {
			return
		}
		got, err := jsonapi.Elements(array, "a")
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d elements, %v; want %d", len(got), err, len(want))
		}
		for i := range want {
			if string(got[i]) != string(want[i]) {
				t.Fatalf("element %d is %s, want %s", i, got[i], want[i])
			}
		}
	})
}

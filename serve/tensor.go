package serve

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/jsonapi"
)

// A tensor is one of the Open Inference Protocol, going in or out.
type tensor struct {
	Name       string          `json:"name"`
	Datatype   string          `json:"datatype,omitempty"`
	Shape      shape           `json:"shape,omitempty"`
	Parameters parameters      `json:"parameters,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`

	head   int  // of an output
	binary bool // its data follow the JSON
}

// A shape and parameters are small: of a request, no more is read than they should have.
type (
	shape      []int
	parameters map[string]any
)

func (s *shape) UnmarshalJSON(b []byte) error {
	const most = 1 << 10 // bytes
	if len(b) > most {
		return jsonapi.Errorf(http.StatusRequestEntityTooLarge, "shape", "more than %d bytes", most)
	}
	return json.Unmarshal(b, (*[]int)(s))
}

func (p *parameters) UnmarshalJSON(b []byte) error {
	const most = 64 << 10 // bytes
	if len(b) > most {
		return jsonapi.Errorf(http.StatusRequestEntityTooLarge, "parameters", "more than %d bytes", most)
	}
	return json.Unmarshal(b, (*map[string]any)(p))
}

// tensorsOf reads a JSON array of so many tensors at most.
func tensorsOf(array json.RawMessage, most int, field string) ([]tensor, error) {
	if len(array) == 0 || string(array) == "null" {
		return nil, nil
	}
	parts, err := jsonapi.Elements(array, field)
	if err != nil {
		return nil, err
	}
	if len(parts) > most {
		return nil, jsonapi.Invalid(field, "%d of them, want at most %d", len(parts), most)
	}
	list := make([]tensor, len(parts))
	for i, part := range parts {
		if err := jsonapi.DecodeForeign(part, &list[i]); err != nil {
			e := jsonapi.AsError(err)
			e.Field = strings.TrimSuffix(fmt.Sprintf("%s[%d].%s", field, i, e.Field), ".")
			return nil, e
		}
	}
	return list, nil
}

// strings returns the elements of a tensor of texts; its binary data are all of binary.
// Bytes that are not UTF-8 become U+FFFD, as they do in JSON.
func (t *tensor) strings(binary []byte, field string) ([]string, error) {
	if t.Datatype != "BYTES" {
		return nil, jsonapi.Invalid(field+".datatype", "%.20q: texts are BYTES", t.Datatype)
	}
	n, err := t.elements(field)
	if err != nil {
		return nil, err
	}
	var texts []string
	if size, ok := t.Parameters["binary_data_size"]; ok {
		if v, ok := size.(float64); !ok || v != float64(len(binary)) {
			return nil, jsonapi.Invalid(field+".parameters.binary_data_size", "%v, but %d bytes follow the JSON", size, len(binary))
		}
		if texts, err = unpack(binary, field); err != nil {
			return nil, err
		}
	} else {
		if len(binary) > 0 {
			return nil, jsonapi.Invalid(field+".parameters.binary_data_size", "%d bytes follow the JSON, which no tensor claims", len(binary))
		}
		if texts, err = flatten(t.Data, nil, field+".data"); err != nil {
			return nil, err
		}
	}
	if len(texts) != n {
		return nil, jsonapi.Invalid(field+".shape", "%d elements by the shape %v, but %d in the data", n, t.Shape, len(texts))
	}
	return texts, nil
}

// elements multiplies the shape.
func (t *tensor) elements(field string) (int, error) {
	n := 1
	if len(t.Shape) == 0 || len(t.Shape) > 8 {
		return 0, jsonapi.Invalid(field+".shape", "want the number of texts, such as [2]")
	}
	for _, d := range t.Shape {
		if d < 0 || d > math.MaxInt32 || d > 0 && n > math.MaxInt32/d {
			return 0, jsonapi.Invalid(field+".shape", "%v is no shape of texts", t.Shape)
		}
		n *= d
	}
	return n, nil
}

// unpack reads texts that each have their length, 4 bytes, before them.
func unpack(b []byte, field string) ([]string, error) {
	var texts []string
	for at := 0; at < len(b); {
		if len(b)-at < 4 {
			return nil, jsonapi.Invalid(field, "element %d: %d bytes at the end are no length", len(texts), len(b)-at)
		}
		n := int64(binary.LittleEndian.Uint32(b[at:]))
		at += 4
		if n > int64(len(b)-at) {
			return nil, jsonapi.Invalid(field, "element %d: a length of %d where %d bytes are left", len(texts), n, len(b)-at)
		}
		texts = append(texts, strings.ToValidUTF8(string(b[at:at+int(n)]), "\ufffd"))
		at += int(n)
	}
	return texts, nil
}

// flatten appends the strings of arrays in arrays.
func flatten(data json.RawMessage, texts []string, field string) ([]string, error) {
	parts, err := jsonapi.Elements(data, field)
	if err != nil {
		return nil, err
	}
	for i, p := range parts {
		at := fmt.Sprintf("%s[%d]", field, i)
		if strings.Count(at, "[") > 10 {
			return nil, jsonapi.Invalid(field, "arrays in arrays, too deep")
		}
		if len(p) > 0 && p[0] == '[' {
			if texts, err = flatten(p, texts, at); err != nil {
				return nil, err
			}
			continue
		}
		var s *string
		if err := json.Unmarshal(p, &s); err != nil || s == nil {
			return nil, jsonapi.Invalid(at, "want a string")
		}
		texts = append(texts, *s)
	}
	return texts, nil
}

// probsOf are the probabilities of a head's labels: zeros where a model that lacks the head
// has answered.
func probsOf(head *classify.Head, s classify.Score) []float32 {
	if s.Probs == nil {
		return make([]float32, len(head.Labels))
	}
	return s.Probs
}

// fill puts the answers into an output: into its data, or appended to b.
func (t *tensor) fill(heads []classify.Head, answers []classify.Prediction, b []byte) []byte {
	head := &heads[t.head]
	t.Shape = slices.Clone(t.Shape)
	t.Shape[0] = len(answers)
	t.Parameters = nil
	start := len(b)
	var data any
	switch {
	case t.Datatype == "BYTES":
		labels := make([]string, len(answers))
		for i, a := range answers {
			labels[i] = a.Label(head.Name)
			if t.binary {
				b = append(binary.LittleEndian.AppendUint32(b, uint32(len(labels[i]))), labels[i]...)
			}
		}
		data = labels
	case t.Datatype == "BOOL":
		var given []bool
		for _, a := range answers {
			has := a.Labels(head.Name)
			for _, label := range head.Labels {
				given = append(given, slices.Contains(has, label))
			}
		}
		if data = given; t.binary {
			for _, g := range given {
				b = append(b, map[bool]byte{true: 1}[g])
			}
		}
	default:
		var numbers []float32
		for _, a := range answers {
			if s := a.Scores[t.head]; !head.Labelled() {
				numbers = append(numbers, s.Value)
			} else {
				numbers = append(numbers, probsOf(head, s)...)
			}
		}
		if data = numbers; t.binary {
			for _, v := range numbers {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
		}
	}
	if t.binary {
		t.Parameters = map[string]any{"binary_data_size": len(b) - start}
		return b
	}
	j, err := json.Marshal(data)
	if err != nil {
		panic(err) // the numbers are finite
	}
	if t.Data = j; string(j) == "null" {
		t.Data = []byte("[]")
	}
	return b
}

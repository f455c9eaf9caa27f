package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/jsonapi"
)

// TensorFlow Serving's REST API: the status of a model and :predict, with instances
// (rows) or inputs (columns). The outputs have the names of the Open Inference Protocol's.

func (s *Server) tfStatus(_ http.ResponseWriter, r *http.Request) ([]byte, error) {
	m, err := s.modelOf(r)
	if err != nil {
		return nil, err
	}
	type status struct {
		Version string            `json:"version"`
		State   string            `json:"state"`
		Status  map[string]string `json:"status"`
	}
	var list []status
	for _, v := range s.models.versions(m.Identity.Model) {
		if r.PathValue("version") == "" || r.PathValue("version") == v {
			list = append(list, status{v, "AVAILABLE", map[string]string{"error_code": "OK", "error_message": ""}})
		}
	}
	return encode(map[string]any{"model_version_status": list})
}

// tfText reads an instance: a string, {"b64": …} or {"text": either}.
func tfText(instance json.RawMessage) (string, error) {
	var named struct {
		Text json.RawMessage `json:"text"`
	}
	if jsonapi.Decode(instance, &named) == nil && named.Text != nil {
		instance = named.Text
	}
	if instance[0] == '"' {
		var text string
		err := json.Unmarshal(instance, &text)
		return text, err
	}
	var bytes struct {
		B64 []byte `json:"b64"`
	}
	if instance[0] != '{' || jsonapi.Decode(instance, &bytes) != nil || bytes.B64 == nil {
		return "", jsonapi.Invalid("", `want a string, {"b64": …}, or an object with either as text`)
	}
	return strings.ToValidUTF8(string(bytes.B64), "\ufffd"), nil
}

// parseTF reads the texts of a request, and whether they are rows.
func parseTF(body []byte, l jsonapi.Limits) (texts []string, rows bool, err error) {
	var in struct {
		Signature string          `json:"signature_name"`
		Instances json.RawMessage `json:"instances"`
		Inputs    json.RawMessage `json:"inputs"`
	}
	if err := jsonapi.DecodeForeign(body, &in); err != nil {
		return nil, false, err
	}
	if in.Signature != "" && in.Signature != "serving_default" {
		return nil, false, jsonapi.Invalid("signature_name", "%.32q: there is serving_default alone", in.Signature)
	}
	field, raw := "instances", in.Instances
	switch {
	case (in.Instances == nil) == (in.Inputs == nil):
		return nil, false, jsonapi.Invalid("instances", "want either instances or inputs")
	case in.Instances == nil:
		field, raw = "inputs", in.Inputs
		var named struct {
			Text json.RawMessage `json:"text"`
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '{' {
			if err := jsonapi.Decode(raw, &named); err != nil {
				return nil, false, err
			}
			field, raw = "inputs.text", named.Text
		}
	}
	parts, err := jsonapi.Elements(raw, field)
	if err != nil {
		return nil, false, err
	}
	for i, p := range parts {
		text, err := tfText(p)
		if err != nil {
			return nil, false, jsonapi.Invalid(fmt.Sprintf("%s[%d]", field, i), "%s", err)
		}
		texts = append(texts, text)
	}
	return texts, in.Instances != nil, l.Check(field, len(texts), func(i int) string { return texts[i] })
}

func (s *Server) tfPredict(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	name, verb, _ := strings.Cut(r.PathValue("call"), ":")
	if verb != "predict" {
		return nil, jsonapi.Errorf(http.StatusNotFound, "", "%.64q is not answered, :predict is", r.PathValue("call"))
	}
	version := ""
	if outer := r.PathValue("model"); outer != "" {
		name, version = outer, name
	}
	body, err := s.body(w, r)
	if err != nil {
		return nil, err
	}
	m, err := s.models.find(name, version)
	if err != nil {
		return nil, err
	}
	texts, rows, err := parseTF(body, s.limits)
	if err != nil {
		return nil, err
	}
	s.saw(r, len(texts), func(i int) string { return texts[i] })
	answers, err := queued{m, s.queue}.label(r.Context(), texts)
	if err != nil {
		return nil, err
	}
	if rows {
		out := make([]map[string]any, len(answers))
		for i := range answers {
			out[i] = tfColumns(m.Heads(), answers[i:i+1])
			for name, column := range out[i] {
				out[i][name] = column.([]any)[0]
			}
		}
		return encode(map[string]any{"predictions": out})
	}
	return encode(map[string]any{"outputs": tfColumns(m.Heads(), answers)})
}

// tfColumns are the outputs by name, each with an element for each answer.
func tfColumns(heads []classify.Head, answers []classify.Prediction) map[string]any {
	out := map[string]any{}
	add := func(name string, v any) {
		column, _ := out[name].([]any)
		out[name] = append(column, v)
	}
	for _, a := range answers {
		for h := range heads {
			head, score := &heads[h], a.Scores[h]
			if !head.Labelled() {
				add(head.Name, score.Value)
				continue
			}
			add(head.Name, a.Label(head.Name))
			add(head.Name+"_probs", probsOf(head, score))
			if head.MultiLabel() {
				given := make([]bool, len(head.Labels))
				has := a.Labels(head.Name)
				for c, label := range head.Labels {
					given[c] = slices.Contains(has, label)
				}
				add(head.Name+"_given", given)
			}
		}
	}
	return out
}

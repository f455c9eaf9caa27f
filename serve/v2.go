package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"context"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/jsonapi"
)

// The Open Inference Protocol, version 2, over HTTP
// (github.com/kserve/open-inference-protocol), with the extension for binary tensors that
// Triton defines. A model has one input, text, and for each head the outputs that
// outputsOf lists.

func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}

func (s *Server) v2Server(http.ResponseWriter, *http.Request) ([]byte, error) {
	return encode(map[string]any{"name": "textlstm", "version": "2", "extensions": []string{"binary_tensor_data"}})
}

func (s *Server) v2Live(http.ResponseWriter, *http.Request) ([]byte, error) {
	return encode(map[string]bool{"live": true})
}

func (s *Server) v2Ready(http.ResponseWriter, *http.Request) ([]byte, error) {
	if s.draining.Load() {
		return nil, jsonapi.Errorf(http.StatusServiceUnavailable, "", "the server is about to stop")
	}
	return encode(map[string]bool{"ready": true})
}

func (s *Server) modelOf(r *http.Request) (*model, error) {
	return s.models.find(r.PathValue("model"), r.PathValue("version"))
}

func (s *Server) v2ModelReady(_ http.ResponseWriter, r *http.Request) ([]byte, error) {
	m, err := s.modelOf(r)
	if err != nil {
		return nil, err
	}
	return encode(map[string]any{"name": m.Identity.Model, "ready": true})
}

func (s *Server) v2Model(_ http.ResponseWriter, r *http.Request) ([]byte, error) {
	m, err := s.modelOf(r)
	if err != nil {
		return nil, err
	}
	outputs := outputsOf(m.Heads())
	for i := range outputs {
		outputs[i].Shape[0] = -1
	}
	return encode(map[string]any{
		"name": m.Identity.Model, "versions": s.models.versions(m.Identity.Model), "platform": "textlstm",
		"inputs":  []tensor{{Name: "text", Datatype: "BYTES", Shape: []int{-1}}},
		"outputs": outputs,
	})
}

// outputsOf lists the outputs of a model for one text.
//
//	HEAD         BYTES [n]    the likeliest label, or FP32 [n] the number of a regression
//	HEAD_probs   FP32  [n,C]  the probability of each label
//	HEAD_given   BOOL  [n,C]  which labels of a multi-label head the text has
//
// Parameters of the metadata name the labels in their order.
func outputsOf(heads []classify.Head) []tensor {
	var out []tensor
	for h := range heads {
		head := &heads[h]
		if !head.Labelled() {
			out = append(out, tensor{Name: head.Name, Datatype: "FP32", Shape: []int{1}, head: h})
			continue
		}
		labels := map[string]any{"labels": head.Labels}
		out = append(out, tensor{Name: head.Name, Datatype: "BYTES", Shape: []int{1}, Parameters: labels, head: h},
			tensor{Name: head.Name + "_probs", Datatype: "FP32", Shape: []int{1, len(head.Labels)}, Parameters: labels, head: h})
		if head.MultiLabel() {
			out = append(out, tensor{Name: head.Name + "_given", Datatype: "BOOL", Shape: []int{1, len(head.Labels)}, Parameters: labels, head: h})
		}
	}
	return out
}

// v2Infer answers an inference request, in JSON or with binary tensors.
func (s *Server) v2Infer(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := s.body(w, r)
	if err != nil {
		return nil, err
	}
	m, err := s.modelOf(r)
	if err != nil {
		return nil, err
	}
	in, err := parseInfer(body, r.Header.Get("Inference-Header-Content-Length"), s.limits)
	if err != nil {
		return nil, err
	}
	outputs, err := in.wanted(m.Heads())
	if err != nil {
		return nil, err
	}
	s.saw(r, len(in.texts), func(i int) string { return in.texts[i] })
	ctx := r.Context()
	if in.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, in.timeout)
		defer cancel()
	}
	answers, err := queued{m, s.queue}.label(ctx, in.texts)
	if err != nil {
		return nil, err
	}
	var binary []byte
	for i := range outputs {
		binary = outputs[i].fill(m.Heads(), answers, binary)
	}
	head, err := json.Marshal(struct {
		Model   string   `json:"model_name"`
		Version string   `json:"model_version"`
		ID      string   `json:"id,omitempty"`
		Outputs []tensor `json:"outputs"`
	}{m.Identity.Model, m.Version, in.ID, outputs})
	if err != nil || binary == nil {
		return head, err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Inference-Header-Content-Length", strconv.Itoa(len(head)))
	return append(head, binary...), nil
}

// An infer is an inference request.
type infer struct {
	ID         string          `json:"id"`
	Parameters parameters      `json:"parameters"`
	Inputs     json.RawMessage `json:"inputs"`
	Outputs    json.RawMessage `json:"outputs"`

	texts   []string
	timeout time.Duration
}

// parseInfer reads a request, whose JSON has headLength bytes if that is not empty:
// binary tensors then follow.
func parseInfer(body []byte, headLength string, l jsonapi.Limits) (*infer, error) {
	head, binary := body, []byte(nil)
	if headLength != "" {
		n, err := strconv.Atoi(headLength)
		if err != nil || n < 0 || n > len(body) {
			return nil, jsonapi.Invalid("Inference-Header-Content-Length", "%.20q of a body of %d bytes", headLength, len(body))
		}
		head, binary = body[:n], body[n:]
	}
	var in infer
	if err := jsonapi.DecodeForeign(head, &in); err != nil {
		return nil, err
	}
	inputs, err := tensorsOf(in.Inputs, 1, "inputs")
	if err != nil {
		return nil, err
	}
	if len(inputs) != 1 || inputs[0].Name != "text" {
		return nil, jsonapi.Invalid("inputs", "want one input whose name is text")
	}
	if in.texts, err = inputs[0].strings(binary, "inputs[0]"); err != nil {
		return nil, err
	}
	if err := l.Check("inputs[0].data", len(in.texts), func(i int) string { return in.texts[i] }); err != nil {
		return nil, err
	}
	if v, ok := in.Parameters["timeout"]; ok { // microseconds, as Triton has it
		us, ok := v.(float64)
		if !ok || us < 0 {
			return nil, jsonapi.Invalid("parameters.timeout", "want microseconds")
		}
		in.timeout = time.Duration(min(us, 1e12)) * time.Microsecond
	}
	return &in, nil
}

// wanted lists the outputs that a request asks for, all if it names none.
func (in *infer) wanted(heads []classify.Head) ([]tensor, error) {
	all := outputsOf(heads)
	everywhere, _ := in.Parameters["binary_data_output"].(bool)
	named, err := tensorsOf(in.Outputs, len(all), "outputs")
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		for i := range all {
			all[i].binary = everywhere
		}
		return all, nil
	}
	var out []tensor
	for i, o := range named {
		k := slices.IndexFunc(all, func(t tensor) bool { return t.Name == o.Name })
		if k < 0 || slices.ContainsFunc(out, func(t tensor) bool { return t.Name == o.Name }) {
			return nil, jsonapi.Invalid(fmt.Sprintf("outputs[%d].name", i), "%.64q is no output of this model, or is asked for twice", o.Name)
		}
		if _, ok := o.Parameters["classification"]; ok {
			return nil, jsonapi.Invalid(fmt.Sprintf("outputs[%d].parameters.classification", i), "this extension is not known here: ask for the _probs of a head")
		}
		t := all[k]
		t.binary = everywhere
		if v, ok := o.Parameters["binary_data"].(bool); ok {
			t.binary = v
		}
		out = append(out, t)
	}
	return out, nil
}

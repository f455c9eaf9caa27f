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

// A labelled score of Hugging Face's text classification.
type labelScore struct {
	Label string  `json:"label"`
	Score float32 `json:"score"`
}

// An hfRequest is one of Hugging Face's text classification: inputs is a text or several.
type hfRequest struct {
	Inputs     json.RawMessage `json:"inputs"`
	Parameters struct {
		TopK     *int    `json:"top_k"`
		Function *string `json:"function_to_apply"`
		Head     string  `json:"head"` // ours: "" means the first that answers with labels
	} `json:"parameters"`
}

// parseHF reads a request and its texts.
func parseHF(body []byte, l jsonapi.Limits) (*hfRequest, []string, error) {
	var in hfRequest
	if err := jsonapi.DecodeForeign(body, &in); err != nil {
		return nil, nil, err
	}
	if f := in.Parameters.Function; f != nil {
		return nil, nil, jsonapi.Invalid("parameters.function_to_apply", "%.20q: a head has the function that it was trained with", *f)
	}
	if k := in.Parameters.TopK; k != nil && *k < 1 {
		return nil, nil, jsonapi.Invalid("parameters.top_k", "%d: want 1 or more", *k)
	}
	var texts []string
	if raw := bytes.TrimSpace(in.Inputs); len(raw) > 0 && raw[0] == '"' {
		texts = make([]string, 1)
		if err := json.Unmarshal(raw, &texts[0]); err != nil {
			return nil, nil, jsonapi.Invalid("inputs", "%s", err)
		}
	} else {
		var list jsonapi.Texts
		if err := list.UnmarshalJSON(raw); err != nil {
			e := *jsonapi.AsError(err)
			e.Field = strings.Replace(e.Field, "texts", "inputs", 1)
			return nil, nil, &e
		}
		for _, t := range list {
			texts = append(texts, t.Text)
		}
	}
	return &in, texts, l.Check("inputs", len(texts), func(i int) string { return texts[i] })
}

// huggingFace answers with the labels of one head, the likeliest first: an array for each
// text.
func (s *Server) huggingFace(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := s.body(w, r)
	if err != nil {
		return nil, err
	}
	in, texts, err := parseHF(body, s.limits)
	if err != nil {
		return nil, err
	}
	m, err := s.models.find(r.PathValue("model"), "")
	if err != nil {
		return nil, err
	}
	heads := m.Heads()
	h := slices.IndexFunc(heads, func(h classify.Head) bool {
		return h.Labelled() && (in.Parameters.Head == "" || h.Name == in.Parameters.Head)
	})
	if h < 0 {
		if in.Parameters.Head == "" {
			return nil, jsonapi.Invalid("model", "the model answers with numbers alone: this protocol has labels, /v1/classify has both")
		}
		return nil, jsonapi.Invalid("parameters.head", "the model has no head %.64q that answers with labels", in.Parameters.Head)
	}
	s.saw(r, len(texts), func(i int) string { return texts[i] })
	answers, err := queued{m, s.queue}.label(r.Context(), texts)
	if err != nil {
		return nil, err
	}
	out := make([][]labelScore, len(answers))
	for i, a := range answers {
		for c, p := range probsOf(&heads[h], a.Scores[h]) {
			out[i] = append(out[i], labelScore{heads[h].Labels[c], p})
		}
		slices.SortStableFunc(out[i], func(a, b labelScore) int {
			switch {
			case a.Score > b.Score:
				return -1
			case a.Score < b.Score:
				return 1
			}
			return 0
		})
		if k := in.Parameters.TopK; k != nil {
			out[i] = out[i][:min(*k, len(out[i]))]
		}
	}
	b, err := encode(out)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return b, nil
}

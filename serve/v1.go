package serve

import (
	"context"
	"mime"
	"net/http"

	"github.com/textlstm/textlstm/internal/jsonapi"
)

// saw tells the log what a request asks about. The texts themselves are logged only if
// the config asks for that.
func (s *Server) saw(r *http.Request, n int, text func(i int) string) {
	note := noteOf(r)
	note.texts += n
	if !s.config.LogTexts {
		return
	}
	for i := range n {
		s.config.Logger.Info("text", "request_id", note.id, "text", text(i))
	}
}

// classify answers POST /v1/classify: JSON, or JSON lines.
func (s *Server) classify(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		s.stream(w, r)
	default:
		s.handle("v1", s.classifyJSON).ServeHTTP(w, r)
	}
}

func (s *Server) classifyJSON(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := s.body(w, r)
	if err != nil {
		return nil, err
	}
	c, err := jsonapi.ParseClassify(body, s.limits)
	if err != nil {
		return nil, err
	}
	s.saw(r, len(c.Texts), func(i int) string { return c.Texts[i].Text })
	m, err := s.models.find(c.Model, c.Version)
	if err != nil {
		return nil, err
	}
	if c.Explain {
		leave, err := s.enter(r.Context())
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	return c.Answer(r.Context(), queued{m, s.queue}, m.Identity)
}

// explain answers POST /v1/explain.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := s.body(w, r)
	if err != nil {
		return nil, err
	}
	e, err := jsonapi.ParseExplain(body, s.limits)
	if err != nil {
		return nil, err
	}
	s.saw(r, 1, func(int) string { return *e.Text })
	m, err := s.models.find(e.Model, e.Version)
	if err != nil {
		return nil, err
	}
	leave, err := s.enter(r.Context())
	if err != nil {
		return nil, err
	}
	defer leave()
	return e.Answer(r.Context(), queued{m, s.queue})
}

// enter waits for a place among the explanations, which take a processor each and much
// memory. It must be left.
func (s *Server) enter(ctx context.Context) (leave func(), err error) {
	const patient = 16 // requests that may wait for each place
	if s.patience.Add(1) > int64(patient*cap(s.explains)) {
		s.patience.Add(-1)
		return nil, errBusy("too many explanations are being made")
	}
	defer s.patience.Add(-1)
	select {
	case s.explains <- struct{}{}:
		return func() { <-s.explains }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// list answers GET /v1/models.
func (s *Server) list(http.ResponseWriter, *http.Request) ([]byte, error) {
	return s.models.cards(), nil
}

package serve

import (
	"crypto/sha256"
	"net/http"
	"net/http/pprof"
	"sync/atomic"

	"github.com/textlstm/textlstm/internal/jsonapi"
)

// A Server answers requests about models. Any number of goroutines may use it at once.
type Server struct {
	config   Config
	limits   jsonapi.Limits
	models   *models
	queue    *queue
	explains chan struct{} // a place for each explanation that is being made
	patience atomic.Int64  // requests that wait for such a place
	bodies   *budget
	tokens   [][sha256.Size]byte
	origins  *http.CrossOriginProtection
	metrics  *metrics
	mux      *http.ServeMux
	draining atomic.Bool
}

// New loads the models and returns what serves them. Close must be called when it is no
// longer used. The errors are those of Config.Validate and of the model files.
func New(c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	m := newMetrics()
	list, err := newModels(c, m)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: c, limits: jsonapi.Limits{Texts: c.MaxTexts, Bytes: c.MaxText}, models: list, metrics: m,
		explains: make(chan struct{}, c.Workers), bodies: &budget{most: max(c.MaxBodies, c.MaxBody)},
	}
	if s.origins, err = c.protection(); err != nil {
		return nil, err
	}
	for _, t := range c.Tokens {
		s.tokens = append(s.tokens, sha256.Sum256([]byte(t)))
	}
	s.queue = newQueue(c, m)
	m.watch(s.queue, s.bodies)
	s.routes()
	return s, nil
}

// Close ends the work; no request may be in progress.
func (s *Server) Close() { s.queue.close() }

// Reload reads the model files again and replaces the models whose files have changed,
// between two batches. It returns the names of those. A file that cannot be read leaves
// its model as it was and is an error. Both are logged.
func (s *Server) Reload() ([]string, error) {
	changed, err := s.models.reload(true)
	s.told(changed, err)
	return changed, err
}

// routes says who answers what.
func (s *Server) routes() {
	s.mux = http.NewServeMux()
	handle := s.mux.Handle
	for path := range pages {
		handle("GET "+exactly(path), http.HandlerFunc(s.page))
	}
	handle("POST /v1/classify", http.HandlerFunc(s.classify))
	handle("POST /v1/explain", s.handle("v1", s.explain))
	handle("GET /v1/models", s.handle("v1", s.list))

	handle("GET /v2", s.handle("v2", s.v2Server))
	handle("GET /v2/health/live", s.handle("v2", s.v2Live))
	handle("GET /v2/health/ready", s.handle("v2", s.v2Ready))
	for _, m := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		handle("GET "+m, s.handle("v2", s.v2Model))
		handle("GET "+m+"/ready", s.handle("v2", s.v2ModelReady))
		handle("POST "+m+"/infer", s.handle("v2", s.v2Infer))
	}

	handle("POST /{$}", s.handle("huggingface", s.huggingFace))
	handle("POST /models/{model}", s.handle("huggingface", s.huggingFace))

	handle("GET /v1/models/{model}", s.handle("tensorflow", s.tfStatus))
	handle("GET /v1/models/{model}/versions/{version}", s.handle("tensorflow", s.tfStatus))
	handle("POST /v1/models/{call}", s.handle("tensorflow", s.tfPredict))
	handle("POST /v1/models/{model}/versions/{call}", s.handle("tensorflow", s.tfPredict))

	handle("GET /metrics", s.metrics.handler())
	handle("GET /healthz", s.handle("health", s.v2Live))
	handle("GET /readyz", s.handle("health", s.v2Ready))
	handle("OPTIONS /", http.HandlerFunc(s.preflight))
	handle("/", s.handle("other", s.nothing))
	if s.config.Pprof {
		handle("GET /debug/pprof/", http.HandlerFunc(pprof.Index))
		handle("GET /debug/pprof/profile", http.HandlerFunc(pprof.Profile))
		handle("GET /debug/pprof/symbol", http.HandlerFunc(pprof.Symbol))
		handle("GET /debug/pprof/trace", http.HandlerFunc(pprof.Trace))
	}
}

// exactly is a pattern for one path alone.
func exactly(path string) string {
	if path == "/" {
		return "/{$}"
	}
	return path
}

// nothing answers what nobody else does.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(other); pattern != "/" && pattern != "" {
			w.Header().Set("Allow", method)
			return nil, jsonapi.Errorf(http.StatusMethodNotAllowed, "", "%.100q answers %s", r.URL.Path, method)
		}
	}
	return nil, jsonapi.Errorf(http.StatusNotFound, "", "nothing answers %.100q: see /docs", r.URL.Path)
}

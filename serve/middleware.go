package serve

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/textlstm/textlstm/internal/jsonapi"
)

// A request's note is what its handlers tell its log line.
type note struct {
	id       string
	protocol string
	texts    int // that it asks about
	lease    lease
}

type noteKey struct{}

func noteOf(r *http.Request) *note { return r.Context().Value(noteKey{}).(*note) }

func leaseOf(r *http.Request) *lease { return &noteOf(r).lease }

// A recorder remembers the status and size of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var (
	plainID     = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	traceparent = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$`)
)

// ServeHTTP answers one request, whatever becomes of it, and logs it.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	start := time.Now()
	n := &note{id: r.Header.Get("X-Request-Id"), protocol: "other", lease: lease{of: s.bodies}}
	if !plainID.MatchString(n.id) {
		n.id = newID()
	}
	w := &recorder{ResponseWriter: rw}
	s.metrics.open.Add(1)
	ctx := context.WithValue(r.Context(), noteKey{}, n)
	r = r.WithContext(ctx)
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			s.config.Logger.Error("a handler failed", "request_id", n.id, "cause", p, "stack", string(debug.Stack()))
			if w.status == 0 {
				s.refuse(w, r, errors.New("panic"))
			} else {
				p = http.ErrAbortHandler // half an answer must not look like a whole one
			}
		}
		n.lease.giveBack()
		s.metrics.open.Add(-1)
		took := time.Since(start)
		s.metrics.request(n.protocol, w.status, took)
		s.log(r, w, n, took)
		if p == http.ErrAbortHandler {
			panic(p)
		}
	}()
	s.secure(w.Header(), n.id)
	if s.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	if err := s.admit(w, r); err != nil {
		s.refuse(w, r, err)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) // it does not fail
	return hex.EncodeToString(b[:])
}

// log writes the line of a request.
func (s *Server) log(r *http.Request, w *recorder, n *note, took time.Duration) {
	level := slog.LevelInfo
	if w.status >= 500 {
		level = slog.LevelError
	}
	if !s.config.Logger.Enabled(context.Background(), level) {
		return
	}
	line := []slog.Attr{
		slog.String("request_id", n.id), slog.String("method", r.Method), slog.String("path", r.URL.EscapedPath()), slog.Int("status", w.status),
		slog.Int64("bytes", w.bytes), slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("texts", n.texts), slog.String("remote", r.RemoteAddr),
	}
	if m := traceparent.FindStringSubmatch(r.Header.Get("Traceparent")); m != nil {
		line = append(line, slog.String("trace_id", m[1]))
	}
	s.config.Logger.LogAttrs(context.Background(), level, "request", line...)
}

// secure sets what every answer says to browsers.
func (s *Server) secure(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
}

// admit refuses what other pages make a browser ask, and whoever has no token.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) error {
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Add("Vary", "Origin")
		if slices.Contains(s.config.Origins, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
	}
	if err := s.origins.Check(r); err != nil {
		return jsonapi.Errorf(http.StatusForbidden, "Origin", "this server does not answer pages of other sites")
	}
	if len(s.tokens) == 0 || r.Method == http.MethodOptions || s.open(r.URL.Path) {
		return nil
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(token))
	found := 0
	for _, t := range s.tokens {
		found |= subtle.ConstantTimeCompare(t[:], sum[:])
	}
	if !ok || found == 0 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return jsonapi.Errorf(http.StatusUnauthorized, "Authorization", "want a bearer token of this server")
	}
	return nil
}

// open says whether everyone may ask for a path: those that say whether the server is
// well, and the files of the page.
func (s *Server) open(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/v2/health/live", "/v2/health/ready":
		return true
	}
	_, ok := pages[path]
	return ok
}

// preflight answers a browser that asks whether a page may ask.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Inference-Header-Content-Length, Request-Timeout, X-Request-Id")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// handle is the handler of a protocol's path: f gives the whole answer, or an error.
func (s *Server) handle(protocol string, f func(w http.ResponseWriter, r *http.Request) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noteOf(r).protocol = protocol
		ctx, cancel, err := s.deadline(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		defer cancel()
		b, err := f(w, r.WithContext(ctx))
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		w.Write(b) // a client that has gone is its own affair
	})
}

// deadline is the time that a request has: the client's Request-Timeout, in seconds, or
// the server's, whichever is less.
func (s *Server) deadline(r *http.Request) (context.Context, context.CancelFunc, error) {
	most := s.config.Timeout
	if h := r.Header.Get("Request-Timeout"); h != "" {
		seconds, err := strconv.ParseFloat(h, 64)
		if err != nil || !(seconds > 0) {
			return nil, nil, jsonapi.Invalid("Request-Timeout", "%.32q: want seconds, such as 0.25", h)
		}
		most = min(most, time.Duration(min(seconds, 1e6)*float64(time.Second)))
	}
	ctx, cancel := context.WithTimeout(r.Context(), most)
	return ctx, cancel, nil
}

// errorOf is what a client is told of an error. One that it cannot know of is logged.
func (s *Server) errorOf(r *http.Request, err error) jsonapi.Error {
	var e jsonapi.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e = *jsonapi.Errorf(http.StatusGatewayTimeout, "", "no answer within the time that the request has")
	case errors.Is(err, context.Canceled):
		e = *jsonapi.Errorf(http.StatusRequestTimeout, "", "the client has gone")
	default:
		if _, known := errors.AsType[*jsonapi.Error](err); !known {
			s.config.Logger.Error("a request failed", "request_id", noteOf(r).id, "cause", err.Error())
		}
		e = *jsonapi.AsError(err)
	}
	e.Request = noteOf(r).id
	return e
}

// refuse answers with an error.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := s.errorOf(r, err)
	h := w.Header()
	if e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	if e.Status == http.StatusRequestEntityTooLarge || e.Status == http.StatusRequestTimeout {
		h.Set("Connection", "close") // the rest of the body is not wanted
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(e.Status)
	w.Write(append(e.Append(nil), '\n'))
}

package serve

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/textlstm/textlstm/internal/jsonapi"
)

// A budget bounds the memory of all bodies together.
type budget struct {
	most int64
	used atomic.Int64
}

// A lease is one request's part of a budget. Several goroutines may use it.
type lease struct {
	of *budget
	n  atomic.Int64
}

// take asks for n more bytes.
func (l *lease) take(n int64) bool {
	if l.of.used.Add(n) > l.of.most {
		l.of.used.Add(-n)
		return false
	}
	l.n.Add(n)
	return true
}

// give gives n bytes back.
func (l *lease) give(n int64) {
	l.n.Add(-n)
	l.of.used.Add(-n)
}

func (l *lease) giveBack() { l.give(l.n.Load()) }

// body reads the body of a request, decompressed, within the bounds. What it takes of
// the budget is given back when the request ends.
func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	l := leaseOf(r)
	if r.ContentLength > s.config.MaxBody {
		return nil, s.tooLarge()
	}
	from, err := decompressed(http.MaxBytesReader(w, r.Body, s.config.MaxBody), r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for piece := int64(4 << 10); ; piece = min(2*piece, 1<<20) { // taken of the budget before it is read
		if !l.take(piece) {
			return nil, errBusy("too many large bodies at once")
		}
		n, err := io.CopyN(&b, from, piece)
		if int64(b.Len()) > s.config.MaxBody {
			return nil, s.tooLarge()
		}
		switch {
		case err == io.EOF && n < piece:
			return b.Bytes(), nil
		case err != nil:
			return nil, s.readError(err)
		}
	}
}

func (s *Server) tooLarge() error {
	return jsonapi.Errorf(http.StatusRequestEntityTooLarge, "", "a body of more than %d bytes", s.config.MaxBody)
}

// readError says why a body could not be read.
func (s *Server) readError(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return s.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return jsonapi.Errorf(http.StatusRequestTimeout, "", "the body did not come in time")
	}
	return jsonapi.Invalid("", "the body cannot be read: %s", err)
}

// decompressed is what a body holds.
func decompressed(body io.Reader, encoding string) (io.Reader, error) {
	var from io.Reader
	var err error
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		from, err = gzip.NewReader(body)
	case "deflate":
		from, err = zlib.NewReader(body)
	default:
		return nil, jsonapi.Errorf(http.StatusUnsupportedMediaType, "Content-Encoding", "%.32q: want gzip, deflate or none", encoding)
	}
	if err != nil {
		return nil, jsonapi.Invalid("Content-Encoding", "the body is not %s: %s", encoding, err)
	}
	return from, nil
}

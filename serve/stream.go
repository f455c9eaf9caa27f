package serve

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/internal/jsonapi"
)

// stream answers JSON lines as they come: one line out for each that comes in, in order,
// and never later than the next one is waited for. Options are in the query. A line that
// cannot be answered is answered by an error with its number, and the others go on.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	noteOf(r).protocol = "stream"
	options, err := queryOptions(r.URL.Query())
	var st *streaming
	if err == nil {
		st, err = s.newStreaming(w, r, options)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	lines := make(chan line)
	go func() {
		defer close(lines)
		st.read(ctx, lines)
	}()
	for batch := range gathered(lines, s.config.MaxBatch) {
		if st.answer(ctx, batch) == nil {
			continue
		}
		cancel()
		st.control.SetReadDeadline(time.Now()) // the reader must have ended before the request does
		for range lines {
		}
		panic(http.ErrAbortHandler) // half of the answers must not look like all of them
	}
}

// queryOptions reads the options of a stream.
func queryOptions(q url.Values) (jsonapi.Options, error) {
	var o jsonapi.Options
	for name, values := range q {
		v := values[len(values)-1]
		var err error
		switch name {
		case "model":
			o.Model = v
		case "version":
			o.Version = v
		case "heads":
			o.Heads = strings.Split(strings.Join(values, ","), ",")
		case "explain":
			o.Explain, err = strconv.ParseBool(v)
		case "sentences":
			o.Sentences, err = strconv.ParseBool(v)
		case "any_language":
			o.AnyLanguage, err = strconv.ParseBool(v)
		case "abstain":
			o.Abstain, err = strconv.ParseFloat(v, 64)
		case "neutral":
			o.Neutral, err = strconv.ParseFloat(v, 64)
		default:
			return o, jsonapi.Invalid(name[:min(len(name), 64)], "no such option")
		}
		if err != nil {
			return o, jsonapi.Invalid(name, "%.64q makes no sense", v)
		}
	}
	return o, nil
}

// A line is one that came, or why it cannot be answered.
type line struct {
	number int
	text   jsonapi.Text
	err    error
}

// streaming is one stream.
type streaming struct {
	s       *Server
	model   *model
	labeler *jsonapi.Labeler
	options jsonapi.Options
	control *http.ResponseController
	from    *bufio.Reader
	w       io.Writer
	request *http.Request
}

func (s *Server) newStreaming(w http.ResponseWriter, r *http.Request, o jsonapi.Options) (*streaming, error) {
	m, err := s.models.find(o.Model, o.Version)
	if err != nil {
		return nil, err
	}
	l, err := jsonapi.NewLabeler(queued{m, s.queue}, o)
	if err != nil {
		return nil, err
	}
	from, err := decompressed(r.Body, r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	st := &streaming{s: s, model: m, labeler: l, options: o, control: http.NewResponseController(w), w: w, request: r}
	if !leaseOf(r).take(64<<10 + int64(s.config.MaxText)*8) {
		return nil, errBusy("too many streams at once")
	}
	st.from = bufio.NewReaderSize(from, 64<<10)
	st.control.EnableFullDuplex() // where it cannot, as in HTTP/2, there is no need to
	return st, nil
}

// read sends lines until there are no more. The deadline that it leaves would end the
// connection's next request.
func (st *streaming) read(ctx context.Context, to chan<- line) {
	defer st.control.SetReadDeadline(time.Time{})
	for n := 1; ; n++ {
		st.control.SetReadDeadline(time.Now().Add(st.s.config.Timeout))
		if ctx.Err() != nil {
			return
		}
		b, err := st.readLine()
		end := err != nil && !errors.Is(err, errLongLine)
		if end && len(b) == 0 && err == io.EOF {
			return
		}
		l := line{number: n, err: err}
		if err == nil || err == io.EOF && len(b) > 0 {
			l.text, l.err = parseLine(b, n, st.s.limits)
		} else if end {
			l.err = st.s.readError(err)
		}
		if len(bytes.TrimSpace(b)) > 0 || l.err != nil && l.err != io.EOF {
			select {
			case to <- l:
			case <-ctx.Done():
				return
			}
		}
		if end {
			return
		}
	}
}

var errLongLine = jsonapi.Errorf(http.StatusRequestEntityTooLarge, "", "the line is too long")

// readLine returns one line without its end. The rest of one that is too long is passed
// over.
func (st *streaming) readLine() ([]byte, error) {
	most := 6*st.s.config.MaxText + 1024 // JSON may write a byte as six
	var b []byte
	long := false
	for {
		part, err := st.from.ReadSlice('\n')
		if len(b)+len(part) > most {
			long = true
		}
		if !long {
			b = append(b, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err != nil:
			return b, err
		case long:
			return nil, errLongLine
		default:
			return b, nil
		}
	}
}

// parseLine reads a string or an object with text and id, which is the line's number
// where there is none.
func parseLine(b []byte, n int, limits jsonapi.Limits) (jsonapi.Text, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return jsonapi.Text{}, nil
	}
	var one jsonapi.Text
	if err := jsonapi.Decode(b, &one); err != nil {
		return one, err
	}
	if err := limits.Check("line", 1, func(int) string { return one.Text }); err != nil {
		e := *jsonapi.AsError(err)
		e.Field = "text"
		return one, &e
	}
	if one.ID == "" {
		one.ID = strconv.Itoa(n)
	}
	return one, nil
}

// gathered yields what has come, at most so many lines together.
func gathered(lines <-chan line, most int) iter.Seq[[]line] {
	return func(yield func([]line) bool) {
		for first := range lines {
			batch := []line{first}
			for more := true; more && len(batch) < most; {
				select {
				case l, ok := <-lines:
					if more = ok; ok {
						batch = append(batch, l)
					}
				default:
					more = false
				}
			}
			if !yield(batch) {
				return
			}
		}
	}
}

// answer answers some lines. Where the server is busy it waits, as the client then does.
func (st *streaming) answer(ctx context.Context, batch []line) error {
	var out bytes.Buffer
	for len(batch) > 0 {
		n := 0
		for n < len(batch) && batch[n].err == nil {
			n++
		}
		if n > 0 {
			if err := st.label(ctx, batch[:n], &out); err != nil {
				return err
			}
			batch = batch[n:]
			continue
		}
		e := *jsonapi.AsError(batch[0].err)
		e.Field = strings.TrimSuffix("line "+strconv.Itoa(batch[0].number)+", "+e.Field, ", ")
		e.Request = noteOf(st.request).id
		out.Write(append(e.Append(nil), '\n'))
		batch = batch[1:]
	}
	st.control.SetWriteDeadline(time.Now().Add(st.s.config.Timeout))
	if _, err := st.w.Write(out.Bytes()); err != nil {
		return err
	}
	return st.control.Flush()
}

// label answers lines that can be, trying again while the server is busy.
func (st *streaming) label(ctx context.Context, batch []line, out *bytes.Buffer) error {
	st.s.saw(st.request, len(batch), func(i int) string { return batch[i].text.Text })
	texts := make([]answer.Text, len(batch))
	for i, l := range batch {
		texts[i] = answer.Text{ID: l.text.ID, Text: l.text.Text}
	}
	start := out.Len()
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := st.try(ctx, texts, out)
		if err == nil {
			return nil
		}
		out.Truncate(start)
		if jsonapi.AsError(err).Status != http.StatusTooManyRequests {
			if ctx.Err() != nil {
				return err
			}
			return st.each(ctx, batch, err, out)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// each answers lines one by one where they failed together; a line that fails alone is
// the one at fault.
func (st *streaming) each(ctx context.Context, batch []line, err error, out *bytes.Buffer) error {
	if len(batch) > 1 {
		for i := range batch {
			if err := st.label(ctx, batch[i:i+1], out); err != nil {
				return err
			}
		}
		return nil
	}
	e := *jsonapi.AsError(err)
	e.Field = "line " + strconv.Itoa(batch[0].number)
	e.Request = noteOf(st.request).id
	out.Write(append(e.Append(nil), '\n'))
	return nil
}

func (st *streaming) try(ctx context.Context, texts []answer.Text, out *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(ctx, st.s.config.Timeout)
	defer cancel()
	if st.options.Explain {
		leave, err := st.s.enter(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	return st.labeler.Label(ctx, slices.Values(texts), false, out)
}

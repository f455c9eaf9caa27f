package serve

import (
	"bufio"
	"bytes"
	"context"
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
		w.Header().Set("Connection", "close") // else the answer waits for the rest of a body that may go on
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
	whole := false
	defer func() {
		if whole {
			return
		}
		cancel()
		w.Header().Set("Connection", "close") // if there is no answer yet: nobody reads the rest of the body
		st.control.SetReadDeadline(time.Now())
		for range lines { // the reader must have ended before the request does
		}
		st.control.SetReadDeadline(time.Now()) // it may have put it off
	}()
	for batch := range st.gathered(lines) {
		if st.answer(ctx, batch) != nil {
			panic(http.ErrAbortHandler)
		}
	}
	if !st.ended {
		panic(http.ErrAbortHandler) // half of the answers must not look like all of them
	}
	whole = true
	st.control.SetWriteDeadline(time.Now().Add(s.config.Timeout)) // for the last chunk
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
	bytes  int64
	held   bool // the bytes are taken of the memory of all bodies
}

// buffered are the bytes of a stream's buffer. A stream takes four times as many of the
// memory of all bodies for as long as it lasts: for the buffer, a line that is being read,
// and two that are being answered. Other lines take theirs until they are answered: those
// that do not fit into the buffer, and those that are answered together with a first one.
const buffered = 8 << 10

// streaming is one stream.
type streaming struct {
	s       *Server
	model   *model
	labeler *jsonapi.Labeler
	options jsonapi.Options
	lease   *lease
	control *http.ResponseController
	from    *bufio.Reader
	w       io.Writer
	request *http.Request
	ended   bool // the body has been read to its end
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
	st := &streaming{s: s, model: m, labeler: l, options: o, lease: leaseOf(r), control: http.NewResponseController(w), w: w, request: r}
	if !st.lease.take(4 * buffered) {
		return nil, errBusy("too many streams at once")
	}
	st.from = bufio.NewReaderSize(from, buffered)
	st.control.EnableFullDuplex() // where it cannot, as in HTTP/2, there is no need to
	return st, nil
}

// read sends lines until there are no more, or no more can be read.
func (st *streaming) read(ctx context.Context, to chan<- line) {
	for n, blank := 1, false; ; n++ {
		if !blank { // else whoever sends blank lines could stay for ever
			st.control.SetReadDeadline(time.Now().Add(st.s.config.Timeout))
		}
		if ctx.Err() != nil {
			return
		}
		b, held, refused, err := st.readLine()
		if err == io.EOF {
			st.control.SetReadDeadline(time.Time{}) // it would end what still has to be answered
		}
		l := line{number: n, err: refused, bytes: int64(len(b)), held: held}
		switch {
		case refused != nil:
		case err == nil || err == io.EOF:
			l.text, l.err = parseLine(b, n, st.s.limits)
		default:
			l.err = st.s.readError(err)
		}
		if blank = l.err == nil && len(bytes.TrimSpace(b)) == 0; blank {
			st.free(l)
		} else {
			to <- l // it is always taken, though not answered if ctx has ended
		}
		if err != nil {
			st.ended = err == io.EOF
			return
		}
	}
}

// readLine returns one line and whether its bytes are held, or why it is refused: the rest
// of one that is too long, or for which there is no memory, is passed over. At the end of
// the body there is io.EOF beside the last line.
func (st *streaming) readLine() (b []byte, held bool, refused, err error) {
	most := 6*st.s.config.MaxText + 1024 // JSON may write a byte as six
	for {
		part, err := st.from.ReadSlice('\n')
		held = held || err == bufio.ErrBufferFull
		switch {
		case refused != nil:
		case len(b)+len(part) > most:
			refused = jsonapi.Errorf(http.StatusRequestEntityTooLarge, "", "the line is too long")
		case held && !st.lease.take(int64(len(part))):
			refused = errBusy("too many large bodies at once")
		default:
			b = append(b, part...)
		}
		if refused != nil {
			st.lease.give(int64(len(b))) // none of a line that is in one part
			b = nil
		}
		if err != bufio.ErrBufferFull {
			return b, held, refused, err
		}
	}
}

// free gives back what a line holds.
func (st *streaming) free(l line) {
	if l.held {
		st.lease.give(l.bytes)
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

// gathered yields what has come: at most as many lines as are answered together, no more
// bytes than a body may have, and what there is memory for.
func (st *streaming) gathered(lines <-chan line) iter.Seq[[]line] {
	return func(yield func([]line) bool) {
		for first := range lines {
			batch := []line{first}
			size := first.bytes
			for more := true; more && len(batch) < st.s.config.MaxBatch && size < st.s.config.MaxBody; {
				select {
				case l, ok := <-lines:
					if more = ok; ok {
						l.held = l.held || st.lease.take(l.bytes)
						more = l.held
						batch = append(batch, l)
						size += l.bytes
					}
				default:
					more = false
				}
			}
			if !yield(batch) {
				return
			}
			for _, l := range batch {
				st.free(l)
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
			st.s.saw(st.request, n, func(i int) string { return batch[i].text.Text })
			if err := st.label(ctx, batch[:n], &out); err != nil {
				return err
			}
			batch = batch[n:]
			continue
		}
		e := st.s.errorOf(st.request, batch[0].err)
		e.Field = strings.TrimSuffix("line "+strconv.Itoa(batch[0].number)+", "+e.Field, ", ")
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
	e := st.s.errorOf(st.request, err)
	e.Field = "line " + strconv.Itoa(batch[0].number)
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

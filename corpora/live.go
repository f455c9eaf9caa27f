package corpora

import (
	"context"
	"io"
	"time"
)

// A Live reads a stream in the background, so that it can be asked whether bytes
// are waiting. A Reader of a Live, made by New, knows when the next row has not
// come yet: see [Reader.Ready]. It serves one goroutine.
type Live struct {
	ctx    context.Context
	chunks chan []byte
	spare  chan []byte
	chunk  []byte // what was received and not yet returned
	whole  []byte // the buffer that chunk is of
	err    error  // of the stream; valid once chunks is closed
	done   bool
}

// NewLive begins to read src. Once ctx has ended, Read returns what was read of src
// by then and after it the error of ctx. The goroutine that reads src ends with src.
func NewLive(ctx context.Context, src io.Reader) *Live {
	// As many buffers as chunks has room for: what was read is there to be taken.
	l := &Live{ctx: ctx, chunks: make(chan []byte, 2), spare: make(chan []byte, 2)}
	l.spare <- make([]byte, lineBuffer)
	l.spare <- make([]byte, lineBuffer)
	go func() {
		defer close(l.chunks)
		for {
			select {
			case buf := <-l.spare:
				n, err := src.Read(buf)
				l.chunks <- buf[:n]
				if err != nil {
					l.err = err
					return
				}
			case <-ctx.Done():
				l.err = context.Cause(ctx)
				return
			}
		}
	}()
	return l
}

// Read returns bytes of the stream.
func (l *Live) Read(p []byte) (int, error) {
	for len(l.chunk) == 0 && !l.done {
		select {
		case c, ok := <-l.chunks:
			l.take(c, ok)
		case <-l.ctx.Done():
			if !l.wait(settle) {
				return 0, context.Cause(l.ctx)
			}
		}
	}
	if len(l.chunk) == 0 {
		return 0, l.err
	}
	n := copy(p, l.chunk)
	if l.chunk = l.chunk[n:]; len(l.chunk) == 0 {
		l.giveBack()
	}
	return n, nil
}

func (l *Live) take(chunk []byte, ok bool) {
	l.done, l.chunk, l.whole = !ok, chunk, chunk
	if ok && len(chunk) == 0 {
		l.giveBack()
	}
}

// giveBack lets the buffer that was read out be filled again.
func (l *Live) giveBack() { l.spare <- l.whole[:cap(l.whole)] }

// Ready reports whether Read would return at once.
func (l *Live) Ready() bool { return l.wait(0) || l.ctx.Err() != nil }

// wait reports whether bytes or the end come within d.
func (l *Live) wait(d time.Duration) bool {
	timeout := time.After(d)
	for len(l.chunk) == 0 && !l.done { // a chunk may be empty
		select {
		case c, ok := <-l.chunks:
			l.take(c, ok)
			continue
		default:
		}
		select {
		case c, ok := <-l.chunks:
			l.take(c, ok)
		case <-timeout:
			return false
		}
	}
	return true
}

// settle is how long a live source may be silent before what has come is all that
// there is to judge its format by, or to answer once its context has ended.
const settle = 50 * time.Millisecond

// more reports whether it is worth waiting for more of the beginning of f.
func (f *file) more() bool { return f.live == nil || f.live.wait(settle) }

// Ready reports whether the next Read need not wait for its source: whether a
// whole row has come, or the end. That can be told of rows that are lines, from a
// [Live]; of anything else it says that it is so.
func (r *Reader) Ready() bool {
	f := r.file
	if r.err != nil || f == nil || f.live == nil || f.lines == nil {
		return true
	}
	for !f.lines.holdsLine() {
		if !f.inBuf() && !f.live.Ready() {
			return false
		}
		f.lines.fill()
	}
	return true
}

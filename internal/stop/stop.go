// Package stop ends a command soon after a signal, but for what must come to its end.
package stop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// grace is how long a command may take to end after a signal, unless it has something
// to save.
const grace = 500 * time.Millisecond

// A Stopper ends a command after a signal. The context is cancelled, and the command
// ends as its work comes to a place that asks. What has not ended soon waits for a
// file or counts on, and is ended: files that are written are the old ones or the new
// ones at any moment. A second signal kills the process as usual.
type Stopper struct {
	name  string
	ctx   context.Context
	held  atomic.Int32 // parts of the command that must come to their end
	meant atomic.Bool  // a signal is how the command is to end
	ended sync.Mutex   // held by the one who ends the process
}

type stopperKey struct{}

// New returns a Stopper for a command of that name, which exit ends, and what lets go of
// the signals.
func New(name string, exit func(code int)) (s *Stopper, free func()) {
	s = &Stopper{name: name}
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), stopperKey{}, s))
	s.ctx = ctx
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		got, ok := <-signals
		if !ok {
			return
		}
		signal.Stop(signals)
		cancel(signalError{got.(syscall.Signal)})
		for time.Sleep(grace); s.held.Load() > 0; {
			time.Sleep(grace / 10)
		}
		s.ended.Lock()
		exit(s.status())
	}()
	return s, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}

// Context is the command's: it ends at the first signal.
func (s *Stopper) Context() context.Context { return s.ctx }

// End takes what the command has come to. If that is nil or a cancellation, it says what
// signal stopped the command, and returns its exit code; 0 if none did that is not how it
// is to end. From then on only the caller ends the process.
func (s *Stopper) End(err error) int {
	s.ended.Lock()
	if err != nil && !errors.Is(err, context.Canceled) {
		return 0
	}
	return s.status()
}

// status says what stopped the command, and returns its exit code; 0 if nothing did that
// is not how it is to end.
func (s *Stopper) status() int {
	var sig signalError
	if s.meant.Load() || !errors.As(context.Cause(s.ctx), &sig) {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: stopped by %s\n", s.name, sig.Signal)
	return 128 + int(sig.Signal)
}

// Hold lets the command go on after a signal until release is called, however long it
// takes: to save what cannot be had again. ctx is the command's.
func Hold(ctx context.Context) (release func()) {
	s, ok := ctx.Value(stopperKey{}).(*Stopper)
	if !ok {
		return func() {}
	}
	s.held.Add(1)
	return sync.OnceFunc(func() { s.held.Add(-1) })
}

// UntilSignal is Hold for a command that goes on until a signal ends it, and has then
// succeeded.
func UntilSignal(ctx context.Context) (release func()) {
	if s, ok := ctx.Value(stopperKey{}).(*Stopper); ok {
		s.meant.Store(true)
	}
	return Hold(ctx)
}

// Holding returns report, which tells of a training's progress: once there is some, the
// command goes on after a signal until the checkpoint is written.
func Holding[P any](ctx context.Context, report func(P)) func(P) {
	begin := sync.OnceFunc(func() { Hold(ctx) })
	return func(p P) {
		begin()
		report(p)
	}
}

type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return e.Signal.String() }

// Is says that a signal cancels: a reader that waits ends with the cause of its context.
func (e signalError) Is(err error) bool { return err == context.Canceled }

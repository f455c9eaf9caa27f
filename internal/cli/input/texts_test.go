//go:build unix

package input

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/stop"
)

// A signal that comes while rows of standard input are answered, however slowly, does not
// end the process between the last of them and the end of what is written.
func TestSignalWaitsForTheOutput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	defer func(f *os.File) { os.Stdin = f }(os.Stdin)
	os.Stdin = r
	exited := make(chan int, 1)
	s, _ := stop.New("test", func(code int) { exited <- code }) // the goroutine that waits for signals stays
	rows, _, err := new(Flags).Open(s.Context(), corpora.Options{Lines: true}, cli.Stdin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("a row\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Read(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.Context().Done()
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-exited:
		t.Fatalf("the process ended with status %d", code)
	case <-time.After(time.Second): // it would end after half of one
	}
	if code := s.End(nil); code != 143 {
		t.Errorf("status %d, want 143", code)
	}
}

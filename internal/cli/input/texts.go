package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/stop"
)

// given stands for the texts of --text in the place of a file's name.
const given = "--text"

// Files returns the files to read: those named, or standard input where none are. The
// texts of --text are one of them, and go with no others.
func (in *Flags) Files(named []string) ([]string, error) {
	if !in.Given() {
		return cli.OrStdin(in.cmd, named), nil
	}
	if len(named) > 0 {
		return nil, cli.Usagef("--text and files both give texts: use one")
	}
	return []string{given}, nil
}

// Given says whether there are texts of --text.
func (in *Flags) Given() bool { return len(in.texts) > 0 }

// A Reader gives the rows of one of Files.
type Reader struct {
	rows
	ctx     context.Context // nil if rows that have been read can be read again
	release func()
}

// Rows are a corpora.Reader, or the texts of --text.
type rows interface {
	Read() (corpora.Example, error)
	Ready() bool
	Sources() []corpora.Source
	Close() error
}

// Open opens one of Files. What is done with its rows is done under the context that it
// returns: a row of standard input cannot be read again, so that once one has been read
// the command goes on after a signal until it is done with it, and no further row comes.
func (in *Flags) Open(ctx context.Context, opts corpora.Options, file string) (*Reader, context.Context, error) {
	r := &Reader{release: func() {}}
	var err error
	switch file {
	case given:
		r.rows = &texts{in.texts, 0}
	case cli.Stdin:
		r.ctx = ctx
		r.rows, err = corpora.New(corpora.NewLive(ctx, os.Stdin), "stdin", opts)
		ctx = context.WithoutCancel(ctx)
	default:
		r.rows, err = corpora.Open(opts, file)
	}
	return r, ctx, err
}

// Read returns the next row.
func (r *Reader) Read() (corpora.Example, error) {
	x, err := r.rows.Read()
	// A document that is read as a whole, at line 0, has not been answered in part.
	if r.ctx != nil && (x.Line > 0 || corpora.Refused(err)) {
		r.release, r.ctx = stop.Hold(r.ctx), nil
	}
	return x, err
}

// Close closes the file.
func (r *Reader) Close() error {
	r.release()
	return r.rows.Close()
}

// texts are those of --text.
type texts struct {
	all  []string
	next int
}

func (t *texts) Read() (corpora.Example, error) {
	if t.next == len(t.all) {
		return corpora.Example{}, io.EOF
	}
	text := strings.ToValidUTF8(t.all[t.next], "\ufffd")
	t.next++
	return corpora.Example{ID: strconv.Itoa(t.next), Text: text, Fields: []corpora.Field{{Name: "text", Value: text}}}, nil
}

func (t *texts) Ready() bool               { return t.next < len(t.all) }
func (t *texts) Sources() []corpora.Source { return []corpora.Source{{Name: given}} }
func (t *texts) Close() error              { return nil }

// All ranges over the rows of files. A row or a file that cannot be read is yielded as an
// error, and what follows it comes next.
func (in *Flags) All(ctx context.Context, opts corpora.Options, files []string) iter.Seq2[corpora.Example, error] {
	return func(yield func(corpora.Example, error) bool) {
		for _, file := range files {
			if !in.each(ctx, opts, file, yield) || ctx.Err() != nil {
				return
			}
		}
	}
}

// each yields the rows of a file, and says whether more are wanted.
func (in *Flags) each(ctx context.Context, opts corpora.Options, file string, yield func(corpora.Example, error) bool) bool {
	r, _, err := in.Open(ctx, opts, file)
	if err != nil {
		return yield(corpora.Example{}, err)
	}
	defer r.Close()
	for {
		x, err := r.Read()
		if err == io.EOF {
			return true
		}
		if !yield(x, err) {
			return false
		}
		if err != nil && !corpora.Refused(err) {
			return true
		}
	}
}

// Errors collects the first ten errors of a file, and counts the others.
type Errors struct {
	list []error
	more int
}

// Add adds an error; nil adds nothing.
func (e *Errors) Add(err error) {
	const most = 10
	switch {
	case err == nil:
	case len(e.list) < most:
		e.list = append(e.list, err)
	default:
		e.more++
	}
}

// Join returns all of them as one error, nil if there are none.
func (e *Errors) Join() error {
	if e.more > 0 {
		return errors.Join(append(e.list, fmt.Errorf("%d more errors", e.more))...)
	}
	return errors.Join(e.list...)
}

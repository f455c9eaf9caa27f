package input

import (
	"cmp"
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
	in      *Flags
	opts    corpora.Options
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
	opts.EveryFile = in.unlabelled
	if in.lines && in.format == "" {
		opts.Format = corpora.Text // whatever the lines look like
	}
	r := &Reader{in: in, opts: opts, release: func() {}}
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

// Read returns the next row. Where --bad-records is a number it passes over so many rows
// of all files that cannot be read; one more ends the reading with the error of the first.
func (r *Reader) Read() (corpora.Example, error) {
	for {
		x, err := r.rows.Read()
		// A document that is read as a whole, at line 0, has not been answered in part.
		if r.ctx != nil && (x.Line > 0 || corpora.Refused(err)) {
			r.hold()
		}
		if corpora.Refused(err) && r.in.bad != "" {
			if err = r.in.refuse(err, r.opts.Limits.BadRecords); err == nil {
				continue
			}
		}
		if err != nil && err != io.EOF && r.opts.OnBad == corpora.StopAtBad {
			r.in.ended = true
		}
		return x, err
	}
}

// hold lets the command go on after a signal: to the end of the rows, and to its own if the
// signal has come by then, since answers may still have to be written.
func (r *Reader) hold() {
	ctx, release := r.ctx, stop.Hold(r.ctx)
	r.ctx, r.release = nil, func() {
		if ctx.Err() == nil {
			release()
		}
	}
}

// refuse counts a row that cannot be read, and returns the error that ends the reading where
// there are more than so many; a negative number accepts any.
func (in *Flags) refuse(err error, most int) error {
	in.refused++
	in.first = cmp.Or(in.first, err)
	if most < 0 || in.refused <= most {
		return nil
	}
	in.ended = true
	last, _ := errors.AsType[*corpora.ParseError](in.first)
	end := *last
	end.Refused = false
	return &end
}

// Ended says whether --bad-records lets no more be read, after an error.
func (in *Flags) Ended() bool { return in.ended }

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
// error, and what follows it comes next. It is for rows that are gathered: see Each.
func (in *Flags) All(ctx context.Context, opts corpora.Options, files []string) iter.Seq2[corpora.Example, error] {
	return func(yield func(corpora.Example, error) bool) {
		in.Each(ctx, opts, files, func(_ context.Context, rows iter.Seq2[corpora.Example, error]) error {
			for x, err := range rows {
				if !yield(x, err) {
					return io.EOF // no more are wanted
				}
			}
			return nil
		})
	}
}

// Each lets do answer the rows of one file after another, as All has them, under the
// context that Open returns. It ends at an error of do.
func (in *Flags) Each(ctx context.Context, opts corpora.Options, files []string, do func(context.Context, iter.Seq2[corpora.Example, error]) error) error {
	for _, file := range files {
		if err := in.each(ctx, opts, file, do); err != nil || ctx.Err() != nil || in.ended {
			return err
		}
	}
	return nil
}

func (in *Flags) each(ctx context.Context, opts corpora.Options, file string, do func(context.Context, iter.Seq2[corpora.Example, error]) error) error {
	r, ctx, err := in.Open(ctx, opts, file)
	if err == nil {
		defer r.Close()
	}
	return do(ctx, func(yield func(corpora.Example, error) bool) {
		if err != nil {
			yield(corpora.Example{}, err)
			return
		}
		for {
			x, err := r.Read()
			if err == io.EOF || !yield(x, err) || err != nil && !corpora.Refused(err) {
				return
			}
		}
	})
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

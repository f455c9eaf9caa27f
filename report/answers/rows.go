package answers

import (
	"context"
	"io"

	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/corpora"
)

// A WriteError is a failure of an [answer.Writer], after which no row can be answered.
type WriteError struct{ Err error }

// Error is that of Err.
func (e *WriteError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }

// A RowReader gives rows: a [corpora.Reader], or what stands in front of one.
type RowReader interface {
	Read() (corpora.Example, error)
	Ready() bool
	Sources() []corpora.Source
}

// Rows answers the rows of r as they come, and writes and flushes what has come
// whenever more of it would have to be waited for. A row that cannot be read goes to
// refused, or has a record of its own where r marks such rows. The error is that of r
// unless it is the end, ctx's, or a *WriteError.
func Rows(ctx context.Context, m answer.Predictor, r RowReader, o answer.Options, w answer.Writer, refused func(error)) error {
	var end error
	source, name := int32(-1), ""
	ready := func(yield func(answer.Text) bool) {
		for more := true; more; more = r.Ready() {
			e, err := r.Read()
			if corpora.Refused(err) {
				refused(err)
				continue
			}
			if err != nil {
				end = err
				return
			}
			if e.Source != source {
				source, name = e.Source, r.Sources()[e.Source].Name
			}
			t := answer.Text{ID: e.ID, Text: e.Text, Source: name, Fields: Fields(e.Fields)}
			if e.Bad != nil {
				t.Bad = e.Bad
			}
			if !yield(t) {
				return
			}
		}
	}
	for end == nil {
		for record, err := range answer.All(ctx, m, ready, o) {
			if err != nil {
				return err
			}
			if err := w.Write(record); err != nil {
				return &WriteError{err}
			}
		}
		if end == nil {
			if err := w.Flush(); err != nil {
				return &WriteError{err}
			}
		}
	}
	if end == io.EOF {
		return nil
	}
	return end
}

// Fields are the fields of a row as those of a text.
func Fields(row []corpora.Field) []answer.Field {
	if row == nil {
		return nil
	}
	fields := make([]answer.Field, len(row))
	for i, f := range row {
		fields[i] = answer.Field(f)
	}
	return fields
}

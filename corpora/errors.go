package corpora

import (
	"errors"
	"fmt"
	"strings"
)

// ErrData is what every complaint about the content of a file is: errors.Is(err,
// ErrData) holds for each *ParseError and for each sentinel of this package.
// Errors of the system, such as a missing file, are not ErrData.
var ErrData = errors.New("corpora: bad data")

// A sentinel is an error that is also ErrData.
type sentinel string

func (s sentinel) Error() string        { return string(s) }
func (s sentinel) Is(target error) bool { return target == ErrData }

// What a ParseError may wrap.
var (
	// ErrTooLong means that a row is longer than Limits.RecordBytes.
	ErrTooLong error = sentinel("row too long")
	// ErrTooLarge means that a limit on the whole input was passed: the ratio or
	// the size of what a compressed file expands to, or the number of entries.
	ErrTooLarge error = sentinel("limit exceeded")
	// ErrUnknownLabel means that a label is not one of Options.Labels.
	ErrUnknownLabel error = sentinel("unknown label")
	// ErrColumns means that a row has too few or too many columns, or that a
	// file lacks a column that was asked for.
	ErrColumns error = sentinel("wrong columns")
	// ErrQuote means that a quoted CSV field is not closed, or is followed by
	// something other than a comma or the end of the line.
	ErrQuote error = sentinel("bad quoting")
	// ErrSyntax means that a row is not of its format, such as broken JSON.
	ErrSyntax error = sentinel("bad syntax")
	// ErrBinary means that the input is not text: an image, a pickle, a program.
	ErrBinary error = sentinel("not text")
	// ErrEncoding means that bytes are not of the encoding, where
	// Options.Strict forbids to replace them.
	ErrEncoding error = sentinel("bad encoding")
	// ErrInsecurePath means that an archive entry points outside the archive or
	// is not a plain file.
	ErrInsecurePath error = sentinel("insecure path in archive")
	// ErrFormat means that the format is not known or cannot be read this way.
	ErrFormat error = sentinel("unsupported format")
	// ErrRemote means that a URL was given where a file is wanted.
	ErrRemote error = sentinel("remote files are not read")
)

// A ParseError says where a file is bad.
type ParseError struct {
	// File is the name of the file; an entry of an archive is archive!entry.
	File string
	// Line and Column count from 1, the column in bytes; 0 means that the error
	// is of the whole file or row. Lines are those of the text after
	// decompression and decoding, rows of a Parquet file count as lines.
	Line, Column int
	// Offset is the byte at which the row begins, after decompression and
	// decoding to UTF-8.
	Offset int64
	// Refused means that one row was refused and the next Read goes on. If it is
	// not set, nothing more can be read from the file.
	Refused bool
	// Err is the cause.
	Err error
}

// Error returns file:line:column: cause.
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// Is reports that a ParseError is ErrData.
func (e *ParseError) Is(target error) bool { return target == ErrData }

// Refused reports whether err refuses one row alone, so that reading goes on.
func Refused(err error) bool {
	pe, ok := errors.AsType[*ParseError](err)
	return ok && pe.Refused
}

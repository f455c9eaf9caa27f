package embed

import (
	"errors"
	"fmt"
)

// The kinds of error in a vector file, to be told apart with errors.Is.
var (
	// ErrFormat: the file is of no known format, or not of the one asked for.
	ErrFormat = errors.New("not a file of word vectors")
	// ErrRagged: a row has more or fewer numbers than the others.
	ErrRagged = errors.New("row of the wrong length")
	// ErrNumber: something is not a decimal number.
	ErrNumber = errors.New("not a number")
	// ErrNotFinite: a number is NaN, infinite, or beyond the range of float32.
	ErrNotFinite = errors.New("number is not finite")
	// ErrTooLarge: a limit of ReadOptions is exceeded.
	ErrTooLarge = errors.New("limit exceeded")
	// ErrTruncated: the file ends before its header says so, or within a row.
	ErrTruncated = errors.New("file is cut short")
	// ErrDim: the vectors are not of the dimension asked for.
	ErrDim = errors.New("wrong dimension")
)

// A ParseError says where a vector file is at fault.
type ParseError struct {
	Line   int   // from 1; 0 in a binary file
	Offset int64 // in bytes, of the line or row; after decompression
	Err    error // wraps one of the package's sentinels or an error of the reader
}

// Error implements error.
func (e *ParseError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("embed: line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("embed: byte %d: %v", e.Offset, e.Err)
}

// Unwrap returns e.Err.
func (e *ParseError) Unwrap() error { return e.Err }

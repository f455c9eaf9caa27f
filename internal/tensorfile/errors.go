package tensorfile

import (
	"errors"
	"fmt"
)

// The kinds of error that callers tell apart with errors.Is. All but ErrOther
// come inside a *FormatError.
var (
	// ErrOther: the bytes are no safetensors file. The error says what they
	// look like where that can be told.
	ErrOther = errors.New("not a safetensors file")
	// ErrTruncated: the file ends before its header says so. Typically an
	// interrupted download or copy.
	ErrTruncated = errors.New("file is cut short")
	// ErrHeader: the header is not JSON of the expected form.
	ErrHeader = errors.New("bad header")
	// ErrDuplicate: the header names a tensor, metadata entry or field twice.
	ErrDuplicate = errors.New("duplicate name")
	// ErrLayout: the tensors do not cover the data exactly once, or a shape
	// does not agree with its bytes.
	ErrLayout = errors.New("bad layout")
	// ErrTooLarge: a limit is exceeded, or a size overflows.
	ErrTooLarge = errors.New("limit exceeded")
	// ErrChecksum: the bytes are not those that were written, or there is no
	// checksum where Limits.RequireChecksum asks for one.
	ErrChecksum = errors.New("checksum mismatch")
	// ErrNotFinite: a floating-point value is NaN or infinite.
	ErrNotFinite = errors.New("value is not finite")
	// ErrDType: the element type is unknown, or not the one asked for.
	ErrDType = errors.New("unsupported element type")
	// ErrShape: the tensor's shape is not the one asked for.
	ErrShape = errors.New("shape mismatch")
	// ErrMissing: the file has no tensor of the name asked for.
	ErrMissing = errors.New("no such tensor")
	// ErrExtra: the file has a tensor that nobody asked for.
	ErrExtra = errors.New("unexpected tensor")
)

// A FormatError says where and why a file was refused. Err wraps one of the
// package's sentinels.
type FormatError struct {
	Offset int64  // in bytes from the start of the file; -1 if no one place is at fault
	Field  string // tensor, metadata entry or header field; "" if none
	Err    error
}

// Error implements error.
func (e *FormatError) Error() string {
	s := "tensorfile: "
	if e.Offset >= 0 {
		s += fmt.Sprintf("byte %d: ", e.Offset)
	}
	if e.Field != "" {
		s += e.Field + ": "
	}
	return s + e.Err.Error()
}

// Unwrap returns e.Err.
func (e *FormatError) Unwrap() error { return e.Err }

func formatErr(offset int64, field string, format string, args ...any) error {
	return &FormatError{Offset: offset, Field: field, Err: fmt.Errorf(format, args...)}
}

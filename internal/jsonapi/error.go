package jsonapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/textlstm/textlstm/internal/escape"
)

// An Error is an answer that is none: what is wrong, in which field of the request, and
// the HTTP status that says the same.
type Error struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
	Code    string `json:"code"`            // a word for programs
	Field   string `json:"field,omitempty"` // such as texts[3]; "" where none is at fault
	Request string `json:"request_id,omitempty"`
}

func (e *Error) Error() string {
	if e.Field != "" && !strings.HasPrefix(e.Message, e.Field) {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// codes are the words for HTTP statuses. Package net/http has names for them, and would
// double what a browser has to load.
var codes = map[int]string{
	400: "invalid",
	401: "unauthorized",
	403: "forbidden",
	404: "not_found",
	405: "method_not_allowed",
	408: "too_slow",
	413: "too_large",
	415: "unsupported",
	429: "busy",
	500: "internal",
	503: "not_ready",
	504: "deadline",
}

// Errorf returns an error of a status about a field, "" for none.
func Errorf(status int, field, format string, args ...any) *Error {
	return &Error{Status: status, Code: codes[status], Field: field, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns the error of a field that makes no sense.
func Invalid(field, format string, args ...any) *Error {
	return Errorf(400, field, format, args...)
}

// AsError is err as an Error; one that a client cannot know of is internal.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Errorf(500, "", "the server failed on this request")
}

// Append appends e as JSON.
func (e *Error) Append(b []byte) []byte {
	j, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings cannot fail
	}
	return append(b, escape.JSON(j)...)
}

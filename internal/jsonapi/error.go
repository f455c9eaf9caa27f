package jsonapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
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

// codes are the words for statuses.
var codes = map[int]string{
	http.StatusBadRequest:            "invalid",
	http.StatusUnauthorized:          "unauthorized",
	http.StatusForbidden:             "forbidden",
	http.StatusNotFound:              "not_found",
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusRequestTimeout:        "too_slow",
	http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnsupportedMediaType:  "unsupported",
	http.StatusTooManyRequests:       "busy",
	http.StatusInternalServerError:   "internal",
	http.StatusServiceUnavailable:    "not_ready",
	http.StatusGatewayTimeout:        "deadline",
}

// Errorf returns an error of a status about a field, "" for none.
func Errorf(status int, field, format string, args ...any) *Error {
	return &Error{Status: status, Code: codes[status], Field: field, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns the error of a field that makes no sense.
func Invalid(field, format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, field, format, args...)
}

// AsError is err as an Error; one that a client cannot know of is internal.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Errorf(http.StatusInternalServerError, "", "the server failed on this request")
}

// Append appends e as JSON.
func (e *Error) Append(b []byte) []byte {
	j, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings cannot fail
	}
	return append(b, j...)
}

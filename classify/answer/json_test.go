package answer_test

import (
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify/answer"
)

// A field whose JSON is on several lines is kept on one, any other as it stands.
func TestFieldsOfSeveralLines(t *testing.T) {
	var b strings.Builder
	w := answer.NewWriter(&b, nil, answer.Options{Keep: true}, false)
	err := w.Write(&answer.Record{Fields: []answer.Field{
		{Name: "id", Value: "a\nb"},
		{Name: "meta", Value: "{\r\n  \"a\": 1.0\n}", JSON: true},
		{Name: "more", Value: `{"c":  [2]}`, JSON: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"a\nb","meta":{"a":1.0},"more":{"c":  [2]},"tokens":0,"unknown":0}` + "\n"
	if b.String() != want {
		t.Errorf("got %s\nwant %s", b.String(), want)
	}
}

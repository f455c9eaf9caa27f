package cli

import (
	"fmt"
	"strings"
	"testing"
)

// Every line is one of JSON, wherever the writes break.
func TestJSONLines(t *testing.T) {
	var b strings.Builder
	w := &jsonLines{w: &b, command: "sentiment"}
	for _, s := range []string{"{\"epoch\":1}\n", "label \"a\" ", "is read\n\nsentiment: no such", " file\n{broken\n"} {
		if n, err := fmt.Fprint(w, s); n != len(s) || err != nil {
			t.Fatalf("wrote %d of %d bytes, error %v", n, len(s), err)
		}
	}
	const want = `{"epoch":1}
{"note":"label \"a\" is read"}
{"error":"no such file"}
{"note":"{broken"}
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

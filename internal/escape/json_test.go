package escape_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/textlstm/textlstm/internal/escape"
)

// Every character is read again as itself, and none of those that a terminal obeys is
// written.
func TestJSON(t *testing.T) {
	var all strings.Builder
	for r := range rune(0x30000) {
		if r < 0xd800 || r > 0xdfff {
			all.WriteRune(r)
		}
	}
	want := all.String()
	text, err := json.Marshal(map[string]string{want: want})
	if err != nil {
		t.Fatal(err)
	}
	text = escape.JSON(text)
	for _, r := range string(text) {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			t.Errorf("%U is written", r)
		}
	}
	var got map[string]string
	if err := json.Unmarshal(text, &got); err != nil || got[want] != want {
		t.Errorf("the characters are not the same, err = %v", err)
	}
	if again := escape.JSON(text); !bytes.Equal(again, text) {
		t.Error("escaped twice it is another text")
	}
}

func TestJSONEscapesNoMoreThanItMust(t *testing.T) {
	for in, want := range map[string]string{
		"{\n\t\"a\": [1, \"é 中 👩‍👩‍👧 <&>\"]\r\n}": "{\n\t\"a\": [1, \"é 中 👩‍👩‍👧 <&>\"]\r\n}",
		"\"\u009b31m\u202egpj\u00a0\x7f\"":        `"\u009b31m\u202egpj` + "\u00a0" + `\u007f"`,
		"\"\u009b\xff\"":                          `"\u009b` + "\xff\"",
		"":                                        "",
	} {
		if got := string(escape.JSON([]byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

type fails struct{ n int }

func (f fails) Write([]byte) (int, error) { return f.n, errors.New("full") }

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(escape.Writer(&b))
	e.SetIndent("", "  ")
	if err := e.Encode([]string{"\u0085\u2066", "b"}); err != nil || b.String() != "[\n  \"\\u0085\\u2066\",\n  \"b\"\n]\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	if n, err := escape.Writer(fails{9}).Write([]byte("\u0085")); n != 2 || err == nil {
		t.Errorf("%d bytes of 2 and %v, want 2 and an error", n, err)
	}
}

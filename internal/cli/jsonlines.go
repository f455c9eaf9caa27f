package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/textlstm/textlstm/internal/escape"
)

// jsonLines writes JSON lines: a line that is no JSON object becomes the note of one, and
// an error, which begins with the name of the command, its error. It is for one
// goroutine.
type jsonLines struct {
	w       io.Writer
	command string
	rest    []byte // of a line that has not ended
}

func (j *jsonLines) Write(p []byte) (int, error) {
	j.rest = append(j.rest, p...)
	for {
		line, rest, whole := bytes.Cut(j.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		j.rest = rest
		if len(line) == 0 {
			continue
		}
		if line[0] != '{' || !json.Valid(line) {
			key, text := "note", string(line)
			if message, ok := strings.CutPrefix(text, j.command+": "); ok {
				key, text = "error", message
			}
			line, _ = json.Marshal(map[string]string{key: text}) // of strings: never fails
		}
		if _, err := j.w.Write(append(bytes.Clone(escape.JSON(line)), '\n')); err != nil {
			return len(p), err
		}
	}
}

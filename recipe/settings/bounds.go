package settings

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Bounds of a config file. They are looked at before it is parsed, for a parser
// needs thousands of times the memory of what is nested or named often enough.
const (
	maxFile  = 256 << 10 // bytes
	maxDepth = 32        // lists and tables within each other, and parts of a dotted key
)

// readBounded reads a config file within the bounds.
func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, errorf("%s: a config file of more than %d bytes", file, maxFile)
	}
	if err := checkDepth(b); err != nil {
		return nil, errorf("%s: %w", file, err)
	}
	return b, nil
}

// checkDepth checks the depth of TOML, or of JSON, whose strings, lists and objects
// look the same. It need not be right about what is neither: a parser says so.
func checkDepth(b []byte) error {
	depth, dots, line := 0, 0, 1
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '"', '\'':
			n := stringLen(b[i:])
			line += bytes.Count(b[i:i+n], []byte("\n"))
			i += n - 1
		case '#':
			for i+1 < len(b) && b[i+1] != '\n' {
				i++
			}
		case '[', '{':
			depth++
			dots = 0
		case ']', '}':
			depth--
			dots = 0
		case '.':
			dots++
		case '\n', '=', ',', ':':
			dots = 0
			if c == '\n' {
				line++
			}
		}
		if depth > maxDepth || dots >= maxDepth {
			return fmt.Errorf("line %d: nested more than %d deep", line, maxDepth)
		}
	}
	return nil
}

// stringLen is the length of the string that b begins with; all of b if the string
// does not end.
func stringLen(b []byte) int {
	quote := b[:1]
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(b, triple) {
		quote = triple
	}
	for i := len(quote); i < len(b); i++ {
		switch {
		case b[i] == '\\' && b[0] == '"':
			i++
		case bytes.HasPrefix(b[i:], quote):
			i += len(quote)
			for more := 0; len(quote) == 3 && more < 2 && i < len(b) && b[i] == b[0]; more++ {
				i++ // TOML: one or two quotes may stand before the end
			}
			return i
		case b[i] == '\n' && len(quote) == 1:
			return i // an error, but what follows may be nested
		}
	}
	return len(b)
}

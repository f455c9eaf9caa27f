package settings

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Bounds of a config file. They are looked at before it is parsed, for a parser
// needs thousands of times the memory of what is nested or named often enough.
const (
	maxFile  = 128 << 10 // bytes
	maxDepth = 32        // lists and tables within each other, and parts of a dotted key
	maxList  = 1 << 10   // tables in a list, such as heads
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

// checkLists reports a list of more than maxList tables in a group of settings.
func checkLists(group map[string]any, prefix string) error {
	for _, name := range slices.Sorted(maps.Keys(group)) {
		var list []map[string]any
		switch v := group[name].(type) {
		case map[string]any:
			list = append(list, v)
		case []map[string]any: // of TOML
			list = v
		case []any: // of JSON
			for _, e := range v {
				if e, ok := e.(map[string]any); ok {
					list = append(list, e)
				}
			}
		}
		if len(list) > maxList {
			return fmt.Errorf("settings: a list of %d tables in %s, want at most %d", len(list), prefix+name, maxList)
		}
		for _, e := range list {
			if err := checkLists(e, prefix+name+"."); err != nil {
				return err
			}
		}
	}
	return nil
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

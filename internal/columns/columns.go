// Package columns reads the tables that a program has embedded.
package columns

import (
	"iter"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// FirstTwo yields the first two columns of each line of a table, which has tabs
// between columns and is compressed by zstd. It panics if the file, of which name
// tells, is broken: then the program was built from a broken one.
func FirstTwo(name string, file []byte) iter.Seq2[string, string] {
	d, err := zstd.NewReader(nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	text, err := d.DecodeAll(file, nil)
	if err != nil {
		panic(name + ": " + err.Error())
	}
	return func(yield func(first, second string) bool) {
		for line := range strings.Lines(string(text)) {
			first, rest, _ := strings.Cut(strings.TrimSpace(line), "\t")
			second, _, _ := strings.Cut(rest, "\t")
			if !yield(first, second) {
				return
			}
		}
	}
}

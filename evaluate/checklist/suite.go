package checklist

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed suite/*.toml
var files embed.FS

// Default returns the suite for the sentiment of English texts: negative, neutral,
// positive. It panics only if the program was built from broken files, which the
// tests rule out.
func Default() Suite {
	names, err := fs.Glob(files, "suite/*.toml")
	if err != nil {
		panic(err)
	}
	var all []Suite
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		s, err := Parse(b)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		all = append(all, s)
	}
	s, err := Join(all...)
	if err != nil {
		panic(err)
	}
	return s
}

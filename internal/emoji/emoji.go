// Package emoji says in English what an emoji shows: 😀 is a grinning face. The
// names are those that VADER 3.3.2 ships, under the licence beside them: Unicode's
// short names of 2018, for sequences too.
package emoji

import (
	_ "embed" // for the names
	"strings"
	"sync"

	"github.com/textlstm/textlstm/internal/columns"
)

//go:embed names.txt.zst
var file []byte

// Names returns the names of all emoji, by their characters: with and without the
// variation selector where that may be missing. Nobody may change the map. It
// panics only if the program was built from a broken file.
var Names = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 4096)
	for emoji, name := range columns.FirstTwo("emoji: names.txt.zst", file) {
		names[emoji] = name
	}
	return names
})

// Name returns what an emoji shows, or "" if it has no name. Skin tones and
// variation selectors make no difference.
func Name(emoji string) string {
	return Names()[strings.Map(func(r rune) rune {
		if r == '\ufe0e' || r == '\ufe0f' || r >= 0x1F3FB && r <= 0x1F3FF {
			return -1
		}
		return r
	}, emoji)]
}

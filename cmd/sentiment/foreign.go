package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// foreigners counts the texts without labels because the model does not read their
// languages.
type foreigners map[string]int

// say tells how many there were.
func (f foreigners) say(w io.Writer) {
	if len(f) == 0 {
		return
	}
	languages := slices.SortedFunc(maps.Keys(f), func(a, b string) int { return cmp.Or(cmp.Compare(f[b], f[a]), cmp.Compare(a, b)) })
	total := 0
	for i, l := range languages {
		total += f[l]
		languages[i] = fmt.Sprintf("%s %d", l, f[l])
	}
	fmt.Fprintf(w, "texts in languages that the model does not read: %d (%s); they have no label, --any-language gives them one\n", total, strings.Join(languages, ", "))
}

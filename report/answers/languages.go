package answers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Languages counts texts whose languages the model does not read, by
// [answer.Record.Language].
type Languages map[string]int

// String is the number of texts and, in parentheses, that of each language, the most
// frequent first: "3 (German 2, French 1)".
func (l Languages) String() string {
	names := slices.SortedFunc(maps.Keys(l), func(a, b string) int { return cmp.Or(cmp.Compare(l[b], l[a]), cmp.Compare(a, b)) })
	total := 0
	for i, name := range names {
		total += l[name]
		names[i] = fmt.Sprintf("%s %d", name, l[name])
	}
	return fmt.Sprintf("%d (%s)", total, strings.Join(names, ", "))
}

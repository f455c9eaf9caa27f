// Package python writes what the scripts beside exported models say of a head.
package python

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/classify"
)

// A Head is how the scores of a head are put together. Lists have no brackets.
type Head struct {
	Name, Labels        string
	Deep                string // what the scores of one member are multiplied by, "" without any
	Wide                string // those of the wide branch, [batch][1] with a norm: found is the number of n-grams of each text
	Lexicon, Thresholds string
}

// HeadOf returns that of a head of so many members.
func HeadOf(h *classify.Head, members int) Head {
	out := Head{
		Name: strconv.Quote(h.Name), Labels: list(h.Labels, strconv.Quote), Wide: Number(cmp.Or(h.Wide, 1)),
		Lexicon: list(h.Lexicon, Number), Thresholds: list(h.Thresholds, Number),
	}
	if h.WideNorm != 0 {
		out.Wide += " * found ** " + Number(-h.WideNorm)
	}
	if members > 0 {
		out.Deep = Number(cmp.Or(h.Deep, 1) / float64(members))
	}
	return out
}

// Thresholds is the line that has those of the heads, by their names where several have some;
// "" where none has.
func Thresholds(heads []Head) string {
	heads = slices.DeleteFunc(heads, func(h Head) bool { return h.Thresholds == "" })
	if len(heads) == 1 {
		return "THRESHOLDS = [" + heads[0].Thresholds + "]  # of " + heads[0].Name + "\n"
	}
	var parts []string
	for _, h := range heads {
		parts = append(parts, h.Name+": ["+h.Thresholds+"]")
	}
	if parts == nil {
		return ""
	}
	return "THRESHOLDS = {" + strings.Join(parts, ", ") + "}\n"
}

// Number is a finite number.
func Number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func list[E any](list []E, text func(E) string) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = text(v)
	}
	return strings.Join(parts, ", ")
}

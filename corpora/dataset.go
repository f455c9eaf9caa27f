package corpora

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// NewDataset returns a data set of texts with one head. labels [n] has the label of each
// text, "" for none; nil means that no text has one, and no head. The IDs are the
// numbers of the texts, from 1. It is an error that wraps ErrData if there are more
// labels than texts, or fewer.
func NewDataset(head string, texts, labels []string) (*Dataset, error) {
	d := &Dataset{Examples: make([]Example, len(texts)), Sources: []Source{{}}}
	if labels != nil {
		if len(labels) != len(texts) {
			return nil, fmt.Errorf("%d labels of %d texts, want one for each: %w", len(labels), len(texts), ErrData)
		}
		distinct := map[string]bool{}
		for _, l := range labels {
			if l != "" {
				distinct[l] = true
			}
		}
		d.Heads = []string{head}
		d.Sources[0].Labels = [][]string{sortedKeys(distinct)}
	}
	for i, text := range texts {
		d.Examples[i] = Example{ID: strconv.Itoa(i + 1), Text: text}
		if labels != nil {
			d.Examples[i].Labels = labels[i : i+1 : i+1]
		}
	}
	return d, nil
}

// Len returns the number of examples.
func (d *Dataset) Len() int { return len(d.Examples) }

// Head returns the index of the head of that name, or -1.
func (d *Dataset) Head(name string) int { return slices.Index(d.Heads, name) }

// Labels returns the labels of a head that occur in any source, sorted. With a
// separator these are the single labels.
func (d *Dataset) Labels(head int) []string {
	seen := map[string]bool{}
	for _, s := range d.Sources {
		if head < len(s.Labels) {
			for _, l := range s.Labels[head] {
				seen[l] = true
			}
		}
	}
	return sortedKeys(seen)
}

// Spelling returns how all sources that have a label of a head spell it, by label, where
// they agree on another spelling than that of [CanonicalLabel].
func (d *Dataset) Spelling(head int) map[string]string {
	spelled := map[string]string{}
	for i := range d.Sources {
		s := &d.Sources[i]
		if head >= len(s.Labels) {
			continue
		}
		for _, l := range s.Labels[head] {
			as := l
			if head < len(s.Spelling) {
				as = cmp.Or(s.Spelling[head][l], l)
			}
			if other, ok := spelled[l]; ok && other != as {
				as = l
			}
			spelled[l] = as
		}
	}
	maps.DeleteFunc(spelled, func(label, as string) bool { return label == as })
	return spelled
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Counts returns the number of examples of each label of a head; "" counts those
// that have none. With several labels to an example each is counted.
func (d *Dataset) Counts(head int) map[string]int {
	counts := map[string]int{}
	for i := range d.Examples {
		label := d.Examples[i].Label(head)
		if label == "" || d.Separator == "" {
			counts[label]++
			continue
		}
		labels := SplitLabels(label, d.Separator)
		if len(labels) == 0 { // a set that is empty
			labels = []string{""}
		}
		for _, l := range labels {
			counts[l]++
		}
	}
	return counts
}

// Subset returns the examples at the given indices, which share their texts and
// labels with d.
func (d *Dataset) Subset(indices []int) *Dataset {
	s := &Dataset{Heads: d.Heads, Sources: d.Sources, Separator: d.Separator, Examples: make([]Example, len(indices))}
	for i, j := range indices {
		s.Examples[i] = d.Examples[j]
	}
	return s
}

// Column returns the examples of d that have a label of a head, with that head alone,
// and their indices in d.
func (d *Dataset) Column(head int) (*Dataset, []int) {
	one := &Dataset{Heads: d.Heads[head : head+1], Separator: d.Separator}
	for _, s := range d.Sources {
		source := Source{Name: s.Name, Labels: s.Labels[head : head+1]}
		if head < len(s.Spelling) {
			source.Spelling = s.Spelling[head : head+1]
		}
		one.Sources = append(one.Sources, source)
	}
	var indices []int
	for i, e := range d.Examples {
		if l := e.Label(head); l != "" {
			e.Labels = []string{l}
			one.Examples = append(one.Examples, e)
			indices = append(indices, i)
		}
	}
	return one, indices
}

// Texts returns the texts of the examples.
func (d *Dataset) Texts() []string {
	texts := make([]string, len(d.Examples))
	for i := range texts {
		texts[i] = d.Examples[i].Text
	}
	return texts
}

// Filter returns the examples for which keep is true.
func (d *Dataset) Filter(keep func(*Example) bool) *Dataset {
	var indices []int
	for i := range d.Examples {
		if keep(&d.Examples[i]) {
			indices = append(indices, i)
		}
	}
	return d.Subset(indices)
}

// Join returns the examples of several data sets, as Append puts them together.
func Join(sets ...*Dataset) (*Dataset, error) {
	all := new(Dataset)
	for _, d := range sets {
		if err := all.Append(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Append adds the examples and sources of e, which must have the same
// separator, or one of the two DefaultSeparator and the other none. A head that only one of the two has is missing in the examples of
// the other.
func (d *Dataset) Append(e *Dataset) error {
	switch {
	case len(d.Sources) == 0 && len(d.Examples) == 0, d.Separator == "" && e.Separator == DefaultSeparator:
		d.Separator = e.Separator
	case d.Separator == DefaultSeparator && e.Separator == "": // no single label holds it
	case d.Separator != e.Separator:
		return fmt.Errorf("corpora: separators %q and %q differ", d.Separator, e.Separator)
	}
	d.Heads = slices.Clone(d.Heads)
	column := make([]int, len(e.Heads)) // of each head of e in d
	same := true
	for h, name := range e.Heads {
		if column[h] = d.Head(name); column[h] < 0 {
			column[h] = len(d.Heads)
			d.Heads = append(d.Heads, name)
		}
		same = same && column[h] == h
	}
	base := int32(len(d.Sources))
	for _, src := range e.Sources {
		labels := make([][]string, len(d.Heads))
		for h, l := range src.Labels {
			labels[column[h]] = l
		}
		var spelling []map[string]string
		if src.Spelling != nil {
			spelling = make([]map[string]string, len(d.Heads))
			for h, s := range src.Spelling {
				spelling[column[h]] = s
			}
		}
		d.Sources = append(d.Sources, Source{src.Name, labels, spelling})
	}
	for _, ex := range e.Examples {
		ex.Source += base
		if !same {
			labels := make([]string, len(d.Heads))
			for h, l := range ex.Labels {
				labels[column[h]] = l
			}
			ex.Labels = labels
		}
		d.Examples = append(d.Examples, ex)
	}
	return nil
}

// RareLabels returns the labels of a head that fewer than min examples have,
// sorted.
func (d *Dataset) RareLabels(head, min int) []string {
	var out []string
	for label, n := range d.Counts(head) {
		if label != "" && n < min {
			out = append(out, label)
		}
	}
	slices.Sort(out)
	return out
}

// Split divides d into one part per fraction; the fractions are above 0 and sum
// to 1. Every label keeps its share in each part as nearly as whole examples
// allow, equal texts (up to case and white space) stay together, the parts are
// disjoint and cover d, and examples keep their order. Where a text goes depends
// only on the texts, their labels, the fractions and the seed, not on the order
// of d.
func (d *Dataset) Split(seed uint64, fractions ...float64) ([]*Dataset, error) {
	sum := 0.0
	for _, f := range fractions {
		if !(f > 0) {
			return nil, fmt.Errorf("corpora: split fractions %v: each must be above 0", fractions)
		}
		sum += f
	}
	if sum < 1-1e-9 || sum > 1+1e-9 {
		return nil, fmt.Errorf("corpora: split fractions %v sum to %g, want 1", fractions, sum)
	}
	parts := make([][]int, len(fractions))
	for i, p := range d.assign(seed, fractions, false) {
		parts[p] = append(parts[p], i)
	}
	out := make([]*Dataset, len(fractions))
	for p := range parts {
		out[p] = d.Subset(parts[p])
	}
	return out, nil
}

// Folds ranges over the k pairs of training and test part of a cross-validation.
// The test parts are those of Split into k equal fractions. It panics if k is
// less than 2.
func (d *Dataset) Folds(seed uint64, k int) iter.Seq2[*Dataset, *Dataset] {
	if k < 2 {
		panic(fmt.Sprintf("corpora: %d folds, want at least 2", k))
	}
	return func(yield func(train, test *Dataset) bool) {
		fold := d.FoldOf(seed, k)
		for f := range k {
			var train, test []int
			for i, g := range fold {
				if g == f {
					test = append(test, i)
				} else {
					train = append(train, i)
				}
			}
			if !yield(d.Subset(train), d.Subset(test)) {
				return
			}
		}
	}
}

// FoldOf returns the number of the fold, from 0, in which each example is tested.
func (d *Dataset) FoldOf(seed uint64, k int) []int {
	return d.assign(seed, equal(k), false)
}

// FoldOfDuplicates is FoldOf where each copy of a text may be in another fold. What is
// learned in one is then asked about in the others, so that figures come out too
// high; most published ones are such.
func (d *Dataset) FoldOfDuplicates(seed uint64, k int) []int {
	return d.assign(seed, equal(k), true)
}

// equal returns k fractions.
func equal(k int) []float64 {
	return slices.Repeat([]float64{1 / float64(k)}, k)
}

// Sample returns n examples, or all if there are fewer, in the order of d. Every
// combination of labels keeps its share as nearly as whole examples allow. Which
// are taken depends only on the texts, their labels and the seed.
func (d *Dataset) Sample(seed uint64, n int) *Dataset {
	if n = max(n, 0); n >= len(d.Examples) {
		return d
	}
	type candidate struct {
		order [16]byte
		index int
	}
	var norm normalizer
	prefix := fmt.Appendf(nil, "sample %d ", seed)
	strata := map[string][]candidate{}
	for i := range d.Examples {
		k := norm.key(d.Examples[i].Text)
		sum := sha256.Sum256(append(slices.Clip(prefix), k[:]...))
		s := strings.Join(d.Examples[i].Labels, "\x00")
		strata[s] = append(strata[s], candidate{[16]byte(sum[:16]), i})
	}
	names := sortedKeys(strata)
	quota := make([]int, len(names))
	rest := make([]float64, len(names)) // what rounding down took away
	left := n
	for i, name := range names {
		share := float64(len(strata[name])) * float64(n) / float64(len(d.Examples))
		quota[i] = int(share)
		rest[i] = share - float64(quota[i])
		left -= quota[i]
	}
	byRest := make([]int, len(names))
	for i := range byRest {
		byRest[i] = i
	}
	slices.SortStableFunc(byRest, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for _, i := range byRest[:left] {
		quota[i]++
	}
	var indices []int
	for i, name := range names {
		slices.SortStableFunc(strata[name], func(a, b candidate) int { return slices.Compare(a.order[:], b.order[:]) })
		for _, c := range strata[name][:quota[i]] {
			indices = append(indices, c.index)
		}
	}
	slices.Sort(indices)
	return d.Subset(indices)
}

// assign returns the part of each example.
//
// Examples of one text are a group; groups with the same labels are a stratum.
// The groups of a stratum go in the order of a seeded hash of their text, each to
// the part that is furthest below its share of the stratum and of the whole
// together: the stratum's shares come out within one group, and strata too small
// for every part fill the parts evenly. With apart each copy of a text is a group.
func (d *Dataset) assign(seed uint64, fractions []float64, apart bool) []int {
	type group struct {
		stratum string
		order   [16]byte
		indices []int
	}
	var n normalizer
	byKey := make(map[textKey]*group, len(d.Examples))
	groups := make([]*group, 0, len(d.Examples))
	prefix := fmt.Appendf(nil, "split %d ", seed)
	for i := range d.Examples {
		k := n.key(d.Examples[i].Text)
		g := byKey[k]
		if g == nil || apart {
			hashed := append(slices.Clip(prefix), k[:]...)
			if g != nil {
				hashed = fmt.Appendf(hashed, " %d", i)
			}
			sum := sha256.Sum256(hashed)
			g = &group{order: [16]byte(sum[:16])}
			byKey[k] = g
			groups = append(groups, g)
		}
		g.indices = append(g.indices, i)
		// The stratum is the least of the group's label tuples, so that it does
		// not depend on the order.
		if s := strings.Join(d.Examples[i].Labels, "\x00"); len(g.indices) == 1 || s < g.stratum {
			g.stratum = s
		}
	}
	slices.SortFunc(groups, func(a, b *group) int {
		if c := strings.Compare(a.stratum, b.stratum); c != 0 {
			return c
		}
		return slices.Compare(a.order[:], b.order[:])
	})
	part := make([]int, len(d.Examples))
	whole := make([]float64, len(fractions)) // examples wanted minus examples given
	inner := make([]float64, len(fractions)) // the same within the stratum
	for gi, g := range groups {
		if gi == 0 || g.stratum != groups[gi-1].stratum {
			clear(inner)
		}
		size := float64(len(g.indices))
		best := 0
		for p, f := range fractions {
			whole[p] += f * size
			inner[p] += f * size
			if whole[p]+inner[p] > whole[best]+inner[best]+1e-9 {
				best = p
			}
		}
		whole[best] -= size
		inner[best] -= size
		for _, i := range g.indices {
			part[i] = best
		}
	}
	return part
}

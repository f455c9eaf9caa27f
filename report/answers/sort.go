package answers

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
)

// An order is by the probability of label c of head h, or by the number of head h.
type order struct{ h, c int }

// order finds what Sort names.
func (o *Options) order(heads []classify.Head) (order, error) {
	var found []order
	var labels []string
	for h := range heads {
		head := &heads[h]
		if !head.Labelled() {
			labels = append(labels, head.Name)
			if o.Sort == head.Name {
				found = append(found, order{h, 0})
			}
		}
		for c, l := range head.Labels {
			spelled := head.Spell(l)
			labels = append(labels, spelled)
			for _, name := range slices.Compact([]string{l, spelled}) {
				if o.Sort == name || o.Sort == head.Name+":"+name {
					found = append(found, order{h, c})
				}
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return order{}, fmt.Errorf("sort %s: no such label, there are %s", o.Sort, strings.Join(labels, ", "))
	}
	return order{}, fmt.Errorf("sort %s: several heads have that label, name one as in %s:%[1]s", o.Sort, heads[found[0].h].Name)
}

// value is what r is sorted by; none where it has no answer.
func (o order) value(r *answer.Record) (v float32, ok bool) {
	if r.Bad != nil || answer.Unlabelled(r.Prediction, o.h) {
		return 0, false
	}
	if s := r.Scores[o.h]; s.Probs != nil {
		return s.Probs[o.c], true
	}
	return r.Scores[o.h].Value, true
}

// before says whether a stands before b.
func (o order) before(a, b *answer.Record) bool {
	v, ok := o.value(a)
	w, other := o.value(b)
	return ok && (!other || v > w)
}

// A sorter holds records, the first so many if most is not 0, and writes them in order
// when it is closed. Equals keep the order in which they came.
type sorter struct {
	out     answer.Writer
	by      order
	most    int
	records []*answer.Record
}

func (s *sorter) Write(r *answer.Record) error {
	if s.most == 0 {
		s.records = append(s.records, r)
		return nil
	}
	at := sort.Search(len(s.records), func(i int) bool { return s.by.before(r, s.records[i]) })
	if at < s.most {
		s.records = slices.Insert(s.records, at, r)
		s.records = s.records[:min(len(s.records), s.most)]
	}
	return nil
}

func (s *sorter) Flush() error { return nil } // what is to come may stand first

func (s *sorter) Close() error {
	sort.SliceStable(s.records, func(i, j int) bool { return s.by.before(s.records[i], s.records[j]) })
	for _, r := range s.records {
		if err := s.out.Write(r); err != nil {
			return err
		}
	}
	return s.out.Close()
}

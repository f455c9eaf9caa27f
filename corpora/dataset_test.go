package corpora

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// randomDataset has n examples of the labels a to e, unbalanced, a share of whose
// texts are equal up to case and white space.
func randomDataset(rng *rand.Rand, n int) *Dataset {
	d := &Dataset{Heads: []string{"label"}, Sources: []Source{{Name: "x", Labels: [][]string{{"a", "b", "c", "d", "e"}}}}}
	for i := range n {
		text := fmt.Sprintf("Text number %d", rng.IntN(2*n))
		if rng.IntN(4) == 0 {
			text = " " + strings.ReplaceAll(strings.ToUpper(text), " ", "\u00a0\t")
		}
		label := string(rune('a' + min(rng.IntN(5), rng.IntN(5))))
		d.Examples = append(d.Examples, Example{ID: fmt.Sprint(i), Text: text, Labels: []string{label}})
	}
	return d
}

// Parts are disjoint, cover the set, keep equal texts together and do not depend
// on the order: C9.
func TestSplitProperties(t *testing.T) {
	sets := 10_000
	if testing.Short() {
		sets = 500
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var norm normalizer
	for range sets {
		d := randomDataset(rng, 1+rng.IntN(40))
		fractions := [][]float64{{0.9, 0.1}, {0.5, 0.5}, {0.8, 0.1, 0.1}, {1}}[rng.IntN(4)]
		seed := rng.Uint64()
		parts, err := d.Split(seed, fractions...)
		if err != nil {
			t.Fatal(err)
		}
		where := map[textKey]int{}
		part := map[string]int{}
		for p, s := range parts {
			for i, e := range s.Examples {
				if _, twice := part[e.ID]; twice {
					t.Fatalf("example %s is in two parts", e.ID)
				}
				part[e.ID] = p
				k := norm.key(e.Text)
				if q, ok := where[k]; ok && q != p {
					t.Fatalf("text %q is in parts %d and %d", e.Text, p, q)
				}
				where[k] = p
				if i > 0 && slices.IndexFunc(d.Examples, func(x Example) bool { return x.ID == e.ID }) < slices.IndexFunc(d.Examples, func(x Example) bool { return x.ID == s.Examples[i-1].ID }) {
					t.Fatal("a part is not in the order of the set")
				}
			}
			if i := p + 1; i < len(parts) && len(Leaks(s, parts[i])) > 0 {
				t.Fatal("parts leak")
			}
		}
		if len(part) != d.Len() {
			t.Fatalf("%d examples in the parts, want %d", len(part), d.Len())
		}
		rng.Shuffle(d.Len(), func(i, j int) { d.Examples[i], d.Examples[j] = d.Examples[j], d.Examples[i] })
		again, _ := d.Split(seed, fractions...)
		for p, s := range again {
			for _, e := range s.Examples {
				if part[e.ID] != p {
					t.Fatalf("another order of the set puts %s in part %d, not %d", e.ID, p, part[e.ID])
				}
			}
		}
	}
}

func TestSplitIsStratified(t *testing.T) {
	d := &Dataset{Heads: []string{"label"}}
	counts := map[string]int{"a": 5000, "b": 1000, "c": 100}
	for _, label := range []string{"a", "b", "c"} {
		for i := range counts[label] {
			d.Examples = append(d.Examples, Example{Text: fmt.Sprint(label, i), Labels: []string{label}})
		}
	}
	for i := range 300 { // labels that occur once
		d.Examples = append(d.Examples, Example{Text: fmt.Sprint("single", i), Labels: []string{fmt.Sprint("l", i)}})
	}
	parts, err := d.Split(7, 0.8, 0.1, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for p, f := range []float64{0.8, 0.1, 0.1} {
		got := parts[p].Counts(0)
		for label, n := range counts {
			if want := f * float64(n); math.Abs(float64(got[label])-want) > 1 {
				t.Errorf("part %d: %d examples of %s, want %g", p, got[label], label, want)
			}
		}
		if want := f * float64(d.Len()); math.Abs(float64(parts[p].Len())-want) > 2 {
			t.Errorf("part %d: %d examples, want %g", p, parts[p].Len(), want)
		}
	}
	other, _ := d.Split(8, 0.8, 0.1, 0.1)
	if cmp.Equal(parts[1].Examples, other[1].Examples) {
		t.Error("another seed gives the same part")
	}
	for _, bad := range [][]float64{{0.5}, {0.5, 0.6}, {1.5, -0.5}, {}, {math.NaN(), 1}} {
		if _, err := d.Split(1, bad...); err == nil {
			t.Errorf("fractions %v: no error", bad)
		}
	}
}

func TestFolds(t *testing.T) {
	d := randomDataset(rand.New(rand.NewPCG(3, 4)), 503)
	tested := map[string]int{}
	folds := 0
	for train, test := range d.Folds(1, 5) {
		folds++
		if train.Len()+test.Len() != d.Len() || len(Leaks(train, test)) != 0 {
			t.Errorf("fold %d: %d + %d examples, %d leaks", folds, train.Len(), test.Len(), len(Leaks(train, test)))
		}
		if n := test.Len(); n < 98 || n > 103 {
			t.Errorf("fold %d tests %d of 503", folds, n)
		}
		for _, e := range test.Examples {
			tested[e.ID]++
		}
	}
	if folds != 5 || len(tested) != d.Len() {
		t.Errorf("%d folds test %d examples", folds, len(tested))
	}
}

// Copies are spread over the folds like other texts, whatever their order.
func TestFoldOfDuplicates(t *testing.T) {
	d := &Dataset{Heads: []string{"label"}}
	for i := range 100 {
		label := "yes"
		if i%4 == 0 {
			label = "no"
		}
		d.Examples = append(d.Examples, Example{Text: fmt.Sprint("text ", i%4), Labels: []string{label}})
	}
	together, apart := d.FoldOf(1, 5), d.FoldOfDuplicates(1, 5)
	var sizes, no [5]int
	folds := map[string]map[int]bool{}
	for i, f := range apart {
		if together[i] != together[i%4] {
			t.Fatalf("FoldOf puts copy %d into fold %d, the first into %d", i, together[i], together[i%4])
		}
		sizes[f]++
		if i%4 == 0 {
			no[f]++
		}
		text := d.Examples[i].Text
		if folds[text] == nil {
			folds[text] = map[int]bool{}
		}
		folds[text][f] = true
	}
	if sizes != [5]int{20, 20, 20, 20, 20} || no != [5]int{5, 5, 5, 5, 5} {
		t.Errorf("folds of %v texts with %v of the rare label", sizes, no)
	}
	for text, in := range folds {
		if len(in) < 2 {
			t.Errorf("25 copies of %q are all in one fold", text)
		}
	}
	if !slices.Equal(apart, d.FoldOfDuplicates(1, 5)) || slices.Equal(apart, d.FoldOfDuplicates(2, 5)) {
		t.Error("the folds do not follow from the seed")
	}
}

func TestSample(t *testing.T) {
	d := randomDataset(rand.New(rand.NewPCG(5, 6)), 1000)
	for _, n := range []int{0, 1, 7, 100, 999, 1000, 2000, -1} {
		s := d.Sample(1, n)
		if want := max(0, min(n, 1000)); s.Len() != want {
			t.Errorf("a sample of %d has %d examples", n, s.Len())
		}
		all := d.Counts(0)
		for label, got := range s.Counts(0) {
			if want := float64(all[label]) * float64(s.Len()) / 1000; math.Abs(float64(got)-want) >= 1 {
				t.Errorf("a sample of %d has %d of label %s, want %g", n, got, label, want)
			}
		}
	}
}

func TestDuplicatesAndConflicts(t *testing.T) {
	d := &Dataset{Heads: []string{"x", "y"}}
	for i, e := range []struct{ text, x, y string }{
		{"A  b", "p", "1"}, {"c", "p", ""}, {"a b ", "q", "1"}, {"C", "p", "2"}, {"a\u3000B", "p", ""}, {"", "p", ""}, {" ", "", ""},
	} {
		d.Examples = append(d.Examples, Example{ID: fmt.Sprint(i), Text: e.text, Labels: []string{e.x, e.y}})
	}
	if diff := cmp.Diff([][]int{{0, 2, 4}, {1, 3}, {5, 6}}, d.Duplicates()); diff != "" {
		t.Errorf("duplicates (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Conflict{{0, []int{0, 2, 4}, []string{"p", "q"}}}, d.Conflicts()); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	f := Check(d, CheckOptions{})
	if !cmp.Equal(f.Empty, []int{5, 6}) || f.DuplicateRows != 4 || !cmp.Equal(f.Rare, [][]RareLabel{{{"q", 1}}, {{"1", 2}, {"2", 1}}}) {
		t.Errorf("check: %+v", f)
	}
	if dropped := d.Dedup(); dropped != 4 || d.Len() != 3 || d.Examples[1].ID != "1" {
		t.Errorf("%d dropped, %v left", dropped, d.Examples)
	}
}

func TestAppend(t *testing.T) {
	a, b := randomDataset(rand.New(rand.NewPCG(1, 1)), 3), randomDataset(rand.New(rand.NewPCG(2, 2)), 2)
	if err := a.Append(b); err != nil || a.Len() != 5 || a.Examples[4].Source != 1 || len(a.Sources) != 2 {
		t.Errorf("%v, %+v", err, a)
	}
	b.Heads = []string{"other"}
	if err := a.Append(b); err != nil || !cmp.Equal(a.Heads, []string{"label", "other"}) {
		t.Errorf("other heads: %v, %q", err, a.Heads)
	}
	if e := a.Examples[6]; e.Label(0) != "" || e.Label(1) != b.Examples[1].Label(0) || a.Examples[0].Label(1) != "" {
		t.Errorf("other heads: the labels are %q", e.Labels)
	}
	if diff := cmp.Diff(b.Sources[0].Labels[0], a.Sources[2].Labels[1]); diff != "" {
		t.Errorf("labels of the source (-want +got):\n%s", diff)
	}
	b.Separator = ","
	if a.Append(b) == nil {
		t.Error("another separator: no error")
	}
}

func TestNearDuplicates(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	word := func() string { return fmt.Sprintf("w%d", rng.IntN(3000)) }
	d := &Dataset{Heads: []string{"label"}}
	want := map[[2]int]bool{}
	for i := range 300 {
		words := make([]string, 60)
		for j := range words {
			words[j] = word()
		}
		d.Examples = append(d.Examples, Example{Text: strings.Join(words, " ")})
		if i%3 == 0 { // two words changed: six of 58 shingles differ, at 52 / 64
			words[10], words[40] = word(), "New!"
			d.Examples = append(d.Examples, Example{Text: strings.Join(words, ",  ")})
			want[[2]int{len(d.Examples) - 2, len(d.Examples) - 1}] = true
		}
	}
	d.Examples = append(d.Examples, Example{Text: d.Examples[5].Text}, Example{Text: "..."}, Example{Text: ""})
	got := map[[2]int]bool{}
	for _, p := range d.NearDuplicates(0.75) {
		if p.Similarity < 0.75 || p.Similarity > 1 || p.A >= p.B {
			t.Errorf("%+v", p)
		}
		got[[2]int{p.A, p.B}] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	train, test := d.Subset([]int{5, 0, 7}), d.Subset([]int{1, 5, 0, 9})
	near := NearLeaks(train, test, 0.75)
	if len(near) != 1 || near[0].A != 1 || near[0].B != 0 {
		t.Errorf("near leaks %+v, want one of 1 and 0", near)
	}
	zh := &Dataset{Heads: []string{"label"}, Examples: []Example{{Text: "这家酒店的房间很大，服务也很好，下次还会再来。"}, {Text: "这家酒店的房间很大,服务也很好,下次还会再来!"}}}
	if n := len(zh.NearDuplicates(0.99)); n != 1 {
		t.Errorf("%d pairs of Chinese texts that differ in punctuation, want 1", n)
	}
}

// 3,000 texts made from one template are not compared pair by pair.
func TestNearDuplicatesLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("3,000 texts")
	}
	d := &Dataset{Heads: []string{"label"}}
	for i := range 3_000 {
		d.Examples = append(d.Examples, Example{Text: fmt.Sprintf("your order number %d has been shipped today and will arrive within a week thank you for shopping with us", i)})
	}
	if n := len(d.NearDuplicates(0.5)); n < 3_000-1 {
		t.Errorf("%d pairs, want at least %d", n, 3_000-1)
	}
}

func TestLabelErrors(t *testing.T) {
	// By hand: the thresholds are (0.9+0.8+0.2)/3 = 0.6333 for label 0 and
	// (0.7+0.95+0.4)/3 = 0.6833 for label 1.
	gold := []int{0, 0, 0, 1, 1, 1}
	probs := [][]float32{{0.9, 0.1}, {0.8, 0.2}, {0.2, 0.8}, {0.3, 0.7}, {0.05, 0.95}, {0.6, 0.4}}
	got, err := LabelErrors(gold, probs)
	if err != nil {
		t.Fatal(err)
	}
	want := []LabelError{{Index: 2, Given: 0, Suggested: 1, Margin: float64(float32(0.8)) - float64(float32(0.2))}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	probs[5] = []float32{0.7, 0.3} // now label 0 is believed there, at 0.7 >= 0.6333
	if got, _ := LabelErrors(gold, probs); len(got) != 2 || got[1].Index != 5 || got[1].Suggested != 0 {
		t.Errorf("got %+v", got)
	}
	if got, err := LabelErrors(nil, nil); got != nil || err != nil {
		t.Errorf("nothing: %v, %v", got, err)
	}
	for name, bad := range map[string]struct {
		gold  []int
		probs [][]float32
	}{
		"lengths":    {[]int{0}, nil},
		"ragged":     {[]int{0, 0}, [][]float32{{1}, {1, 0}}},
		"label":      {[]int{2}, [][]float32{{1, 0}}},
		"not finite": {[]int{0}, [][]float32{{float32(math.NaN()), 0}}},
	} {
		if _, err := LabelErrors(bad.gold, bad.probs); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// 100 of 1000 labels are flipped; a model that is right nine times in ten finds
// most of them, and what it names is mostly wrong.
func TestLabelErrorsFindsFlips(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	gold, truth := make([]int, 1000), make([]int, 1000)
	probs := make([][]float32, 1000)
	for i := range gold {
		truth[i] = rng.IntN(3)
		gold[i] = truth[i]
		if i%10 == 0 {
			gold[i] = (truth[i] + 1 + rng.IntN(2)) % 3
		}
		p := []float32{0.1, 0.1, 0.1}
		guess := truth[i]
		if rng.IntN(10) == 0 {
			guess = rng.IntN(3)
		}
		p[guess] += 0.3 + 0.4*rng.Float32()
		sum := p[0] + p[1] + p[2]
		for j := range p {
			p[j] /= sum
		}
		probs[i] = p
	}
	found, err := LabelErrors(gold, probs)
	if err != nil {
		t.Fatal(err)
	}
	hits := 0
	for _, e := range found {
		if gold[e.Index] != truth[e.Index] {
			hits++
		}
	}
	if hits < 60 || hits*10 < len(found)*6 {
		t.Errorf("%d of 100 flips among %d named", hits, len(found))
	}
}

func TestCanonicalLabel(t *testing.T) {
	for in, want := range map[string]string{
		"neg": "negative", "NEG": "negative", "Negative": "negative", "pos": "positive", "positive": "positive", "Neu": "neutral", "NEUTRAL": "neutral",
		"posi": "posi", "negatives": "negatives", "0": "0", "": "", "Sci/Tech": "Sci/Tech", "new": "new",
	} {
		if got := CanonicalLabel(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestColumn(t *testing.T) {
	d := &Dataset{
		Heads: []string{"a", "b"}, Separator: ",",
		Sources:  []Source{{Name: "s", Labels: [][]string{{"x"}, {"y", "z"}}}},
		Examples: []Example{{Text: "one", Labels: []string{"x", ""}}, {Text: "two", Labels: []string{"", "z"}}, {Text: "three", Labels: []string{"x", "y"}}},
	}
	one, indices := d.Column(1)
	want := &Dataset{
		Heads: []string{"b"}, Separator: ",",
		Sources:  []Source{{Name: "s", Labels: [][]string{{"y", "z"}}}},
		Examples: []Example{{Text: "two", Labels: []string{"z"}}, {Text: "three", Labels: []string{"y"}}},
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 2}, indices); diff != "" {
		t.Errorf("indices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"two", "three"}, one.Texts()); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

func TestWithout(t *testing.T) {
	set := func(texts ...string) *Dataset {
		d := &Dataset{}
		for _, text := range texts {
			d.Examples = append(d.Examples, Example{Text: text})
		}
		return d
	}
	rest, dropped := set("One", "two", "three", " one ").Without(set("ONE", "three", "four"))
	if diff := cmp.Diff([]string{"two"}, rest.Texts()); diff != "" || dropped != 3 {
		t.Errorf("%d dropped, rest (-want +got):\n%s", dropped, diff)
	}
}

// Corpora of tweets write mentions, addresses and signs in their own ways.
func TestWithoutWording(t *testing.T) {
	dev, _ := NewDataset("", []string{"@user @user I think, after all, it's ok http", "😀", "Сегодня & завтра", "हिन्दी में"}, nil)
	for text, dropped := range map[string]int{
		"@Ann @B0b I think after all it\u2019s OK! https://t.co/1": 1, "😀": 1, "😁": 0, "сегодня &amp; завтра!": 1, "हिन्दी में।": 1, "हिन्दू में": 0,
		"I think after all it's": 0, "@user": 0, "": 0,
	} {
		train, _ := NewDataset("", []string{text}, nil)
		if rest, n := train.Without(dev); n != dropped || rest.Len() != 1-n {
			t.Errorf("%q: %d dropped, want %d", text, n, dropped)
		}
	}
}

func TestNewDataset(t *testing.T) {
	d, err := NewDataset("mood", []string{"one", "two", "three"}, []string{"good", "", "bad"})
	if err != nil {
		t.Fatal(err)
	}
	want := &Dataset{
		Heads: []string{"mood"}, Sources: []Source{{Labels: [][]string{{"bad", "good"}}}},
		Examples: []Example{{ID: "1", Text: "one", Labels: []string{"good"}}, {ID: "2", Text: "two", Labels: []string{""}}, {ID: "3", Text: "three", Labels: []string{"bad"}}},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d, err := NewDataset("mood", []string{"one"}, nil); err != nil || len(d.Heads) != 0 || d.Len() != 1 || d.Examples[0].Label(0) != "" {
		t.Errorf("without labels: %v, %+v", err, d)
	}
	if _, err := NewDataset("mood", []string{"one", "two"}, []string{"good"}); !errors.Is(err, ErrData) {
		t.Errorf("one label of two texts: error %v", err)
	}
}

// Check looks for near duplicates unless it is told not to.
func TestCheckNear(t *testing.T) {
	words := make([]string, 60)
	for i := range words {
		words[i] = fmt.Sprint("w", i)
	}
	d := &Dataset{Heads: []string{"label"}, Examples: []Example{{Text: strings.Join(words, " ")}, {Text: strings.Join(words[:58], " ")}}}
	for near, want := range map[float64]int{0: 1, 0.8: 1, 0.999: 0, -1: 0} {
		if got := Check(d, CheckOptions{Near: near}).Near; len(got) != want {
			t.Errorf("from %v on: %v, want %d", near, got, want)
		}
	}
}

// One head of several keeps how its source spells the labels.
func TestColumnKeepsTheSpelling(t *testing.T) {
	file := writeTemp(t, "a.tsv", "text\tmood\tstars\na\tPos\t1\nb\tNeg\t2\n")
	d, _, err := ReadFiles(Options{Heads: []Head{{"mood", "mood"}, {"stars", "stars"}}}, file)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Sources[0].Spelling) != 2 {
		t.Fatalf("spelling %v", d.Sources[0].Spelling)
	}
	for head := range d.Heads {
		one, _ := d.Column(head)
		if diff := cmp.Diff(d.Sources[0].Spelling[head:head+1], one.Sources[0].Spelling); diff != "" {
			t.Error(diff)
		}
	}
}

// A closed Reader reads no more.
func TestReadAfterClose(t *testing.T) {
	r, err := New(strings.NewReader("text\tlabel\na\tx\nb\ty\n"), "a.tsv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if ex, err := r.Read(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%+v, err = %v, want os.ErrClosed", ex, err)
	}
}

// No more words are told apart than memory is given to.
func TestDescribeCaps(t *testing.T) {
	for most, want := range map[int]int{3: 3, 4: 4, 0: 4} {
		r, err := New(strings.NewReader("text\tlabel\na b c a d d\tx\n"), "a.tsv", Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := Describe(r, StatsOptions{MaxVocabulary: most})
		if err != nil || s.Capped != (want == 3) || s.Vocabulary != want {
			t.Errorf("at most %d: %d words, capped %t, err = %v", most, s.Vocabulary, s.Capped, err)
		}
	}
}

// The lengths of texts and the labels of one head, and of two, as JSON says them.
func TestDescribe(t *testing.T) {
	var b strings.Builder
	b.WriteString("text\tmood\tstars\n")
	for n := range 100 { // texts of 1 to 100 words
		fmt.Fprintf(&b, "%s\t%s\t%d\n", strings.Repeat("w ", n+1), []string{"good", "bad"}[n%2], n%3)
	}
	for labels, heads := range map[string][]Head{
		`"labels":{"bad":50,"good":50},"unlabelled":0`:                                                            {{"mood", "mood"}},
		`"labels":{"mood":{"bad":50,"good":50},"stars":{"0":34,"1":33,"2":33}},"unlabelled":{"mood":0,"stars":0}`: {{"mood", "mood"}, {"stars", "stars"}},
	} {
		r, err := New(strings.NewReader(b.String()), "a.tsv", Options{Heads: heads})
		if err != nil {
			t.Fatal(err)
		}
		s, err := Describe(r, StatsOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Summary{Total: 5050, Mean: 50.5, Min: 1, Median: 50, P90: 90, P95: 95, P99: 99, Max: 100}); s.Tokens != want {
			t.Errorf("%+v, want %+v", s.Tokens, want)
		}
		if text, err := s.MarshalJSON(); err != nil || !strings.Contains(string(text), labels) {
			t.Errorf("%s, %v, want %s", text, err, labels)
		}
	}
}

func TestPlace(t *testing.T) {
	d := &Dataset{
		Sources: []Source{{Name: "a.csv"}, {Name: "a.zip"}, {}},
		Examples: []Example{
			{ID: "a.csv:2", Line: 4},
			{ID: "t17", Line: 5},
			{ID: "a.zip!b.csv:2", Line: 3, Source: 1},
			{ID: "a.zip!c.txt", Source: 1},
			{ID: "3", Line: 1, Source: 2},
			{ID: "4", Source: 9},
		},
	}
	for i, want := range [][2]string{
		{"a.csv:4", "a.csv:4"}, {"a.csv:5", "t17"}, {"a.zip!b.csv:3", "a.zip!b.csv:3"},
		{"a.zip!c.txt", "a.zip!c.txt"}, {"3", "3"}, {"4", "4"},
	} {
		if p := d.Place(i); p.String() != want[0] || p.Name() != want[1] {
			t.Errorf("%+v: place %q, name %q, want %q", d.Examples[i], p, p.Name(), want)
		}
	}
}

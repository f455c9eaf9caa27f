package bpe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/tokenize/bpe"
)

// The example of Sennrich et al. 2016, figure 1, with its end of word; pairs that occur
// equally often come in another order there.
func paper() map[string]int64 {
	return map[string]int64{"low·": 5, "lower·": 2, "newest·": 6, "widest·": 3}
}

func TestLearn(t *testing.T) {
	c := bpe.Learn(paper(), bpe.Options{Pieces: 15, MinCount: 1}) // 11 characters
	if got := c.Merges(); len(got) != 4 {
		t.Fatalf("%q, want 4 merges", got)
	}
	// e s, s t and t · occur 9 times each; after e s there are es t and then est ·.
	want := [][2]string{{"e", "s"}, {"es", "t"}, {"est", "·"}, {"l", "o"}}
	if !slices.Equal(c.Merges(), want) {
		t.Errorf("%q, want %q", c.Merges(), want)
	}
	if got := c.Append(nil, "lowest·"); !slices.Equal(got, []string{"lo", "w", "est·"}) {
		t.Errorf("%q", got)
	}
}

// slow is the algorithm as it is written in the paper.
func slow(counts map[string]int64, pieces int, min int64) [][2]string {
	words, known := map[string][]string{}, map[string]bool{}
	chars := map[string]int64{}
	for w, n := range counts {
		for _, r := range w {
			words[w] = append(words[w], string(r))
			chars[string(r)] += n
		}
	}
	for c, n := range chars {
		if n >= min {
			known[c] = true
		}
	}
	var merges [][2]string
	for len(known) < pieces {
		pairs := map[[2]string]int64{}
		for w, parts := range words {
			for i := range len(parts) - 1 {
				pairs[[2]string{parts[i], parts[i+1]}] += counts[w]
			}
		}
		var best [2]string
		for p, n := range pairs {
			if m := pairs[best]; n > m || n == m && p[0]+" "+p[1] < best[0]+" "+best[1] {
				best = p
			}
		}
		if pairs[best] < min {
			break
		}
		merges = append(merges, best)
		known[best[0]+best[1]] = true
		for w, parts := range words {
			var next []string
			for i := 0; i < len(parts); i++ {
				if i+1 < len(parts) && parts[i] == best[0] && parts[i+1] == best[1] {
					next = append(next, parts[i]+parts[i+1])
					i++
				} else {
					next = append(next, parts[i])
				}
			}
			words[w] = next
		}
	}
	return merges
}

// Whatever the words, what is learned is what the plain algorithm learns, and pieces are
// those that it would leave.
func TestLearnIsThePlainAlgorithm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		counts := map[string]int64{}
		for range 30 {
			var w strings.Builder
			for range 1 + r.IntN(8) {
				w.WriteByte("aaabbcd"[r.IntN(7)])
			}
			counts[w.String()] += 1 + int64(r.IntN(9))
		}
		c, want := bpe.Learn(counts, bpe.Options{Pieces: 30}), slow(counts, 30, 2)
		if !slices.Equal(c.Merges(), want) {
			t.Fatalf("%v:\n%q, want\n%q", counts, c.Merges(), want)
		}
		for w := range counts {
			parts := strings.Split(w, "")
			for _, m := range want {
				for i := 0; i+1 < len(parts); i++ {
					if parts[i] == m[0] && parts[i+1] == m[1] {
						parts = slices.Replace(parts, i, i+2, m[0]+m[1])
					}
				}
			}
			if got := c.Append(nil, w); !slices.Equal(got, parts) {
				t.Fatalf("%q is %q, want %q", w, got, parts)
			}
		}
	}
}

// All has the pieces that Append has, of words longer than are looked at together too.
func TestAll(t *testing.T) {
	c := bpe.Learn(paper(), bpe.Options{Pieces: 15, MinCount: 1})
	for _, word := range []string{"", "lowest", strings.Repeat("lowest", bpe.MaxWord), strings.Repeat("é", bpe.MaxWord+1), "\xfflow"} {
		want := c.Append(nil, word)
		if got := slices.Collect(c.All(word)); !slices.Equal(got, want) {
			t.Errorf("%d pieces of %.20q, want %d", len(got), word, len(want))
		}
		for p := range c.All(word) {
			if p != want[0] {
				t.Errorf("%.20q begins with %q, want %q", word, p, want[0])
			}
			break
		}
	}
}

// Any string is the sum of its pieces, in time linear in its length.
func TestAppendLosesNothing(t *testing.T) {
	c := bpe.Learn(paper(), bpe.Options{})
	for _, s := range []string{"", "ünknown", "a\xffb", strings.Repeat("newest", 100_000), strings.Repeat("\xff", 1000)} {
		if got := strings.Join(c.Append(nil, s), ""); got != s {
			t.Errorf("%.20q became %.20q", s, got)
		}
	}
}

func TestText(t *testing.T) {
	c := bpe.Learn(paper(), bpe.Options{})
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var read bpe.Codes
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(read.Merges(), c.Merges()) {
		t.Errorf("%q, want %q", read.Merges(), c.Merges())
	}
	for _, text := range []string{"", "#bpe 2\n", "#bpe 1\na", "#bpe 1\nab c", "#bpe 1\na b\na b", "#bpe 1\na b c", "#bpe 1\na \xff", "#bpe 1\n\n"} {
		if err := read.UnmarshalText([]byte(text)); !errors.Is(err, bpe.ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if len(read.Merges()) != len(c.Merges()) {
		t.Error("what cannot be read has changed the codes")
	}
}

func FuzzCodes(f *testing.F) {
	b, _ := bpe.Learn(paper(), bpe.Options{MinCount: 1}).MarshalText()
	f.Add(b, "lowest")
	f.Add([]byte("#bpe 1\na a\naa a\n"), "aaaaaaa")
	f.Fuzz(func(t *testing.T, text []byte, word string) {
		var c bpe.Codes
		if err := c.UnmarshalText(text); err != nil {
			if !errors.Is(err, bpe.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		if got := strings.Join(c.Append(nil, word), ""); got != word {
			t.Fatalf("%q became %q", word, got)
		}
		again, _ := c.MarshalText()
		if strings.TrimSuffix(string(again), "\n") != strings.TrimSuffix(string(text), "\n") {
			t.Fatalf("%q became %q", text, again)
		}
	})
}

func Example() {
	codes := bpe.Learn(map[string]int64{"low": 5, "newest": 6, "widest": 3}, bpe.Options{})
	fmt.Println(codes.Append(nil, "lowest"), codes.Append(nil, "slow"))
	// Output: [low est] [s low]
}

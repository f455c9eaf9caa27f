package tokenize_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/tokenize"
	_ "github.com/textlstm/textlstm/tokenize/prose"
	"github.com/textlstm/textlstm/vocab"
)

// seeds are texts of all sorts for the properties and fuzz targets.
var seeds = []string{
	"", " ", "a", "I don't like it; isn't it GREAT?!?! 8/10 sooooo good :-))) <3",
	"http://a.b/c(d), me@x.org @bob #win U.S. e.g. film.It www.x.com:80/a?b=c#d",
	"😀😀 👩‍👩‍👧 🇩🇪🇫🇷🇩 1️⃣ ❤️ ©️ \u200d\u200d a\u0301\u0301 \u0301",
	"it’s naïve café 我爱你 これはテスト カタカナ สวัสดี привет, мир… אבג צה\"ל हिन्दी",
	"<br /><br />x &amp; y <b>z</b> <script>q</script> <!-- c --> &#x41;&bogus; <a href='>'",
	"\xff\xfe\x00\xf0\x9f\x98 ab\xc3", "İİİ's K'll ﷽ ŉ ßSS", "n't 's 'll '' `` -- ... !!! ((( \"'must'\" I’m’s",
	"don't isn't.can't,won't!'s'm're'll", ":thumbs_up: ¯\\_(ツ)_/¯ (╯°□°）╯︵ ┻━┻", "a_b__c_ _d 1_2 3rd 1,2,3. .5 5. 1/2/3/ 10%",
	"won\u00adder awe\u200bsome isn`t isn´t caf<b>e</b>&#769; 𝓰𝓸𝓸𝓭 ｇｏｏｄ！ ﬁlm #BestDayEver #NOTAgain_1 ㅋㅋ \u1112\u1161\u11ab ❤️\u200d🔥 `` x\u0301\u200b",
	"DONT cant Wont i dont 👍🏽👍 🤦🏾‍♀️ 🫠 :thumbs_up: 🏴󠁧󠁢󠁥󠁮󠁧󠁿 \U0001F3FD cants #dont",
}

var allSpecs = []string{
	"words", "fields", "runes", "chars:3", "chars:1-4", "treebank", "html|words", "html|treebank",
	tokenize.Default,
	"words|lower|fold|nfc|nfkc|accents|quotes|elision|elongate|repeat|numbers|urls|mentions|hashtags|caps|stop:en|stem:fr|drop:punct",
	"html|lang:auto|words|caps|lower|stop|stem|neg|ngrams:3",
	"maxbytes:20|words|cjk|max:5", "words|cjk:2|max:2:tail", "words|max:1+2|ngrams:2", "runes|cjk", "fields|lower|neg:2",
	"unify|words", "html|unify|words|camel|quotes|lower|elongate|repeat|urls|mentions|stem:en", "maxbytes:30|unify|treebank|neg",
	"words|emoji|contractions|lower", "treebank|contractions|emoji|stem:en|neg|ngrams:2", "words|emoji|max:3",
	"fields:ascii|lower:ascii|depunct|max:5", "runes:all|lower:ascii|max:7|pad:9", "html|unify|words|ngrams:2|pad:20|neg", "fields|pad:9:head",
}

func TestProperties(t *testing.T) {
	for _, spec := range allSpecs {
		p := tokenize.MustParse(spec)
		for _, text := range seeds {
			checkPipeline(t, p, text)
		}
		checkPipeline(t, p, strings.Repeat("<b>A&amp;B</b> don’t read 2 films, i.e. 映画 :-) ", 60)) // more than a block
	}
}

// checkPipeline checks what every pipeline promises of every text.
func checkPipeline(t *testing.T, p *tokenize.Pipeline, text string) {
	t.Helper()
	spec := p.String()
	tokens := p.AppendTokens(nil, text)
	whole := spec == "words" || spec == "fields" || spec == "runes"
	checkTokens(t, text, tokens, whole)
	if spec == "treebank" {
		checkLossless(t, text, tokens)
	}

	again := p.AppendTokens([]tokenize.Token{{Text: "kept"}}, text)
	if again[0].Text != "kept" || !slices.Equal(again[1:], tokens) {
		t.Fatalf("%s of %q: the second time %v, want %v", spec, text, again, tokens)
	}

	if got := slices.Collect(p.All(text)); !slices.Equal(got, tokens) {
		t.Fatalf("%s of %q: All = %v, want %v", spec, text, got, tokens)
	}

	ids := make(map[string]vocab.ID)
	e := tokenize.NewEncoder(p, func(token string) vocab.ID {
		if _, ok := ids[token]; !ok {
			ids[token] = vocab.ID(len(ids))
		}
		return ids[token]
	})
	var want []vocab.ID
	var wantSpans []tokenize.Span
	for _, tok := range tokens {
		if _, ok := ids[tok.Text]; !ok {
			ids[tok.Text] = vocab.ID(len(ids))
		}
		want = append(want, ids[tok.Text])
		wantSpans = append(wantSpans, tokenize.Span{Start: tok.Start, End: tok.End})
	}
	for range 2 {
		if got := e.AppendIDs(nil, text); !slices.Equal(got, want) {
			t.Fatalf("%s of %q: AppendIDs = %v, want %v", spec, text, got, want)
		}
		got, spans := e.AppendSpans(nil, nil, text)
		if !slices.Equal(got, want) || !slices.Equal(spans, wantSpans) {
			t.Fatalf("%s of %q: AppendSpans = %v, %v, want %v, %v", spec, text, got, spans, want, wantSpans)
		}
	}

	q, err := tokenize.Parse(spec)
	if err != nil || q.String() != spec {
		t.Fatalf("Parse(%q) = %v, %v: String is no fixed point", spec, q, err)
	}
	if got := q.AppendTokens(nil, text); !slices.Equal(got, tokens) {
		t.Fatalf("%s of %q: parsed again %v, want %v", spec, text, got, tokens)
	}
}

// checkLossless checks that tokens hold every character of text but white space.
func checkLossless(t *testing.T, text string, tokens []tokenize.Token) {
	t.Helper()
	var got strings.Builder
	for _, tok := range tokens {
		got.WriteString(tok.Text)
	}
	squeeze := func(s string) string {
		var b strings.Builder
		for i, r := range s {
			if r == '\ufffd' {
				b.WriteByte(s[i])
			} else if !unicode.IsSpace(r) {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
	if diff := cmp.Diff(squeeze(text), squeeze(got.String())); diff != "" {
		t.Fatalf("text lost (-source +tokens):\n%s", diff)
	}
}

// TestLossless checks on real reviews that no character is lost, by our own
// segmenter nor by prose's, which alone loses text in one of nine.
func TestLossless(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 200
	}
	words, treebank := tokenize.MustParse("words"), tokenize.MustParse("treebank")
	negations := 0
	for _, text := range corpusTexts(t, "imdb/train.tsv.zst", n) {
		checkTokens(t, text, words.AppendTokens(nil, text), true)
		tokens := treebank.AppendTokens(nil, text)
		checkTokens(t, text, tokens, false)
		checkLossless(t, text, tokens)
		for _, tok := range tokens {
			if strings.EqualFold(tok.Text, "n't") {
				negations++
			}
		}
	}
	if negations < n {
		t.Errorf("%d tokens n't in %d reviews", negations, n)
	}
}

func TestConcurrent(t *testing.T) {
	p := tokenize.MustParse("html|lang:auto|words|lower|stem|neg")
	var want [][]tokenize.Token
	for _, text := range seeds {
		want = append(want, tokenize.MustParse(p.String()).AppendTokens(nil, text))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				for i, text := range seeds {
					if got := p.AppendTokens(nil, text); !slices.Equal(got, want[i]) {
						t.Errorf("%q: got %v, want %v", text, got, want[i])
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestManyForms fills the caches beyond their bound.
func TestManyForms(t *testing.T) {
	p := tokenize.MustParse("words|lower|stem:en")
	e := tokenize.NewEncoder(p, func(token string) int32 { return int32(len(token)) })
	var b strings.Builder
	for i := range 150_000 {
		b.WriteString("Word")
		for n := i; n > 0; n /= 26 {
			b.WriteByte(byte('a' + n%26))
		}
		b.WriteByte(' ')
	}
	text := b.String()
	tokens := p.AppendTokens(nil, text)
	ids := e.AppendIDs(nil, text)
	if len(tokens) != 150_000 || len(ids) != len(tokens) {
		t.Fatalf("%d tokens and %d IDs, want 150000", len(tokens), len(ids))
	}
	for i, tok := range tokens {
		if want := tokenize.Stem(text[tok.Start:tok.End], "en"); tok.Text != want || ids[i] != int32(len(want)) {
			t.Fatalf("token %d is %q with ID %d, want %q", i, tok.Text, ids[i], want)
		}
	}
}

// TestEncoderAllocations checks that words seen before cost no allocation.
func TestEncoderAllocations(t *testing.T) {
	e := tokenize.NewEncoder(tokenize.MustParse("words|quotes|lower|repeat|stem:en|max:400"), func(token string) int32 { return int32(len(token)) })
	text := strings.Repeat("The actors weren’t running GREAT risks!!! 8/10 :-) http://example.org/x ", 20)
	ids := e.AppendIDs(nil, text)
	if n := testing.AllocsPerRun(10, func() { ids = e.AppendIDs(ids[:0], text) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

package tokenize_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	uax29 "github.com/clipperhouse/uax29/v2/words"

	"github.com/textlstm/textlstm/tokenize"
)

// show prints tokens as their texts between bars, each with its kind unless
// that is Word or Punct.
func show(tokens []tokenize.Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
		if t.Kind != tokenize.Word && t.Kind != tokenize.Punct {
			b.WriteString("/" + t.Kind.String())
		}
	}
	return b.String()
}

func TestWords(t *testing.T) {
	tests := []struct{ rule, text, want string }{
		{"empty", "", ""},
		{"space only", " \t\n\u00a0\u3000", ""},
		{"words and punctuation", "A fine film, really.", "A fine film , really ."},
		{"a point between words parts them", "bad.It was", "bad . It was"},
		{"so does a hyphen", "well-known", "well - known"},
		{"an underscore does not", "snake_case __init__", "snake_case __ init __"},
		{"negation is a token", "don't isn't CAN'T didn’t won't", "do n't is n't CA N'T did n’t wo n't"},
		{"the other contractions", "it's we're I've they'll he'd I'm", "it 's we 're I 've they 'll he 'd I 'm"},
		{"two contractions", "shouldn't've", "should n't 've"},
		{"as text split beforehand has them", "do n't it 's", "do n't it 's"},
		{"an inner apostrophe stays", "o'clock l'amour rock'n'roll", "o'clock l'amour rock'n'roll"},
		{"an outer one does not", "'must see' dogs' '90s", "' must see ' dogs ' ' 90s"},
		{"possessive of a year", "1980's", "1980/number 's"},
		{"numbers", "3.14 1,000.5 .5 7, 8.", "3.14/number 1,000.5/number .5/number 7/number , 8/number ."},
		{"ratings and dates", "8/10 7.5/10. 1/2/2003", "8/10/number 7.5/10/number . 1/2/2003/number"},
		{"numbers with letters are words", "3rd 80s 1080p mp3", "3rd 80s 1080p mp3"},
		{"money and per cent", "$5 50%", "$/symbol 5/number 50/number %"},
		{"acronyms", "U.S. e.g. the U.S, F.B.I. I. am", "U.S. e.g. the U.S , F.B.I. I . am"},
		{"a run of one sign is a token", "Wow!!! Hm... ?! --- (())", "Wow !!! Hm ... ?! --- (( ))"},
		{"URL", "see http://a.org/b(c)?d=1, https://x.io.", "see http://a.org/b(c)?d=1/url , https://x.io/url ."},
		{"URL in brackets", "(www.a.com/b) <http://c.de>", "( www.a.com/b/url ) </symbol http://c.de/url >/symbol"},
		{"host", "amazon.co.uk, my-site.com/x imdb.com!", "amazon.co.uk/url , my-site.com/x/url imdb.com/url !"},
		{"a missing space is no host", "great.But so.it bad.is", "great . But so . it bad . is"},
		{"e-mail", "a.b+c@x-y.org, 1@b.com. a@b me@", "a.b+c@x-y.org/email , 1@b.com/email . a @ b me @"},
		{"mention", "@bob_1 hi @ @Zoë", "@bob_1/mention hi @ @Zoë/mention"},
		{"hashtag", "#win #1 #2nd #größe #", "#win/hashtag # 1/number #2nd/hashtag #größe/hashtag #"},
		{"emoticons", "nice :) :-((( ;) :'( =D <3 </3 xD o_O ^_^ -_-", "nice :)/emoji :-(((/emoji ;)/emoji :'(/emoji =D/emoji <3/emoji </3/emoji xD/emoji o_O/emoji ^_^/emoji -_-/emoji"},
		{"emoticon at a word", "good:) bad:( so:p", "good :)/emoji bad :(/emoji so : p"},
		{"no emoticons", "(2001): foo 8:30 a:b (see:x) 10:3", "( 2001/number ) : foo 8/number : 30/number a : b ( see : x ) 10/number : 3/number"},
		{"kaomoji", `¯\_(ツ)_/¯ (╯°□°）╯︵ ┻━┻ ಠ_ಠ`, `¯\_(ツ)_/¯/emoji (╯°□°）╯︵ ┻━┻/emoji ಠ_ಠ/emoji`},
		{"shortcode", "ok :thumbs_up: 1:ab:2 :a:", "ok :thumbs_up:/emoji 1/number : ab : 2/number : a :"},
		{"emoji", "😀😀👍🏽", "😀/emoji 😀/emoji 👍🏽/emoji"},
		{"joined emoji", "👩‍👩‍👧❤️‍🔥👩🏽‍🚀", "👩‍👩‍👧/emoji ❤️‍🔥/emoji 👩🏽‍🚀/emoji"},
		{"flags", "🇩🇪🇫🇷🏴󠁧󠁢󠁥󠁮󠁧󠁿🏳️‍🌈", "🇩🇪/emoji 🇫🇷/emoji 🏴󠁧󠁢󠁥󠁮󠁧󠁿/emoji 🏳️‍🌈/emoji"},
		{"keycaps", "1️⃣#️⃣ 12️⃣", "1️⃣/emoji #️⃣/emoji 1/number 2️⃣/emoji"},
		{"text symbols with an emoji selector", "©️ ↔️ © →", "©️/emoji ↔️/emoji ©/symbol →/symbol"},
		{"accents, composed or not", "naïve café cafe\u0301s", "naïve café cafe\u0301s"},
		{"Cyrillic", "Не очень, увы…", "Не очень , увы …"},
		{"Greek and Arabic", "καλό! جيد؟", "καλό ! جيد ؟"},
		{"Hebrew quotation mark", `צה"ל "x"`, `צה"ל " x "`},
		{"Devanagari", "अच्छा है।", "अच्छा है ।"},
		{"Han", "不好。很好！！", "不/char 好/char 。 很/char 好/char ！！"},
		{"Japanese", "このテストは良い", "こ/char の/char テスト は/char 良/char い/char"},
		{"Hangul", "영화가 좋다", "영화가 좋다"},
		{"Thai", "ดีมาก", "ดี/char ม/char า/char ก/char"},
		{"scripts part", "Webカメラabc", "Web カメラ abc"},
		{"invisible characters", "soft\u00adhyphen \u200eword\u200f \ufeffx zero\u200dwidth", "soft\u00adhyphen word x zero\u200dwidth"},
		{"curly quotes and dashes", "“a”—b–c", "“ a ” — b – c"},
		{"bytes that are no UTF-8", "a\xff\xfeb \xc3", "a \xff\xfe/symbol b \xc3/symbol"},
		{"NUL and controls", "a\x00b\x07", "a b"},
	}
	p := tokenize.MustParse("words")
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			tokens := p.AppendTokens(nil, tt.text)
			if got := show(tokens); got != tt.want {
				t.Errorf("words of %q\n got %s\nwant %s", tt.text, got, tt.want)
			}
			checkTokens(t, tt.text, tokens, true)
		})
	}
}

// checkTokens checks what holds for all pipelines: offsets in range and in
// order. If whole, it also checks that the tokens are disjoint, their texts the
// source's own, and nothing but space and invisible characters between them.
func checkTokens(t *testing.T, text string, tokens []tokenize.Token, whole bool) {
	t.Helper()
	end := 0
	for i, tok := range tokens {
		if tok.Start < 0 || tok.End < tok.Start || tok.End > len(text) {
			t.Fatalf("token %d %+v: offsets not in [0, %d]", i, tok, len(text))
		}
		if i > 0 && tok.Start < tokens[i-1].Start {
			t.Fatalf("token %d %+v starts before %+v", i, tok, tokens[i-1])
		}
		if tok.Text == "" {
			t.Fatalf("token %d %+v is empty", i, tok)
		}
		if !whole {
			continue
		}
		if tok.Start < end {
			t.Fatalf("token %d %+v overlaps %+v", i, tok, tokens[i-1])
		}
		if tok.Text != text[tok.Start:tok.End] {
			t.Fatalf("token %d %+v, but the source has %q", i, tok, text[tok.Start:tok.End])
		}
		checkGap(t, text, end, tok.Start)
		end = tok.End
	}
	if whole {
		checkGap(t, text, end, len(text))
	}
}

func checkGap(t *testing.T, text string, start, end int) {
	t.Helper()
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Cc, r) {
			t.Fatalf("%q at offset %d is in no token", text[i:i+size], i)
		}
		i += size
	}
}

// TestWordsUAX29 holds the segmenter against UAX #29 on real text in several
// scripts: apart from the rules that depart from it on purpose, a boundary of
// the one is a boundary of the other.
func TestWordsUAX29(t *testing.T) {
	texts := corpusLines(t, "parallel-tatoeba/cmn-eng.tsv.zst", 3000)
	texts = append(texts, corpusTexts(t, "imdb/test.tsv.zst", 300)...)
	for _, lang := range []string{"russian", "hungarian", "turkish", "french"} {
		texts = append(texts, strings.Join(corpusLines(t, "snowball/"+lang+".tsv.zst", 3000), " "))
	}
	p := tokenize.MustParse("words")
	words, departures := 0, 0
	for _, text := range texts {
		ours := make(map[int]int) // by start
		for _, tok := range p.AppendTokens(nil, text) {
			ours[tok.Start] = tok.End
		}
		for it := uax29.FromString(text); it.Next(); {
			r, _ := utf8.DecodeRuneInString(it.Value())
			if !unicode.IsLetter(r) {
				continue
			}
			words++
			if ours[it.Start()] != it.End() && !departs(text[:it.Start()], it.Value(), text[it.End():]) {
				departures++
				if departures <= 10 {
					t.Errorf("UAX #29 has a word %q in %q", it.Value(), text[max(0, it.Start()-20):min(len(text), it.End()+20)])
				}
			}
		}
	}
	if words < 100_000 || departures > 0 {
		t.Errorf("of %d words, %d differ", words, departures)
	}
}

// departs reports whether the rules for contractions, points, hosts, acronyms
// and so on may apply to a word of UAX #29 between before and after.
func departs(before, word, after string) bool {
	prev, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	return strings.ContainsAny(word, "'’.:_·") || strings.ContainsRune(".@-:_'’#/", next) || strings.ContainsRune("'’@#/:.", prev)
}

package tokenize_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/tokenize"
)

func TestFilters(t *testing.T) {
	tests := []struct{ spec, text, want string }{
		{"words|lower", "GOOD Ünï :D #Win", "good ünï :D/emoji #win/hashtag"},
		{"words|fold", "Straße ΣΊΣΥΦΟΣ :D", "strasse σίσυφοσ :D/emoji"},
		{"words|nfc", "cafe\u0301", "caf\u00e9"},
		{"words|nfkc", "ﬁlm ２０ Ａ ①", "film 20/number A 1/symbol"},
		{"words|accents", "naïve Café ёлка Ångström हिन्दी ❤️", "naive Cafe елка Angstrom हिन्दी ❤️/emoji"},
		{"words|quotes", "“it’s” «x» ``a''", `" it 's " " x " " a "`},
		{"words|elision", "l'amour d’abord qu'il aujourd'hui o'clock", "amour abord il aujourd'hui o'clock"},
		{"words|elongate", "soooo goooood aaab book #yaaay 10000 www.aaab.com", "soo good aab book #yaay/hashtag 10000/number www.aaab.com/url"},
		{"words|repeat", "no! no!! no!!!! what?!?!?! hm.. hm..... … --- :-)))))", "no ! no !! no !! what ?! hm ... hm ... ... -- :-))/emoji"},
		{"words|numbers", "3.14 in 1999, 8/10, 3rd", "<num>/number in <num>/number , 8/10/number , 3rd"},
		{"words|urls", "see http://a.org or me@b.org", "see <url>/url or <email>/email"},
		{"words|mentions", "@bob says", "<user>/mention says"},
		{"words|hashtags", "#Win #größe", "Win größe"},
		{"words|caps|lower", "I am SO HAPPY, U.S. Ok A1B", "i am <caps>/symbol so <caps>/symbol happy , <caps>/symbol u.s. ok <caps>/symbol a1b"},
		{"words|emoji", "ok😀👍🏽 :-) 🇩🇪 1️⃣", "ok grinning face thumbs up :-)/emoji Germany keycap 1/number"},
		{"words|emoji|lower", "😍! 🥉 🫠 :thumbs_up: 👩‍👧", "smiling face with heart eyes ! 3rd place medal 🫠/emoji :thumbs_up:/emoji family woman girl"},
		{"words|emoji|lower|neg", "not 😀, 😀", "not NOT_grinning NOT_face , grinning face"},
		{"words|contractions", "I dont, Cant DIDNT won't want ant nt", "I do n't , Ca n't DID N'T wo n't want ant nt"},
		{"words|lower|contractions", "He WOULDNT #dont cants wouldn’t", "he would n't #dont/hashtag cants would n’t"},
		{"words|contractions|neg", "i dont like it", "i do n't NOT_like NOT_it"},
		{"words|drop:punct,symbol", "a, b + c. 3", "a b c 3/number"},
		{"words|stem:en", "running it's don't LOVED movies", "run it 's do n't love movi"},
		{"words|stem:french", "l'amour continuellement", "amour continuel"},
		{"words|stem:ru", "берёзы красивые", "берез красив"},
		{"words|stop:en", "The film is NOT very good, isn't it", "film NOT good , n't"},
		{"words|stop:de|lower", "Der Film ist nicht gut", "film nicht gut"},
		{"words|lang:fr|lower|stop|stem", "Les acteurs ne sont pas mauvais", "acteur ne pas mauv"},
		{"words|lang:auto|lower|stop|stem", "the actors are amazing and I loved it", "actor amaz love"},
		{"words|lang:auto|lower|stop|stem", "les acteurs sont vraiment formidables et je les aime", "acteur vrai formid aim"},
		{"words|lang:auto|lower|stem", "фильмы прекрасные и актёры тоже", "фильм прекрасн и актер тож"},
		{"words|lang:auto|lower|stem", "電影很好", "電/char 影/char 很/char 好/char"},
		{"words|neg", "I do n't like it, but it is good", "I do n't NOT_like NOT_it , but it is good"},
		{"words|lower|stem:en|neg:1", "not very good; never boring!", "not NOT_veri good ; never NOT_bore !"},
		{"words|neg", "cannot stand no one here. fine", "cannot NOT_stand no NOT_one NOT_here . fine"},
		{"words|ngrams:2", "not very good", "not not_very very very_good good"},
		{"words|ngrams:3", "a b c", "a a_b a_b_c b b_c c"},
		{"words|cjk", "不好吃 ok 好", "不/char 不好/char 好/char 好吃/char 吃/char ok 好/char"},
		{"words|cjk:2", "不好吃 ok 好", "不好/char 好吃/char ok 好/char"},
		{"words|max:3", "a b c d e", "a b c"},
		{"words|max:2:tail", "a b c d e", "d e"},
		{"words|max:1+2", "a b c d e", "a d e"},
		{"words|max:1+2", "a b c", "a b c"},
		{"words|max:2|ngrams:2", "a b c d", "a a_b b"},
		{"maxbytes:5|words", "ab cd ef", "ab cd"},
		{"maxbytes:4|words", "ééé", "éé"},
		{"maxbytes:3|words", "ééé", "é"},
		{"html|words", "great!<br /><br/>I&amp;J <b>un</b>real &quot;x&#39;s&quot; 1 &lt; 2", `great ! I & J unreal " x 's " 1/number </symbol 2/number`},
		{"html|words", "i <3 you, a<b and <_< x<y &unknown; AT&T", "i <3/emoji you , a </symbol b and <_</emoji x </symbol y & unknown ; AT & T"},
		{"html|words", "Q&A<br/>yes &amp; no &#59; a&#5x;", "Q & A yes & no ; a & #5x/hashtag ;"},
		{"html|words", "a <script>var x = 1 < 2;</script>b<style>p{}</style>c <!-- hid -->d <p class=\"a>b\">e", "a b c d e"},
		{"html|words", "an <unterminated tag", "an </symbol unterminated tag"},
		{"words|camel", "#BestDayEver #win #NOTAgain #Top10Films #not_bad #COVID19 #ÜberGut #2Good #4K", "Best Day Ever #win/hashtag NOT Again Top10 Films not bad #COVID19/hashtag Über Gut 2/number Good #4K/hashtag"},
		{"unify|words", "cafe\u0301 caf\u00e9 \u212b", "café café Å"},
		{"unify|words", "𝓰𝓸𝓸𝓭 𝟏𝟎 ｇｏｏｄ！ ﬁlm Ⓖⓞⓞⓓ ᵗʰⁱˢ Part Ⅱ", "good 10/number good ! film Good this Part II"},
		{"unify|words", "½ ² ™ № nº … ㋋ ㅋㅋ ํา ﷺ 1′", "½/symbol ²/symbol ™/symbol №/symbol nº … ㋋/symbol ㅋㅋ ํ/symbol า/char ﷺ 1/number ′"},
		{"unify|words", "won\u00adder\u00adful awe\u200bsome \u2060a\u2060b \ufeffx می\u200cخواهم", "wonderful awesome ab x میخواهم"},
		{"unify|words", "isn’t isn‘t isn‛t isn`t isn´t isn′t isnʼt isn＇t", "is n't is n't is n't is n't is n't is n't is n't is n't"},
		{"unify|words|quotes", "``so'' ‘so’ 5′ `x` ( ´ ω ` )", "\" so \" ' so ' 5/number ' ' x ' ( '/symbol ω ' )"},
		{"unify|words", "❤️ 👩\u200d👩\u200d👧 1️⃣ 👍🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🅰 ㊗ a\ufe0fb a\u200db", "❤️/emoji 👩\u200d👩\u200d👧/emoji 1️⃣/emoji 👍🏽/emoji 🏴󠁧󠁢󠁥󠁮󠁧󠁿/emoji 🅰/symbol ㊗/emoji ab ab"},
		{"html|unify|words", "don&#8217;t won&shy;der <b>ca</b>fe&#769;", "do n't wonder café"},
		{"fields", " a,b  c\td\n", "a,b c d"},
		{"fields:ascii|lower:ascii|depunct", "Don't  :D É\u00a0x #1\v.,; \u3000Ok!\t[a_b]|Z", "dont d/emoji É\u00a0x 1 \u3000ok abz"},
		{"runes:all|lower:ascii", "A b", "a  /symbol b"},
		{"fields|max:2|pad:4", "a b c", "a b <no token>/symbol <no token>/symbol"},
		{"fields|pad:2", "a b c", "a b c"},
		{"fields|max:2:tail|pad:3:head", "a b c", "<no token>/symbol b c"},
		{"runes", "ab 好!", "a b 好/char !"},
		{"chars:3", "hello to all", "hel ell llo to all"},
		{"chars:2-3", "abcd", "ab abc bc bcd cd"},
		{"chars:2", "电影很好", "电影 影很 很好"},
		{"treebank", "It isn't good. \"No,\" I don't!", `It is n't good . " No , " I do n't !`},
		{"treebank", "the film's. Good 'must see' couldn’t.", "the film 's . Good ' must see ' could n’t ."},
		{"words|pos:adj,adv", "This is not a really good movie , sadly", "not really good , sadly"},
		{"words|pos:noun", "The actors play lovely music", "actors music"},
	}
	for _, tt := range tests {
		p := tokenize.MustParse(tt.spec)
		if got := show(p.AppendTokens(nil, tt.text)); got != tt.want {
			t.Errorf("%s of %q\n got %s\nwant %s", tt.spec, tt.text, got, tt.want)
		}
	}
}

// TestUnifyOffsets checks that offsets are those of the source, also of a text that
// is rewritten twice.
func TestUnifyOffsets(t *testing.T) {
	const text = "Won\u00adder\u00adful caf<b>e</b>&#769; don&#8217;t \u200bisn´t\u200b ｗｏｗ! #BestDay"
	want := []string{"Won\u00adder\u00adful", "caf<b>e</b>&#769;", "do", "n&#8217;t", "is", "n´t", "ｗｏｗ", "!", "#BestDay", "#BestDay"}
	p := tokenize.MustParse("html|unify|words|camel")
	var got []string
	for _, tok := range p.AppendTokens(nil, text) {
		got = append(got, text[tok.Start:tok.End])
	}
	if !slices.Equal(got, want) {
		t.Errorf("tokens came from %q, want %q", got, want)
	}
}

// What is unified stays as it is.
func TestUnifyOnce(t *testing.T) {
	once, twice := tokenize.MustParse("unify|runes"), tokenize.MustParse("runes")
	for _, text := range seeds {
		first := once.AppendTokens(nil, text)
		var b strings.Builder
		for _, tok := range first {
			b.WriteString(tok.Text)
		}
		again, plain := show(once.AppendTokens(nil, b.String())), show(twice.AppendTokens(nil, b.String()))
		if again != plain {
			t.Errorf("%q becomes %q, and that %q", text, plain, again)
		}
	}
}

// TestHTMLOffsets checks that offsets are those of the source, markup and all.
func TestHTMLOffsets(t *testing.T) {
	const text = "So &eacute;tude<br>is <i>un</i>real &amp;&amp; don&#39;t <3 x R&D &amp; more"
	want := []string{"So", "&eacute;tude", "is", "un</i>real", "&amp;&amp;", "do", "n&#39;t", "<3", "x", "R", "&", "D", "&amp;", "more"}
	tokens := tokenize.MustParse("html|words").AppendTokens(nil, text)
	if len(tokens) != len(want) {
		t.Fatalf("%d tokens, want %d: %s", len(tokens), len(want), show(tokens))
	}
	for i, tok := range tokens {
		if got := text[tok.Start:tok.End]; got != want[i] {
			t.Errorf("token %d, %q, came from %q, want %q", i, tok.Text, got, want[i])
		}
	}
}

func TestParseString(t *testing.T) {
	tests := []struct{ spec, want string }{
		{"words", "words"},
		{"lower", "words|lower"},
		{" words | stem:english ", "words|stem:en"},
		{"words|lower|html|maxbytes:9", "maxbytes:9|html|words|lower"},
		{"words|unify|html|lower", "html|unify|words|lower"},
		{"words|lang:auto:fr,english,fr|stem", "lang:auto:en,fr|words|stem"},
		{"lang:auto|stop|stem", "lang:auto|words|stop|stem"},
		{"words|lang:nb|stem", "lang:no|words|stem"},
		{"chars:3-3|max:5", ""},
		{"chars:3-5|max:5:tail", "chars:3-5|max:5:tail"},
		{"treebank|pos:adj,adv|neg:3|ngrams:2|max:1+2|drop:punct", "treebank|pos:adj,adv|neg:3|ngrams:2|max:1+2|drop:punct"},
		{tokenize.Default, tokenize.Default},
	}
	for _, tt := range tests {
		p, err := tokenize.Parse(tt.spec)
		if tt.want == "" {
			if err == nil {
				t.Errorf("Parse(%q): no error", tt.spec)
			}
			continue
		}
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.spec, err)
			continue
		}
		if got := p.String(); got != tt.want {
			t.Errorf("Parse(%q) prints %q, want %q", tt.spec, got, tt.want)
		}
	}
	var zero tokenize.Pipeline
	if got := zero.String(); got != "words" {
		t.Errorf("the zero Pipeline prints %q, want words", got)
	}
	if got := show(zero.AppendTokens(nil, "it's a")); got != "it 's a" {
		t.Errorf("the zero Pipeline gives %q", got)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ spec, want string }{
		{"", `stage 1, "": unknown stage; there are accents, camel, caps,`},
		{"words|lowr", `stage 2, "lowr": unknown stage`},
		{"words|lower:x", `stage 2, "lower:x": takes no argument`},
		{"words|max", `stage 2, "max": argument "", want a number from 1 to`},
		{"words|max:0", `argument "0"`},
		{"words|max:-1", `argument "-1"`},
		{"words|max:007", `argument "007"`},
		{"words|max:5:head", `argument "5:head"`},
		{"words|max:", "empty argument"},
		{"words|stem:xx", `language "xx", want one of en, es, fr, hu, no, ru, sv`},
		{"words|stem", "needs a language: write stem:en, or add lang:en or lang:auto"},
		{"words|stop|lower", "needs a language"},
		{"words|lang:auto|lang:en", "a second language"},
		{"words|fields", `a second segmenter, after "words"`},
		{"lower|words", "a segmenter must come before the filters"},
		{"words|drop:nouns", `kind "nouns", want some of word,number,`},
		{"words|pos:thing", `part of speech "thing", want some of adj,adv,`},
		{"words|cjk:3", `argument "3", want none or 2`},
		{"words|ngrams:1", "from 2 to 8"},
		{"chars", "from 1 to 16"},
		{strings.Repeat("lower|", 1000), "a spec of 6000 bytes, limit 4096"},
	}
	for _, tt := range tests {
		_, err := tokenize.Parse(tt.spec)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%.40q): error %v, want one with %q", tt.spec, err, tt.want)
		}
	}
}

// TestMarshalText checks that a pipeline goes through a model file unchanged.
func TestMarshalText(t *testing.T) {
	p := tokenize.MustParse("words|lower")
	p.AppendTokens(nil, "Good movies") // so that it has something cached
	if err := p.UnmarshalText([]byte("words|stem:en")); err != nil {
		t.Fatal(err)
	}
	if got := show(p.AppendTokens(nil, "Good movies")); got != "good movi" {
		t.Errorf("got %q, want the new pipeline's %q", got, "good movi")
	}
	if text, _ := p.MarshalText(); string(text) != "words|stem:en" {
		t.Errorf("MarshalText = %q", text)
	}
	if err := p.UnmarshalText([]byte("nonsense")); err == nil {
		t.Error("UnmarshalText(nonsense): no error")
	}
}

// A text of fewer tokens than head and tail together is left as it is, none of them
// twice; a negator opens the scope whatever its case and apostrophe.
func TestSequenceEdges(t *testing.T) {
	words := "a b c d e f g"
	for pipeline, want := range map[string][]string{
		"words|max:2+2":    {"", "a", "a b", "a b c", "a b c d", "a b d e", "a b e f", "a b f g"},
		"words|max:2:tail": {"", "a", "a b", "b c", "c d", "d e", "e f", "f g"},
		"words|max:2":      {"", "a", "a b", "a b", "a b", "a b", "a b", "a b"},
	} {
		p, err := tokenize.Parse(pipeline)
		if err != nil {
			t.Fatal(err)
		}
		for n := range want {
			text := words[:max(0, 2*n-1)]
			var got []string
			for _, token := range p.AppendTokens(nil, text) {
				got = append(got, token.Text)
			}
			if s := strings.Join(got, " "); s != want[n] {
				t.Errorf("%s of %q: %q, want %q", pipeline, text, s, want[n])
			}
		}
	}
}

// The part of an address before the @ has at most 64 bytes, however much of the
// text has been searched before.
func TestLongAddresses(t *testing.T) {
	p, err := tokenize.Parse("words")
	if err != nil {
		t.Fatal(err)
	}
	for _, before := range []string{"", "word ", strings.Repeat("word ", 500), strings.Repeat("a@b ", 100)} {
		for _, n := range []int{1, 63, 64, 65, 80} {
			tokens := p.AppendTokens(nil, before+strings.Repeat("x", n)+"@example.com end")
			found := slices.ContainsFunc(tokens, func(t tokenize.Token) bool { return t.Kind == tokenize.Email })
			if found != (n <= 64) {
				t.Errorf("%d bytes behind %d: an address: %v", n, len(before), found)
			}
		}
	}
}

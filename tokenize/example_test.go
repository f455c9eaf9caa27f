package tokenize_test

import (
	"fmt"

	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

func Example() {
	const text = "I don't LOVE it... 6/10 :-("
	p, err := tokenize.Parse("words|lower|stem:en")
	if err != nil {
		panic(err)
	}
	for t := range p.All(text) {
		fmt.Printf("%-6s %-7v %q\n", t.Text, t.Kind, text[t.Start:t.End])
	}
	// Output:
	// i      word    "I"
	// do     word    "do"
	// n't    word    "n't"
	// love   word    "LOVE"
	// it     word    "it"
	// ...    punct   "..."
	// 6/10   number  "6/10"
	// :-(    emoji   ":-("
}

func ExampleParse() {
	p, err := tokenize.Parse("lower | stem:english | html")
	fmt.Println(p, err)
	_, err = tokenize.Parse("words|max:many")
	fmt.Println(err)
	// Output:
	// html|words|lower|stem:en <nil>
	// tokenize: stage 2, "max:many": argument "many", want a number from 1 to 1073741824
}

func ExampleEncoder() {
	p := tokenize.MustParse("words|lower")
	var counts vocab.Counter
	for t := range p.All("a good film, a very good film") {
		counts.Add(t.Text)
	}
	v, err := counts.Build(vocab.Options{})
	if err != nil {
		panic(err)
	}
	e := tokenize.NewEncoder(p, v.ID)
	fmt.Println(e.AppendIDs(nil, "A GOOD book"))
	ids, spans := e.AppendSpans(nil, nil, "Good film")
	fmt.Println(ids, spans)
	// Output:
	// [2 4 1]
	// [4 3] [{0 4} {5 9}]
}

func ExampleSentences() {
	const text = "Mr. Smith didn't like it. I did!"
	for _, s := range tokenize.Sentences(text) {
		fmt.Println(text[s.Start:s.End])
	}
	// Output:
	// Mr. Smith didn't like it.
	// I did!
}

func ExampleDetectLanguage() {
	for _, text := range []string{"The plot is thin.", "Les acteurs sont excellents.", "Отличный фильм", "这部电影很好", "42"} {
		fmt.Printf("%q ", tokenize.DetectLanguage(text))
	}
	// Output: "en" "fr" "ru" "zh" ""
}

func ExampleStem() {
	fmt.Println(tokenize.Stem("Movies", "en"), tokenize.Stem("continuellement", "fr"))
	// Output: movi continuel
}

// Command texts writes what the language detector learns from: a column of languages
// and one of texts, cut to a few words as often as not. From the root of the repository:
//
//	go run ./pretrained/langid/texts -corpora DIR >train.tsv
//	go run ./pretrained/langid/texts -corpora DIR -held >held.tsv
//
// One text in ten is held out to judge by, whole. There is no
// corpus of Danish, Dutch, Romanian and Swedish: texts of these, and some of others, are
// words drawn from Snowball's vocabularies and, two thirds of them, from the stop words.
package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/pretrained/langid"
)

// sources are the corpora of each language.
var sources = map[string][]string{
	"ar": {"languages/arabic-tweets/train", "languages/ar-arsarcasm2/train"},
	"de": {"languages/german-tweets/train", "languages/de-potts/train"},
	"en": {
		"languages/english-tweets/train", "everyday/goemotions/train", "everyday/tweet-sentiment-extraction/train",
		"everyday/xed-subtitles/all", "everyday/newsmtsc/train", "everyday/se-gh/train", "everyday/sentfin/all",
		"everyday/twitter-financial/train", "everyday/emobank/train", "everyday/semeval14-restaurants/train",
		"sms-spam/all", "imdb/train",
	},
	"es": {"languages/spanish-tweets/train", "languages/es-coah-hotels/train", "languages/es-coar-restaurants/train"},
	"fa": {"languages/fa-sentipers/train"},
	"fi": {"languages/fi-xed-subtitles/train"},
	"fr": {"languages/french-tweets/train", "languages/fr-allocine-series/train"},
	"hi": {"languages/hindi-tweets/train"},
	"hu": {"languages/hu-husst/train"},
	"id": {"languages/id-smsa/train"},
	"it": {"languages/italian-tweets/train", "languages/it-absita-booking/train"},
	"ja": {"languages/ja-amazon-multi/train"},
	"ko": {"languages/ko-nsmc/train"},
	"no": {"languages/no-norec-sentence/train"},
	"pt": {"languages/portuguese-tweets/train"},
	"ru": {"languages/ru-opensentiment/train"},
	"th": {"languages/th-wisesight/train"},
	"tr": {"languages/tr-product-reviews-3class/train"},
	"vi": {"languages/vi-uit-vsfc/train"},
	"zh": {"languages/zh-amazon-multi/train"},
}

// vocabularies are Snowball's, by language.
var vocabularies = map[string]string{
	"da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian",
	"nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "sv": "swedish", "tr": "turkish",
}

const (
	perLanguage = 4000 // texts, at most; of English so many for each two corpora
	mostCuts    = 2    // of a text, where there are fewer texts
	synthetic   = 1500 // texts of words from a vocabulary; perLanguage where there is no corpus
	held        = 10   // one text in so many is held out
)

func main() {
	log.SetFlags(0)
	dir := flag.String("corpora", cmp.Or(os.Getenv("TEXTLSTM_CORPORA"), "../shared/corpora"), "`directory` of the corpora")
	isHeld := flag.Bool("held", false, "write the texts held out")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	if err := cmp.Or(write(out, *dir, *isHeld), out.Flush()); err != nil {
		log.Fatal(err)
	}
}

func write(out io.Writer, dir string, isHeld bool) error {
	rng := rand.New(rand.NewPCG(1, 2))
	fmt.Fprintln(out, "label\ttext")
	for _, lang := range sorted(sources) {
		for _, name := range sources[lang] {
			d, _, err := corpora.ReadFiles(corpora.Options{}, filepath.Join(dir, name+".tsv.zst"))
			if err != nil {
				return err
			}
			most := perLanguage / len(sources[lang])
			if lang == "en" {
				most = perLanguage / 2
			}
			if isHeld {
				most /= 2
			}
			d.Dedup()
			all := d.Filter(func(e *corpora.Example) bool { return heldOut(e.Text) == isHeld }).Sample(1, most).Examples
			for i := range min(most, mostCuts*len(all)) {
				if isHeld && i == len(all) {
					break
				}
				fmt.Fprintf(out, "%s\t%s\n", lang, cut(rng, all[i%len(all)].Text, isHeld))
			}
		}
	}
	if isHeld {
		return nil
	}
	for _, lang := range sorted(vocabularies) {
		words, err := vocabulary(dir, vocabularies[lang])
		if err != nil {
			return err
		}
		stop, err := stopWords(lang)
		if err != nil {
			return err
		}
		n := synthetic
		if sources[lang] == nil {
			n = perLanguage
		}
		for range n {
			var text []string
			for range 3 + rng.IntN(12) {
				from := stop
				if rng.IntN(3) == 0 {
					from = words
				}
				text = append(text, from[rng.IntN(len(from))])
			}
			fmt.Fprintf(out, "%s\t%s\n", lang, strings.Join(text, " "))
		}
	}
	return nil
}

// cut returns a text to judge by as it is, and one to learn from with a few of its words,
// as often as not.
func cut(rng *rand.Rand, text string, whole bool) string {
	words := strings.Fields(langid.Clean(text))
	if n := 2 + rng.IntN(8); !whole && rng.IntN(3) > 0 && len(words) > n {
		from := rng.IntN(len(words) - n)
		return strings.Join(words[from:from+n], " ")
	}
	return strings.Join(words[:min(len(words), 60)], " ")
}

// heldOut says whether a text is for judging.
func heldOut(text string) bool {
	h := fnv.New32a()
	io.WriteString(h, text)
	return h.Sum32()%held == 0
}

// vocabulary reads the words of a file of Snowball's.
func vocabulary(dir, name string) (words []string, err error) {
	f, err := os.Open(filepath.Join(dir, "snowball", name+".tsv.zst"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := corpora.Decompress(f, corpora.Limits{})
	if err != nil {
		return nil, err
	}
	s := bufio.NewScanner(z)
	for s.Scan() {
		word, _, _ := strings.Cut(s.Text(), "\t")
		words = append(words, word)
	}
	return words, s.Err()
}

// stopWords reads the stop words of a language, which stand in this repository.
func stopWords(lang string) (words []string, err error) {
	b, err := os.ReadFile(filepath.Join("tokenize", "stopwords", lang+".txt"))
	for line := range strings.Lines(string(b)) {
		if line[0] != '#' {
			words = append(words, strings.Fields(line)...)
		}
	}
	return words, err
}

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

package corpora

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The layouts in which well-known data sets are published, each with the options
// that read it, which docs/datasets.md lists as flags, and what is said where one
// that is needed is missing.
func TestShapes(t *testing.T) {
	jigsaw := Head{"toxicity", "toxic,severe_toxic,obscene,threat,insult,identity_hate"}
	for _, tt := range []struct {
		file   string
		opts   Options
		rows   int
		first  row
		needed string // in the error without options, "" if none are needed
	}{
		{"sentiment140.csv", Options{NoHeader: true, TextColumns: []string{"6"}}, 12, row{"0", "@friend the train was late again and nobody said why"}, "--no-header --text-col N --label-col N"},
		{"sentiment140.csv", Options{NoHeader: true, Heads: []Head{{"label", "1"}}}, 12, row{"0", "@friend the train was late again and nobody said why"}, "--no-header --text-col N --label-col N"},
		{"semeval.tsv", Options{NoHeader: true, Heads: []Head{{"label", "3"}}}, 12, row{"negative", "the train was late again and nobody said why"}, "--no-header --text-col N --label-col N"},
		{"SMSSpamCollection", Options{NoHeader: true}, 12, row{"spam", "WIN a prize, call 08000 now"}, "--format tsv, or --no-header"},
		{"spam.csv", Options{TextColumns: []string{"v2"}, Heads: []Head{{"label", "v1"}}}, 12, row{"spam", "WIN a prize, call 08000 now £5"}, "--text-col"},
		{"yelp.json", Options{Heads: []Head{{"label", "stars"}}}, 12, row{"1", "the train was late again and nobody said why"}, "--label-col"},
		{"amazon.json", Options{TextColumns: []string{"reviewText"}, Heads: []Head{{"label", "overall"}}}, 12, row{"1", "the train was late again and nobody said why"}, "--text-col"},
		{"amazon.ft.txt", Options{}, 12, row{"1", "The: the train was late again and nobody said why"}, ""},
		{"amazon_polarity.csv", Options{}, 12, row{"1", `The Train the train was late again and nobody said why, so "it" goes`}, ""},
		{"jigsaw.csv", Options{TextColumns: []string{"comment_text"}, Heads: []Head{jigsaw}}, 12, row{",toxic,obscene,insult", "the train was late again and nobody said why\n\nmore \"of\" it"}, "--text-col"},
		{"goemotions.csv", Options{Heads: []Head{{"emotion", "admiration,anger,joy,neutral"}}}, 12, row{",admiration,joy", "the train was late again and nobody said why, indeed"}, "--head NAME=a,b,c"},
		{"airline.csv", Options{Heads: []Head{{"label", "airline_sentiment"}}}, 12, row{"negative", "@air the train was late again and nobody said why"}, "--label-col"},
		{"imdb.csv", Options{}, 12, row{"negative", "the train was late again and nobody said why.<br /><br />Really, the train was late again and nobody said why."}, ""},
		{"aclImdb", Options{}, 4, row{"negative", "the train was late again and nobody said why"}, ""},
		{"ag_news.csv", Options{}, 12, row{"1", "The Train Was the train was late again and nobody said why, sources say."}, ""},
		{"ag_news_header.csv", Options{Heads: []Head{{"label", "Class Index"}}}, 12, row{"1", "the train was late again and nobody said why, sources say."}, "--label-col"},
		{"20news-bydate-train", Options{}, 4, row{"rec.walks", "From: someone@example.org\nSubject: the\n\nthe train was late again and nobody said why\n"}, ""},
		{"review_sentence.txt", Options{NoHeader: true, Heads: []Head{{"label", "2"}}}, 12, row{"0", "the train was late again and nobody said why."}, "--format tsv, or --no-header"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join("testdata", "shapes", tt.file)
			r, err := Open(tt.opts, path)
			if err != nil {
				t.Fatal(err)
			}
			rows, refused, _, err := drain(t, r)
			if len(rows) != tt.rows || refused != nil || err != nil {
				t.Fatalf("%d rows, refused %q, %v, want %d rows", len(rows), refused, err, tt.rows)
			}
			if diff := cmp.Diff(tt.first, rows[0]); diff != "" {
				t.Errorf("the first row (-want +got):\n%s", diff)
			}
			bare, err := Open(Options{Labelled: true}, path)
			if err != nil {
				t.Fatal(err)
			}
			_, refused, _, err = drain(t, bare)
			if said := errString(err) + strings.Join(refused, "\n"); !strings.Contains(said, tt.needed) || tt.needed == "" && said != "" {
				t.Errorf("without options: %s, want %q in it", said, tt.needed)
			}
		})
	}
}

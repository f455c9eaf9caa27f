package corpora

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// fuzzReader reads b as one format. What must hold of any bytes: no panic; every
// text is UTF-8; the counts add up; and the answer does not depend on how the
// bytes arrive.
func fuzzReader(f *testing.F, name string, o Options, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	o.Limits.RecordBytes = 200
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := New(bytes.NewReader(b), name, o)
		if err != nil {
			t.Fatal(err)
		}
		rows, refused, rep, err := drain(t, r)
		for _, x := range rows {
			if !utf8.ValidString(x.Text) || !utf8.ValidString(x.Labels) {
				t.Fatalf("%q is not UTF-8", x)
			}
			if len(x.Text) > 3*200 {
				t.Fatalf("a text of %d bytes", len(x.Text))
			}
		}
		limit := bytes.Count(b, []byte("\n")) + bytes.Count(b, []byte("\r")) + 1
		if strings.HasSuffix(name, ".jsonl") {
			limit = len(b) + 1 // an array has many rows in a line
		}
		if err == nil && len(rows)+len(refused)+rep.Blank > limit && bytes.IndexByte(b, 0) < 0 {
			t.Fatalf("%d rows, %d refused, %d blank of %d lines", len(rows), len(refused), rep.Blank, limit)
		}
	})
}

func FuzzTSV(f *testing.F) {
	fuzzReader(f, "a.tsv", Options{}, "label\ttext\na\tone\n", "\ufefflabel\ttext\r\na\tone\r\n", "text\rone\r", "label\ttext\na\n\n\tb\tc", "text\n\xff\xfe\n", "label\ttext\na\t"+strings.Repeat("x", 300)+"\nb\ty", "text\tlabel\n\"a \"\"b\"\"\nc\"\tx\n", "\"text\"\t\"label\"\n\"a\"\t\"x\"\n")
}

func FuzzCSV(f *testing.F) {
	fuzzReader(f, "a.csv", Options{}, "label,text\na,\"one, \"\"two\"\"\n\"\n", "label;text\na;b\n", "\"1\",\"a\",\"b\"\n", "label,text\na,\"b\nc,d\n", "text,label\nx\",\"\"\"\n\n", "label,text\n\"a\"b,c\n", "sep=;\ntext;label\na;b\n", "text|label\na, b|c\n", "\"text\", \"label\"\n\"a\", \"b\"\n", "1,2,a b c\n2,3,d e f\n")
}

func FuzzJSONL(f *testing.F) {
	fuzzReader(f, "a.jsonl", Options{}, `{"text":"one","label":"a"}`+"\n"+`{"text":"\ud800","labels":["a",1,null]}`, `{"text":"a","text":"b"}`, "[1]\n{}\n", `{"id":{"a":[1,"}"]},"content":"x"}`, strings.Repeat("[", 150), `{"text":NaN}`, `{"te\u0078t":"x" , "label" : true}`,
		`[{"text":"a"},{"text":"b","label":["x","y"]}]`, "[\n {\n \"text\": \"a]\"\n }\n]", `{"n":1,"data":[{"text":"a"}],"x":[]}`, "{\n\"text\":1}\n{\n}", `[1,"a\"]",{}`, `{"text":{"0":"a"}}`)
}

// FuzzLabelMap checks that any labels can be named, and that they are found again.
func FuzzLabelMap(f *testing.F) {
	f.Add("a", "b", "a=b,c=d")
	f.Add("A, B", "x=y", `"A, B"="x=y",-1=`)
	f.Add(`a"b`, "", `"a""b"=,"`)
	f.Fuzz(func(t *testing.T, from, to, spec string) {
		ParseLabelMap(spec)
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		if from == "" {
			return
		}
		m, err := ParseLabelMap(quote(from) + "=" + quote(to) + ",x=y")
		if from == "x" {
			return
		}
		if err != nil || len(m) != 2 || m[from] != to || m["x"] != "y" {
			t.Fatalf("%q=%q becomes %q, %v", from, to, m, err)
		}
	})
}

func FuzzFastText(f *testing.F) {
	fuzzReader(f, "a.ft", Options{}, "__label__a one\n", "__label__ x\n__label__a__label__b\n", "words __label__c more\n\n", "__label__a\t__label__b")
}

func FuzzTrees(f *testing.F) {
	fuzzReader(f, "a.ptb", Options{}, "(3 (2 It) (4 good))\n", "(1 (2\n", "()\n(3)\n", "(2 a)) b", "(2 a\\/b -LRB-)")
}

// FuzzPhrases checks that the phrases of trees are parts of what the trees spell.
func FuzzPhrases(f *testing.F) {
	for _, s := range []string{"(3 (2 It) (4 good))\n", "(1 (2\n(2 a)", "(2 (3) (1 a) )", "(2 (2 a\\/b) (1 (2 -LRB-) (2 a)))\n\n(0 a)"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func(o Options) ([]row, []string) {
			r, err := New(bytes.NewReader(b), "a.ptb", o)
			if err != nil {
				t.Fatal(err)
			}
			rows, refused, _, _ := drain(t, r)
			return rows, refused
		}
		whole, refused := read(Options{})
		phrases, refusedToo := read(Options{Phrases: true})
		if len(refused) != len(refusedToo) {
			return // a tree that is too deep, or a label that is none
		}
		var texts []string
		for _, x := range whole {
			texts = append(texts, x.Text)
		}
		all, seen := strings.Join(texts, "\n"), map[string]bool{}
		for _, x := range phrases {
			if x.Text == "" || seen[x.Text] || !strings.Contains(all, x.Text) {
				t.Fatalf("phrase %q of %q", x.Text, all)
			}
			seen[x.Text] = true
		}
		for _, x := range texts {
			if x != "" && !seen[x] {
				t.Fatalf("no phrase is %q", x)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	fuzzReader(f, "a.txt", Options{Lines: true, Format: Text}, "one\n\ntwo", "one\r\ntwo\r\n", "a\rb", "\xff\xfea\x00\n\x00", "caf\xe9\n", "\x00\x01")
}

// Any bytes under any name: what a user may give to any command.
func FuzzDetect(f *testing.F) {
	for _, s := range []string{"label\ttext\na\tb", "text,label\na,b", `{"text":"x"}`, "__label__a b", "plain", "", "PAR1", "PK\x03\x04", "\x1f\x8b\x08\x00", "\x28\xb5\x2f\xfd", "BZh9", "\x80\x04"} {
		f.Add([]byte(s))
	}
	f.Add([]byte(gz(f, "label\ttext\na\tb\n")))
	f.Add([]byte(zst(f, "label\ttext\na\tb\n")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := New(bytes.NewReader(b), Stdin, Options{Limits: Limits{RecordBytes: 1000, TotalBytes: 1 << 20}})
		if err != nil {
			t.Fatal(err)
		}
		drain(t, r)
	})
}

func FuzzDecodeExample(f *testing.F) {
	s, err := NewSpool(f.TempDir(), 1)
	if err != nil {
		f.Fatal(err)
	}
	defer s.Close()
	s.Add(Example{ID: "1", Text: "text", Labels: []string{"a", ""}, Weight: 2})
	f.Add(bytes.Clone(s.record))
	f.Add([]byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) { decodeExample(b) })
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"It's a film.", "我爱 film", "\u0301", "'quoted'", "O’Neill"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for w := range Words(strings.ToValidUTF8(s, "")) {
			if w == "" || strings.ContainsAny(w, " \n\t") {
				t.Fatalf("%q has the word %q", s, w)
			}
		}
	})
}

func BenchmarkTSV(b *testing.B) {
	benchmarkRead(b, "a.tsv", "label\ttext\n", "neg\t"+strings.Repeat("some words of a review ", 50)+"\n")
}

func BenchmarkCSV(b *testing.B) {
	benchmarkRead(b, "a.csv", "label,text\n", "neg,\""+strings.Repeat("some words, of a \"\"review\"\" ", 40)+"\"\n")
}

func BenchmarkJSONL(b *testing.B) {
	benchmarkRead(b, "a.jsonl", "", `{"label":"neg","text":"`+strings.Repeat("some words of a review ", 50)+`"}`+"\n")
}

func BenchmarkTSVShort(b *testing.B) {
	benchmarkRead(b, "a.tsv", "label\ttext\n", "neg\tsome words of a short review , thirteen of them , as tweets are .\n")
}

func benchmarkRead(b *testing.B, name, header, line string) {
	content := []byte(header + strings.Repeat(line, 8<<20/len(line)))
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := New(bytes.NewReader(content), name, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

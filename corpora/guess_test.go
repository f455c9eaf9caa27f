package corpora

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// repeated returns n lines made by a format of the line's number.
func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// How a table is read of which nothing is said.
func TestGuesses(t *testing.T) {
	for _, tt := range []struct {
		name, file, content string
		opts                Options
		rows                []row
		guessed             string
	}{
		{"commas", "a.csv", "text,label\n\"a, b\",x\n", Options{}, []row{{"x", "a, b"}}, `a.csv: csv; text "text"; label "label"`},
		{"semicolons", "a.csv", "id;label;text\n7;x;a, b\n8;y;c\n", Options{}, []row{{"x", "a, b"}, {"y", "c"}}, `a.csv: csv; delimiter ";"; text "text"; label "label"; id "id"`},
		{"tabs", "a.csv", "text\tlabel\na, b\tx\nc \"d\"\ty\n", Options{}, []row{{"x", "a, b"}, {"y", `c "d"`}}, `a.csv: csv; delimiter tab; text "text"; label "label"`},
		{"bars", "a.csv", "text|label\na, b|x\nc, d|y\n", Options{}, []row{{"x", "a, b"}, {"y", "c, d"}}, `a.csv: csv; delimiter "|"; text "text"; label "label"`},
		{"sep= of Excel", "a.csv", "\ufeffsep=;\ntext;label\n\"a; b\";x\n", Options{}, []row{{"x", "a; b"}}, `a.csv: csv; delimiter ";"; text "text"; label "label"`},
		{"sep= in quotes, on standard input", "-", "\"sep=|\"\r\ntext|label\r\na|x\r\n", Options{}, []row{{"x", "a"}}, `stdin: csv; delimiter "|"; text "text"; label "label"`},
		{"a comma in the header of semicolons", "a.csv", "Note, free;Mark\nit is so, yes;x\nno, not so;y\n", Options{TextColumns: []string{"Note, free"}, Heads: []Head{{"m", "mark"}}},
			[]row{{"x", "it is so, yes"}, {"y", "no, not so"}}, `a.csv: csv; delimiter ";"`},
		{"given", "a.csv", "text:label\na:x\n", Options{Delimiter: ":"}, []row{{"x", "a"}}, `a.csv: csv; text "text"; label "label"`},
		{"tab by its name", "a.txt", "text\tlabel\na\tx\n", Options{Format: CSV, Delimiter: "tab"}, []row{{"x", "a"}}, `a.txt: csv; text "text"; label "label"`},
		{"other quotes", "a.csv", "text,label\n'a, b',x\n", Options{Quote: "'"}, []row{{"x", "a, b"}}, `a.csv: csv; text "text"; label "label"`},
		{"no quotes", "a.csv", "text,label\n\"a,x\n", Options{Quote: "none"}, []row{{"x", `"a`}}, `a.csv: csv; text "text"; label "label"`},
		{"spaces behind commas", "a.csv", "\"text\", \"label\"\n\"a, b\", \"x\"\n", Options{}, []row{{"x", "a, b"}}, `a.csv: csv; text "text"; label "label"`},
		{"commas in .tsv", "a.tsv", "text,label\na,x\n", Options{}, []row{{"x", "a"}}, `a.tsv: tsv; delimiter ","; text "text"; label "label"`},

		{"TSV of pandas", "a.tsv", "text\tlabel\n\"a \"\"b\"\"\nc\"\tx\nd, e\ty\n", Options{}, []row{{"x", "a \"b\"\nc"}, {"y", "d, e"}}, `a.tsv: tsv; quotes around fields; text "text"; label "label"`},
		{"TSV of R", "a.tsv", "\"text\"\t\"label\"\n\"a\"\t\"x\"\n\"b\"\t\"y\"\n", Options{}, []row{{"x", "a"}, {"y", "b"}}, `a.tsv: tsv; quotes around fields; text "text"; label "label"`},
		{"TSV of a data base", "a.tsv", "text\tlabel\n\"a\"\tx\n\"b\"\ty\n", Options{}, []row{{"x", "a"}, {"y", "b"}}, `a.tsv: tsv; quotes around fields; text "text"; label "label"`},
		{"Unicode text of Excel", "a.txt", encode(t, utf16bom, "text\tlabel\r\n\"a, \"\"b\"\"\"\tx\r\n\"c, d\"\ty\r\ne\tz\r\n"), Options{}, []row{{"x", `a, "b"`}, {"y", "c, d"}, {"z", "e"}},
			`a.txt: tsv; encoding utf-16le by its byte order mark; quotes around fields; text "text"; label "label"`},
		{"tweets in quotes", "a.tsv", "text\tlabel\n\"a\"\tx\nb\ty\nc\tz\n", Options{}, []row{{"x", `"a"`}, {"y", "b"}, {"z", "c"}}, `a.tsv: tsv; quotes are text; text "text"; label "label"`},
		{"quotes within tweets", "a.tsv", "text\tlabel\n\"a\" b\tx\nb \"c\"\ty\n", Options{}, []row{{"x", `"a" b`}, {"y", `b "c"`}}, `a.tsv: tsv; quotes are text; text "text"; label "label"`},
		{"quotes asked for", "a.tsv", "text\tlabel\n\"a\"\tx\nb\ty\nc\tz\n", Options{Quote: `"`}, []row{{"x", "a"}, {"y", "b"}, {"z", "c"}}, `a.tsv: tsv; text "text"; label "label"`},

		{"JSON array", "a.json", "[\n  {\"text\": \"a\", \"label\": 1.0},\n  {\"label\": 0, \"text\": \"b\"}\n]\n", Options{}, []row{{"1", "a"}, {"0", "b"}}, `a.json: jsonl; layout a JSON array; text "text"; label "label"`},
		{"JSON array on standard input", "-", `[{"text":"a]"},{"text":"b\"}"}]`, Options{}, []row{{"", "a]"}, {"", `b"}`}}, `stdin: jsonl; layout a JSON array; text "text"`},
		{"JSON data", "a.json", `{"version":"1","data":[{"Text":"a"},{"Text":null}],"more":[1]}`, Options{}, []row{{"", "a"}, {"", ""}}, `a.json: jsonl; layout a JSON array; text "Text"`},
		{"JSON objects of several lines", "a.json", "{\n \"text\": \"a\"\n}\n{\n \"text\": \"b\"\n}\n", Options{}, []row{{"", "a"}, {"", "b"}}, `a.json: jsonl; text "text"`},
		{"JSON keys in another case, by number", "a.jsonl", `{"A":"a","B":"b"}`, Options{TextColumns: []string{"a"}, Heads: []Head{{"h", "2"}}}, []row{{"b", "a"}}, ""},
		{"lists of whole labels", "a.jsonl", `{"text":"a","labels":["x, y","pos",2.0]}`, Options{Separator: ","}, []row{{"x, y,positive,2", "a"}}, `a.jsonl: jsonl; text "text"; label "labels"`},
		{"fastText labels are whole", "a.ft", "__label__x,y a\n__label__x,y __label__z b\n", Options{Separator: ","}, []row{{"x,y", "a"}, {"x,y,z", "b"}}, ""},
		{"numbers as labels", "a.csv", "text,label\na,1.0\nb,-1\nc,1.5\nd,1.\n", Options{LabelMap: map[string]string{"-1": "2.00"}}, []row{{"1", "a"}, {"2", "b"}, {"1.5", "c"}, {"1.", "d"}}, `a.csv: csv; text "text"; label "label"`},
		{"a label with a comma", "a.csv", "text,label\na,\"A, B\"\n", Options{LabelMap: map[string]string{"A, B": "AB"}}, []row{{"AB", "a"}}, `a.csv: csv; text "text"; label "label"`},
		{"several columns of one head", "a.csv", "id,comment_text,toxic,\"in, sult\",threat\n1,a,1,0,1\n2,b,0,0,0\n3,c,,,\n4,d,-1,1.0,0\n",
			Options{TextColumns: []string{"comment_text"}, Heads: []Head{{"toxicity", `toxic,"in, sult",threat`}}},
			[]row{{",toxic,threat", "a"}, {",", "b"}, {"", "c"}, {",in, sult", "d"}}, `a.csv: csv; id "id"`},
		{"several columns of JSON", "a.jsonl", `{"text":"a","x":true,"y":0}`, Options{Heads: []Head{{"h", "x,y"}}}, []row{{",x", "a"}}, `a.jsonl: jsonl; text "text"`},
		{"text columns in one", "a.csv", "title,body\na,b\n", Options{TextColumns: []string{"title,body"}}, []row{{"", "a b"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, refused, rep, err := readString(t, tt.file, tt.content, tt.opts)
			if diff := cmp.Diff(tt.rows, rows); diff != "" || refused != nil || err != nil {
				t.Errorf("refused %q, %v, rows (-want +got):\n%s", refused, err, diff)
			}
			if got := rep.Files[0].Guessed(); got != tt.guessed {
				t.Errorf("guessed\n%s, want\n%s", got, tt.guessed)
			}
		})
	}
}

// A column called text that is the text goes without saying; OnEnd comes once, at the end.
func TestObvious(t *testing.T) {
	for content, want := range map[string]bool{
		"id,text,label\n1,a,x\n": true,
		"text,stars\na,x\n":      true,
		"review,label\na,x\n":    false,
		"text,sentiment\na,x\n":  false,
		"text;label\na;x\nb;y\n": false,
	} {
		ends := 0
		_, _, rep, err := readString(t, "a.csv", content, Options{OnEnd: func(r *Report) {
			if ends++; r.Rows != strings.Count(content, "\n")-1 {
				t.Errorf("%q: %d rows at the end", content, r.Rows)
			}
		}})
		if err != nil || rep.Files[0].Obvious() != want || ends != 1 {
			t.Errorf("%q: err = %v, guesses %v, %d ends", content, err, rep.Files[0].Guesses, ends)
		}
	}
}

// What is refused because there is no safe guess, and what the message offers.
func TestRefusedGuesses(t *testing.T) {
	semeval := repeated(25, "26418#\t151#\tnegative\tIt broke after # days.\n")
	sentiment140 := repeated(6, "\"#\",\"146#\",\"Mon Apr 06\",\"NO_QUERY\",\"user#\",\"A fine day it was for me #\"\n")
	for _, tt := range []struct {
		name, file, content string
		opts                Options
		want                string
	}{
		{"Sentiment140", "a.csv", sentiment140, Options{}, `a.csv:1: without a header each of the columns 2, 3, 4, 5, 6 could be the text, and one of them the label; the first row is "0", "1460", "Mon Apr 06", "NO_QUERY", "user0", "A fine day it was for me 0": say which (--no-header --text-col N --label-col N): wrong columns`},
		{"a user beside the text", "a.csv", repeated(6, "x,user#,a fine day it was\n"), Options{NoHeader: true}, `each of the columns 2, 3 could be the text`},
		{"SemEval", "a.tsv", semeval, Options{}, `each of the columns 2, 3, 4 could be the text`},
		{"the text's column alone", "a.tsv", semeval, Options{NoHeader: true, TextColumns: []string{"4"}}, `a.tsv: the column taken for the label has 25 different values in 25 rows, the columns are "1", "2", "3", "4": say which it is (--label-col): wrong columns`},
		{"numbers of columns without --no-header", "a.tsv", semeval, Options{TextColumns: []string{"4"}, Heads: []Head{{"label", "3"}}}, `a.tsv:1: columns are given by number, and the first line looks like a row, not a header: "264180", "1510", "negative", "It broke after 0 days.": say that there is no header (--no-header), or name the columns: wrong columns`},
		{"a label that recurs", "a.tsv", "good\tx\nbad\ty\nbad\tx\n", Options{TextColumns: []string{"1"}, Heads: []Head{{"label", "2"}}}, `the first line looks like a row`},
		{"two texts", "a.csv", "review,comment,label\na,b,x\n", Options{}, `a.csv:1: the columns "review", "comment" could each be the text: say which (--text-col): wrong columns`},
		{"two texts in JSON", "a.jsonl", repeated(3, `{"review":"a","comment":"b"}`+"\n"), Options{}, `a.jsonl:1: the columns "review", "comment" could each be the text: say which (--text-col): wrong columns`},
		{"ids as labels in JSON", "a.json", "[" + strings.TrimSuffix(repeated(30, `{"text":"a","label":"r#"},`), ",") + "]", Options{}, `the column taken for the label has 30 different values in 30 rows, the columns are "text", "label"`},
		{"no label column", "a.csv", "text,stars\na,1\n", Options{Labelled: true}, `a.csv:1: no label column, the columns are "text", "stars": name it (--label-col), or several of 0 and 1 (--head NAME=a,b,c): wrong columns`},
		{"no label key", "a.jsonl", `{"text":"a","stars":1}`, Options{Labelled: true}, `a.jsonl: no label column, the columns are "text", "stars": name it (--label-col), or several of 0 and 1 (--head NAME=a,b,c): wrong columns`},
		{"no label at all", "a.csv", "text,label\na,\n", Options{Labelled: true}, `a.csv: none of the 1 rows has a label: wrong columns`},
		{"one of several columns is missing", "a.csv", "text,x,y\na,1,0\n", Options{Heads: []Head{{"h", "x,z"}}}, `a.csv:1: no column "z", the columns are "text", "x", "y": wrong columns`},
		{"one column where several are wanted", "a.csv", "text:label\na:b\n", Options{TextColumns: []string{"text"}}, `a.csv:1: with "," as delimiter (--delimiter): no column "text", the columns are "text:label": wrong columns`},
		{"a table by columns", "a.json", `{"text":{"0":"a","1":"b"}}`, Options{}, `a.json:1: a table by columns or by index: write it as a list of rows, with pandas to_json(orient="records"): unsupported format`},
		{"a table by index", "a.json", `{"0":{"text":"a"}}`, Options{}, `a table by columns or by index`},
		{"a table that is split", "a.json", `{"columns":["text"],"data":[["a"]]}`, Options{}, `rows without names`},
		{"an array cut off", "a.json", `[{"text":"a"},`, Options{}, `a.json:1: the array does not end: unexpected EOF`},
		{"an element cut off", "a.json", `[{"text":"a"},{"te`, Options{}, `a.json:1: unexpected EOF`},
		{"two arrays", "a.json", "[{\"text\":\"a\"}]\n[{\"text\":\"b\"}]", Options{}, `follows the array: bad syntax`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, err := readString(t, tt.file, tt.content, tt.opts)
			if !strings.Contains(errString(err), tt.want) || Refused(err) || !errors.Is(err, ErrData) {
				t.Errorf("ended with\n%v, want\n%s", err, tt.want)
			}
		})
	}
	// What looks alike is safe: a column of columns that were named, few rows, a label that is said.
	for _, o := range []Options{{NoHeader: true, TextColumns: []string{"4"}, Heads: []Head{{"label", "1"}}}, {NoHeader: true, TextColumns: []string{"4"}, Unlabelled: true}} {
		if rows, _, _, err := readString(t, "a.tsv", semeval, o); len(rows) != 25 || err != nil {
			t.Errorf("%+v: %d rows, %v", o, len(rows), err)
		}
	}
}

// Elements of an array that are no rows, or too long, cost themselves.
func TestJSONArrayFaults(t *testing.T) {
	content := "[{\"text\":\"a\"},\n 5, {\"text\":NaN}, {\"text\":\"" + strings.Repeat("x", 300) + "\"},\n{\"text\":\"b\"}]"
	rows, refused, _, err := readString(t, "a.json", content, Options{Limits: Limits{RecordBytes: 200}})
	want := []string{
		"a.json:2:1: want a JSON object: bad syntax",
		"a.json:2: bad syntax: invalid character 'N' looking for beginning of value",
		"a.json:2: row too long: more than 200 bytes",
	}
	if diff := cmp.Diff(want, refused); diff != "" || err != nil || !cmp.Equal(rows, []row{{"", "a"}, {"", "b"}}) {
		t.Errorf("rows %v, %v, refused (-want +got):\n%s", rows, err, diff)
	}
}

// An array of any size is read in the memory of a row, also where it is one line.
func TestJSONArrayMemory(t *testing.T) {
	element := []byte(`{"text":"` + strings.Repeat("some words of a review ", 20) + `","label":1},`)
	const n = 50_000 // 24 MB
	left := n
	pr, pw := io.Pipe()
	go func() {
		io.WriteString(pw, "[")
		for ; left > 0; left-- {
			pw.Write(element)
		}
		io.WriteString(pw, "{\"text\":\"\"}]")
		pw.Close()
	}()
	r, err := New(pr, "a.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows, peak := 0, uint64(0)
	for _, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		if rows++; rows%10_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	if rows != n+1 || peak > before.HeapAlloc+4<<20 {
		t.Errorf("%d rows, %d bytes more than before, want %d rows and at most 4 MiB", rows, peak-before.HeapAlloc, n+1)
	}
}

// What is a table outside of an archive is one inside, by name or content.
func TestTablesInArchives(t *testing.T) {
	yelp := archiveEntry{name: "d/yelp.json", content: `{"stars":5.0,"text":"a"}` + "\n" + `{"stars":1,"text":"b"}` + "\n"}
	sms := archiveEntry{name: "SMSSpamCollection", content: "ham\tgo there\nspam\twin a prize\n"}
	for _, tt := range []struct {
		name    string
		entries []archiveEntry
		opts    Options
		rows    []row
	}{
		{"JSON", []archiveEntry{yelp}, Options{Heads: []Head{{"label", "stars"}}}, []row{{"5", "a"}, {"1", "b"}}},
		{"JSON by format", []archiveEntry{yelp, {name: "d/readme", content: "x"}}, Options{Format: JSONL}, []row{{"", "a"}, {"", "b"}}},
		{"fastText", []archiveEntry{{name: "x/train.txt", content: "__label__p,q a\n__label__r b\n"}}, Options{}, []row{{"p,q", "a"}, {"r", "b"}}},
		{"a table of tabs in UTF-16", []archiveEntry{{name: "x/train.txt", content: encode(t, utf16bom, "label\ttext\np\ta\n")}}, Options{}, []row{{"p", "a"}}},
		{"the format of every file", []archiveEntry{sms, {name: "readme", content: "about\nthis"}}, Options{Format: TSV, NoHeader: true}, []row{{"ham", "go there"}, {"spam", "win a prize"}}},
		{"lines of every file", []archiveEntry{{name: "a.txt", content: "a\nb\n"}}, Options{Format: Text, Lines: true}, []row{{"", "a"}, {"", "b"}}},
	} {
		for _, path := range []string{writeTemp(t, "a.zip", makeZip(t, tt.entries)), writeTemp(t, "a.tar", makeTar(t, tt.entries))} {
			r, err := Open(tt.opts, path)
			if err != nil {
				t.Fatal(err)
			}
			rows, refused, _, err := drain(t, r)
			if diff := cmp.Diff(tt.rows, rows); diff != "" || refused != nil || err != nil {
				t.Errorf("%s, %s: refused %q, %v, rows (-want +got):\n%s", tt.name, filepath.Ext(path), refused, err, diff)
			}
		}
	}
}

// Labels that are read in another spelling are listed, each once.
func TestRenamedLabels(t *testing.T) {
	_, _, rep, _ := readString(t, "a.csv", "text,label\na,neg\nb,negative\nc,Pos\nd,neg\n", Options{})
	if diff := cmp.Diff([]Renamed{{"neg", "negative"}, {"Pos", "positive"}}, rep.Renamed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A data set with single labels and one with lists go together.
func TestAppendLists(t *testing.T) {
	read := func(name, content string) *Dataset {
		r, err := New(strings.NewReader(content), name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		d, err := ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for range 2 {
		d, err := Join(read("a.csv", "text,label\na,\"x, y\"\n"), read("b.jsonl", `{"text":"b","label":["x, y","z"]}`), read("c.csv", "text,label\nc,z\n"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"x, y": 2, "z": 2}, d.Counts(0)); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
	}
}

// A set of labels that is empty counts as none, and is written as an empty list.
func TestEmptySets(t *testing.T) {
	r, err := New(strings.NewReader("text,x,y\na,1,0\nb,0,0\nc,1,1\n"), "a.csv", Options{Heads: []Head{{"h", "x,y"}}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"x": 2, "y": 1, "": 1}, d.Counts(0)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	var b strings.Builder
	w, err := NewWriter(&b, JSONL, WriterOptions{Heads: d.Heads, Separator: d.Separator})
	if err != nil {
		t.Fatal(err)
	}
	for ex := range d.All() {
		w.Write(ex)
	}
	w.Close()
	want := `{"h":["x"],"text":"a"}` + "\n" + `{"h":[],"text":"b"}` + "\n" + `{"h":["x","y"],"text":"c"}` + "\n"
	if b.String() != want {
		t.Errorf("written\n%s, want\n%s", b.String(), want)
	}
	if w, err = NewWriter(io.Discard, CSV, WriterOptions{Heads: d.Heads, Separator: DefaultSeparator}); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(Example{Labels: []string{"x, y" + DefaultSeparator + "z"}}); err == nil {
		t.Error("a label with a comma beside another in a cell: no error")
	}
}

// A live source gives its rows as they come, and says when none is waiting.
func TestReady(t *testing.T) {
	for _, tt := range []struct {
		name, header, row string
		opts              Options
	}{
		{"lines", "", "one line\n", Options{Lines: true}},
		{"lines of JSON", "", "{\"text\":\"one line\"}\n", Options{}},
		{"CSV", "text,label\n", "one line,x\n", Options{}},
		{"Latin-1", "", "caf\xe9\n", Options{Lines: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pr, pw := io.Pipe()
			ctx, cancel := context.WithCancel(context.Background())
			r, err := New(NewLive(ctx, pr), Stdin, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			write := func(s string) {
				if _, err := io.WriteString(pw, s); err != nil {
					t.Error(err)
				}
			}
			read := func() {
				t.Helper()
				done := make(chan error)
				go func() {
					_, err := r.Read()
					done <- err
				}()
				select {
				case err := <-done:
					if err != nil {
						t.Fatal(err)
					}
				case <-time.After(10 * time.Second):
					t.Fatal("the row is held back")
				}
			}
			go write(tt.header + strings.Repeat(tt.row, 3))
			for i := range 3 {
				if !r.Ready() {
					t.Errorf("row %d was written at once with the first and is not ready", i)
				}
				read()
			}
			if r.Ready() {
				t.Error("ready, but nothing was written")
			}
			write(tt.row[:3])
			if r.Ready() {
				t.Error("ready, but half a row was written")
			}
			write(tt.row[3:])
			for !r.Ready() {
				time.Sleep(time.Millisecond)
			}
			read()
			write(tt.row)
			cancel()
			read() // what was written before
			if _, err := r.Read(); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v, want that of the context", err)
			}
			pr.Close()
		})
	}
}

// What becomes of rows that cannot be read.
func TestOnBad(t *testing.T) {
	content := "text,label\na,x\n\nb\nc,y\n"
	for _, tt := range []struct {
		how  OnBad
		ids  string
		fail bool
	}{
		{"", "a.csv:1 a.csv:3", false}, {SkipBad, "a.csv:1 a.csv:3", false}, {MarkBad, "a.csv:1 a.csv:2! a.csv:3", false}, {StopAtBad, "a.csv:1", true},
	} {
		r, err := New(strings.NewReader(content), "a.csv", Options{OnBad: tt.how})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		var last error
		for ex, err := range r.All() {
			if last = err; err != nil {
				continue
			}
			if ex.Bad != nil {
				ex.ID += "!"
			}
			ids = append(ids, ex.ID)
		}
		if got := strings.Join(ids, " "); got != tt.ids || r.Report().Refused != 1 || (last != nil) != tt.fail {
			t.Errorf("%q: %s, %d refused, %v, want %s", tt.how, got, r.Report().Refused, last, tt.ids)
		}
	}
	path := writeTemp(t, "a.zip", makeZip(t, []archiveEntry{{name: "a.csv", content: content}, {name: "b.csv", content: content}}))
	d, _, err := ReadFiles(Options{OnBad: MarkBad}, path)
	if err != nil || d.Len() != 6 || d.Examples[4].ID != path+"!b.csv:2" || d.Place(4).String() != path+"!b.csv:4" || d.Place(5).String() != path+"!b.csv:5" {
		t.Errorf("%v, %d rows, %+v at %s", err, d.Len(), d.Examples[4], d.Place(4))
	}
}

// A file is always ready.
func TestFileIsReady(t *testing.T) {
	r, err := Open(Options{}, writeTemp(t, "a.csv", "text,label\na,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if !r.Ready() {
			t.Error("not ready")
		}
		r.Read()
	}
}

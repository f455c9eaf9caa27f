package corpora

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// row is what the tests compare of an example.
type row struct {
	Labels string // of the heads, joined by |, and of one head by a comma
	Text   string
}

// readString reads all of a stream: rows, refusals as text, and what it ended with.
func readString(t testing.TB, name, content string, o Options) (rows []row, refused []string, rep *Report, err error) {
	t.Helper()
	r, err := New(strings.NewReader(content), name, o)
	if err != nil {
		t.Fatal(err)
	}
	return drain(t, r)
}

func drain(t testing.TB, r *Reader) (rows []row, refused []string, rep *Report, err error) {
	t.Helper()
	for {
		ex, err := r.Read()
		if err == io.EOF {
			err = nil
		} else if Refused(err) {
			refused = append(refused, err.Error())
			continue
		} else if err == nil {
			rows = append(rows, row{strings.ReplaceAll(strings.Join(ex.Labels, "|"), DefaultSeparator, ","), ex.Text})
			continue
		}
		rep := r.Report()
		if rep.Rows != len(rows) || rep.Refused != len(refused) {
			t.Errorf("report: %d rows, %d refused; read %d and %d", rep.Rows, rep.Refused, len(rows), len(refused))
		}
		if _, again := r.Read(); again == nil || err != nil && again.Error() != err.Error() {
			t.Errorf("Read after the end gives %v, want %v again", again, err)
		}
		return rows, refused, rep, err
	}
}

func TestRead(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	tests := []struct {
		name    string
		file    string
		content string
		opts    Options
		rows    []row
		refused []string
		blank   int
		err     string
	}{
		{name: "TSV with header", file: "a.tsv", content: "label\ttext\npos\tgood\nneg\tbad\n",
			rows: []row{{"positive", "good"}, {"negative", "bad"}}},
		{name: "TSV columns in any order and case", file: "a.tsv", content: "id\tReview\tSentiment\n7\tgood\tPOS\n",
			rows: []row{{"positive", "good"}}},
		{name: "TSV quotes are text", file: "a.tsv", content: "label\ttext\na\t\"one\nb\ttwo\nc\tthree\"\n",
			rows: []row{{"a", "\"one"}, {"b", "two"}, {"c", "three\""}}},
		{name: "last line without newline", file: "a.tsv", content: "label\ttext\na\tone\nb\ttwo",
			rows: []row{{"a", "one"}, {"b", "two"}}},
		{name: "byte order mark and CRLF", file: "a.tsv", content: "\ufefflabel\ttext\r\na\tone\r\nb\ttwo\r\n",
			rows: []row{{"a", "one"}, {"b", "two"}}},
		{name: "CR alone ends lines where there is no LF", file: "a.tsv", content: "label\ttext\ra\tone\rb\ttwo\r",
			rows: []row{{"a", "one"}, {"b", "two"}}},
		{name: "CR within a line is text", file: "a.tsv", content: "label\ttext\na\tone\rtwo\n",
			rows: []row{{"a", "one\rtwo"}}},
		{name: "line separators of Unicode and C1 are text", file: "a.tsv", content: "label\ttext\na\tone\u2028two\u0085three\n",
			rows: []row{{"a", "one\u2028two\u0085three"}}},
		{name: "NUL is text", file: "a.tsv", content: "label\ttext\na\tone\x00two\n",
			rows: []row{{"a", "one\x00two"}}},
		{name: "bad UTF-8 is replaced", file: "a.tsv", content: "label\ttext\na\tone\xfftwo\xc3\n",
			rows: []row{{"a", "one\ufffdtwo\ufffd"}}},
		{name: "a line of 70 kB", file: "a.tsv", content: "label\ttext\na\t" + long + "\nb\ttwo\n",
			rows: []row{{"a", long}, {"b", "two"}}},
		{name: "a line over the limit is refused and the next read", file: "a.tsv", content: "label\ttext\na\t" + long + "\nb\ttwo\n",
			opts: Options{Limits: Limits{RecordBytes: 60_000}}, rows: []row{{"b", "two"}},
			refused: []string{"a.tsv:2: row too long: more than 60000 bytes"}},
		{name: "too few and too many columns", file: "a.tsv", content: "label\ttext\na\nb\ttwo\nc\tx\ty\n",
			rows:    []row{{"b", "two"}},
			refused: []string{"a.tsv:2: 1 columns, want 2: wrong columns", "a.tsv:4: 3 columns, want 2: wrong columns"}},
		{name: "blank lines are no rows", file: "a.tsv", content: "\nlabel\ttext\n\na\tone\n\n",
			rows: []row{{"a", "one"}}, blank: 3},
		{name: "empty text and missing label are rows", file: "a.tsv", content: "label\ttext\na\t\n\ttwo\n",
			rows: []row{{"a", ""}, {"", "two"}}},
		{name: "header only", file: "a.tsv", content: "label\ttext\n"},
		{name: "empty table", file: "a.tsv", content: "", err: "a.tsv:1: the file is empty, want a header: wrong columns"},
		{name: "no text column", file: "a.tsv", content: "label\tfoo\n",
			err: `a.tsv:1: no text column; with tab as delimiter the columns are "label", "foo": name it (--text-col), say that there is no header (--no-header) or what parts the fields (--delimiter): wrong columns`},
		{name: "a column that is missing", file: "a.tsv", content: "label\ttext\n", opts: Options{TextColumns: []string{"body"}},
			err: `a.tsv:1: no column "body", the columns are "label", "text": wrong columns`},
		{name: "no label column of those named", file: "a.tsv", content: "label\ttext\n", opts: Options{Heads: []Head{{"s", "stars"}}},
			err: `a.tsv:1: none of the label columns "stars", the columns are "label", "text": wrong columns`},
		{name: "an unlabelled file", file: "a.tsv", content: "text\none\n\ntwo\n", rows: []row{{"", "one"}, {"", ""}, {"", "two"}}},
		{name: "labels ignored", file: "a.tsv", content: "label\ttext\na\tone\n", opts: Options{Unlabelled: true}, rows: []row{{"", "one"}}},
		{name: "several heads, one missing in this file", file: "a.tsv", content: "sent\ttopic\ttext\npos\t\tone\n",
			opts: Options{Heads: []Head{{"sentiment", "sent"}, {"topic", "topic"}, {"lang", "language"}}}, rows: []row{{"positive||", "one"}}},
		{name: "label map", file: "a.tsv", content: "label\ttext\n0\tone\n4\ttwo\n2\tthree\n",
			opts: Options{LabelMap: map[string]string{"0": "neg", "4": "positive", "2": ""}}, rows: []row{{"negative", "one"}, {"positive", "two"}, {"", "three"}}},
		{name: "spellings kept on request", file: "a.tsv", content: "label\ttext\nneg\tone\n", opts: Options{KeepSpelling: true}, rows: []row{{"neg", "one"}}},
		{name: "other labels stay as written, without space around", file: "a.tsv", content: "label\ttext\n Sci/Tech \tone\nNegative!\ttwo\n",
			rows: []row{{"Sci/Tech", "one"}, {"Negative!", "two"}}},
		{name: "unknown label", file: "a.tsv", content: "label\ttext\nA\tone\na\ttwo\n", opts: Options{Labels: map[string][]string{"label": {"a"}}},
			rows: []row{{"a", "two"}}, refused: []string{`a.tsv:2: label "A" of head "label": unknown label`}},
		{name: "several labels in a cell", file: "a.tsv", content: "label\ttext\nneg, b\tone\n,\ttwo\n", opts: Options{Separator: ","},
			rows: []row{{"negative,b", "one"}, {"", "two"}}},
		{name: "TSV without header", file: "a.tsv", content: "a\tone\tmore\n", opts: Options{NoHeader: true}, rows: []row{{"a", "one more"}}},
		{name: "columns by number", file: "a.tsv", content: "one\tx\ta\n", opts: Options{NoHeader: true, TextColumns: []string{"1"}, Heads: []Head{{"label", "3"}}},
			rows: []row{{"a", "one"}}},
		{name: "weight", file: "a.tsv", content: "w\ttext\n0\tone\n2.5\ttwo\ninf\tthree\n", opts: Options{WeightColumn: "w"},
			rows: []row{{"", "two"}}, refused: []string{`a.tsv:2: weight "0" is not a finite number above 0: bad syntax`, `a.tsv:4: weight "inf" is not a finite number above 0: bad syntax`}},
		{name: "weight out of range", file: "a.tsv", content: "w\ttext\n1e300\tone\n1e-300\ttwo\n-1e300\tthree\n1e38\tfour\n", opts: Options{WeightColumn: "w"},
			rows: []row{{"", "four"}}, refused: []string{`a.tsv:2: weight "1e300" is too large for 32 bits: bad syntax`, `a.tsv:3: weight "1e-300" is too small for 32 bits: bad syntax`,
				`a.tsv:4: weight "-1e300" is not a finite number above 0: bad syntax`}},

		{name: "CSV", file: "a.csv", content: "label,text\na,one\nb,\"two, \"\"three\"\"\nfour\"\nc,5\" disk\n",
			rows: []row{{"a", "one"}, {"b", "two, \"three\"\nfour"}, {"c", "5\" disk"}}},
		{name: "CSV with semicolons", file: "a.csv", content: "label;text\na;one, two\n", rows: []row{{"a", "one, two"}}},
		{name: "CSV CRLF within quotes is kept", file: "a.csv", content: "label,text\r\na,\"one\r\ntwo\"\r\n", rows: []row{{"a", "one\r\ntwo"}}},
		{name: "CSV backslash is text", file: "a.csv", content: "label,text\na,\"one\\\"\nb,two\n", rows: []row{{"a", "one\\"}, {"b", "two"}}},
		{name: "CSV quote never closed costs one row", file: "a.csv", content: "label,text\na,one\nb,\"two\nc,three\nd,four\n",
			rows:    []row{{"a", "one"}, {"c", "three"}, {"d", "four"}},
			refused: []string{"a.csv:3:3: the quote that opens at 3:3 is not closed within the 16777216 bytes of a row or the file: bad quoting"}},
		{name: "CSV text after a closing quote", file: "a.csv", content: "label,text\na,\"one\"two\nb,three\n",
			rows: []row{{"b", "three"}}, refused: []string{"a.csv:2:8: 't' after a closing quote: bad quoting"}},
		{name: "AG News", file: "a.csv", content: "\"3\",\"Title one\",\"First, text\"\n\"4\",\"Two\",\"\"\n",
			rows: []row{{"3", "Title one First, text"}, {"4", "Two"}}},
		{name: "CSV quoted header with byte order mark", file: "a.csv", content: "\ufeff\"label\",\"text\"\na,one\n", rows: []row{{"a", "one"}}},

		{name: "JSON lines", file: "a.jsonl", content: "{\"text\":\"one\\n\\u00e9\",\"label\":\"pos\",\"x\":{\"text\":[1,\"}\"]}}\n\n{\"label\":3,\"text\":\"two\"}\n{\"text\":\"three\"}",
			rows: []row{{"positive", "one\né"}, {"3", "two"}, {"", "three"}}, blank: 1},
		{name: "JSON faults cost one row each", file: "a.jsonl",
			content: "{\"text\":\"a\"} x\n{\"text\":\"a\",\"text\":\"b\"}\n[1]\n{\"text\":5}\n{\"label\":\"a\"}\n{\"text\":NaN}\n{\"text\":\"a\",\"label\":{}}\n{\"text\":\"fine\"}\n{\"text\":null}\n",
			rows:    []row{{"", "5"}, {"", "fine"}, {"", ""}},
			refused: []string{
				"a.jsonl:1:14: bad syntax: invalid character 'x' after top-level value",
				`a.jsonl:2: key "text" twice: bad syntax`,
				"a.jsonl:3:1: want one JSON object per line: bad syntax",
				`a.jsonl:5: no key "text": wrong columns`,
				"a.jsonl:6:9: bad syntax: invalid character 'N' looking for beginning of value",
				`a.jsonl:7: key "label": an object, want a string or a number: bad syntax`,
			}},
		{name: "JSON list of labels", file: "a.jsonl", content: `{"text":"one","labels":["neg","b"]}` + "\n" + `{"text":"two","labels":[]}`,
			rows: []row{{"negative,b", "one"}, {",", "two"}}},
		{name: "JSON lone surrogate", file: "a.jsonl", content: `{"text":"a\ud800b"}`, rows: []row{{"", "a\ufffdb"}}},
		{name: "JSON keys by name, joined", file: "a.jsonl", content: `{"title":"T","body":"B","stars":5,"nr":12345678901234567890}`,
			opts: Options{TextColumns: []string{"title", "body"}, Heads: []Head{{"s", "stars"}, {"n", "nr"}}}, rows: []row{{"5|12345678901234567890", "T B"}}},
		{name: "JSON of no known key", file: "a.jsonl", content: `{"foo":"T"}`, refused: []string{`a.jsonl:1: no text column, the keys are "foo": name it (--text-col): wrong columns`}},

		{name: "fastText", file: "a.txt", content: "__label__pos good film\n\n__label__a __label__b two\nno label\nafter __label__c words\n",
			rows: []row{{"positive", "good film"}, {"a,b", "two"}, {"", "no label"}, {"c", "after words"}}, blank: 1},
		{name: "trees", file: "a.ptb.txt", content: "(3 (2 It) (4 (3 's) (4 -LRB-good-RRB-)))\n(1 (2 x)\n(2 a) (3 b)\n",
			rows: []row{{"3", "It 's -LRB-good-RRB-"}}, refused: []string{"a.ptb.txt:2:8: 1 brackets are not closed: bad syntax", "a.ptb.txt:3:7: a second tree on the line: bad syntax"}},
		{name: "phrases", file: "a.ptb", content: "(3 (2 It) (4 (3 's) (4 good)))\n\n(1 (2 (0 It)) (1 (2 )(1 bad)))\n(2 (3 b)\n", opts: Options{Phrases: true},
			rows:    []row{{"2", "It"}, {"3", "'s"}, {"4", "good"}, {"4", "'s good"}, {"3", "It 's good"}, {"1", "bad"}, {"1", "It bad"}},
			refused: []string{"a.ptb:4:8: 1 brackets are not closed: bad syntax"}, blank: 1},
		{name: "phrases of a deep tree", file: "a.ptb", content: strings.Repeat("(1 ", 201) + "a" + strings.Repeat(")", 201), opts: Options{Phrases: true},
			refused: []string{"a.ptb:1:602: phrases of a tree with more than 200 levels: limit exceeded"}},
		{name: "a document", file: "a.txt", content: "one\ntwo\n", rows: []row{{"", "one\ntwo\n"}}},
		{name: "an empty document", file: "a.txt", content: "", rows: []row{{"", ""}}},
		{name: "a document over the limit", file: "a.txt", content: long, opts: Options{Limits: Limits{RecordBytes: 100}},
			refused: []string{"a.txt: document of more than 100 bytes: row too long"}},
		{name: "lines, blank ones too", file: "a.txt", content: "one\n\ntwo\n", opts: Options{Lines: true}, rows: []row{{"", "one"}, {"", ""}, {"", "two"}}},
		{name: "no lines", file: "a.txt", content: "", opts: Options{Lines: true}},

		{name: "TSV by content", file: "-", content: "label\ttext\na\tone\n", rows: []row{{"a", "one"}}},
		{name: "CSV by content", file: "-", content: "\"text\",\"label\"\none,a\n", rows: []row{{"a", "one"}}},
		{name: "JSON lines by content", file: "-", content: "{\"text\":\"one\"}\n", rows: []row{{"", "one"}}},
		{name: "format given", file: "a.txt", content: "label\tx\na\tone\n", opts: Options{Format: TSV, TextColumns: []string{"x"}}, rows: []row{{"a", "one"}}},

		{name: "an image", file: "a.txt", content: "\x89PNG\r\n\x1a\n", err: "a.txt: a PNG image, not text"},
		{name: "a pickle", file: "a.tsv", content: "\x80\x04\x95", err: "a.tsv: a Python pickle, not text"},
		{name: "binary", file: "a.txt", content: strings.Repeat("\x01\x02\x03abc", 20), err: "a.txt: 60 of the first 120 bytes are control characters: a binary file, not text"},
		{name: "too many labels", file: "a.tsv", content: "label\ttext\na\tx\nb\tx\nc\tx\n", opts: Options{Limits: Limits{Labels: 2}}, rows: []row{{"a", "x"}, {"b", "x"}},
			err: `a.tsv: head "label" has more than 2 labels, is this the label column? limit exceeded`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, refused, rep, err := readString(t, tt.file, tt.content, tt.opts)
			if diff := cmp.Diff(tt.rows, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.refused, refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
			if rep.Blank != tt.blank {
				t.Errorf("%d blank lines, want %d", rep.Blank, tt.blank)
			}
			if got := errString(err); got != tt.err {
				t.Errorf("ended with\n%s, want\n%s", got, tt.err)
			}
			if err != nil && !errors.Is(err, ErrData) {
				t.Errorf("%v is not ErrData", err)
			}
			// The same, one byte at a time.
			r, err := New(iotest.OneByteReader(strings.NewReader(tt.content)), tt.file, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if slow, slowRefused, _, _ := drain(t, r); !cmp.Equal(slow, rows) || !cmp.Equal(slowRefused, refused) {
				t.Errorf("one byte at a time: %q %q, want %q %q", slow, slowRefused, rows, refused)
			}
		})
	}
}

func errString(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseErrorPlace(t *testing.T) {
	r, err := New(strings.NewReader("label,text\na,one\nb,\"x\"y\n"), "a.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.Read()
	_, err = r.Read()
	pe, ok := errors.AsType[*ParseError](err)
	if !ok {
		t.Fatalf("got %v, want a *ParseError", err)
	}
	want := ParseError{File: "a.csv", Line: 3, Column: 6, Offset: 17, Refused: true, Err: pe.Err}
	if *pe != want {
		t.Errorf("got %+v, want %+v", *pe, want)
	}
	if !errors.Is(err, ErrQuote) || !errors.Is(err, ErrData) {
		t.Errorf("%v is neither ErrQuote nor ErrData", err)
	}
}

// A stream that ends in an error is not taken for a short one: its last,
// unfinished line is no row.
func TestReadErrorIsNotTheEnd(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("label\ttext\na\tone\nb\ttw"), iotest.ErrReader(io.ErrUnexpectedEOF))
	r, err := New(broken, "a.tsv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, _, _, err := drain(t, r)
	if len(rows) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, %v, want one row and io.ErrUnexpectedEOF", rows, err)
	}
}

func TestReadAllBudget(t *testing.T) {
	content := "label\ttext\na\na\tone\nb\n"
	for _, tt := range []struct {
		budget, rows int
		fails        bool
	}{{0, 0, true}, {1, 1, true}, {2, 1, false}, {-1, 1, false}} {
		r, err := New(strings.NewReader(content), "a.tsv", Options{Limits: Limits{BadRecords: tt.budget}})
		if err != nil {
			t.Fatal(err)
		}
		d, err := ReadAll(r)
		if d.Len() != tt.rows || (err != nil) != tt.fails {
			t.Errorf("budget %d: %d rows, %v", tt.budget, d.Len(), err)
		}
	}
}

func TestAcceptedCountsTheRefused(t *testing.T) {
	r, err := New(strings.NewReader("label\ttext\na\na\tone\nb\nb\ttwo\n"), "a.tsv", Options{Limits: Limits{BadRecords: -1}})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for ex, err := range r.Accepted() {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, ex.Text)
	}
	rep := r.Report()
	if want := []string{"one", "two"}; !cmp.Equal(texts, want) || rep.Rows != 2 || rep.Refused != 2 {
		t.Errorf("%q, %d rows read and %d refused, want %q, 2 and 2", texts, rep.Rows, rep.Refused, want)
	}
}

func TestOpenErrors(t *testing.T) {
	_, _, err := ReadFiles(Options{}, "https://example.org/a.tsv")
	if !errors.Is(err, ErrRemote) {
		t.Errorf("a URL: %v, want ErrRemote", err)
	}
	_, _, err = ReadFiles(Options{}, t.TempDir()+"/none.tsv")
	if err == nil || errors.Is(err, ErrData) {
		t.Errorf("a missing file: %v, want the system's error", err)
	}
	if _, err := Open(Options{}, "-", "-"); err == nil {
		t.Error("standard input twice: no error")
	}
	for _, o := range []Options{
		{Format: "xml"}, {Encoding: "klingon"}, {Heads: []Head{{"a", "x"}, {"a", "y"}}}, {Heads: []Head{{"", "x"}}}, {Limits: Limits{Ratio: -1}},
	} {
		if o.Validate() == nil {
			t.Errorf("%+v is valid", o)
		}
	}
}

func TestParseLabelMap(t *testing.T) {
	m, err := ParseLabelMap("0=negative, 4=positive,-1=")
	if diff := cmp.Diff(map[string]string{"0": "negative", "4": "positive", "-1": ""}, m); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	for _, bad := range []string{"a", "=b", "a=b,a=c"} {
		if _, err := ParseLabelMap(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// Many rows, each with a quote that is never closed, must not be read over and
// over to the end of the file.
func TestCSVQuotesLinear(t *testing.T) {
	line, n := "x\",\"\"\"\n", 400_000
	if testing.Short() {
		n = 150_000
	}
	r, err := New(io.MultiReader(strings.NewReader("label,text\n"), strings.NewReader(strings.Repeat(line, n))), "a.csv",
		Options{Limits: Limits{RecordBytes: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	_, refused, _, err := drain(t, r)
	if err != nil || len(refused) == 0 {
		t.Errorf("%d refused, %v", len(refused), err)
	}
}

// A line from a slow pipe is an example before the next one is written.
func TestPipeIsNotHeldBack(t *testing.T) {
	for _, o := range []Options{{Lines: true}, {Format: JSONL}} {
		pr, pw := io.Pipe()
		r, err := New(pr, Stdin, o)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			done := make(chan error)
			go func() {
				_, err := r.Read()
				done <- err
			}()
			io.WriteString(pw, "{\"text\":\"one line\"}\n")
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the line is held back")
			}
		}
		pw.Close()
		if _, err := r.Read(); err != io.EOF {
			t.Errorf("got %v, want io.EOF", err)
		}
	}
}

// A row of hostile JSON costs itself, and time in proportion to its length; the
// next one is read.
func TestHostileJSONL(t *testing.T) {
	var keys strings.Builder
	keys.WriteString(`{"text":"many"`)
	for i := range 200_000 {
		fmt.Fprintf(&keys, `,"k%d":%d`, i, i)
	}
	keys.WriteString("}")
	const depth = 200_000
	for _, tt := range []struct {
		name, row string
		refused   bool
	}{
		{"many keys", keys.String(), false},
		{"deep lists", `{"text":"x","more":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}", true},
		{"deep objects", strings.Repeat(`{"text":`, depth) + "1" + strings.Repeat("}", depth), true},
		{"lists never closed", `{"text":"x","more":` + strings.Repeat("[", depth), true},
		{"a string never closed", `{"text":"` + strings.Repeat("x", depth), true},
		{"a key twice", `{"text":"a","text":"b"}`, true},
		{"something behind", `{"text":"a"} {"text":"b"}`, true},
		{"NaN", `{"text":"a","weight":NaN}`, true},
		{"a number that overflows", `{"text":"a","weight":1e999}`, true},
		{"no object", `["text","a"]`, true},
		{"half a surrogate", `{"text":"\ud800"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := New(strings.NewReader(`{"text":"first"}`+"\n"+tt.row+"\n"+`{"text":"last"}`+"\n"), "a.jsonl", Options{WeightColumn: "weight"})
			if err != nil {
				t.Fatal(err)
			}
			rows, refused, _, err := drain(t, r)
			want := 3
			if tt.refused {
				want = 2
			}
			if err != nil || len(rows) != want || len(refused) != 3-want {
				t.Fatalf("%d rows, refused %.200v, %v; want %d rows", len(rows), refused, err, want)
			}
			if last := rows[len(rows)-1]; last.Text != "last" {
				t.Errorf("the last row is %+v", last)
			}
		})
	}
}

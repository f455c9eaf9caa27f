package corpora

import (
	"fmt"
	"strings"
	"testing"
)

// Keep gives all of a row, as its file has it, in every format.
func TestKeep(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"a.csv", "id,text,label\n7,\" a \"\"b\"\", c\",x\n", `id="7" text=" a \"b\", c" label="x"`},
		{"a.tsv", "text\tn\nsays \"no\"\t=1\n", `text="says \"no\"" n="=1"`},
		{"a.jsonl", `{"n": 1.50, "text":"\u00e4", "more":{"a":[1, 2]},"none":null}` + "\n", `n:1.50 text:"\u00e4" more:{"a":[1, 2]} none:null`},
		{"a.json", `[{"text":"a","label":["x"]}]`, `text:"a" label:["x"]`},
		{"a.txt", "__label__x __label__y a b\n__label__x c\n", `text="__label__x __label__y a b" text="__label__x c"`},
		{"b.txt", "one text\n", `text="one text\n"`},
	} {
		r, err := New(strings.NewReader(tt.content), tt.name, Options{Keep: true, Unlabelled: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for ex, err := range r.All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fieldsOf(ex)...)
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	r, err := Open(Options{Keep: true, Unlabelled: true}, "testdata/snappy.parquet")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ex, err := r.Read()
	if got, want := strings.Join(fieldsOf(ex), " "), `text="a film" label:1 topics:[1,2] stars:4.5`; got != want || err != nil {
		t.Errorf("Parquet: %s, error %v, want %s", got, err, want)
	}
}

// fieldsOf are the fields of an example: name=cell, name:JSON.
func fieldsOf(ex Example) (list []string) {
	for _, f := range ex.Fields {
		if f.JSON {
			list = append(list, f.Name+":"+f.Value)
		} else {
			list = append(list, fmt.Sprintf("%s=%q", f.Name, f.Value))
		}
	}
	return list
}

// A row of a table that is marked has the columns, empty; without Keep nothing is kept.
func TestKeepOfBadRows(t *testing.T) {
	for keep, want := range map[bool]string{true: `text="" n="" text="b" n="2"`, false: ""} {
		r, err := New(strings.NewReader("text,n\na\nb,2\n"), "a.csv", Options{Keep: keep, OnBad: MarkBad})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for ex, err := range r.All() {
			if err != nil {
				t.Fatal(err)
			}
			if (ex.Bad != nil) != (ex.ID == "a.csv:1") || ex.Bad != nil && !strings.HasPrefix(ex.Bad.Error(), "a.csv:2: 1 columns") {
				t.Errorf("%s: %v", ex.ID, ex.Bad)
			}
			got = append(got, fieldsOf(ex)...)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("keep %v: %s, want %s", keep, got, want)
		}
	}
}

package vocab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// counted returns a counter of the words of text.
func counted(text string) *Counter {
	var c Counter
	for _, w := range strings.Fields(text) {
		c.Add(w)
	}
	return &c
}

func build(t testing.TB, c *Counter, o Options) *Vocabulary {
	t.Helper()
	v, err := c.Build(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBuild(t *testing.T) {
	tests := []struct {
		rule, text string
		o          Options
		want       string
	}{
		{"nothing", "", Options{}, ""},
		{"by count, then by bytes", "b a c b c d", Options{}, "b:2 c:2 a:1 d:1"},
		{"MinCount", "b a b c c c", Options{MinCount: 2}, "c:3 b:2"},
		{"MaxSize", "b a b c c c", Options{MaxSize: 1}, "c:3"},
		{"MaxSize above the size", "a", Options{MaxSize: 9}, "a:1"},
		{"reserved names are left out", "<pad> <unk> <unk> a", Options{}, "a:1"},
		{"and do not count for MaxSize", "<unk> <unk> a b b", Options{MaxSize: 2}, "b:2 a:1"},
		{"invalid UTF-8 is left out", "a\xff b", Options{}, "b:1"},
		{"case and bytes matter", "a A é e\u0301", Options{}, "A:1 a:1 e\u0301:1 é:1"},
	}
	for _, tt := range tests {
		v := build(t, counted(tt.text), tt.o)
		var got []string
		for id, token := range v.All() {
			if v.ID(token) != id || v.Token(id) != token {
				t.Errorf("%s: ID(%q) = %d and Token(%d) = %q", tt.rule, token, v.ID(token), id, v.Token(id))
			}
			got = append(got, fmt.Sprintf("%s:%d", token, v.Count(id)))
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.rule, got, tt.want)
		}
	}
}

// TestMerge checks that how counts are spread over counters does not matter.
func TestMerge(t *testing.T) {
	words := strings.Fields("the cat sat on the mat and the dog sat by the cat of the house")
	var all Counter
	parts := make([]Counter, 3)
	for i, w := range words {
		all.Add(w)
		parts[i%3].Add(w)
	}
	parts[2].Merge(&parts[0])
	parts[2].Merge(&parts[1])
	want, got := build(t, &all, Options{Buckets: 3}), build(t, &parts[2], Options{Buckets: 3})
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Vocabulary{})); diff != "" {
		t.Error(diff)
	}
	if all.Total() != int64(len(words)) || parts[2].Total() != all.Total() || all.Len() != 10 || all.Count("the") != 5 || all.Count("x") != 0 {
		t.Errorf("Total %d and %d, Len %d, Count %d", all.Total(), parts[2].Total(), all.Len(), all.Count("the"))
	}
}

// TestCounterKeepsNoText checks that a counter copies its tokens.
func TestCounterKeepsNoText(t *testing.T) {
	text := []byte("word")
	var c Counter
	c.Add(string(text))
	if s := c.Slot("word"); s != 0 {
		t.Errorf("Slot = %d, want 0", s)
	}
	c.AddSlot(c.Slot("other"))
	c.AddN("other", 4)
	if c.Count("other") != 5 || c.Count("word") != 1 {
		t.Errorf("counts %d and %d, want 5 and 1", c.Count("other"), c.Count("word"))
	}
}

func TestUnknown(t *testing.T) {
	v := build(t, counted("a b"), Options{})
	if id, ok := v.Lookup("zzz"); id != Unk || ok {
		t.Errorf("Lookup of an unknown token = %d, %v, want %d, false", id, ok, Unk)
	}
	for _, name := range []string{"<pad>", "<unk>", "", "<0>"} {
		if id := v.ID(name); id != Unk {
			t.Errorf("ID(%q) = %d, want %d", name, id, Unk)
		}
	}

	const buckets = 16
	b := build(t, counted("a b"), Options{Buckets: buckets})
	if b.ID("a") != v.ID("a") || b.ID("b") != v.ID("b") {
		t.Error("buckets move known tokens")
	}
	if got, want := b.Len(), 2+2+buckets; got != want {
		t.Errorf("Len = %d, want %d", got, want)
	}
	used := make(map[ID]int)
	for i := range 16_000 {
		id, ok := b.Lookup(fmt.Sprintf("unknown%d", i))
		if ok || b.IsKnown(id) || id < 4 || int(id) >= b.Len() {
			t.Fatalf("unknown%d: ID %d, %v, want a bucket in [4, %d)", i, id, ok, b.Len())
		}
		used[id]++
	}
	for id, n := range used { // 1000 each, standard deviation 31
		if n < 850 || n > 1150 {
			t.Errorf("bucket %s has %d of 16000 tokens, want about 1000", b.Token(id), n)
		}
	}
	// The buckets of stored models must never move. These were worked out in
	// Python from the published constants of FNV-1a and MurmurHash3.
	for token, want := range map[string]ID{"": 18, "zzz": 18, "naïve": 5} {
		if got := b.ID(token); got != want {
			t.Errorf("ID(%q) = %d, want %d", token, got, want)
		}
	}
}

func TestTokenNames(t *testing.T) {
	v := build(t, counted("a"), Options{Buckets: 2})
	for id, want := range map[ID]string{-1: "", 0: "<pad>", 1: "<unk>", 2: "a", 3: "<0>", 4: "<1>", 5: ""} {
		if got := v.Token(id); got != want {
			t.Errorf("Token(%d) = %q, want %q", id, got, want)
		}
	}
	for id, want := range map[ID]int64{-1: 0, 0: 0, 1: 0, 2: 1, 3: 0, 9: 0} {
		if got := v.Count(id); got != want {
			t.Errorf("Count(%d) = %d, want %d", id, got, want)
		}
	}
	var zero Vocabulary
	if zero.Len() != 2 || zero.ID("a") != Unk {
		t.Errorf("the zero Vocabulary has Len %d and ID(a) = %d", zero.Len(), zero.ID("a"))
	}
}

func TestNewErrors(t *testing.T) {
	tests := []struct {
		name    string
		tokens  []string
		counts  []int64
		buckets int
		want    error
		text    string
	}{
		{"duplicate", []string{"a", "b", "a"}, nil, 0, ErrDuplicate, `token 2: vocab: duplicate token: "a", already token 0`},
		{"reserved", []string{"<pad>"}, nil, 0, ErrReserved, "token 0: vocab: reserved token: <pad>"},
		{"empty", []string{""}, nil, 0, nil, "empty token"},
		{"not UTF-8", []string{"a\xff"}, nil, 0, ErrEncoding, `"a\xff"`},
		{"too long", []string{strings.Repeat("a", MaxTokenBytes+1)}, nil, 0, ErrTooLarge, "65537 bytes, limit 65536"},
		{"counts of another length", []string{"a"}, []int64{1, 2}, 0, nil, "2 counts for 1 tokens"},
		{"negative count", []string{"a"}, []int64{-1}, 0, nil, `count of "a" is -1`},
		{"negative buckets", nil, nil, -1, ErrTooLarge, "-1 buckets"},
		{"too many buckets", nil, nil, MaxTokens + 1, ErrTooLarge, "buckets"},
	}
	for _, tt := range tests {
		_, err := New(tt.tokens, tt.counts, tt.buckets)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v, want %v with %q", tt.name, err, tt.want, tt.text)
		}
	}
}

func TestOptionsValidate(t *testing.T) {
	err := Options{MinCount: -1, MaxSize: -2, Buckets: MaxTokens + 1}.Validate()
	for _, want := range []string{"MinCount = -1", "MaxSize = -2", "Buckets = 67108865"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want %q in it", err, want)
		}
	}
	if _, err := new(Counter).Build(Options{Buckets: -1}); err == nil {
		t.Error("Build with bad options: no error")
	}
}

// odd is a vocabulary of tokens that are hard to write down.
func odd(t testing.TB) *Vocabulary {
	v, err := New([]string{"the", `\`, `\n`, "a\tb", "x\ny", "\r", "naïve", "😀", " ", "#vocab 1 buckets=0", "\u2028"}, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 0}, 7)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRoundTrip(t *testing.T) {
	for _, v := range []*Vocabulary{odd(t), build(t, counted(""), Options{}), build(t, counted("a b a"), Options{})} {
		var b bytes.Buffer
		n, err := v.WriteTo(&b)
		if err != nil || n != int64(b.Len()) {
			t.Fatalf("WriteTo = %d, %v, but wrote %d bytes", n, err, b.Len())
		}
		got, err := Read(iotest.OneByteReader(bytes.NewReader(b.Bytes())))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got, cmp.AllowUnexported(Vocabulary{})); diff != "" {
			t.Errorf("text:\n%s", diff)
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got = new(Vocabulary)
		if err := json.Unmarshal(data, got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got, cmp.AllowUnexported(Vocabulary{})); diff != "" {
			t.Errorf("JSON:\n%s", diff)
		}
	}
}

func TestReadErrors(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"empty", "", "vocab: line 1: vocab: not a vocabulary file: it is empty"},
		{"another file", "the\t5\n", `line 1: vocab: not a vocabulary file: want a first line "#vocab 1 buckets="`},
		{"later version", "#vocab 2 buckets=0\n", "line 1"},
		{"negative buckets", "#vocab 1 buckets=-1\n", `line 1: vocab: not a vocabulary file: buckets="-1"`},
		{"no count", "#vocab 1 buckets=0\na\t1\nb\n", `line 3: vocab: not a vocabulary file: want token<TAB>count, got "b"`},
		{"bad count", "#vocab 1 buckets=0\na\tx\n", `line 2: vocab: not a vocabulary file: count "x" of token "a"`},
		{"count above int64", "#vocab 1 buckets=0\na\t9223372036854775808\n", "line 2"},
		{"negative count", "#vocab 1 buckets=0\na\t-1\n", "line 2"},
		{"two tabs", "#vocab 1 buckets=0\na\t1\t2\n", "line 2"},
		{"empty line", "#vocab 1 buckets=0\n\na\t1\n", "line 2"},
		{"CRLF", "#vocab 1 buckets=0\na\t1\r\n", "line 2"},
		{"CR in a token", "#vocab 1 buckets=0\na\r\t1\n", "carriage return"},
		{"bad escape", "#vocab 1 buckets=0\na\\x\t1\n", `bad escape in "a\\x"`},
		{"escape at the end", "#vocab 1 buckets=0\na\\\t1\n", "bad escape"},
		{"duplicate", "#vocab 1 buckets=0\na\t1\na\t1\n", `line 3: vocab: duplicate token: "a", already token 0`},
		{"not UTF-8", "#vocab 1 buckets=0\n\xff\t1\n", "line 2: vocab: token is not valid UTF-8"},
		{"long line", "#vocab 1 buckets=0\n" + strings.Repeat("a", 1<<20), "line 2: vocab: limit exceeded"},
	}
	for _, tt := range tests {
		_, err := Read(strings.NewReader(tt.file))
		var pe *ParseError
		if err == nil || !errors.As(err, &pe) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want a *ParseError with %q", tt.name, err, tt.want)
		}
	}
	if v, err := Read(strings.NewReader("#vocab 1 buckets=2\na\t1")); err != nil || v.Len() != 5 {
		t.Errorf("without a last newline: %v, %v", v, err)
	}
	broken := errors.New("broken")
	if _, err := Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error of the reader: %v, want %v", err, broken)
	}
}

func TestUnmarshalJSONErrors(t *testing.T) {
	for _, data := range []string{`{`, `[]`, `{"tokens":["a","a"]}`, `{"tokens":["a"],"counts":[1,2]}`, `{"buckets":-1}`, `{"tokens":[1]}`, `{"tokens":["a"],"rest":1}`} {
		v := build(t, counted("kept"), Options{})
		if err := json.Unmarshal([]byte(data), v); err == nil {
			t.Errorf("%s: no error", data)
		}
		if v.Token(2) != "kept" {
			t.Errorf("%s: changed the vocabulary", data)
		}
	}
}

// FuzzUnmarshalJSON checks that the quick reader reads what encoding/json reads, or nothing.
func FuzzUnmarshalJSON(f *testing.F) {
	b, err := json.Marshal(odd(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, data := range []string{
		`{"tokens":["a","\u00e9\n\ud800","\""],"counts":[1,-0,9223372036854775807]}`, ` { "buckets" : 3 , "tokens" : [ ] , "counts" : [] } `,
		`{"tokens":["a",],"counts":[01]}`, `{"tokens":null}`, `{"Tokens":["a"]}`, "{\"tokens\":[\"\xff\"]}", `{"buckets":1}{}`, `{"tokens":["a"],"tokens":["b"]}`, `{"counts":[1e3]}`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		quick, ok := readPlain(data)
		if !ok {
			return
		}
		var want vocabularyJSON
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q is read, encoding/json says %v", data, err)
		}
		if diff := cmp.Diff(want, quick); diff != "" {
			t.Errorf("%q (-encoding/json +quick):\n%s", data, diff)
		}
	})
}

func TestWriteError(t *testing.T) {
	_, err := odd(t).WriteTo(limited{})
	if !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}

var errFull = errors.New("full")

type limited struct{}

func (limited) Write(p []byte) (int, error) { return 0, errFull }

// FuzzRead checks that Read never panics, and that what it accepts is written
// and read back the same.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if _, err := odd(f).WriteTo(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	for _, s := range []string{"", "#vocab 1 buckets=0", "#vocab 1 buckets=3\na\t1\n", "#vocab 1 buckets=0\na\\", "#vocab 1 buckets=67108864\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if _, err := v.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		w, err := Read(&out)
		if err != nil {
			t.Fatalf("%q: %v", out.Bytes(), err)
		}
		if v.Len() != w.Len() || !slices.Equal(v.tokens, w.tokens) || !slices.Equal(v.counts, w.counts) {
			t.Fatalf("%q: read back %v, want %v", data, w.tokens, v.tokens)
		}
	})
}

func benchVocabulary(b *testing.B) *Vocabulary {
	var c Counter
	for i := range 100_000 {
		c.AddN(fmt.Sprintf("token%d", i*7919), int64(1+i%500))
	}
	return build(b, &c, Options{})
}

func BenchmarkID(b *testing.B) {
	v := benchVocabulary(b)
	var tokens []string
	for id, token := range v.All() {
		if id%97 == 0 {
			tokens = append(tokens, token)
		}
	}
	for b.Loop() {
		for _, t := range tokens {
			v.ID(t)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(tokens)), "ns/token")
}

func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	if _, err := benchVocabulary(b).WriteTo(&file); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(file.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshalJSON(b *testing.B) {
	data, err := json.Marshal(benchVocabulary(b))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := json.Unmarshal(data, new(Vocabulary)); err != nil {
			b.Fatal(err)
		}
	}
}

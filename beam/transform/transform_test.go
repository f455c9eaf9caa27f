package transform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/answers"
	"github.com/textlstm/textlstm/train/crossval"
)

func TestMain(m *testing.M) { ptest.MainWithDefault(m, "prism") }

// run runs a pipeline on Prism and returns its counters and distributions.
func run(t *testing.T, p *beam.Pipeline) (counters map[string]int64, distributions map[string]int64) {
	t.Helper()
	result, err := prism.Execute(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	counters, distributions = map[string]int64{}, map[string]int64{}
	ours := result.Metrics().Query(func(r beam.MetricResult) bool { return r.Namespace() == "textlstm" })
	for _, c := range ours.Counters() {
		counters[c.Name()] += c.Result()
	}
	for _, d := range ours.Distributions() {
		distributions[d.Name()] += d.Result().Count
	}
	return counters, distributions
}

// texts writes a file of rows, some of which are not as the others.
func texts(t *testing.T, dir string, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		switch i % 40 {
		case 7:
			b.WriteString("\n") // no row
		case 13:
			b.WriteString("{\"id\":\"broken\",\"text\":\n")
		case 21:
			fmt.Fprintf(&b, "{\"id\":\"t%d\",\"text\":\"\",\"stars\":1}\n", i)
		case 33:
			b.WriteString("{\"text\":\"Ein sehr gutes Buch, das man nicht aus der Hand legen will und gern verschenkt.\"}\n")
		default:
			fmt.Fprintf(&b, "{\"id\":\"t%d\",\"text\":\"The plot of number %d is %s, \\u00e4hem.\",\"stars\":%d}\n", i, i, []string{"dull", "a joy"}[i%2], i%5)
		}
	}
	name := filepath.Join(dir, "texts.jsonl")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// byCommand is what the command writes of files.
func byCommand(t *testing.T, c Classifier, o corpora.Options, style report.Style, keep bool, files ...string) string {
	t.Helper()
	m, options, err := c.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	options.Keep = keep
	table := answers.Options{Options: options, Errors: true}
	o.OnBad, o.Keep, o.Unlabelled = corpora.MarkBad, keep, true
	var b strings.Builder
	w := answers.NewWriter(&b, style, m.Heads(), table)
	for _, file := range files {
		r, err := corpora.Open(o, file)
		if err != nil {
			t.Fatal(err)
		}
		if err := answers.Rows(t.Context(), m, r, options, w, func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func content(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %q, error %v", pattern, names, err)
	}
	var all []byte
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return string(all)
}

// One shard has the bytes that the command writes, however the files were cut; several have
// its lines.
func TestClassifyIsTheCommand(t *testing.T) {
	dir := t.TempDir()
	files := []string{texts(t, dir, 900), filepath.Join(dir, "more.csv")}
	if err := os.WriteFile(files[1], []byte("id,text,stars\nc1,\"Lovely, and\ncheap\",5\nc2\nc3,Broken on arrival,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Classifier{Heads: []string{"sentiment"}, Abstain: 0.6}
	for _, shards := range []int{1, 3} {
		p, s := beam.NewPipelineWithRoot()
		rows := Read(s, Source{Files: files, BlockBytes: 5000, Options: corpora.Options{Keep: true, Unlabelled: true}})
		answers, bad := Classify(s, c, rows)
		out := filepath.Join(dir, fmt.Sprint("out", shards))
		Write(s, Sink{Prefix: out, Shards: shards, Classifier: c, Keep: true}, beam.Flatten(s, answers, bad))
		counters, distributions := run(t, p)
		want := byCommand(t, c, corpora.Options{}, report.JSONL, true, files...)
		got := content(t, out+"-*-of-*.jsonl")
		if shards > 1 {
			got, want = sorted(got), sorted(want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d shards (-command +pipeline):\n%s", shards, diff)
		}
		broken := 23 + 1
		read := int64(900 - 23 + 3)
		if diff := cmp.Diff(map[string]int64{"rows": read, "rows_unreadable": int64(broken), "texts_answered": read - int64(broken), "texts_without_label": 22}, counters); diff != "" {
			t.Errorf("counters (-want +got):\n%s", diff)
		}
		if batches := distributions["batch_microseconds"]; distributions["text_bytes"] != read || batches == 0 || batches > read/10 {
			t.Errorf("distributions of %v values", distributions)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); left != nil {
			t.Errorf("%q is left behind", left)
		}
	}
}

func sorted(lines string) string {
	all := strings.Split(lines, "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// Rows that cannot be read go where dead letters go, and tables have the command's columns.
func TestSinks(t *testing.T) {
	dir := t.TempDir()
	file := texts(t, dir, 100)
	c := Classifier{Heads: []string{"sentiment"}}
	p, s := beam.NewPipelineWithRoot()
	answers, bad := Classify(s, c, Read(s, Source{Files: []string{file}, BlockBytes: 2000, Options: corpora.Options{Unlabelled: true}}))
	all := beam.Flatten(s, answers, bad)
	for _, format := range []string{"csv", "tsv", "parquet"} {
		Write(s, Sink{Prefix: filepath.Join(dir, "out"), Format: format, Classifier: c, Errors: true}, all)
	}
	Write(s, Sink{Prefix: filepath.Join(dir, "dead"), Classifier: c}, bad)
	run(t, p)
	for _, style := range []report.Style{report.CSV, report.TSV} {
		if diff := cmp.Diff(byCommand(t, c, corpora.Options{}, style, false, file), content(t, filepath.Join(dir, "out-*."+string(style)))); diff != "" {
			t.Errorf("%s (-command +pipeline):\n%s", style, diff)
		}
	}
	if dead := content(t, filepath.Join(dir, "dead-*")); strings.Count(dead, "\n") != 3 || strings.Count(dead, `texts.jsonl:14`) != 1 {
		t.Errorf("dead letters:\n%s", dead)
	}
	type row struct {
		ID        string   `parquet:"id,optional"`
		Sentiment *string  `parquet:"sentiment,optional"`
		Prob      *float32 `parquet:"sentiment_prob,optional"`
		Tokens    *int32   `parquet:"tokens,optional"`
		Unknown   *int32   `parquet:"unknown,optional"`
		Error     *string  `parquet:"error,optional"`
	}
	rows, err := parquet.ReadFile[row](filepath.Join(dir, "out-00000-of-00001.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var csv strings.Builder
	if err := report.Table(&csv, []string{"id", "sentiment", "sentiment_prob", "tokens", "unknown", "error"}, func() (cells [][]any) {
		for _, r := range rows {
			cells = append(cells, []any{r.ID, cell(r.Sentiment), prob(r.Prob), cell(r.Tokens), cell(r.Unknown), cell(r.Error)})
		}
		return cells
	}(), report.CSV); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content(t, filepath.Join(dir, "out-*.csv")), csv.String()); diff != "" {
		t.Errorf("Parquet (-csv +parquet):\n%s", diff)
	}
}

// An attempt that fails leaves nothing beside what was there.
func TestReplaceFails(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken") // by a directory, which no file can replace
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, write := range map[string]func(io.Writer) error{
		filepath.Join(dir, "a"): func(io.Writer) error { cancel(); return io.ErrUnexpectedEOF },
		taken:                   func(io.Writer) error { return nil },
	} {
		if err := replace(ctx, name, write); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if files, err := os.ReadDir(dir); len(files) != 1 || err != nil {
		t.Errorf("left %v, error %v", files, err)
	}
}

func cell[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

func prob(v *float32) any {
	if v == nil {
		return nil
	}
	return fmt.Sprintf("%.4f", *v)
}

// Blocks cover a file, begin with rows, and know what stands before them.
func TestCut(t *testing.T) {
	text := "one\n\n  \nfour\nf\u00fcnf"
	for size := int64(1); size < 30; size++ {
		for _, json := range []bool{false, true} {
			in := text
			if json {
				in = strings.NewReplacer("one", "{}", "four", "{}").Replace(text)
			}
			format := corpora.Text
			if json {
				format = corpora.JSONL
			}
			blocks, err := cut(strings.NewReader(in), block{Name: "x", File: 3}, size, format)
			if err != nil {
				t.Fatal(err)
			}
			end := int64(0)
			for _, b := range blocks {
				before := in[:b.Offset]
				rows := 0
				for l := range strings.Lines(before) {
					if !json || strings.TrimSpace(l) != "" {
						rows++
					}
				}
				if b.Offset != end || b.Format != string(format) || b.Name != "x" || b.File != 3 || b.Offset > 0 && !strings.HasSuffix(before, "\n") ||
					int(b.Lines) != strings.Count(before, "\n") || int(b.Rows) != rows {
					t.Errorf("size %d: %+v", size, b)
				}
				if b.Length < size && b.Offset+b.Length < int64(len(in)) {
					t.Errorf("size %d: a block of %d bytes", size, b.Length)
				}
				end += b.Length
			}
			if end != int64(len(in)) {
				t.Errorf("size %d: %d bytes of %d", size, end, len(in))
			}
		}
	}
	for _, whole := range []string{"a\r\nb\rc\n", "caf\xe9\n", "\ufeffa\n"} {
		if b, err := cut(strings.NewReader(whole), block{}, 1, corpora.Text); err != errWhole {
			t.Errorf("%q is cut: %v, %v", whole, b, err)
		}
	}
	for _, whole := range []string{"[\n{}\n]\n", "{\n}\n"} {
		if b, err := cut(strings.NewReader(whole), block{}, 1, corpora.JSONL); err != errWhole {
			t.Errorf("%q is cut: %v, %v", whole, b, err)
		}
	}
	if b, err := cut(io.MultiReader(strings.NewReader("a\n"), endless{}), block{}, 1, corpora.Text); err != errWhole {
		t.Errorf("a line without end is cut: %d blocks, %v", len(b), err)
	}
	failing := io.MultiReader(strings.NewReader("a\n"), iotestErr{})
	if _, err := cut(failing, block{}, 1, corpora.Text); err == nil || err == errWhole {
		t.Errorf("a disk that fails: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// FuzzCut holds the pieces of a file to what the reader says of the whole.
func FuzzCut(f *testing.F) {
	f.Add([]byte("one\n\ntwo\r\n\nthree"), 3, false)
	f.Add([]byte("{\"text\":\"a\"}\n\n{\"text\":\nx\n{\"text\":\"b\"}"), 5, true)
	f.Fuzz(checkPieces)
}

// Pieces at random too, as a fuzzer takes minutes to compile all of Beam.
func TestPieces(t *testing.T) {
	parts := []string{"\n", "\r\n", "\r", " ", "{\"text\":\"a\"}", "{\"text\":\"b c\",\"n\":1}", "{}", "{", "}", "word", "\u00e4", "\xff", "\ufeff", "\t", "[", "\"", "__label__x"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var b strings.Builder
		for range r.IntN(20) {
			b.WriteString(parts[min(r.IntN(2*len(parts)), len(parts)+3)%len(parts)])
			if r.IntN(2) == 0 {
				b.WriteByte('\n')
			}
		}
		checkPieces(t, []byte(b.String()), 1+r.IntN(30), r.IntN(2) == 0)
		if t.Failed() {
			t.Fatalf("%q", b.String())
		}
	}
}

func checkPieces(t *testing.T, text []byte, size int, json bool) {
	if size < 1 || len(text) > 10000 {
		return
	}
	o := corpora.Options{Format: corpora.Text, Lines: true, Unlabelled: true, OnBad: corpora.MarkBad}
	if json {
		o.Format, o.TextColumns = corpora.JSONL, []string{"text"}
	}
	blocks, err := cut(bytes.NewReader(text), block{}, int64(size), o.Format)
	if err != nil {
		return
	}
	want := rowsOf(text, o)
	if slices.ContainsFunc(want, func(r string) bool { return strings.HasPrefix(r, "!") }) {
		return // the whole cannot be read
	}
	o.Encoding = "utf-8"
	var got []string
	for _, b := range blocks {
		o.Before = corpora.Position{Rows: int(b.Rows), Lines: int(b.Lines), Bytes: b.Offset}
		got = append(got, rowsOf(text[b.Offset:b.Offset+b.Length], o)...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-whole +pieces):\n%s", diff)
	}
}

func rowsOf(text []byte, o corpora.Options) (rows []string) {
	r, err := corpora.New(bytes.NewReader(text), "x", o)
	if err != nil {
		return []string{"!" + err.Error()}
	}
	for x, err := range r.All() {
		if err != nil {
			rows = append(rows, "!"+err.Error())
			continue
		}
		rows = append(rows, fmt.Sprint(x.ID, " ", x.Line, " ", x.Text, " ", x.Bad != nil))
	}
	return rows
}

// Whatever the order and the grouping of the answers, they are judged as by the command.
func TestEvaluateIsTheCommand(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "labelled.jsonl")
	var b strings.Builder
	for i := range 300 {
		label := []string{"negative", "positive", "odd"}[min(i%2+i/299*2, 2)]
		fmt.Fprintf(&b, "{\"sentiment\":%q,\"text\":\"Number %d, %s.\"}\n", label, i, []string{"bad", "fine", "so so", "great", "a dull affair"}[i%5])
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	o := corpora.Options{Labelled: true}
	e := Evaluation{Options: evaluate.Options{Resamples: 50, Seed: 3}}
	m, err := Model(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := corpora.ReadFiles(o, file, file)
	if err != nil {
		t.Fatal(err)
	}
	predictions, err := score.Dataset(t.Context(), m, d, "")
	if err != nil {
		t.Fatal(err)
	}
	var evals []*evaluate.Evaluation
	for _, p := range predictions {
		one, err := p.Evaluate(e.Options)
		if err != nil {
			t.Fatal(err)
		}
		evals = append(evals, one)
	}
	var want strings.Builder
	if err := report.WriteBrief(&want, report.JSON, evals...); err != nil {
		t.Fatal(err)
	}
	p, s := beam.NewPipelineWithRoot()
	answers, bad := Classify(s, Classifier{AnyLanguage: true}, Read(s, Source{Files: []string{file, file}, BlockBytes: 1000, Options: o}))
	Refuse(s, bad)
	WriteReport(s, filepath.Join(dir, "report"), Evaluate(s, e, answers))
	run(t, p)
	got := content(t, filepath.Join(dir, "report"))
	if diff := cmp.Diff(want.String(), got); diff != "" {
		t.Errorf("(-command +pipeline):\n%s", diff)
	}
	if !json.Valid([]byte(got)) || !strings.Contains(got, `"odd"`) {
		t.Errorf("%s is no report of three labels", got)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	file := texts(t, dir, 30)
	for want, build := range map[string]func(beam.Scope){
		"no file is called": func(s beam.Scope) { Read(s, Source{Files: []string{filepath.Join(dir, "none*")}}) },
		"texts.jsonl:14": func(s beam.Scope) {
			_, bad := Classify(s, Classifier{}, Read(s, Source{Files: []string{file}, Options: corpora.Options{Unlabelled: true}}))
			Refuse(s, bad)
		},
		"no such file": func(s beam.Scope) {
			Classify(s, Classifier{Model: filepath.Join(dir, "none.model")}, Read(s, Source{Files: []string{file}, Options: corpora.Options{Unlabelled: true}}))
		},
		"head smell": func(s beam.Scope) {
			Classify(s, Classifier{Heads: []string{"smell"}}, Read(s, Source{Files: []string{file}, Options: corpora.Options{Unlabelled: true}}))
		},
	} {
		p, s := beam.NewPipelineWithRoot()
		build(s)
		if _, err := prism.Execute(context.Background(), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for want, k := range map[string]Sink{"without a prefix": {}, `format "xml"`: {Prefix: "a", Format: "xml"}, "-1 shards": {Prefix: "a", Shards: -1}} {
		if err := k.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Folds that are elements yield what a cross-validation in one process does.
func TestCrossValidateIsOneRun(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "texts.tsv")
	var b strings.Builder
	b.WriteString("label\ttext\n")
	for i := range 40 {
		fmt.Fprintf(&b, "%s\t%s number%d\n", []string{"negative", "positive"}[i%2], []string{"bad", "good"}[i%2], i)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	recipeFile := filepath.Join(dir, "recipe.toml") // of other texts, in whose place Files are
	if err := os.WriteFile(recipeFile, []byte("[[data]]\nfile = \"none.tsv\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v := Validation{
		Files: []string{file}, Config: recipeFile, Folds: 2, DevShare: 0.4, Begin: recipe.Options{Start: recipe.None}, Resamples: 20,
		Set: []string{"epochs=2", "model.embed=8", "model.lstm.hidden_size=8"},
	}
	whole := v
	whole.Style, whole.Options.Labelled = report.JSON, true
	want, err := validate(t.Context(), encode(whole), func(*crossval.Options, string) error { return nil }, func(*crossval.Options) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	p, s := beam.NewPipelineWithRoot()
	WriteReport(s, filepath.Join(dir, "report"), CrossValidate(s, v))
	run(t, p)
	if diff := cmp.Diff(want, content(t, filepath.Join(dir, "report"))); diff != "" {
		t.Errorf("(-one process +pipeline):\n%s", diff)
	}
	if !strings.Contains(want, `"folds"`) {
		t.Errorf("no report of folds: %s", want)
	}
}

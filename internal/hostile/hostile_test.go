//go:build linux

package hostile

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/lz4"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/internal/testcorpora"
)

// The commands that are attacked, by their names.
var commands = map[string]string{"sentiment": "", "forecast": "", "translate": ""}

func TestMain(m *testing.M) {
	if os.Getenv("MEASURE") != "" {
		os.Exit(measure(os.Args[1:]))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "hostile")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		build := exec.Command("go", "build", "-o", dir)
		for name := range commands {
			commands[name] = filepath.Join(dir, name)
			build.Args = append(build.Args, "../../cmd/"+name)
		}
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// What the command may take for a file that it refuses.
const (
	timeLimit   = 5 * time.Second
	memoryLimit = 64 << 20 // and four times the file
	screen      = 24 * 80  // bytes of the message
)

// A usage is what a process took.
type usage struct {
	Status  int
	CPU     time.Duration // of the processors, not the clock: the machine may have other work
	Peak    int64         // bytes of memory
	Message string
}

// measure runs a command, in a process that may have 4 GB of addresses so that
// what takes more is caught and not the machine, and prints its usage. It does so
// in a process of its own, since Linux counts for a process also what the one
// that started it had in memory.
func measure(args []string) int {
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -v 4000000; exec "$0" "$@"`}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	p := cmd.ProcessState
	json.NewEncoder(os.Stdout).Encode(usage{p.ExitCode(), p.UserTime() + p.SystemTime(), int64(p.SysUsage().(*syscall.Rusage).Maxrss) << 10, stderr.String()})
	return 0
}

// run runs a command, sentiment unless the first of args is another, and returns its
// usage.
func run(t *testing.T, args ...string) usage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*timeLimit)
	defer cancel()
	path, rest := commands["sentiment"], args
	if other := commands[args[0]]; other != "" {
		path, rest = other, args[1:]
	}
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{path}, rest...)...)
	cmd.Env = append(os.Environ(), "MEASURE=1", "GORACE=atexit_sleep_ms=0") // a detector of races would wait for a second
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var u usage
	if err == nil {
		err = json.Unmarshal(out, &u)
	}
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	t.Logf("%v, %d MiB, status %d, %s", u.CPU.Round(time.Millisecond), u.Peak>>20, u.Status, strings.TrimSpace(u.Message))
	return u
}

// refuse runs the command on a hostile file and checks that it ends in status 3
// or 4 within the bounds.
func refuse(t *testing.T, file string, args ...string) usage {
	t.Helper()
	return refuseAs(t, []int{3, 4}, file, args...)
}

// refuseAs is refuse with other statuses.
func refuseAs(t *testing.T, statuses []int, file string, args ...string) usage {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	u := run(t, args...)
	if !slices.Contains(statuses, u.Status) {
		t.Errorf("%s: status %d, want one of %v", args, u.Status, statuses)
	}
	if u.Message == "" || len(u.Message) > screen || strings.Contains(u.Message, "goroutine") {
		t.Errorf("%s: a message of %d bytes: %.1000s", args, len(u.Message), u.Message)
	}
	if u.CPU > timeLimit {
		t.Errorf("%s: %v, want at most %v", args, u.CPU, timeLimit)
	}
	if limit := 4*info.Size() + memoryLimit; u.Peak > limit {
		t.Errorf("%s: %d bytes of memory for a file of %d, want at most %d", args, u.Peak, info.Size(), limit)
	}
	return u
}

// each runs the cases, of which a short run has those that stand for a kind: the
// processes that are measured have no detector of races, but making the files under
// it takes minutes.
func each[T any](t *testing.T, cases map[string]T, short []string, check func(t *testing.T, name string, c T)) {
	for _, name := range short {
		if _, ok := cases[name]; !ok {
			t.Errorf("there is no case %q", name)
		}
	}
	for name, c := range cases {
		if testing.Short() && !slices.Contains(short, name) {
			continue
		}
		t.Run(name, func(t *testing.T) { check(t, name, c) })
	}
}

// row is a row of the tables below.
type row struct {
	Text  string `parquet:"text"`
	Label string `parquet:"label"`
}

type packedRow struct {
	Text  string `parquet:"text,dict"`
	Label string `parquet:"label,dict"`
}

func table[T any](t *testing.T, rows []T, o ...pq.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b, o...)
	for len(rows) > 0 {
		n := min(len(rows), 1000)
		if _, err := w.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Codecs of the library, all of which can expand a page.
var codecs = []compress.Codec{&pq.Uncompressed, &pq.Snappy, &pq.Gzip, &pq.Brotli, &pq.Zstd, &lz4.Codec{Level: lz4.Fastest}}

// stats writes a file and lets the command read it, which must refuse it.
func stats(t *testing.T, name string, content []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o666); err != nil {
		t.Fatal(err)
	}
	refuse(t, file, "corpus", "stats", file)
}

// A page or a dictionary that expands a thousandfold, and rows that come to more
// than such a file should hold, whatever the codec.
func TestParquetBombs(t *testing.T) {
	var long []row
	var distinct []packedRow
	for i := range 640 {
		text := strings.Repeat("good film ", 6400)
		long = append(long, row{text, "positive"})
		distinct = append(distinct, packedRow{fmt.Sprint(i, text), "positive"})
	}
	same := make([]packedRow, 700_000)
	for i := range same {
		same[i] = packedRow{"good film", "positive"}
	}
	one := pq.PageBufferSize(64 << 20)
	for _, codec := range codecs {
		if testing.Short() && codec != &pq.Snappy {
			continue
		}
		t.Run(codec.String(), func(t *testing.T) {
			if codec != &pq.Uncompressed {
				stats(t, "page.parquet", table(t, long, pq.Compression(codec), one))
			}
			if testing.Short() {
				return
			}
			stats(t, "rows.parquet", table(t, same, pq.Compression(codec)))
			if codec != &pq.Uncompressed {
				stats(t, "dictionary.parquet", table(t, distinct, pq.Compression(codec), one))
			}
		})
	}
}

// gz and zst compress.
func gz(t *testing.T, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zst(t *testing.T, b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func zipped(t *testing.T, name string, entry []byte, n int) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range n {
		f, err := w.Create(fmt.Sprintf(name, i))
		if err != nil {
			t.Fatal(err)
		}
		f.Write(entry)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// zipOfNames is the directory of an archive without content, which says that it has n
// modulo 65,536 entries: each of a number, behind a prefix.
func zipOfNames(n int, prefix string) []byte {
	local := append([]byte("PK\x03\x04"), make([]byte, 26)...)
	b, header := local, make([]byte, 46)
	copy(header, "PK\x01\x02")
	for i := range n {
		name := prefix + strconv.FormatInt(int64(i), 36)
		header[28], header[29] = byte(len(name)), byte(len(name)>>8)
		b = append(append(b, header...), name...)
	}
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(b)-len(local)))
	binary.LittleEndian.PutUint32(end[16:], uint32(len(local)))
	return append(b, end...)
}

func tarred(t *testing.T, name string, entry []byte, n int) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := range n {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf(name, i), Mode: 0o644, Size: int64(len(entry))}); err != nil {
			t.Fatal(err)
		}
		w.Write(entry)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Compressed documents and tables, in archives or not: no entry need be large.
func TestArchiveBombs(t *testing.T) {
	spaces := bytes.Repeat([]byte("a b "), 4<<20)
	var noise [20 << 10]byte // compressed to a hundredth if it comes again and again
	for r, i := rand.New(rand.NewPCG(1, 2)), 0; i < 300; i++ {
		noise[i] = byte(r.IntN(256))
	}
	rows := append([]byte("label\ttext\n"), bytes.Repeat([]byte("pos\tgood\nneg\tbad\n"), 200_000)...)
	short := append([]byte("label\ttext\n"), bytes.Repeat([]byte("pos\tg\nneg\tb\n"), 340_000)...)
	gzipped := sync.OnceValue(func() []byte { return gz(t, spaces) })
	zstd := sync.OnceValue(func() []byte { return zst(t, spaces) })
	line := sync.OnceValue(func() []byte { return gz(t, append([]byte("label\ttext\npos\t"), spaces...)) })
	cases := map[string]func() []byte{
		"text.tsv.gz":       line,
		"nested.tsv.gz":     func() []byte { return gz(t, line()) }, // is not unpacked twice: it is no text
		"rows.tsv.zst":      func() []byte { return zst(t, bytes.Repeat(rows, 20)) },
		"gz.zip":            func() []byte { return zipped(t, "pos/%d.txt", gzipped(), 200) },
		"zst.zip":           func() []byte { return zipped(t, "pos/%d.txt", zstd(), 200) },
		"small.zip":         func() []byte { return zipped(t, "pos/%d.txt", gz(t, spaces[:1<<20]), 1000) },
		"plain.zip":         func() []byte { return zipped(t, "pos/%d.txt", spaces[:1<<20], 100) },
		"tables.zip":        func() []byte { return zipped(t, "%d.tsv.gz", gz(t, rows), 200) },
		"documents.tar":     func() []byte { return tarred(t, "pos/%d.txt", zstd(), 200) },
		"packed.tar.gz":     func() []byte { return gz(t, tarred(t, "pos/%d.txt", gzipped(), 200)) },
		"names.tar.gz":      func() []byte { return gz(t, tarred(t, "pos/%d.txt", nil, 100_000)) },
		"names.zip":         func() []byte { return zipOfNames(1_100_000, "") },
		"distinct.zip":      func() []byte { return zipOfNames(300_000, "") },
		"deep names.zip":    func() []byte { return zipOfNames(100, strings.Repeat("a/", 30_000)) },
		"deep names.tar.gz": func() []byte { return gz(t, tarred(t, "%d/"+strings.Repeat("a/", 100_000)+"1.txt", nil, 20)) },
		"tables.parquet.gz": func() []byte {
			return gz(t, table(t, slices.Repeat([]row{{string(spaces[:10_000]), "positive"}}, 5000)))
		},
		"documents.zip.gz": func() []byte { return gz(t, zipped(t, "pos/%d.txt", spaces[:1<<20], 100)) },
		"held.zip.gz":      func() []byte { return gz(t, append([]byte("PK\x03\x04"), bytes.Repeat(noise[:], 6000)...)) },
		"tables of.zip": func() []byte {
			return zipped(t, "%d.parquet", table(t, slices.Repeat([]row{{string(spaces[:1000]), "positive"}}, 4000)), 50)
		},
		"table.parquet.gz": func() []byte { return gz(t, table(t, []row{{string(spaces), "positive"}})) },
	}
	each(t, cases, []string{"rows.tsv.zst", "zst.zip", "tables.zip", "distinct.zip", "deep names.zip"}, func(t *testing.T, name string, bomb func() []byte) {
		stats(t, name, bomb())
	})
	if testing.Short() {
		return
	}
	t.Run("short.tsv.gz", func(t *testing.T) { // rows that take more memory than they have bytes
		file := filepath.Join(t.TempDir(), "short.tsv.gz")
		if err := os.WriteFile(file, gz(t, short), 0o666); err != nil {
			t.Fatal(err)
		}
		refuse(t, file, "corpus", "check", file)
	})
}

// A tamperer changes the description of a model: the config and what stands beside it.
type tamperer func(config, meta map[string]any)

// tampered is a small model with another description and the right sums.
func tampered(t *testing.T, change tamperer) []byte {
	t.Helper()
	f, err := tensorfile.ReadFile(fsx.OS{}, "../../classify/testdata/v1/joint.safetensors", tensorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var meta map[string]any
	if err := json.Unmarshal([]byte(f.Meta["textlstm"]), &meta); err != nil {
		t.Fatal(err)
	}
	change(meta["config"].(map[string]any), meta)
	text, err := json.Marshal(meta)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tensorfile.Write(&b, map[string]string{"textlstm": string(text)}, f.Tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// times is a list of n values.
func times(n int, value func(i int) any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = value(i)
	}
	return list
}

// Models whose sums are right and whose descriptions ask for too much, or mean two things.
func TestModels(t *testing.T) {
	head := func(i int) any { return map[string]any{"name": fmt.Sprint("h", i), "labels": []string{"a", "b"}} }
	cases := map[string]tamperer{
		"pools":            func(c, _ map[string]any) { c["pool"] = times(20_000, func(int) any { return "max" }) },
		"kinds of pooling": func(c, _ map[string]any) { c["pool"] = times(200_000, func(i int) any { return fmt.Sprint("k", i) }) },
		"heads":            func(c, _ map[string]any) { c["heads"] = times(100_000, head) },
		"labels": func(c, _ map[string]any) {
			c["heads"] = []any{map[string]any{"name": "h", "labels": times(1_000_000, func(i int) any { return fmt.Sprint(i) })}}
		},
		"heads of a long pipeline": func(c, _ map[string]any) {
			c["heads"], c["pipeline"] = times(2000, head), "words"+strings.Repeat("|lower", 7000)
		},
		"a long pipeline": func(c, _ map[string]any) { c["pipeline"] = strings.Repeat("|", 1<<20) },
		"members":         func(c, _ map[string]any) { c["members"] = 1 << 30 },
		"directions": func(c, _ map[string]any) {
			c["members"], c["directions"] = 64, times(100_000, func(int) any { return "forward" })
		},
		"layers":              func(c, _ map[string]any) { c["lstm"].(map[string]any)["layers"] = 1 << 30 },
		"units":               func(c, _ map[string]any) { c["lstm"].(map[string]any)["hidden_size"] = 1 << 30 },
		"word vectors":        func(c, _ map[string]any) { c["embed"] = 1e12 },
		"rows of n-grams":     func(c, _ map[string]any) { c["ngrams"].(map[string]any)["bits"] = 40 },
		"buckets of subwords": func(c, _ map[string]any) { c["subword"] = map[string]any{"min": 1, "max": 60, "bits": 24} },
		"buckets of words":    func(_, m map[string]any) { m["vocab"].(map[string]any)["buckets"] = 1 << 30 },
		"counts": func(_, m map[string]any) {
			m["vocab"].(map[string]any)["counts"] = times(300_000, func(int) any { return 1 })
		},
		"thresholds": func(c, _ map[string]any) {
			c["heads"].([]any)[0].(map[string]any)["thresholds"] = times(300_000, func(int) any { return 0.5 })
		},
		"names":     func(_, m map[string]any) { m["x"+strings.Repeat("y", 1<<20)] = 1 },
		"a name":    func(c, _ map[string]any) { c["heads"].([]any)[0].(map[string]any)["name"] = "id" },
		"two names": func(c, _ map[string]any) { c["EMBED"] = 6 },
		"nested": func(_, m map[string]any) {
			m["card"] = map[string]any{"figures": json.RawMessage(strings.Repeat("[", 5000) + strings.Repeat("]", 5000))}
		},
		"a surrogate": func(_, m map[string]any) { m["card"] = map[string]any{"name": json.RawMessage(`"\ud800"`)} },
	}
	short := []string{"pools", "heads of a long pipeline", "members", "units", "buckets of words", "names", "two names", "nested", "a surrogate"}
	each(t, cases, short, func(t *testing.T, _ string, change tamperer) {
		file := filepath.Join(t.TempDir(), "a.model")
		if err := os.WriteFile(file, tampered(t, change), 0o666); err != nil {
			t.Fatal(err)
		}
		refuse(t, file, "classify", "--model", file, os.DevNull)
		if !testing.Short() {
			refuse(t, file, "model", "info", file)
		}
	})
}

// A document of megabytes is answered in bounded memory, by a model that reads it as a
// whole and by one that reads it in chunks. The promise is held with the embedded model and a text of
// the most words; of a quarter of it, half as much: as a program takes about 100 MiB for any text,
// the same bytes for a word are too much.
func TestLongTexts(t *testing.T) {
	const quarter = 1_000_000
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	r := rand.New(rand.NewPCG(1, 2))
	var distinct []byte
	for len(distinct) < quarter {
		distinct = strconv.AppendInt(append(distinct, " w"...), r.Int64N(1e6), 10)
	}
	texts := map[string]string{
		"words":    file("words.txt", bytes.Repeat([]byte("a b "), quarter/4)),
		"distinct": file("distinct.txt", distinct),
	}
	data := file("data.tsv", []byte("label\ttext\n"+strings.Repeat("pos\ta good film\nneg\ta bad film\n", 20)))
	models := map[string][]string{
		"embedded": nil,
		"chunks":   {"--set", "model.chunk=64", "--set", "model.pool=[\"attention\", \"mean\"]"},
		"layers":   {"--set", "model.lstm.layers=2", "--set", "model.subword.bits=12"},
	}
	if testing.Short() {
		delete(models, "layers")
	}
	for name, set := range models {
		var model []string
		if set != nil {
			path := filepath.Join(dir, name+".model")
			model = []string{"--model", path}
			args := []string{"train", "--quiet", "--train", data, "--dev", data, "--epochs", "1", "--set", "model.lstm.hidden_size=16", "--set", "model.lstm.direction=bidirectional", "--out", path}
			if u := run(t, append(args, set...)...); u.Status != 0 {
				t.Fatalf("training: status %d", u.Status)
			}
		}
		for kind, text := range texts {
			if kind == "distinct" && (set != nil || testing.Short()) {
				continue
			}
			t.Run(name+", "+kind, func(t *testing.T) {
				text, limit := text, int64(150<<20)
				if set == nil && kind == "words" && !testing.Short() {
					text, limit = file("all.txt", bytes.Repeat([]byte("a b "), quarter)), int64(300<<20)
				}
				if u := run(t, append([]string{"classify", text}, model...)...); u.Status != 0 || u.Peak > limit {
					t.Errorf("status %d, %d MiB, want 0 and at most %d", u.Status, u.Peak>>20, limit>>20)
				}
			})
		}
	}
}

// A text that is too long to be explained is refused before it is labelled, and named where
// it is labelled anyway.
func TestLongExplanation(t *testing.T) {
	file := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(file, bytes.Repeat([]byte("中文"), 300_000), 0o666); err != nil {
		t.Fatal(err)
	}
	refuse(t, file, "explain", file)
	u := run(t, "classify", "--explain", "--any-language", file)
	if u.Status != 3 || !strings.Contains(u.Message, "long.txt: explain: text too long") {
		t.Errorf("classify --explain: status %d, %s", u.Status, u.Message)
	}
}

// Configs that are deep, long or of things that there are not, in TOML and JSON: a wrong
// setting, whatever its size.
func TestConfigs(t *testing.T) {
	rep := strings.Repeat
	many := func(format string, bytes int) string {
		var b strings.Builder
		for i := 0; b.Len() < bytes; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const most = 125_000 // just within what is parsed
	cases := map[string]string{
		"lists.toml":          "a = " + rep("[", 100_000) + rep("]", 100_000),
		"tables.toml":         "a = " + rep("{a = ", 40_000) + "1" + rep("}", 40_000),
		"dotted.toml":         "a" + rep(".a", 100_000) + " = 1",
		"heading.toml":        "[a" + rep(".a", 100_000) + "]",
		"objects.json":        rep(`{"a":`, 40_000) + "1" + rep("}", 40_000),
		"lists.json":          `{"model":` + rep("[", 100_000) + rep("]", 100_000) + "}",
		"unknown12.toml":      many("key%d = 1\n", 12<<20),
		"unknown.toml":        many("key%d = 1\n", most),
		"unknown groups.toml": many("[model.g%d]\n", most),
		"unknown.json":        "{" + many(`"key%d":1,`, most) + `"z":1}`,
		"deeper.toml":         many("[model.lstm.a%d.b.c.d]\ne = {f = {g = [[[1]]]}}\n", most),
		"heads.toml":          rep("[[model.heads]]\n", most/16),
		"named heads.toml":    many("[[model.heads]]\nname = \"h%d\"\n", most),
		"heads.json":          `{"model":{"heads":[` + rep("{},", most/3-20) + "{}]}}",
		"sources.toml":        rep("[[data]]\n", most/9),
		"array.toml":          "epochs = [" + rep("1,", most/2) + "]",
		"pools.toml":          "[model]\npool = [" + rep("\"max\",", most/6) + "]",
		"kinds.toml":          "[model]\npool = [" + many("\"k%d\",", most) + "]",
		"pools.json":          `{"model":{"pool":[` + many(`"k%d",`, most) + `"max"]}}`,
		"string.toml":         "[model]\npipeline = \"" + rep("x", most) + "\"",
		"pipeline.toml":       "[model]\npipeline = \"words" + rep("|lower", most/6) + "\"",
		"kind.toml":           "[optimizer]\nkind = \"" + rep("x", most) + "\"",
		"string.json":         `{"model":{"pipeline":"` + rep(`\u0061`, most/6) + `"}}`,
		"a key.toml":          rep("k", most) + " = 1",
		"number.toml":         "epochs = " + rep("9", most),
		"number.json":         `{"rate":` + rep("9", most) + "}",
		"no end.toml":         "[model]\npipeline = \"\"\"" + rep("x\n", most/2),
		"escapes.toml":        "\x1b[31m = 1\n",
		"NUL.toml":            rep("\x00", most),
	}
	short := []string{"lists.toml", "objects.json", "unknown.toml", "heads.toml", "kinds.toml", "number.json", "escapes.toml"}
	each(t, cases, short, func(t *testing.T, name, text string) {
		file, data := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "data.tsv")
		for path, text := range map[string]string{file: text, data: "label\ttext\n" + rep("pos\ta good film\nneg\ta bad film\n", 20)} {
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		refuseAs(t, []int{2}, file, "train", "--quiet", "--config", file, "--train", data, "--dev", data, "--init", "none", "--out", filepath.Join(t.TempDir(), "a.model"))
	})
}

// The inputs that were found by attack.
func TestCases(t *testing.T) {
	dir := testcorpora.Dir(t)
	for _, name := range []string{"pq-crash-19.parquet", "pq-lz4garbage.parquet", "pq-zstdbomb.parquet", "nestdocs.zip"} {
		file := filepath.Join(dir, "..", "cases", "hostile", name)
		t.Run(name, func(t *testing.T) {
			refuse(t, file, "corpus", "stats", file)
			out := filepath.Join(t.TempDir(), "a.model")
			refuse(t, file, "train", "--quiet", "--train", file, "--out", out)
		})
	}
	file := filepath.Join(dir, "..", "cases", "hostile", "nested.toml")
	t.Run("nested.toml", func(t *testing.T) {
		refuseAs(t, []int{2}, file, "train", "--config", file, "--train", os.DevNull, "--out", filepath.Join(t.TempDir(), "a.model"))
	})
	for _, name := range []string{"pool-20000.model", "pipeheads-20000-2000.model"} {
		file := filepath.Join(dir, "..", "cases", "hostile", name)
		t.Run(name, func(t *testing.T) { refuse(t, file, "classify", "--model", file, os.DevNull) })
	}
}

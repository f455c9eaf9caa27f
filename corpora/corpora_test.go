package corpora

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/testcorpora"
)

// An indexed is a row of the tables in INDEX.md.
type indexed struct {
	path       string // without .zst
	rows       int
	labels     map[string]int // as the file spells them, where the index lists them all
	duplicates int            // -1 where the index does not say
	conflicts  int
}

// Files of which the directory holds a balanced half.
var halved = map[string]int{"imdb/test.tsv": 12_500, "ag-news/test.tsv": 3_800}

var (
	indexRow = regexp.MustCompile(`(?m)^\| ([\w.-]+)\.zst \| (\d+)(?: lines)? \|(?: ([^|]*) \|)?(?: [^|]* \|)?(?: (\d+) \| (\d+) \|)?`)
	oneLabel = regexp.MustCompile(`^(.+) (\d+)$`)
)

// readIndex parses the tables of INDEX.md.
func readIndex(t testing.TB, dir string) []indexed {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "INDEX.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out []indexed
	for section := range strings.SplitSeq(string(b), "\n## ") {
		name, body, _ := strings.Cut(section, "\n")
		for _, m := range indexRow.FindAllStringSubmatch(body, -1) {
			e := indexed{path: name + "/" + m[1], duplicates: -1, labels: map[string]int{}}
			e.rows, _ = strconv.Atoi(m[2])
			if m[4] != "" {
				e.duplicates, _ = strconv.Atoi(m[4])
				e.conflicts, _ = strconv.Atoi(m[5])
			}
			for part := range strings.SplitSeq(m[3], ", ") {
				lm := oneLabel.FindStringSubmatch(part)
				if lm == nil || strings.Contains(part, ":") {
					e.labels = nil
					break
				}
				e.labels[lm[1]], _ = strconv.Atoi(lm[2])
			}
			out = append(out, e)
		}
	}
	return out
}

// Every corpus that is there loads with the rows, labels and duplicates that its
// index gives.
func TestCorporaCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 170 MB")
	}
	dir := testcorpora.Dir(t)
	read := 0
	for _, want := range readIndex(t, dir) {
		path := filepath.Join(dir, want.path+".zst")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue // sealed
		}
		var o Options
		switch folder := filepath.Dir(want.path); {
		case folder == "timeseries", folder == "vectors", folder == "lexicons", strings.HasPrefix(want.path, "imdb/imdb"):
			continue // no texts
		case folder == "snowball", folder == "parallel-tatoeba":
			o = Options{Format: TSV, NoHeader: true, Unlabelled: true}
			if !strings.HasSuffix(want.path, ".tsv") {
				continue
			}
		case folder == "parallel-multi30k":
			o = Options{Format: Text, Lines: true}
		}
		read++
		t.Run(want.path, func(t *testing.T) {
			t.Parallel()
			o.KeepSpelling = true
			d, rep, err := ReadFiles(o, path)
			if err != nil {
				t.Fatal(err)
			}
			if half, ok := halved[want.path]; ok {
				if d.Len() != half || rep.Refused != 0 {
					t.Errorf("%d rows and %d refused, want half of them, %d", d.Len(), rep.Refused, half)
				}
				return
			}
			if d.Len() != want.rows || rep.Refused != 0 || rep.BadBytes != 0 {
				t.Errorf("%d rows, %d refused, %d bad bytes, want %d, 0, 0", d.Len(), rep.Refused, rep.BadBytes, want.rows)
			}
			if want.duplicates < 0 || filepath.Dir(want.path) == "imdb" && want.rows == 50_000 {
				return
			}
			if want.labels != nil {
				if diff := cmp.Diff(want.labels, d.Counts(0)); diff != "" {
					t.Errorf("labels (-want +got):\n%s", diff)
				}
			}
			f := Check(d, CheckOptions{Near: -1})
			if f.DuplicateRows != want.duplicates || len(f.Conflicts) != want.conflicts {
				t.Errorf("%d duplicate rows and %d conflicts, want %d and %d", f.DuplicateRows, len(f.Conflicts), want.duplicates, want.conflicts)
			}
		})
	}
	if read < 60 {
		t.Errorf("%d corpora read, want at least 60", read)
	}
}

// The leaks that the index lists.
func TestCorporaLeaks(t *testing.T) {
	dir := testcorpora.Dir(t)
	for _, tt := range []struct {
		train, test string
		rows        int
	}{
		{"zh-chnsenticorp/train", "zh-chnsenticorp/test", 331},
		{"zh-chnsenticorp/train", "zh-chnsenticorp/dev", 338},
		{"trec6/train", "trec6/test", 11},
		{"20newsgroups/train", "20newsgroups/test", 5},
		{"sst5/train", "sst5/dev", 2},
	} {
		train, _, err := ReadFiles(Options{}, filepath.Join(dir, tt.train+".tsv.zst"))
		if err != nil {
			t.Fatal(err)
		}
		test, _, err := ReadFiles(Options{}, filepath.Join(dir, tt.test+".tsv.zst"))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(Leaks(train, test)); got != tt.rows {
			t.Errorf("%d rows of %s are in %s, want %d", got, tt.test, tt.train, tt.rows)
		}
	}
}

// The IMDB sample in its published layout, inside its archive.
func TestCorporaArchive(t *testing.T) {
	path := filepath.Join(testcorpora.Dir(t), "imdb", "aclImdb-sample200.tar.zst")
	for part, want := range map[string]int{"": 200, "train": 100, "test": 100} {
		d, rep, err := ReadFiles(Options{Part: part}, path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"negative": want / 2, "positive": want / 2}, d.Counts(0)); diff != "" {
			t.Errorf("part %q (-want +got):\n%s", part, diff)
		}
		if ignored := 201 - want; rep.Ignored != ignored {
			t.Errorf("part %q: %d files ignored, want %d", part, rep.Ignored, ignored)
		}
	}
}

// The trees give the texts of the table made from them.
func TestCorporaTrees(t *testing.T) {
	dir := filepath.Join(testcorpora.Dir(t), "sst-trees")
	trees, _, err := ReadFiles(Options{}, filepath.Join(dir, "dev.ptb.txt.zst"))
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := ReadFiles(Options{}, filepath.Join(dir, "dev.tsv.zst"))
	if err != nil {
		t.Fatal(err)
	}
	if trees.Len() != table.Len() {
		t.Fatalf("%d trees, %d rows", trees.Len(), table.Len())
	}
	for i, e := range trees.Examples {
		if w := table.Examples[i]; e.Text != w.Text || e.Labels[0] != w.Labels[0] {
			t.Fatalf("tree %d is %q %q, want %q %q", i, e.Labels, e.Text, w.Labels, w.Text)
		}
	}
}

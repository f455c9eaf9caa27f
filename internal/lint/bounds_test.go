package lint

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A bound is a figure of SECURITY.md, and where the code has it. Those of a row are found
// in their order.
type bound struct{ says, path, code string }

var bounds = map[string][]bound{
	"model, checkpoint": {
		{"file 4 GiB", "internal/tensorfile/read.go", "def(&l.MaxBytes, 4<<30)"},
		{"header 100 MB", "internal/tensorfile/read.go", "def(&l.MaxHeader, 100_000_000)"},
		{"65,536 tensors", "internal/tensorfile/read.go", "l.MaxTensors = 1 << 16"},
		{"16 dimensions", "internal/tensorfile/read.go", "l.MaxRank = 16"},
		{"twice the file and 16 MiB", "classify/load_test.go", "2*info.Size() + 16<<20"},
		{"4,096 members in an object or objects in a list", "internal/tensorfile/describe.go", "maxMembers  = 4096"},
		{"65,536 other values", "internal/tensorfile/describe.go", "maxValues   = 1 << 16"},
		{"32 levels", "internal/tensorfile/describe.go", "maxNesting  = 32"},
	},
	"files of torch.save": {
		{"pickle 16 MiB", "interop/torch/pickle.go", "maxPickle = 16 << 20"},
		{"250,000 steps", "interop/torch/pickle.go", "maxSteps  = 250_000"},
		{"entries, 65,536", "interop/internal/archive/archive.go", "maxEntries = 1 << 16"},
		{"8 dimensions", "interop/torch/file.go", "maxRank = 8"},
	},
	"files of Keras": {
		{"65,536 entries", "interop/internal/archive/archive.go", "maxEntries = 1 << 16"},
		{"config 8 MiB", "interop/keras/file.go", "maxConfig     = 8 << 20"},
		{"1,024 layers", "interop/keras/graph.go", "maxLayers = 1 << 10"},
		{"1,048,576 members", "internal/hdf5/group.go", "maxMembers = 1 << 20"},
	},
	"ONNX": {
		{"2 GiB", "interop/onnx/file.go", "maxBytes  = 2 << 30"},
		{"200,000 operators", "interop/onnx/file.go", "maxItems  = 200_000"},
	},
	"Parquet": {
		{"footer 16 MiB", "internal/parquet/file.go", "maxFooter  = 16 << 20"},
		{"65,536 columns", "internal/parquet/file.go", "maxColumns = 1 << 16"},
		{"24 MiB and three times the file", "corpora/parquet.go", "parquetMemory = 24 << 20"},
		{"16 MiB", "corpora/parquet.go", "parquetGrace  = 16 << 20"},
		{"200 times the file", "corpora/options.go", "def(&l.Ratio, 200)"},
	},
	"config": {
		{"128 KiB", "recipe/settings/bounds.go", "maxFile  = 128 << 10"},
		{"32 levels", "recipe/settings/bounds.go", "maxDepth = 32"},
		{"1,024 tables in a list", "recipe/settings/bounds.go", "maxList  = 1 << 10"},
	},
	"tables": {{"65,536 columns", "corpora/options.go", "maxColumns = 65_536"}},
	"gzip, zstd, bzip2": {
		{"64 GiB", "corpora/options.go", "l.TotalBytes = 64 << 30"},
		{"4 MiB", "corpora/compress.go", "ratioGrace = 4 << 20"},
		{"200 times", "corpora/options.go", "def(&l.Ratio, 200)"},
		{"64 bytes", "corpora/compress.go", "rowBytes = 64"},
		{"8 MiB or twice the file", "corpora/compress.go", "zstdWindow     = 8 << 20"},
		{"128 MiB at most", "corpora/compress.go", "zstdLongWindow = 128 << 20"},
	},
	"tar, zip, directories": {
		{"a million entries", "corpora/options.go", "def(&l.Entries, 1_000_000)"},
		{"10,000 and one for every 64 bytes", "corpora/archive.go", "10_000+size/64"},
		{"names of 4,096 bytes", "corpora/archive.go", "maxName = 4096"},
		{"every 76", "internal/zipdir/zipdir.go", "size/76"},
		{"256 MiB", "corpora/options.go", "l.Memory = 256 << 20"},
		{"16 MiB and four times the file", "corpora/archive.go", "heldGrace = 16 << 20"},
	},
	"rows and documents": {
		{"16 MiB each", "corpora/options.go", "def(&l.RecordBytes, 16<<20)"},
		{"1,024 bytes", "corpora/labels.go", "maxLabelBytes = 1024"},
		{"65,536 of a head", "corpora/options.go", "def(&l.Labels, 65_536)"},
	},
	"texts to label": {
		{"pieces of 4,096 tokens", "classify/long.go", "pieceTokens = 1 << 12"},
		{"16,384 tokens", "classify/long.go", "mostTokens  = 1 << 14"},
		{"5 MB takes 300 MiB", "internal/hostile/hostile_test.go", "int64(300<<20)"},
	},
	"texts to translate": {{"1,024 sub-words", "seq2seq/search.go", "MaxSource = 1024"}},
	"requests to `sentiment serve`": {
		{"body 8 MiB", "serve/config.go", "def(&c.MaxBody, 8<<20)"},
		{"128 MiB of all bodies", "serve/config.go", "def(&c.MaxBodies, 128<<20)"},
		{"1,024 texts", "serve/config.go", "def(&c.MaxTexts, 1024)"},
		{"100,000 bytes", "serve/config.go", "def(&c.MaxText, 100_000)"},
		{"4,096 texts at once", "serve/config.go", "def(&c.MaxQueue, 4096)"},
		{"headers 32 KiB", "serve/run.go", "MaxHeaderBytes:    32 << 10"},
		{"4,096 connections", "serve/config.go", "def(&c.MaxConns, 4096)"},
		{"lists of 65,536 values", "internal/jsonapi/decode.go", "mostTexts = 1 << 16"},
		{"parameters of 64 KiB", "serve/tensor.go", "const most = 64 << 10"},
		{"shapes of 1 KiB", "serve/tensor.go", "const most = 1 << 10"},
	},
	"tables of `forecast`": {
		{"1 GiB", "cmd/forecast/table.go", "maxTable   = 1 << 30"},
		{"65,536 columns", "forecast/csv.go", "maxColumns = 65_536"},
		{"10,000,000 rows", "forecast/csv.go", "maxRows    = 10_000_000"},
		{"200 times", "cmd/forecast/table.go", "ratio      = 200"},
		{"three rows for each byte", "cmd/forecast/table.go", "rowsByte   = 3"},
		{"beside 65,536", "cmd/forecast/table.go", "rowsGrace  = 1 << 16"},
		{"8 MiB", "cmd/forecast/table.go", "unpack.Open(head, r, 8<<20)"},
	},
	"n-grams of words": {{"8 MiB", "embed/subwords.go", "maxIndexed = 2 << 20"}},
}

// Every figure of the table of bounds is that of the code.
func TestBoundsAreThoseOfTheCode(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "SECURITY.md"), "| format | bounds | where |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var formats []string
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(row, " | ")
		if len(cells) != 3 {
			t.Fatalf("a row of %d cells: %s", len(cells), row)
		}
		format, rest := strings.TrimPrefix(cells[0], "| "), cells[1]
		formats = append(formats, format)
		for _, b := range bounds[format] {
			before, after, ok := strings.Cut(rest, b.says)
			if !ok {
				t.Errorf("%s: the page does not say %q, after %q", format, b.says, cells[1][:len(cells[1])-len(rest)])
			} else if figure := regexp.MustCompile(`\b\d[\d,]*`).FindString(before); figure != "" {
				t.Errorf("%s: %s is no bound that this test knows", format, figure)
			}
			rest = after
			source, err := os.ReadFile("../../" + b.path)
			if err != nil || !strings.Contains(string(source), b.code) {
				t.Errorf("%s: %q, but %s does not have %q", format, b.says, b.path, b.code)
			}
		}
		if figure := regexp.MustCompile(`\b\d[\d,]*`).FindString(rest); figure != "" {
			t.Errorf("%s: %s is no bound that this test knows", format, figure)
		}
	}
	if known := slices.Sorted(maps.Keys(bounds)); !slices.Equal(slices.Sorted(slices.Values(formats)), known) {
		t.Errorf("the page has the formats %q, want %q", formats, known)
	}
}

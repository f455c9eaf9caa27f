package lint

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The packages outside the standard library that a program which predicts is made
// of. Each is paid for by everyone who uses a model.
var predicting = []string{
	// this module's
	"classify", "embed", "gru", "lstm", "ngram", "nn", "tokenize", "vocab",
	"internal/columns", "internal/emoji", "internal/flatjson", "internal/fsx", "internal/half", "internal/lexicon", "internal/modelfile",
	"internal/par", "internal/rnn", "internal/seed", "internal/tensorfile", "internal/vec", "tokenize/internal/plugin",
	// others', with the packages below them
	"github.com/klauspost/compress",   // the lexicon and the emoji names are kept compressed
	"github.com/kljensen/snowball",    // stem
	"golang.org/x/sys/cpu",            // which kernels to run
	"golang.org/x/text",               // nfc, nfkc, accents, fold
	"gonum.org/v1/gonum/floats",       // sums
	"gonum.org/v1/gonum/internal/asm", // its kernels
	"gopkg.in/neurosnap/sentences.v1", // sentences
}

// What the page in a browser is made of beside them: everyone who opens it waits for
// it. The linker leaves out most of what explain prints tables with.
var browsing = []string{
	"web", "classify/answer", "explain", "evaluate", "report", "internal/escape", "internal/jsonapi", "internal/webpage", "pretrained/langid",
	"gonum.org/v1/gonum", "github.com/olekukonko", "github.com/mattn", "github.com/fatih/color", "github.com/clipperhouse", "github.com/cespare/xxhash/v2",
}

func TestPredictingLinksLittle(t *testing.T) {
	for pkg, more := range map[string][]string{"./classify": nil, "./pretrained": {"pretrained"}, "./web": browsing} {
		allowed := append(more, predicting...)
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg)
		cmd.Dir = "../.."
		if pkg == "./web" {
			cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range strings.Fields(string(out)) {
			name, ours := local(p)
			if ours && !slices.Contains(allowed, name) || !ours && !within(p, allowed) {
				t.Errorf("%s imports %s, directly or not: everyone who predicts pays for it", pkg, p)
			}
		}
	}
}

// The command that forecasts numbers carries nothing that is about texts.
func TestForecastLinksNoText(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./cmd/forecast")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := []string{"classify", "corpora", "embed", "ngram", "pretrain", "pretrained", "seq2seq", "tokenize", "vocab"}
	for _, p := range strings.Fields(string(out)) {
		if name, ours := local(p); ours && within(name, text) {
			t.Errorf("cmd/forecast imports %s, directly or not", p)
		}
	}
}

// A program with the embedded model of 8 MB.
func TestPredictingIsSmall(t *testing.T) {
	const (
		maxBytes   = 16_000_000
		maxModules = 6 // beside this one
	)
	program := filepath.Join(t.TempDir(), "label.exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./examples/label")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBytes {
		t.Errorf("a program that predicts has %d bytes, want at most %d", info.Size(), maxBytes)
	}
	build, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if len(build.Deps) > maxModules {
		t.Errorf("a program that predicts has the code of %d modules beside this, want at most %d", len(build.Deps), maxModules)
	}
	t.Logf("%d bytes, %d modules", info.Size(), len(build.Deps))
}

package diagram_test

import (
	"fmt"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/explain/gradflow/diagram"
	"github.com/textlstm/textlstm/lstm"
)

// The curves of untrained LSTMs, as a picture for a paper and one for a page.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "diagram")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	curves, err := gradflow.Fresh(lstm.Config{InputSize: 4, HiddenSize: 8}, gradflow.Noise(2, 30, 4, 1, 1), gradflow.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := diagram.Write(dir, curves); err != nil {
		log.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name())
	}
	// Output:
	// gradient-forward.png
	// gradient-forward.svg
}

// Each direction of each layer is a plot; norms that are no numbers are left out.
func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := diagram.Write(dir, []gradflow.Curve{
		{Name: "lower", Layer: 0, Norms: []float64{1, 0.1}},
		{Name: "upper", Layer: 1, Norms: []float64{1, 0, 1e-300}, Scale: 0.5},
		{Name: "back", Layer: 1, Reverse: true, Norms: []float64{1, 2}},
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"gradient-forward-layer-1", "gradient-forward", "gradient-reverse"}
	for _, name := range want {
		svg, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil || !strings.Contains(string(svg), "<svg") {
			t.Errorf("%s: %v", name, err)
		}
		if has := strings.Contains(string(svg), "clipped"); has != (name == "gradient-forward") {
			t.Errorf("%s: a clipped curve: %v", name, has)
		}
		f, err := os.Open(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if img, err := png.Decode(f); err != nil || img.Bounds().Dx() != 864 {
			t.Errorf("%s: %v, %v", name, img.Bounds(), err)
		}
		f.Close()
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2*len(want) {
		t.Errorf("%v: %d files", err, len(files))
	}
}

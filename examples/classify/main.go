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

	"github.com/textlstm/textlstm"
	"github.com/textlstm/textlstm/recipe"
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
	var texts, desks []string
	for row := range strings.Lines(helpDesk) {
		desk, text, _ := strings.Cut(strings.TrimSpace(row), "\t")
		texts, desks = append(texts, text), append(desks, desk)
	}
	data, err := textlstm.Texts(texts[1:], desks[1:]) // without the header
	if err != nil {
		return err
	}
	// A small network from random weights takes a moment; Options{} would choose what
	// suits the texts, and start from the embedded language model.
	model, err := textlstm.Train(ctx, data, textlstm.Options{
		Start: recipe.None,
		Set:   []string{"epochs=40", "model.embed=16", "model.lstm.hidden_size=16", "schedule.rate=0.02"},
	})
	if err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "classify")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "helpdesk.safetensors")
	if err := model.Save(file); err != nil {
		return err
	}
	if model, err = textlstm.Load(file); err != nil {
		return err
	}

	for _, text := range []string{"the printer prints no colour", "i forgot my password again", "can i have a refund for the cable"} {
		fmt.Printf("%-35s %s\n", text, model.Predict(text).Label("label"))
	}
	return nil
}

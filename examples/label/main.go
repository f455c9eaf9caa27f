// Command label asks the model that comes with the toolkit about one text.
package main

import (
	"fmt"
	"log"

	"github.com/textlstm/textlstm/pretrained"
)

func main() {
	model, err := pretrained.Default()
	if err != nil {
		log.Fatal(err)
	}
	p := model.Predict("The room was spotless and the staff were wonderful.")
	fmt.Printf("%s (%.2f)\n", p.Label("sentiment"), p.Prob("sentiment", "positive"))
}

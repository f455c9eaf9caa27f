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
	answer := model.Predict("The room was spotless and the staff were wonderful.")
	for i, head := range model.Heads() {
		score := answer.Scores[i]
		fmt.Printf("%s: %s (%.2f)\n", head.Name, head.Labels[score.Label], score.Prob())
	}
}

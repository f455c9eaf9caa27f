package pretrained_test

import (
	"fmt"
	"log"

	"github.com/textlstm/textlstm/pretrained"
)

func ExampleDefault() {
	model, err := pretrained.Default()
	if err != nil {
		log.Fatal(err)
	}
	answer := model.Predict("What a wonderful, moving film. The acting is superb.")
	for i, head := range model.Heads() {
		if head.Name == "sentiment" {
			fmt.Println(head.Labels[answer.Scores[i].Label])
		}
	}
	// Output: positive
}

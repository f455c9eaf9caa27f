package recipe_test

import (
	"fmt"
	"log"

	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/train"
)

// Settings of a recipe go over those that suit the texts.
func ExampleRead() {
	r, err := recipe.Read("", []string{"epochs=3", "model.lstm.hidden_size=64"})
	if err != nil {
		log.Fatal(err)
	}
	config, err := r.Over(train.Config{Epochs: 8, BatchSize: 16})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Epochs, config.BatchSize, config.Model.LSTM.HiddenSize)
	// Output: 3 16 64
}

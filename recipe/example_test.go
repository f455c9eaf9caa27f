package recipe_test

import (
	"fmt"
	"log"
	"os"

	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/train"
)

func ExampleSettings_Over() {
	settings, err := recipe.ReadSettings("", []string{"epochs=3", "model.lstm.hidden_size=64"})
	if err != nil {
		log.Fatal(err)
	}
	config := train.Config{Epochs: 8, BatchSize: 16}
	if err := settings.Over(&config); err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Epochs, config.BatchSize, config.Model.LSTM.HiddenSize)
	// Output: 3 16 64
}

func ExampleWriteTOML() {
	c := train.Config{Epochs: 3, Metric: "accuracy"}
	c.Schedule.Rate = 0.003
	if err := recipe.WriteTOML(os.Stdout, c); err != nil {
		log.Fatal(err)
	}
	// Output:
	// epochs = 3
	// metric = "accuracy"
	//
	// [schedule]
	// rate = 0.003
}

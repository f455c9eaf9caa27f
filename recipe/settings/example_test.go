package settings_test

import (
	"fmt"
	"log"
	"os"

	"github.com/textlstm/textlstm/recipe/settings"
	"github.com/textlstm/textlstm/train"
)

func ExampleTree_Over() {
	tree, err := settings.Read("", []string{"epochs=3", "model.lstm.hidden_size=64"})
	if err != nil {
		log.Fatal(err)
	}
	config := train.Config{Epochs: 8, BatchSize: 16}
	if err := tree.Over(&config); err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Epochs, config.BatchSize, config.Model.LSTM.HiddenSize)
	// Output: 3 16 64
}

func ExampleTree_WriteTOML() {
	c := train.Config{Epochs: 3, Metric: "accuracy"}
	c.Schedule.Rate = 0.003
	tree, err := settings.Of(c)
	if err != nil {
		log.Fatal(err)
	}
	if err := tree.WriteTOML(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// epochs = 3
	// metric = "accuracy"
	//
	// [schedule]
	// rate = 0.003
}

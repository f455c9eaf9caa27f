package multilingual_test

import (
	"fmt"
	"log"

	"github.com/textlstm/textlstm/pretrained/multilingual"
)

func ExampleModel() {
	model, err := multilingual.Model()
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{
		"Das Essen war hervorragend und das Personal sehr freundlich.",
		"Der Film ist langweilig und viel zu lang.",
	} {
		fmt.Println(model.Predict(text).Label("sentiment"))
	}
	// Output:
	// positive
	// negative
}

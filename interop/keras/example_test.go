package keras_test

import (
	"fmt"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop/keras"
)

// A classifier that was trained in Keras, with its vocabulary and standardisation.
func ExampleOpen() {
	f, err := keras.Open("testdata/text_sequential.keras", "")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	n, err := f.Network(keras.Options{Labels: []string{"bad", "so", "good"}})
	if err != nil {
		panic(err)
	}
	m, err := n.Model(classify.Card{Name: "from Keras"})
	if err != nil {
		panic(err)
	}
	p := m.Predict("The FILM was good!!!")
	fmt.Println(m.Pipeline())
	fmt.Printf("%s %.4f\n", p.Label(""), p.Prob("", p.Label("")))
	// Output:
	// fields:ascii|lower:ascii|depunct|max:12
	// good 0.5503
}

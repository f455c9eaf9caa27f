package onnx_test

import (
	"fmt"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/onnx"
)

// A classifier that PyTorch has exported. Its texts become ids by a vocabulary.
func ExampleFile_Network() {
	f, err := onnx.Open("../testdata/torch/bilstm-2-hidden.legacy.onnx")
	if err != nil {
		panic(err)
	}
	n, err := f.Network(onnx.Options{
		Labels: []string{"bad", "fair", "good"},
		Text: interop.Text{
			Pipeline: "words|lower",
			Tokens:   []string{"<pad>", "<unk>", "a", "dull", "film", "with", "one", "bright", "song"},
		},
	})
	if err != nil {
		panic(err)
	}
	m, err := n.Model(classify.Card{Name: "from PyTorch"})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Predict("A dull film with one bright song").Label(""))
	// Output: good
}

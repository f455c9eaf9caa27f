package torch_test

import (
	"fmt"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop/torch"
)

// A classifier that was trained in PyTorch. Without a vocabulary its texts are ids.
func ExampleFile_Network() {
	f, err := torch.Open("../testdata/torch/bilstm-2-hidden.pt")
	if err != nil {
		panic(err)
	}
	n, err := f.Network(torch.Options{Labels: []string{"bad", "fair", "good"}})
	if err != nil {
		panic(err)
	}
	m, err := n.Model(classify.Card{Name: "from PyTorch"})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Predict("3 1 4 1 5 9").Label(""))
	// Output: good
}

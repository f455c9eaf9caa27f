package recommend_test

import (
	"fmt"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// What is recommended for a hundred long reviews, with one setting changed.
func Example() {
	data := &corpora.Dataset{Heads: []string{"stars"}}
	for i := range 100 {
		text := strings.Repeat("This is a story that was told to them before. ", 20)
		data.Examples = append(data.Examples, corpora.Example{Text: text, Labels: []string{fmt.Sprint(i % 2)}})
	}
	t := train.Trainer{Config: recommend.For(data)}
	t.Epochs = 4
	fmt.Println(t.Model.Pipeline, t.Model.Chunk, t.Model.LSTM.Direction, t.RefitNgrams)
	// Output: html|unify|words|camel|quotes|lower|elongate|repeat|urls|mentions|stem:en 64 bidirectional true
}

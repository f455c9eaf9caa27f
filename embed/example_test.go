package embed_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/vocab"
)

func Example() {
	v, err := vocab.New([]string{"good", "fine", "bad", "film"}, []int64{40, 10, 30, 20}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	glove := "good 0.9 0.1\nbad -0.8 0.2\nfine 0.8 0.2\nmusic 0 1\n"
	rng := rand.New(rand.NewPCG(1, 0)) // for the words that the file lacks
	table, coverage, err := embed.Read(strings.NewReader(glove), v, rng, embed.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(coverage)

	good := v.ID("good")
	for _, n := range table.Nearest(table.Row(good), 1, good) {
		fmt.Printf("%s %.3f\n", v.Token(n.ID), n.Cosine)
	}
	// Output:
	// 3 of 4 words have a vector (75.0%), 80.0% of the tokens
	// fine 0.991
}

func ExampleTable_Gather() {
	table, err := embed.New(4, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(table.Row(2), []float32{1, 2})
	copy(table.Row(3), []float32{3, 4})

	ids := []vocab.ID{3, 2, vocab.Pad, 3}
	x := make([]float32, len(ids)*table.Dim())
	table.Gather(x, ids)
	fmt.Println(x)

	table.Weight.NeedGrad()
	table.AddGrad(ids, []float32{1, 1, 2, 2, 9, 9, 1, 1})
	fmt.Println(table.Weight.Grad, table.Weight.Touched)
	// Output:
	// [3 4 1 2 0 0 3 4]
	// [0 0 0 0 2 2 2 2] [3 2]
}

func ExampleRead_error() {
	v, err := vocab.New([]string{"good"}, nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _, err = embed.Read(strings.NewReader("the 1 2 3\ngood 4 nan 6\n"), v, nil, embed.ReadOptions{})
	fmt.Println(err)
	// Output: embed: line 2: number 2: number is not finite: nan
}

package vocab_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/textlstm/textlstm/vocab"
)

func Example() {
	var c vocab.Counter
	for _, w := range strings.Fields("a good film , a very good film") {
		c.Add(w)
	}
	v, err := c.Build(vocab.Options{MinCount: 2})
	if err != nil {
		panic(err)
	}
	for id, token := range v.All() {
		fmt.Println(id, token, v.Count(id))
	}
	fmt.Println(v.ID("good"), v.ID("terrible"))
	// Output:
	// 2 a 2
	// 3 film 2
	// 4 good 2
	// 4 1
}

func ExampleVocabulary_WriteTo() {
	v, err := vocab.New([]string{"the", "good", "tab\there"}, []int64{9, 4, 1}, 10)
	if err != nil {
		panic(err)
	}
	v.WriteTo(os.Stdout)
	// Output:
	// #vocab 1 buckets=10
	// the	9
	// good	4
	// tab\there	1
}

func ExampleRead() {
	_, err := vocab.Read(strings.NewReader("#vocab 1 buckets=0\ngood\tmany\n"))
	fmt.Println(err)
	// Output: vocab: line 2: vocab: not a vocabulary file: count "many" of token "good" is not a number
}

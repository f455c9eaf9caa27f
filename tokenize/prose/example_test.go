package prose_test

import (
	"fmt"

	"github.com/textlstm/textlstm/tokenize"
	_ "github.com/textlstm/textlstm/tokenize/prose"
)

func Example() {
	for token := range tokenize.MustParse("treebank|pos:adj,adv").All("This is not a really good movie, sadly.") {
		fmt.Println(token.Text)
	}
	// Output:
	// not
	// really
	// good
	// ,
	// sadly
	// .
}

package langid_test

import (
	"fmt"

	"github.com/textlstm/textlstm/pretrained/langid"
)

// Whether a model that reads English should be asked.
func ExampleForeign() {
	for _, text := range []string{"What a lovely day it was!", "Was für ein schöner Tag das war!", "schön"} {
		fmt.Printf("%q\n", langid.Foreign(text, []string{"en"}))
	}
	// Output:
	// ""
	// "de"
	// ""
}

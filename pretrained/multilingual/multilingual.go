// Package multilingual holds a model of the sentiment of texts in many languages, for
// programs whose texts are not English alone. Only programs that import it carry its file.
// MODEL_CARD.md beside it says which languages it reads, what it was trained on, and how
// good it is in each.
package multilingual

import (
	_ "embed" // for the model
	"sync"

	"github.com/textlstm/textlstm/classify"
)

// Name is what commands call the model.
const Name = "multilingual"

//go:embed multilingual.safetensors
var file []byte

// Model returns the embedded model, whose one head, sentiment, has the labels negative,
// neutral and positive. The languages that it reads are its Config's; answer.ReadBy asks it
// about texts in these. It is decoded at the first call; all calls return the same one.
func Model() (*classify.Model, error) { return load() }

var load = sync.OnceValues(func() (*classify.Model, error) { return classify.Decode(file) })

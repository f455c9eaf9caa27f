// Package pretrained holds the model that the sentiment command uses when no
// other is named: the sentiment and the topic of English texts. MODEL_CARD.md
// beside it says what it was trained on, how good it is and where it fails.
package pretrained

import (
	_ "embed" // for the model
	"sync"

	"github.com/textlstm/textlstm/classify"
)

//go:embed default.safetensors
var file []byte

// Default returns the embedded model. It is decoded at the first call; all
// calls return the same one.
func Default() (*classify.Model, error) { return load() }

var load = sync.OnceValues(func() (*classify.Model, error) { return classify.Decode(file) })

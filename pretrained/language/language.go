// Package language holds a language model of English for trainings to start from.
// Only programs that import it carry its 10 MB. MODEL_CARD.md of package pretrained
// says what it was trained on.
package language

import (
	_ "embed" // for the model
	"sync"

	"github.com/textlstm/textlstm/pretrain/lm"
)

//go:embed language.safetensors
var file []byte

// Model returns the embedded language model, for train.FromLanguageModel;
// recommend.StartHelps says when a training gains from it. It has read texts without
// labels, so that what starts from it may be judged by any labelled texts but those
// (the card lists them). It is decoded at the first call; all calls return the same
// one.
func Model() (*lm.Model, error) { return load() }

var load = sync.OnceValues(func() (*lm.Model, error) { return lm.Decode(file) })

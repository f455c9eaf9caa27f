// Package pretrained holds the model that the sentiment command uses when no
// other is named: the sentiment and the topic of English texts; and a language
// model of English for trainings to start from. MODEL_CARD.md beside it says what
// they were trained on, how good they are and where they fail.
package pretrained

import (
	_ "embed" // for the model
	"sync"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/lm"
)

//go:embed default.safetensors
var file []byte

// Default returns the embedded model. It is decoded at the first call; all
// calls return the same one.
func Default() (*classify.Model, error) { return load() }

var load = sync.OnceValues(func() (*classify.Model, error) { return classify.Decode(file) })

//go:embed language.safetensors
var languageFile []byte

// Language returns the embedded language model of English, for
// train.FromLanguageModel; train.StartHelps says when. It has read texts without
// labels, so that what starts from it may be judged by any labelled texts but those
// (MODEL_CARD.md lists them). It is decoded at the first call; all calls return the
// same one.
func Language() (*lm.Model, error) { return loadLanguage() }

var loadLanguage = sync.OnceValues(func() (*lm.Model, error) { return lm.Decode(languageFile) })

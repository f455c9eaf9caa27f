package keras

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/tokenize"
)

// A vectorizer is a TextVectorization layer.
type vectorizer struct {
	name       string
	pipeline   string // without truncation
	vocabulary []string
}

func (b *builder) textVectorization(l *layer, at place, in []value) (value, error) {
	var c struct {
		Standardize json.RawMessage `json:"standardize"`
		Split       json.RawMessage `json:"split"`
		Ngrams      json.RawMessage `json:"ngrams"`
		Mode        string          `json:"output_mode"`
		Length      *int            `json:"output_sequence_length"`
		Ragged      bool            `json:"ragged"`
		Encoding    string          `json:"encoding"`
		Vocabulary  json.RawMessage `json:"vocabulary"`
	}
	if err := l.options(&c); err != nil {
		return value{}, err
	}
	v, err := single(l, in, text, ids) // an Input of dtype string, or of none said
	if err != nil {
		return v, err
	}
	t := &vectorizer{name: l.name()}
	standardize, ok := map[string]string{
		"": "", "null": "", `"lower_and_strip_punctuation"`: "|lower:ascii|depunct", `"lower"`: "|lower:ascii", `"strip_punctuation"`: "|depunct",
	}[string(c.Standardize)]
	split, known := map[string]string{`"whitespace"`: "fields:ascii", `"character"`: "runes:all", "": "fields:ascii"}[string(c.Split)]
	given := b.options.Pipeline != "" // in place of code that no file holds
	isNull := func(r json.RawMessage) bool { return len(r) == 0 || string(r) == "null" }
	switch {
	case b.vectorizer != nil:
		return v, refuse(t.name, "a second TextVectorization, want one")
	case !ok && !given:
		return v, refuse(t.name, "standardize %.60s, want lower_and_strip_punctuation, lower, strip_punctuation or None, or a pipeline that does the same", c.Standardize)
	case !known && !given:
		return v, refuse(t.name, "split %.60s, want whitespace or character, or a pipeline that does the same", c.Split)
	case !isNull(c.Ngrams):
		return v, refuse(t.name, "ngrams %.60s, want None", c.Ngrams)
	case c.Mode != "" && c.Mode != "int":
		return v, refuse(t.name, "output_mode %s, want int", c.Mode)
	case c.Ragged:
		return v, refuse(t.name, "ragged=True, want False")
	case c.Encoding != "" && !strings.EqualFold(c.Encoding, "utf-8"):
		return v, refuse(t.name, "encoding %s, want utf-8", c.Encoding)
	}
	if t.pipeline = split + standardize; !ok || !known {
		t.pipeline = b.options.Pipeline
	}
	if t.vocabulary, err = b.readVocabulary(l, at, c.Vocabulary); err != nil {
		return v, err
	}
	b.vectorizer = t
	out := value{what: ids}
	if c.Length != nil {
		out.steps = *c.Length
	}
	return out, nil
}

// readVocabulary finds the words of a layer: in its config, in a file of the archive, or in
// the options.
func (b *builder) readVocabulary(l *layer, at place, config json.RawMessage) ([]string, error) {
	var words []string
	if json.Unmarshal(config, &words) == nil && words != nil {
		if len(words) == 0 || words[0] != "" {
			words = append([]string{"", "[UNK]"}, words...)
		}
		return words, nil
	}
	for _, name := range []string{"/_lookup_layer/vocabulary.txt", "/vocabulary.txt"} {
		if name = "assets/" + string(at) + name; b.file.files == nil || !b.file.files.Has(name) {
			continue
		}
		content, err := b.file.files.ReadFile(name, min(maxVocabulary, b.file.files.Size()+moreVocabulary))
		if err != nil {
			return nil, err
		}
		if n, size := bytes.Count(content, []byte("\n")), b.file.files.Size(); int64(n) > size/8+1<<10 {
			return nil, refuse(l.name(), "%d words: too many for the vectors of a file of %d bytes", n, size)
		}
		return strings.Split(string(content), "\n"), nil
	}
	if b.options.Vocabulary != nil {
		return b.options.Vocabulary, nil
	}
	return nil, refuse(l.name(), "the file has no vocabulary: give the lines of get_vocabulary()")
}

// setText says how texts become rows of the embedding.
func (b *builder) setText() error {
	e := b.net.Embedding
	if e == nil {
		return nil
	}
	tokens, pipeline := b.options.Vocabulary, b.options.Pipeline
	if t := b.vectorizer; t != nil {
		tokens, pipeline = t.vocabulary, t.pipeline
		if steps := b.steps; steps > 0 {
			pipeline += fmt.Sprintf("|max:%d", steps)
			if !b.masked {
				pipeline += fmt.Sprintf("|pad:%d", steps)
			}
		}
		if len(tokens) < 2 || tokens[0] != "" || tokens[1] != "[UNK]" {
			return refuse(t.name, `a vocabulary that does not begin with "" and "[UNK]"`)
		}
	}
	if tokens != nil {
		if pipeline == "" {
			pipeline = classify.DefaultPipeline
		}
		if len(tokens) > e.Rows {
			return refuse(b.embedding, "%d rows for a vocabulary of %d", e.Rows, len(tokens))
		}
		tokens = slices.Clone(tokens)
		if len(tokens) > 0 && tokens[0] == "" && !b.masked { // padding is read as words are
			tokens[0] = tokenize.PadToken
		}
	}
	b.net.Text.Tokens, b.net.Text.Pipeline = tokens, pipeline
	return nil
}

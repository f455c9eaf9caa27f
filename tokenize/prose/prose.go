// Package prose adds to package tokenize what it takes from
// github.com/jdkato/prose/v2: the segmenter treebank and the filter pos. Its
// models are four megabytes, so that a program has them only by importing it:
//
//	import _ "github.com/textlstm/textlstm/tokenize/prose"
//
// Without it, [tokenize.Parse] refuses a pipeline that names one of the two. The
// command sentiment has it.
package prose

import (
	"github.com/jdkato/prose/v2"

	"github.com/textlstm/textlstm/tokenize/internal/plugin"
)

func init() {
	plugin.Treebank = tokens
	plugin.Tag = func(words, tags []string) { tagger().tag(words, tags) }
}

func tokens(text string) []string {
	doc, err := prose.NewDocument(text,
		prose.WithSegmentation(false), prose.WithTagging(false), prose.WithExtraction(false))
	if err != nil {
		panic(err) // prose returns no other error than nil
	}
	var words []string
	for _, t := range doc.Tokens() {
		words = append(words, t.Text)
	}
	return words
}

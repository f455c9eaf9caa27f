// Package plugin holds what package tokenize/prose gives to package tokenize:
// variables, so that a program that does not import tokenize/prose has none of
// its four megabytes. They are nil there, and set before main starts elsewhere.
package plugin

import "errors"

// Treebank returns the tokens of an English text, as the Penn Treebank has them.
var Treebank func(text string) []string

// Tag puts the Penn Treebank tags of the words of an English text into the empty
// ones of tags, which has as many; those that are there are taken as they are.
var Tag func(words, tags []string)

// ErrMissing is the error of a pipeline that needs the variables, without them.
var ErrMissing = errors.New(`not linked into this program: import _ "github.com/textlstm/textlstm/tokenize/prose"`)

// Package classify labels texts with an LSTM: one encoder, shared by any number
// of heads, each of which answers one question with one of its labels.
//
// Text flows one way: a [tokenize.Pipeline] cuts it into tokens, a
// [vocab.Vocabulary] turns them into ids, a [Network] turns ids into vectors,
// states, a pooled vector and the scores of each head. A [Model] is all of
// these together, as one value and as one file; package train makes them.
package classify

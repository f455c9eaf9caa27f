// Package vocab maps tokens to dense integer IDs and back.
//
// # Layout
//
// The rows of a [Vocabulary] are, in ID order:
//
//	0                  Pad, the row of padding
//	1                  Unk, the row of every unknown token when there are no buckets
//	2 .. 2+N-1         the N known tokens, by falling count, ties by rising bytes
//	2+N .. 2+N+B-1     B hash buckets, shared by the unknown tokens
//
// An embedding table therefore needs [Vocabulary.Len] = 2+N+B rows. Adding
// buckets never changes the ID of a known token.
//
// # Building
//
// A [Counter] counts tokens; counters filled by several goroutines are merged.
// [Counter.Build] depends only on the counts, never on the order of arrival or
// of the map's iteration.
//
// # Files
//
// [Vocabulary.WriteTo] and [Read] use a text format, one token a line with its
// count, described at [Read]. A Vocabulary is also a json.Marshaler, which is
// how a model file carries it.
//
// Tokens are valid UTF-8: [Counter.Build] leaves others out (they are unknown
// tokens at prediction), [New] and [Read] refuse them.
package vocab

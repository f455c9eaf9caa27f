// Package embed holds word vectors: a trainable table of one row per token ID,
// nearest neighbours in it, and readers that fill it from pretrained vectors.
//
// # The table
//
// A [Table] of a vocabulary of V IDs and dimension D is a [V][D] row-major
// matrix, a parameter like any other ([nn.Param] "embedding.weight"). A batch
// reads its rows with [Table.Gather] and adds its gradient with
// [Table.AddGrad], which notes the rows touched, so that the cost of a step
// depends on the batch and not on the vocabulary. Row [vocab.Pad] is zero and
// stays zero.
//
// # Character n-grams
//
// [Subwords] are vectors of the character n-grams of words, which are added to
// a word's row and stand in for that of an unknown word.
//
// # Pretrained vectors
//
// [Read] knows these formats and tells them apart by itself:
//
//	GloVe         "word v1 ... vD" lines
//	Word2VecText  a line "rows D", then lines as above; also fastText's .vec
//	Word2VecBin   a line "rows D", then per row the word, a space and D
//	              little-endian float32
//	FastTextBin   fastText's .bin, whose character n-grams give a vector to
//	              every word
//
// It keeps the rows of a vocabulary's words alone, in one pass, and reports its
// [Coverage]: a model whose words are mostly missing from the file trains on
// random vectors, which no accuracy figure shows directly. Input is bounded by
// [ReadOptions], and a file that is cut short, ragged or not finite is refused
// with the line. [Table.WriteText] writes the second of these formats.
//
// Sources: Mikolov et al. 2013 (word2vec, analogies by 3CosAdd), Pennington et
// al. 2014 (GloVe), Bojanowski et al. 2017 (fastText).
package embed

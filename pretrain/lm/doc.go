// Package lm trains language models on texts without labels, so that a
// classifier can start from what they know of the words.
//
// A Model is an embedding table and an LSTM encoder, as a classifier has them,
// that has learned to name the next word from the state of its forward cells
// and the word before from that of its reverse cells. Dai & Le (2015) start
// classifiers from such weights, Peters et al. (2017) read both directions.
//
// # Training
//
// A word's score is the product of its vector with a projection of the state,
//
//	s_w = e_w · (P h_t + p) + b_w
//
// with the vectors of the embedding table itself (Press & Wolf 2017): the only
// other weights of the output are P [D][H], p [D] and b [V]. The loss of a
// prediction is the cross-entropy of the true word among a sample of Samples
// others, the same ones for the whole batch, drawn without replacement with
// probabilities proportional to count^0.75 and corrected for by the logarithm of
// the expected number of times each is drawn (Jean et al. 2015). Perplexity
// is measured on texts set aside, over the whole vocabulary.
//
// Long texts are read in pieces of Chunk words, each from a zero state, as
// classifiers with Config.Chunk read them. Unknown words are read but not
// predicted.
//
// Batches, samples and dropout are functions of the seed and of the step. The
// number of workers changes no bit, and a training that goes on from a
// checkpoint ends with the bytes of one that was never interrupted.
package lm

// Package skipgram learns word vectors from texts without labels, by skip-gram
// with negative sampling (Mikolov et al. 2013, "Distributed representations of
// words and phrases and their compositionality"): the vectors of words that stand
// among the same words become alike. A classifier that starts from vectors of
// texts like its own knows something of words that its labelled texts have
// seldom. A language model of package lm teaches it more, and takes much longer.
//
// # Training
//
// A word w has a vector v_w, which is the result, and one as a neighbour, u_w.
// For each token, a window of 1 to Config.Window tokens to each side is drawn;
// with every token o in it, the token w is a pair, whose loss is
//
//	-log s(v_w . u_o) - K * mean over j of [j != o] log s(-v_w . u_j)
//
// where s is the logistic function, K is Config.Negatives, and the j are noise:
// words drawn with probabilities proportional to count^0.75. Before that, each
// token of a word whose share of all tokens is f is left out with probability
// 1 - sqrt(t/f) - t/f, t being Config.Sample, as word2vec does it, and so are
// unknown words: the windows reach over what is left out. The weights move by
// gradient descent at a rate that falls linearly from Config.Rate to nothing.
//
// # Batches
//
// The texts are dealt out anew in each epoch, in pieces of about 256 tokens. All
// pairs of a piece share the same noise, so that its scores and gradients are
// products of matrices (Ji et al. 2016, "Parallelizing Word2Vec in shared and
// distributed memory"). Eight pieces see the same weights; their gradients are
// then added, to each row in the order of the pieces. A row of which a batch has
// very many terms takes a shorter step, for the sum of that many would lead too
// far from where it was computed.
//
// All that is drawn is a function of the seed, the epoch and the piece, so that
// the number of workers changes no bit.
package skipgram

// Package explain says which words of a text made a model answer as it did.
//
// # What is explained
//
// An explanation is about one score: how much a model prefers one label of a
// head. For a head whose labels exclude one another that is the label's logit
// less the mean of the other labels' logits, so with two labels the log-odds;
// against a second label, the difference of the two logits. For a multi-label
// head it is the label's own logit. Scores are in natural-log units and are
// those that the probabilities come from: the scales of the branches, and
// with them the calibration, are in.
//
// Every word of the user's own text, given by byte offsets, gets a part of the
// score. The parts and the base, which is the score of no words, sum to the
// score.
//
// # The deep branch
//
// A word's part is its integrated gradient (Sundararajan, Taly & Yan 2017,
// "Axiomatic Attribution for Deep Networks"): with x the word vectors of the
// text and F the score,
//
//	part_t = x_t · ∫ dF/dx_t (αx) dα,  α from 0 to 1
//
// so that the base is the score of as many vectors of zeros, which is what
// padding is. The parts then sum to F(x) - F(0) but for the error of the
// integral. That error is known, since the integral of the whole gradient over
// any stretch of the path is the difference of F at its ends: stretches are
// halved where Simpson's rule misses that difference most, until all of them
// together miss no more than the tolerance. Where the score jumps, as it does
// where a recurrent network tips over, the jump is shared out as the gradient at
// its steepest point is. [Path] tells what came out.
//
// # The wide branch
//
// The wide branch is linear, so the parts are exact: an n-gram's weight is
// shared among its places in the text, and at each among the words it covers.
// The n-grams of the text's edge alone belong to the base.
//
// # The lexicon
//
// Where a head weighs what the words say by a lexicon, its part of the
// score is shared among the rated words as their ratings are, turned round by
// negations.
//
// # Checks
//
// Leaving a word out and asking again needs no theory, but misses words that
// stand in for each other; the correlation of the two is reported where it is
// asked for. Attention weights, where the pooling has attention, say where the
// pooling looked, not which way it was moved (Jain & Wallace 2019).
//
// Everything is deterministic. An [Explainer] may be used by any number of
// goroutines.
package explain

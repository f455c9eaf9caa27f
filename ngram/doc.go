// Package ngram classifies texts by the n-grams in them, with a linear model:
// the wide half of a wide and deep classifier, and a strong baseline alone.
//
// A text's features, each present or absent, are what Config asks for: n-grams of
// its words, of the words' stems and of the classes that an opinion lexicon puts
// them in, pairs of words with a gap, and n-grams of the words' characters. A
// [Dictionary] keeps the features that occur in several training texts and gives
// them rows; a [Linear] has a weight for each row and label. [Fit] makes it as
// NBSVM does: a support vector machine on features scaled by their naive Bayes
// log-count ratios (Wang & Manning 2012), one against the rest where there are
// more than two labels.
package ngram

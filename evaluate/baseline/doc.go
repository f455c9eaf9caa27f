// Package baseline holds classifiers to measure a model against: the most
// frequent label, the rules and the lexicon of VADER, and NBSVM.
//
// A model that does not beat them is not worth its training. [Majority] says what
// an accuracy is worth where one label prevails, [VADER] what a lexicon gives
// without any training, [NBSVM] what the n-grams of the same training texts give
// a linear model.
//
// [Predict] runs any [Classifier] over texts and gathers its answers for package
// evaluate.
package baseline

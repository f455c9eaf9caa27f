// Package train fits classifiers to labelled texts.
//
// A training is a pure function of its data, its [Config] and its seed: the
// number of workers changes the time it takes and nothing else.
package train

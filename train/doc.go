// Package train fits classifiers to labelled texts.
//
// A training is a pure function of its data, its [Config] and its seed: the
// number of workers changes the time it takes and nothing else. Nor does an
// interruption: a [Trainer] with a directory for checkpoints goes on where it
// was and ends with the same bytes.
//
// [Trainer.Fit] holds the texts in memory; [Trainer.FitStream] reads them from
// disk in every epoch, in memory that does not grow with their number.
package train

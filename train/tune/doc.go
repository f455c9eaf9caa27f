// Package tune looks for the settings that train the best model.
//
// A [Study] tries settings from a [Space] one after the other, or some at a
// time, and judges each by the score on the dev texts. Trial 0 is always the
// settings that the study began with, so that it can say whether it found
// better ones. How a study chooses is its [Method]:
//
//   - random draws every setting by itself (Bergstra & Bengio 2012);
//   - TPE draws settings that are likelier among the best trials so far than
//     among the others (tree-structured Parzen estimators, Bergstra et al. 2011);
//   - halving draws at random too, but trains most trials for a few epochs only,
//     and the best third of those longer (asynchronous successive halving, Li et
//     al. 2020). A trial that goes on is trained anew, since the course of the
//     learning rate depends on the number of epochs.
//
// A study is a function of its options, its texts and its seed. Trials that run
// at the same time are chosen together, before any of them has ended, so that
// their timing changes nothing; and a study that is killed and resumed from its
// file, which is replaced after every run, ends with the same file.
//
// The best of many dev scores is too good: part of it is luck. Judge the model
// trained with the settings found on other texts.
package tune

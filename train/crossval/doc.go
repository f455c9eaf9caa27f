// Package crossval tells how good a way of training is on data that has no test
// set of its own: by k-fold cross-validation.
//
// The texts are cut into k folds, in each of which every label has its share and
// of which no two have a text in common, unless Options.SplitDuplicates asks for folds
// like those of most published metrics. Each fold is answered by a model that
// has been trained on the others; a part of those is kept back to choose the
// epoch and the scales of the branches, so that nothing of a fold is looked at
// before it is answered. Every text is answered once that way.
//
// The spread of a metric over the folds is larger than chance alone would make
// it: two trainings share most of their texts, so the folds are not independent,
// and no estimate of the variance from one cross-validation is unbiased (Bengio
// & Grandvalet 2004). Read it as a spread, not as an interval.
//
// Run cuts at random: it tells how well a model does on texts like those it has
// learned from. LeaveOut leaves out one kind of texts at a time, all films or all
// tweets, and tells how well it does on texts of another kind, which is what users
// bring.
package crossval

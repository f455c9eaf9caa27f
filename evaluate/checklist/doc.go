// Package checklist tests what a classifier of texts can do, one capability at a
// time: a behavioural suite in the way of Ribeiro, Wu, Guestrin & Singh 2020,
// Beyond Accuracy: Behavioral Testing of NLP Models with CheckList.
//
// Accuracy on held-out texts says how often a model is right; a suite says what
// it has understood, of negation or of a name that does not matter. A test is of
// one of three types:
//
//	MFT  minimum functionality: a text must get one of the labels in want
//	INV  invariance: a changed text must get the label of the first text of its
//	     group, or no probability may change by more than the tolerance
//	DIR  direction: in a changed text the probability of the label in up must
//	     not be lower than in the first text of its group by more than the
//	     tolerance
//
// The tolerance is 0.1 where a test has none of its own.
//
// # Files
//
// A suite is a TOML file of tests:
//
//	capability = "negation" # of the tests that name none
//
//	[[test]]
//	name = "not and a good word"
//	type = "MFT"
//	want = ["negative"]
//	texts = ["The {thing} was not {good}.", "I didn't like it."]
//	fill.thing = ["food", "film"]
//	fill.good = ["good", "great"]
//
//	[[test]]
//	name = "contractions"
//	type = "INV"
//	pairs = [["I don't like it.", "I do not like it."]]
//
//	[[test]]
//	name = "places"
//	type = "INV"
//	vary = "place"
//	texts = ["Our hotel in {place} was filthy."]
//	fill.place = ["Oslo", "Lagos", "London"]
//
//	[[test]]
//	name = "stronger praise"
//	type = "DIR"
//	up = "positive"
//	tolerance = 0.05
//	pairs = [["It was good.", "It was very good.", "It was extremely good."]]
//
// A word in braces is a slot: the text stands for one text for each word that
// fills it, and with several slots for all combinations. All texts of a group
// have the same fillings. The first text of a group of pairs is the one that the
// others are compared with, one case each; with vary the texts that differ in
// that slot alone are a group.
//
// Default is a suite for the sentiment of English texts, with the labels negative,
// neutral and positive. Its texts were written for it; whoever trains on them has
// no use for it any more.
//
// The package knows nothing of models: Run asks a function for probabilities.
package checklist

// Package transform has the steps of a pipeline of Apache Beam that classifies texts and
// judges classifiers, on whatever engine runs it:
//
//	rows := transform.Read(s, transform.Source{Files: []string{"gs://bucket/reviews-*.jsonl"}, Options: corpora.Options{Unlabelled: true}})
//	answers, bad := transform.Classify(s, transform.Classifier{}, rows)
//	transform.Write(s, transform.Sink{Prefix: "gs://bucket/answers", Shards: 20}, answers)
//	transform.Write(s, transform.Sink{Prefix: "gs://bucket/bad"}, bad)
//
// Read cuts files of lines into blocks, which are what workers share; the rows have the IDs
// that the command sentiment gives them. Classify loads its model once in a process and
// answers texts in batches. Evaluate gathers answers and labels in accumulators that any
// worker may merge, and computes of the whole what "sentiment eval" does, bit for bit.
// CrossValidate trains one fold per element.
//
// Every element carries where it stands in its file, so that no result depends on how an
// engine cuts, orders or repeats the work; output files appear under their names when they
// are complete. A program that runs a pipeline calls beam.Init, as for any pipeline in Go.
//
// Counters in the namespace "textlstm" say how many rows were read, could not be read, were
// answered and got no label; distributions, how long texts are and batches take.
package transform

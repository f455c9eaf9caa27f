// Package textlstm labels texts by sentiment, topic, or whatever it is taught, with
// LSTMs: it trains a model on labelled texts, loads it, asks it, and judges it.
//
// This package is the front door. A table of texts and labels becomes a model, and the
// model answers, in six lines:
//
//	data, err := textlstm.Read("tickets.csv", "queue")
//	model, err := textlstm.Train(ctx, data, textlstm.Options{})
//	err = model.Save("tickets.model")
//	// and elsewhere
//	model, err := textlstm.Load("tickets.model")
//	p := model.Predict("I was charged twice.")
//	fmt.Println(p.Label("queue"), p.Prob("queue", "billing"))
//
// [Texts] takes texts and labels from anywhere else. [Train] chooses settings by what the
// texts are like, as the command "sentiment train" does, and makes the same model.
//
// A program that only predicts should import [classify] for a model of its own, or
// [pretrained] for the embedded one: it is half as large then, for this package links
// what reading and training need.
//
// # Map
//
// Behind the door, from texts to figures:
//
//   - [corpora] reads, splits, checks and writes labelled files of any format;
//     [corpora/audit] looks for copies, leaks and wrong labels.
//   - [tokenize], [vocab], [embed] and [ngram] turn texts into numbers.
//   - [lstm], [gru] and [nn] are networks that know nothing of text; [nn/weights] keeps
//     them in files.
//   - [classify] is the model; [classify/answer] writes its answers, [classify/score]
//     gathers them beside the labels.
//   - [recipe] has the settings and files of a training and what suits them; [train] is
//     the training, [train/watch] shows its course, [train/crossval] and [train/tune]
//     judge and improve a way of training, [pretrain/lm] and [pretrain/skipgram] learn
//     from texts without labels.
//   - [seq2seq] makes one text of another, [evaluate/translation] judges that.
//   - [evaluate] computes figures, [evaluate/compare] sets systems side by side,
//     [evaluate/checklist] tests what a model can do, [evaluate/baseline] has what it
//     must beat.
//   - [explain] shows the words that an answer rests on.
//   - [report], [report/page], [report/answers] and [report/studies] print all of it.
//
// [classify]: https://pkg.go.dev/github.com/textlstm/textlstm/classify
// [pretrained]: https://pkg.go.dev/github.com/textlstm/textlstm/pretrained
// [corpora]: https://pkg.go.dev/github.com/textlstm/textlstm/corpora
// [corpora/audit]: https://pkg.go.dev/github.com/textlstm/textlstm/corpora/audit
// [tokenize]: https://pkg.go.dev/github.com/textlstm/textlstm/tokenize
// [vocab]: https://pkg.go.dev/github.com/textlstm/textlstm/vocab
// [embed]: https://pkg.go.dev/github.com/textlstm/textlstm/embed
// [ngram]: https://pkg.go.dev/github.com/textlstm/textlstm/ngram
// [lstm]: https://pkg.go.dev/github.com/textlstm/textlstm/lstm
// [gru]: https://pkg.go.dev/github.com/textlstm/textlstm/gru
// [nn]: https://pkg.go.dev/github.com/textlstm/textlstm/nn
// [nn/weights]: https://pkg.go.dev/github.com/textlstm/textlstm/nn/weights
// [classify/answer]: https://pkg.go.dev/github.com/textlstm/textlstm/classify/answer
// [classify/score]: https://pkg.go.dev/github.com/textlstm/textlstm/classify/score
// [recipe]: https://pkg.go.dev/github.com/textlstm/textlstm/recipe
// [train]: https://pkg.go.dev/github.com/textlstm/textlstm/train
// [train/watch]: https://pkg.go.dev/github.com/textlstm/textlstm/train/watch
// [train/crossval]: https://pkg.go.dev/github.com/textlstm/textlstm/train/crossval
// [train/tune]: https://pkg.go.dev/github.com/textlstm/textlstm/train/tune
// [pretrain/lm]: https://pkg.go.dev/github.com/textlstm/textlstm/pretrain/lm
// [pretrain/skipgram]: https://pkg.go.dev/github.com/textlstm/textlstm/pretrain/skipgram
// [seq2seq]: https://pkg.go.dev/github.com/textlstm/textlstm/seq2seq
// [evaluate/translation]: https://pkg.go.dev/github.com/textlstm/textlstm/evaluate/translation
// [evaluate]: https://pkg.go.dev/github.com/textlstm/textlstm/evaluate
// [evaluate/compare]: https://pkg.go.dev/github.com/textlstm/textlstm/evaluate/compare
// [evaluate/checklist]: https://pkg.go.dev/github.com/textlstm/textlstm/evaluate/checklist
// [evaluate/baseline]: https://pkg.go.dev/github.com/textlstm/textlstm/evaluate/baseline
// [explain]: https://pkg.go.dev/github.com/textlstm/textlstm/explain
// [report]: https://pkg.go.dev/github.com/textlstm/textlstm/report
// [report/page]: https://pkg.go.dev/github.com/textlstm/textlstm/report/page
// [report/answers]: https://pkg.go.dev/github.com/textlstm/textlstm/report/answers
// [report/studies]: https://pkg.go.dev/github.com/textlstm/textlstm/report/studies
package textlstm

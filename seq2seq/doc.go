// Package seq2seq makes one text of another: translation with LSTMs.
//
//	model, err := seq2seq.Train(ctx, seq2seq.Config{}, pairs, dev)
//	answers, err := model.Translate(ctx, []string{"Ein Mann schläft."}, seq2seq.Search{})
//	err = model.Save("de-en.model")
//
// # Network
//
// An encoder (Sutskever, Vinyals & Le 2014; here it reads both ways, as that of Bahdanau,
// Cho & Bengio 2015) makes states m_1…m_S of the source, and a decoder, an LSTM, says the
// target piece by piece. At every step it looks at the states by attention, whose score is
// one of package nn: "general" (Luong, Pham & Manning 2015) or "additive" (Bahdanau et al.
// 2015). What the attention gave goes into the next step beside the piece that was said
// (input feeding, Luong et al. 2015, section 3.3), and scores the next piece by its product
// with the vectors of the pieces themselves (Press & Wolf 2017):
//
//	s_0 = tanh(W_b [last forward state; first reverse state] + b_b), for all layers
//	s_t = LSTM([y_{t-1}; a_{t-1}], s_{t-1})
//	w_t = softmax_j(score(m_j, s_t))
//	a_t = tanh(W_c [Σ_j w_tj m_j; s_t] + b_c)
//	P(y_t) = softmax(E a_t + b)
//
// # Pieces
//
// The pipeline cuts texts into words, and byte pair encoding, which is learned from the
// training texts, words into pieces (Sennrich, Haddow & Birch 2016; package tokenize/bpe). A
// word that has white space before it begins with "▁", so that pieces become text again
// without rules for any language. Characters that training has met once at most are unknown;
// an unknown piece of a translation is copied from the source, from where attention looks
// (Luong et al. 2015b). With Config.WholeWords so are all words beyond the vocabulary.
//
// # Training
//
// The loss is the cross-entropy of the true pieces, with label smoothing, over the whole
// vocabulary; the decoder reads the true piece before or, for a share that rises with
// Config.Sampling, its own guess (Bengio et al. 2015). Batches hold pairs of like length in
// packed rows: no padding is computed. Batches, dropout and guesses are functions of the
// seed and of the step: the number of workers changes no bit, and a training that goes on
// from a checkpoint ends with the bytes of one that was never interrupted.
//
// # Search
//
// Translate keeps the best hypotheses at every step (beam search), with the length
// normalisation and the coverage penalty of Wu et al. 2016. A translation has the same
// bits whatever is translated together with it.
package seq2seq

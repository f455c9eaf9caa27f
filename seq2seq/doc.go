// Package seq2seq makes one sequence of another: translation with an LSTM.
package seq2seq

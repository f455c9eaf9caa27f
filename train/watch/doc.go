// Package watch shows the course of trainings: on a terminal, as lines of a log, as JSON
// lines, or in an event file for TensorBoard. Its methods are made for the OnProgress of
// a train.Trainer and its relatives.
package watch

// Package resume keeps what an interrupted run needs to go on as if nothing had
// happened: what the run is, how far it has come, and its tensors.
//
// An [Identity] lists what must be the same for a run to go on; the first
// difference is a [MismatchError]. A [Dir] holds the checkpoints of one run, each a
// tensor file that is written whole or not at all. [ReadJSON] and [WriteJSON] keep a
// state without tensors in one file.
package resume

// Package corpora reads, checks, splits and writes labelled text.
//
// # Words
//
// An [Example] is one text with one label per head; a head is one question
// asked of every text, such as sentiment or topic. A row is what a file stores
// one example in: a line of TSV or JSONL, a record of CSV or Parquet, a file of
// a directory. A source is one file, directory or archive, together with the
// labels that it tells apart.
//
// # Reading
//
// [Open] streams the examples of any number of files. The format is found from
// the content and the name: TSV, CSV, JSON lines and arrays, fastText's __label__
// lines, a directory per label, Parquet, trees in brackets, plain text; gzip, zstd
// and bzip2 are undone on the way; tar and zip archives are read in place, nothing
// is extracted. Text of any encoding arrives as valid UTF-8. A null is an empty text.
//
// What the options leave open is guessed from the first rows, and
// [FileReport.Guesses] lists it; where a guess is not safe the file is refused with
// its columns and the flag of the command sentiment that would settle it.
//
// A row that cannot be read is refused, not dropped: Read returns a
// [*ParseError] that names file, line and column and has Refused set, and the
// next call goes on with the next row. [Report] counts both, so that rows read
// plus rows refused are the rows of the file. Any other error ends the reading:
// a damaged archive is never taken for a short one.
//
//	r, err := corpora.Open(corpora.Options{}, "train.tsv.zst")
//	...
//	for ex, err := range r.All() { ... }
//
// # Labels
//
// Labels are compared as written, but for three that everybody spells two ways:
// neg and negative, pos and positive, neu and neutral, in any case, are read as
// the long form, and [Report.Renamed] says so. A whole number has one spelling: 1.0
// is 1. An empty label means that the row does not have one.
//
// # Memory
//
// A Reader holds one row and its buffers, whatever the size of the file: under 4
// MiB for ordinary rows, some three times Limits.RecordBytes for the largest. On
// top come the window of a zstd frame (8 MiB as zstd -19 writes it, refused above
// 128 MiB), a page per column of a Parquet table, and the names of the entries of
// a directory or archive. A zip archive or a table that is compressed or comes
// from a pipe is held whole, up to 256 MiB. A [Dataset] is a corpus in memory. A
// [Spool] shuffles a corpus that does not fit.
//
// A Reader, Writer or Spool serves one goroutine; a Dataset, once built, any
// number.
package corpora

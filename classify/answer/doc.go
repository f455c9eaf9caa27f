// Package answer runs a model over texts as they come and writes its answers as JSON:
// a record for each text, with its sentences and with the words that weigh most, if
// they are wanted.
//
// [All] makes the records, [NewWriter] prints them; either is of use without the
// other. Package report/answers writes tables and pages, and reads files.
package answer

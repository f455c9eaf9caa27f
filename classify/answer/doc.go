// Package answer runs a model over texts as they come and writes its answers: a
// record for each text, with its sentences and with the words that weigh most, if
// they are wanted, as JSON, JSON lines, CSV, TSV, Markdown, HTML or an aligned
// table.
//
// [All] makes the records, [NewWriter] prints them; either is of use without the
// other.
package answer

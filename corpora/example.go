package corpora

import (
	"cmp"
	"fmt"
	"strings"
)

// An Example is one text and its labels.
type Example struct {
	// ID names the example: the value of the ID column, the path of a document
	// (DIR/NAME in a directory, ARCHIVE!NAME in an archive), or file:row, where
	// rows count from 1, refused ones too and the header not.
	ID string
	// Line is the line of its file at which the row begins, from 1; 0 if it has
	// none, as a document.
	Line int
	// Text is valid UTF-8. It may be empty.
	Text string
	// Labels holds one label per head, in the order of the heads; "" means that
	// it is not known. Several labels of one head are joined by the separator: see
	// [SplitLabels]. One that begins with the separator is a set, which may be empty:
	// then it is known that no label applies.
	Labels []string
	// Source is an index into the sources of the Reader or Dataset.
	Source int32
	// Weight is the example's weight in training; 0 means 1.
	Weight float32
	// Fields are all columns of the row, in the order of the file, where Options.Keep
	// asks for them; a format without columns has its line or document under the name
	// text. A row of JSON has those that it has.
	Fields []Field
	// Bad says why the row could not be read, and has neither text nor label: see
	// MarkBad. It is nil for all others.
	Bad *ParseError
}

// A Field is a value of a row as its file has it.
type Field struct {
	// Name is the column's, or its number where the file has no header.
	Name string
	// Value is a cell, without the quotes around it, or JSON as it is written.
	Value string
	// JSON says that Value is JSON.
	JSON bool
}

// Label returns the label under head number head, "" if there is none.
func (e *Example) Label(head int) string {
	if head < len(e.Labels) {
		return e.Labels[head]
	}
	return ""
}

// A Source is one file, directory or archive that examples came from.
type Source struct {
	// Name is the path as it was given.
	Name string
	// Labels holds, per head, the labels that the source tells apart, sorted.
	// With several labels to a row these are the single labels.
	Labels [][]string
	// Spelling holds, per head, how the source spells the labels that are read in
	// another way, as neg for negative, each always in the same; see CanonicalLabel.
	// It may be shorter than Labels.
	Spelling []map[string]string
}

// A Dataset is a corpus in memory. Once built it may be used by any number of
// goroutines, as long as none changes it.
type Dataset struct {
	// Heads names the heads.
	Heads []string
	// Sources lists where the examples came from.
	Sources []Source
	// Examples holds the examples in the order of the files.
	Examples []Example
	// Separator joins several labels of one head, DefaultSeparator as the readers
	// give them; "" where a row has one label.
	Separator string
}

// A Place is where an example stands.
type Place struct {
	File string // with the file within it, if it is an archive; "" if there is none
	Line int    // from 1; 0 if it is not known
	ID   string // that its file gives it, "" if that is file and row
}

// Place says where example i stands.
func (d *Dataset) Place(i int) Place {
	ex := &d.Examples[i]
	p := Place{Line: ex.Line, ID: ex.ID}
	if int(ex.Source) < len(d.Sources) {
		p.File = d.Sources[ex.Source].Name
	}
	if p.File != "" && p.Line > 0 && strings.HasPrefix(p.ID, p.File) { // file:row, where the file may be one of an archive
		p.File, p.ID = p.ID[:max(len(p.File), strings.LastIndexByte(p.ID, ':'))], ""
	}
	return p
}

// String is for messages: file:line, or the ID where one of them is not known.
func (p Place) String() string {
	if p.File == "" || p.Line == 0 {
		return p.ID
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Name is what a reader of a report finds the example by: the ID that its file gives it,
// else file:line.
func (p Place) Name() string { return cmp.Or(p.ID, p.String()) }

// DefaultSeparator joins several labels of one head: the unit separator of ASCII,
// which no label holds, so that a comma within one splits nothing.
const DefaultSeparator = "\x1f"

// SplitLabels splits the labels of one head that sep joins, trimming the space
// around each and leaving out the empty ones. With an empty separator the whole
// string is one label.
func SplitLabels(labels, sep string) []string {
	if labels == "" {
		return nil
	}
	if sep == "" {
		return []string{labels}
	}
	var out []string
	for part := range strings.SplitSeq(labels, sep) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// CanonicalLabel returns the one spelling of the labels that have several:
// neg, pos and neu become negative, positive and neutral, in whatever case they
// are written. Any other label is returned as it is.
func CanonicalLabel(label string) string {
	switch len(label) {
	case 3, 7, 8:
	default:
		return label
	}
	switch strings.ToLower(label) {
	case "neg", "negative":
		return "negative"
	case "pos", "positive":
		return "positive"
	case "neu", "neutral":
		return "neutral"
	}
	return label
}

package answer

// A Writer prints one record for each text. It is for one goroutine.
type Writer interface {
	Write(r *Record) error

	// Flush prints the records so far, for readers who are not to wait for the next
	// ones. Columns that are aligned are so among the records between two flushes,
	// some hundred at most; a page of HTML and a table of LaTeX come as a whole, with Close.
	Flush() error

	// Close prints what comes after the last record; it closes nothing else.
	Close() error
}

package corpora

// A Report counts what a Reader has read so far.
type Report struct {
	// Rows were read, Refused rows could not be; together they are the rows of
	// the files. Blank lines between rows are no rows.
	Rows, Refused, Blank int
	// BadBytes were replaced by U+FFFD because they are not of the encoding.
	BadBytes int64
	// Ignored counts the files of directories and archives that were passed over.
	Ignored int
	// Files reports each source.
	Files []FileReport
	// Errors holds the first 100 refusals.
	Errors []*ParseError
	// Notes say what was decided and might surprise, such as a guessed header.
	Notes []string
}

// A FileReport counts what was read of one source.
type FileReport struct {
	// Name is the source's name.
	Name string
	// Format that the source was read as.
	Format Format
	// Encoding is the name of the encoding, "mixed" if the files of the source
	// differ.
	Encoding string
	// Rows, Refused, Blank and BadBytes as in Report.
	Rows, Refused, Blank int
	BadBytes             int64
}

const keptErrors = 100

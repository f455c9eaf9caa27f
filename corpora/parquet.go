package corpora

import (
	"bufio"
	"fmt"
	"os"
)

func (f *file) openParquet(br *bufio.Reader, disk *os.File, compression string) (rows, error) {
	return nil, &ParseError{File: f.name, Err: fmt.Errorf("parquet: %w", ErrFormat)}
}

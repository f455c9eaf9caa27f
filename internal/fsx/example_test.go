package fsx_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/textlstm/textlstm/internal/fsx"
)

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "report.txt")

	for _, text := range []string{"first\n", "second\n"} {
		err := fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	err = fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error {
		io.WriteString(w, "half of the thi")
		return fmt.Errorf("out of ideas")
	})
	fmt.Println(err != nil)

	b, err := fsx.ReadFile(fsx.OS{}, path, 1000)
	fmt.Printf("%s%v\n", b, err)
	// Output:
	// true
	// second
	// <nil>
}

package recipe

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/textlstm/textlstm/internal/fsx"
)

// CheckOutput fails before a training where the file that a flag names could not be
// written after it, or would take the place of an input. The latter is an *Error.
func CheckOutput(flag, path string, inputs []string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s %s: %s is not a directory", flag, path, filepath.Dir(path))
	}
	if info, err = os.Stat(path); err == nil {
		if info.IsDir() {
			return fmt.Errorf("%s %s is a directory", flag, path)
		}
		for _, in := range inputs {
			if other, err := os.Stat(in); err == nil && os.SameFile(info, other) {
				return errorf("%s %s is also an input", flag, path)
			}
		}
	}
	if err := fsx.Try(fsx.OS{}, path); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

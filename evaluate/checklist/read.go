package checklist

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/fsx"
)

// maxSuite is far more than any suite written by hand, in bytes.
const maxSuite = 8 << 20

// Read reads the suites of files and joins them; without files it returns Default.
func Read(files ...string) (Suite, error) {
	if len(files) == 0 {
		return Default(), nil
	}
	var suites []Suite
	for _, name := range files {
		b, err := fsx.ReadFile(fsx.OS{}, name, maxSuite)
		if err != nil {
			return nil, err
		}
		s, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		suites = append(suites, s)
	}
	return Join(suites...)
}

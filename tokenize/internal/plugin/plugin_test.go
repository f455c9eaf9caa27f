package plugin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/tokenize/internal/plugin"
)

// This test's program does not import tokenize/prose.
func TestMissing(t *testing.T) {
	for spec, stage := range map[string]string{"html|treebank|lower": `stage 2, "treebank"`, "words|pos:noun": `stage 2, "pos:noun"`} {
		_, err := tokenize.Parse(spec)
		if !errors.Is(err, plugin.ErrMissing) || !strings.Contains(err.Error(), stage) || !strings.Contains(err.Error(), "tokenize/prose") {
			t.Errorf("%s: %v, want ErrMissing, %s and the package to import", spec, err, stage)
		}
	}
}

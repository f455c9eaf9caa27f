package enginetest_test

import (
	"testing"

	"github.com/textlstm/textlstm/train/enginetest"
)

func TestMirror(t *testing.T) { enginetest.Run(t, enginetest.Mirror{}) }

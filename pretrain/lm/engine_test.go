package lm_test

import (
	"testing"

	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrain/lm/lmtest"
)

func TestMirror(t *testing.T) { lmtest.Run(t, lm.Mirror{}) }

package answers_test

import (
	"testing"

	"github.com/textlstm/textlstm/report/answers"
)

func TestLanguages(t *testing.T) {
	l := answers.Languages{"French": 1, "Danish": 1, "German": 20}
	if got, want := l.String(), "22 (German 20, Danish 1, French 1)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

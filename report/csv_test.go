package report_test

import (
	"strings"
	"testing"

	"github.com/textlstm/textlstm/report"
)

// TestCSVGuardsFormulas: a spreadsheet must not run what a text says.
func TestCSVGuardsFormulas(t *testing.T) {
	var b strings.Builder
	rows := [][]any{{"=cmd|' /C calc'!A0", -1.5}, {"+1 for this", "-2"}, {"@sum", "plain"}, {"- a list", "a=b"},
		{"=1", "="}, {"-", "-1e5"}, {"\u202e=1+1", "-x"}, {"\t=1", "\r=1"}, {"", "+"}}
	if err := report.Table(&b, []string{"text", "n"}, rows, report.CSV); err != nil {
		t.Fatal(err)
	}
	want := "text,n\n'=cmd|' /C calc'!A0,-1.5\n'+1 for this,-2\n'@sum,plain\n'- a list,a=b\n" +
		"'=1,=\n-,-1e5\n'=1+1,'-x\n\" =1\",\" =1\"\n,+\n"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

package page_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/textlstm/textlstm/report/page"
)

// The losses of training and dev texts stand in one plot; a second training is a line of
// its own, and a log that begins again breaks its lines.
func TestReadHistory(t *testing.T) {
	const log = `{"step":1,"loss":0.9,"rate":0.1}
training on 2 texts
{"step":2,"loss":0.7,"rate":0.2,"dev":{"metric":"macro_f1","score":0.5,"log_loss":0.8}}
{"step":1,"loss":0.6}
{"refit":true,"step":1,"loss":0.4}
{"refit":true,"step":2,"loss":0.3}
{"member":2,"step":1,"loss":1}
`
	got, err := page.ReadHistory(strings.NewReader(log), "train.log")
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := []page.Series{
		{Group: "loss", Name: "train", Unit: "step", X: []float64{1, 2, 1, 1}, Y: []float64{0.9, 0.7, nan, 0.6}},
		{Group: "learning rate", Name: "rate", Unit: "step", X: []float64{1, 2}, Y: []float64{0.1, 0.2}},
		{Group: "loss", Name: "dev", Unit: "step", X: []float64{2}, Y: []float64{0.8}},
		{Group: "dev macro f1", Name: "dev", Unit: "step", X: []float64{2}, Y: []float64{0.5}},
		{Group: "loss", Name: "train, once more with the dev texts", Unit: "step", X: []float64{1, 2}, Y: []float64{0.4, 0.3}},
		{Group: "loss", Name: "train, member 2", Unit: "step", X: []float64{1}, Y: []float64{1}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Six strokes are drawn: the first series has two, one of a single point.
	html := render(t, page.Page{History: got})
	if n := strings.Count(html, "<figure>"); n != 3 {
		t.Errorf("%d plots, want 3", n)
	}
	for _, bad := range []string{"", "text\n", `{"step":"one"}`} {
		if _, err := page.ReadHistory(strings.NewReader(bad), "train.log"); err == nil || !strings.Contains(err.Error(), "train.log") {
			t.Errorf("%q: err = %v", bad, err)
		}
	}
}

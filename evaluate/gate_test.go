package evaluate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGate(t *testing.T) {
	e := &Evaluation{Head: "mood"}
	e.Accuracy, e.LogLoss = 0.75, 0.5
	for spec, want := range map[string]string{
		"accuracy=0.75": "", "accuracy=0.8": "accuracy of mood is 0.7500, below 0.8", "mood:accuracy=0.8": "accuracy of mood is 0.7500, below 0.8",
		"topic:accuracy=0.8": "", "log_loss=0.5": "", "log_loss=0.4": "log_loss of mood is 0.5000, above 0.4",
	} {
		g, err := ParseGate(spec)
		if err != nil {
			t.Fatal(err)
		}
		failed, err := g.Check(e)
		got := ""
		if failed != nil {
			got = failed.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", spec, err, diff)
		}
	}
	for spec, want := range map[string]string{"accuracy": "want metric=value", "accuracy=x": "want metric=value", "accuracy=NaN": "want metric=value", "colour=1": `metric "colour" is not one of`} {
		if _, err := ParseGate(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}

func TestWorse(t *testing.T) {
	for _, tt := range []struct {
		metric    string
		low, high float64
		want      bool
	}{{"accuracy", -0.2, -0.1, true}, {"accuracy", -0.2, 0.1, false}, {"accuracy", 0.1, 0.2, false}, {"log_loss", 0.1, 0.2, true}, {"log_loss", -0.2, -0.1, false}} {
		d := Difference{Metric: tt.metric, Interval: Interval{Low: Score(tt.low), High: Score(tt.high)}}
		if got := d.Worse(); got != tt.want {
			t.Errorf("%s from %v to %v is worse: %v", tt.metric, tt.low, tt.high, got)
		}
	}
}

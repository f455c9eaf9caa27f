package progress

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestThousands(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 123456.7: "123,457", 1e6: "1,000,000"} {
		if got := Thousands(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

// What a training says elsewhere than on a terminal: ends of epochs and warnings in
// lines, in JSON the first of each second too.
func TestTraining(t *testing.T) {
	steps := []Step{
		{Epoch: 1, Epochs: 10, Step: 1, Steps: 20, Loss: 2, Units: "windows"},
		{Epoch: 1, Epochs: 10, Step: 2, Steps: 20, Loss: 1.5, Units: "windows", PerSecond: 1234, Elapsed: 2 * time.Second, Ended: true, More: "  dev 0.5"},
		{Warning: errors.New("the disk is full")},
		{Epoch: 2, Epochs: 10, Step: 2, Steps: 20, Resumed: true},
	}
	const warning = "warning: the disk is full\n"
	for _, tt := range []struct {
		json, quiet bool
		want        string
	}{
		{want: "epoch  1/10  loss 1.5000  dev 0.5  2s  1,234 windows/s\n" + warning + "going on with epoch 2/10, at step 2 of 20\n"},
		{quiet: true, want: warning},
		{json: true, want: `{"epoch":1,"epochs":10,"step":1,"steps":20,"loss":2,"units":"windows","per_second":0,"seconds":0}
{"epoch":1,"epochs":10,"step":2,"steps":20,"loss":1.5,"units":"windows","per_second":1234,"ended":true,"more":"  dev 0.5","seconds":2}
{"warning":"the disk is full"}
{"epoch":2,"epochs":10,"step":2,"steps":20,"loss":0,"units":"","per_second":0,"resumed":true,"seconds":0}
`},
	} {
		var b strings.Builder
		c := New(&b, tt.json, tt.quiet)
		for _, s := range steps {
			c.Training(s)
		}
		c.Done()
		if b.String() != tt.want {
			t.Errorf("json %t, quiet %t: got\n%swant\n%s", tt.json, tt.quiet, &b, tt.want)
		}
	}
}

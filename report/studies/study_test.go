package studies

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/train/tune"
)

// The best so far is that of the runs which did not fail.
func TestBestSoFar(t *testing.T) {
	nan := math.NaN()
	for metric, want := range map[string][]float64{
		"log_loss": {nan, 0.5, 0.5, 0.4, 0.4},
		"macro_f1": {nan, 0.5, 0.5, 0.5, 0.6},
	} {
		s, err := tune.New(tune.Options{
			Space: tune.Space{{Path: "x", Kind: tune.Float, Low: 0, High: 10}}, Default: tune.Values{"x": 1.0}, Trials: 5, Metric: metric,
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, score := range []float64{nan, 0.5, nan, 0.4, 0.6} {
			s.Runs = append(s.Runs, tune.Run{Task: tune.Task{Run: i, Trial: i, Values: tune.Values{"x": float64(i)}}, Score: evaluate.Score(score)})
		}
		got := studyPage(s, nil, nil, "").History[1].Y
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", metric, diff)
		}
	}
}

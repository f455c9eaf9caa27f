package main

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// However a runner starts a worker, it gets the flags that Beam's boot program gives.
func TestWorkerArgs(t *testing.T) {
	const provision = "--provision_endpoint=localhost:1"
	for _, tt := range []struct{ in, want []string }{
		{[]string{"classify", "--output", "x", "y"}, []string{"classify", "--output", "x", "y"}},
		{[]string{"--worker", "--id=1", "--control_endpoint=localhost:2"}, []string{"--worker", "--id=1", "--control_endpoint=localhost:2"}},
		{[]string{"--id='job-1_go'", provision}, // Prism
			[]string{"--worker", "--id=job-1_go", "--options={}", "--logging_endpoint=localhost:1", "--control_endpoint=localhost:1"}},
		{[]string{"--id=1-1", "--logging_endpoint=localhost:3", "--artifact_endpoint=localhost:4", provision, "--control_endpoint=localhost:2"}, // Flink
			[]string{"--worker", "--id=1-1", "--options={}", "--logging_endpoint=localhost:3", "--control_endpoint=localhost:2"}},
	} {
		t.Setenv("WORKER_ID", "")
		if got := workerArgs(tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Numbers that make no sense are refused before there is a pipeline.
func TestNumbersAreChecked(t *testing.T) {
	for want, set := range map[string]func(*job){
		"--level NaN: want between 0 and 1": func(j *job) { j.evaluation.Options.Level = math.NaN() },
		"--level 2: want between 0 and 1":   func(j *job) { j.evaluation.Options.Level = 2 },
		"--resamples -1: want 0 or more":    func(j *job) { j.evaluation.Options.Resamples = -1 },
		"--abstain NaN: want 0 to 1":        func(j *job) { j.classifier.Abstain = math.NaN() },
		"--neutral -0.1: want 0 to 1":       func(j *job) { j.classifier.Neutral = -0.1 },
		"eval needs --output FILE":          func(*job) {},
	} {
		var j job
		j.evaluation.Options.Level = 0.95
		set(&j)
		if err := j.run(t.Context(), "eval", []string{"texts.tsv"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

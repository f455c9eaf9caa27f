package main

import (
	"slices"
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

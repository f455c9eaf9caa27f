package tokenize

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/neurosnap/sentences.v1"
	"gopkg.in/neurosnap/sentences.v1/data"
)

// The model of the splitter is what its package reads.
func TestPunktModel(t *testing.T) {
	file, err := data.Asset("data/english.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := sentences.LoadTraining(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := punktModel()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-LoadTraining +punktModel):\n%.1000s", diff)
	}
}

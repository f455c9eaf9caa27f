package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// README's first command: the embedded model on the texts that come with it.
func TestDefaultModelOnReviews(t *testing.T) {
	files, err := filepath.Glob("../../testdata/reviews/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), "sentiment", append([]string{"classify", "--output", "jsonl"}, files...)...).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	type record struct {
		ID               string
		Sentiment, Topic struct{ Label string }
	}
	got := map[string]record{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var r record
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		got[strings.TrimSuffix(filepath.Base(r.ID), ".txt")] = r
	}
	sentiments, topics := map[string]string{}, map[string]string{}
	for _, name := range []string{"film", "hotel", "kettle", "manual"} {
		sentiments[name] = got[name].Sentiment.Label
	}
	for _, name := range []string{"match", "merger", "telescope", "treaty"} {
		topics[name] = got[name].Topic.Label
	}
	if diff := cmp.Diff(map[string]string{"film": "negative", "hotel": "positive", "kettle": "negative", "manual": "neutral"}, sentiments); diff != "" {
		t.Errorf("sentiment (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"match": "Sports", "merger": "Business", "telescope": "Sci/Tech", "treaty": "World"}, topics); diff != "" {
		t.Errorf("topic (-want +got):\n%s", diff)
	}
}

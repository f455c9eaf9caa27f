package keras_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
)

// A graph whose layers stand in the wrong order, each a long text, is refused or followed in
// no time that matters.
func TestLayersInReverse(t *testing.T) {
	const n = 400
	filler := fmt.Sprintf("%0*d", 4000, 0)
	var layers []any
	for i := range n {
		inbound := []any{}
		if i > 0 {
			inbound = []any{[]any{[]any{fmt.Sprint("d", i-1), 0, 0, map[string]any{"note": filler}}}}
		}
		class := "Dropout"
		if i == 0 {
			class = "InputLayer"
		}
		layers = append(layers, map[string]any{
			"class_name": class, "name": fmt.Sprint("d", i), "inbound_nodes": inbound,
			"config": map[string]any{"name": fmt.Sprint("d", i), "batch_shape": []any{nil, 5, 2}},
		})
	}
	slices.Reverse(layers)
	config, err := json.Marshal(map[string]any{"class_name": "Functional", "config": map[string]any{
		"layers": layers, "input_layers": []any{"d0", 0, 0}, "output_layers": []any{fmt.Sprint("d", n-1), 0, 0}}})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := answerOf(t, testdata(t, "forecaster.weights.h5")[0], config); err == nil {
		t.Error("no error")
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("%v for %d layers", d, n)
	}
}

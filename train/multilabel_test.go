package train

import (
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/nn"
)

// TestSeveralLabels wants a head of texts with several labels to be multi-label
// without being told, and one where no text has two to stay as it is.
func TestSeveralLabels(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels []string
		want   nn.LossKind
		names  int
	}{
		{"some have two", []string{"a;b", "b", "c"}, nn.BinaryCrossEntropy, 3},
		{"none has two", []string{"a", "b", ""}, "", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &corpora.Dataset{Heads: []string{"topic"}, Separator: ";"}
			for _, l := range c.labels {
				d.Examples = append(d.Examples, corpora.Example{Text: "x", Labels: []string{l}})
			}
			heads, err := Heads(nil, d)
			if err != nil {
				t.Fatal(err)
			}
			if heads[0].Loss.Kind != c.want || len(heads[0].Labels) != c.names {
				t.Errorf("got loss %q and labels %q, want loss %q and %d labels", heads[0].Loss.Kind, heads[0].Labels, c.want, c.names)
			}
		})
	}
}

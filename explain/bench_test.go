package explain_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/vocab"
)

// BenchmarkExplain explains a text of 200 words with an encoder of the usual
// size, bidirectional with 128 units, with and without the check.
func BenchmarkExplain(b *testing.B) {
	var words []string
	for i := range 2000 {
		words = append(words, fmt.Sprint("w", i))
	}
	v, err := vocab.New(words, nil, 0)
	if err != nil {
		b.Fatal(err)
	}
	c := classify.Config{
		Embed: 100, LSTM: lstm.Config{HiddenSize: 128, Direction: lstm.Bidirectional},
		Heads: []classify.Head{{Name: "label", Labels: []string{"a", "b", "c"}}},
	}.Resolve()
	net, err := classify.NewDeep(c, v.Len())
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	net.Init(r)
	for i := range net.Members()[0].Embed().Weight.Data {
		net.Members()[0].Embed().Weight.Data[i] *= 4 // about the size of pretrained vectors
	}
	m, err := classify.New(c, v, classify.Card{}, net)
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	for range 200 {
		text.WriteString(words[r.IntN(len(words))] + " ")
	}
	e := explain.New(m)
	for _, leaveOut := range []bool{false, true} {
		b.Run(fmt.Sprintf("leaveOut=%t", leaveOut), func(b *testing.B) {
			for b.Loop() {
				x, err := e.Explain(b.Context(), text.String(), explain.Options{LeaveOut: leaveOut})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(x.Path.Points), "gradients")
			}
		})
	}
}

package pretrained_test

import (
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/pretrained"
	"os"
)

func BenchmarkSentence(b *testing.B) {
	m, err := pretrained.Default()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		m.Predict("The room was spotless and the staff were wonderful, but the breakfast was cold and not worth its price.")
	}
}

func BenchmarkLoad(b *testing.B) {
	f, err := os.ReadFile("default.safetensors")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := classify.Decode(f); err != nil {
			b.Fatal(err)
		}
	}
}

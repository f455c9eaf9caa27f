package translation_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/evaluate/translation"
)

// Figures are those of sacreBLEU.
func TestSacreBLEU(t *testing.T) {
	b, err := os.ReadFile("testdata/sacrebleu.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name            string     `json:"name"`
			Translations    []string   `json:"translations"`
			References      [][]string `json:"references"`
			Lowercase       bool       `json:"lowercase"`
			Characters      bool       `json:"characters"`
			BLEU            float64    `json:"bleu"`
			Precisions      []float64  `json:"precisions"`
			Brevity         float64    `json:"brevity"`
			Tokens          int        `json:"tokens"`
			ReferenceTokens int        `json:"reference_tokens"`
			ChrF            float64    `json:"chrf"`
		} `json:"cases"`
		Tokens [][2]string `json:"tokens"`
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 20 || len(golden.Tokens) < 20 {
		t.Fatalf("%d cases, %d texts", len(golden.Cases), len(golden.Tokens))
	}
	for _, tt := range golden.Tokens {
		if got := strings.Join(translation.Tokens13a(tt[0]), " "); got != tt[1] {
			t.Errorf("%q is %q, want %q", tt[0], got, tt[1])
		}
	}
	for _, tt := range golden.Cases {
		m := translation.Metric{Lowercase: tt.Lowercase, Characters: tt.Characters}
		s, err := m.Evaluate(tt.Translations, tt.References...)
		if err != nil {
			t.Fatal(err)
		}
		far := func(a, b float64) bool { return math.Abs(a-b) > 1e-9 }
		if far(s.BLEU, tt.BLEU) || far(s.ChrF, tt.ChrF) || far(s.Brevity, tt.Brevity) || s.Tokens != tt.Tokens || s.ReferenceTokens != tt.ReferenceTokens {
			t.Errorf("%s: %+v, want BLEU %v, chrF %v, brevity %v, %d and %d tokens", tt.Name, s, tt.BLEU, tt.ChrF, tt.Brevity, tt.Tokens, tt.ReferenceTokens)
		}
		for i, p := range tt.Precisions {
			if far(s.Precisions[i], p) {
				t.Errorf("%s: precision %d is %v, want %v", tt.Name, i+1, s.Precisions[i], p)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	if _, err := (translation.Metric{}).Evaluate([]string{"a"}); err == nil {
		t.Error("no references are no error")
	}
	if _, err := (translation.Metric{}).Evaluate([]string{"a"}, []string{"a"}, []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), "set 2 has 2 references, want 1") {
		t.Errorf("references without a translation: %v", err)
	}
}

func Example() {
	s, err := translation.Metric{}.Evaluate([]string{"A man is riding a horse."}, []string{"A man rides a horse."})
	if err != nil {
		panic(err)
	}
	fmt.Printf("BLEU %.1f, chrF %.1f\n", s.BLEU, s.ChrF)
	// Output: BLEU 30.7, chrF 48.9
}

// Lower case is Python's: a final sigma has a form of its own, and a dotted capital I
// becomes two characters.
func TestLowercase(t *testing.T) {
	m := translation.Metric{Lowercase: true}
	for text, lower := range map[string]string{"Ο ΔΡΟΜΟΣ ΤΗΣ ΣΟΦΙΑΣ": "ο δρομος της σοφιας", "İZMİR": "i\u0307zmi\u0307r", "Straße": "straße"} {
		s, err := m.Evaluate([]string{text}, []string{lower})
		if err != nil || s.ChrF != 100 {
			t.Errorf("%s: chrF %v, %v", text, s.ChrF, err)
		}
	}
}

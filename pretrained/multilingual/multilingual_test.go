package multilingual_test

import (
	"slices"
	"testing"

	"github.com/textlstm/textlstm/pretrained/multilingual"
)

// Plain sentences, none of which was trained on, in the languages that the model reads.
func TestModel(t *testing.T) {
	m, err := multilingual.Model()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ language, text, want string }{
		{"de", "Das Essen war hervorragend und das Personal sehr freundlich, wir kommen gerne wieder.", "positive"},
		{"de", "So eine Frechheit, ich bin wirklich enttäuscht und wütend.", "negative"},
		{"en", "I love this, thank you so much, what a great day!", "positive"},
		{"en", "This is terrible, I hate it and I am so sad.", "negative"},
		{"fr", "Une série magnifique, des acteurs excellents, j'adore !", "positive"},
		{"fr", "C'est nul, quelle perte de temps, je suis très déçu.", "negative"},
		{"es", "El hotel es precioso y el personal muy amable, lo recomiendo.", "positive"},
		{"es", "Una comida horrible y un servicio pésimo, no volveremos nunca.", "negative"},
		{"it", "Ottima colazione e personale gentilissimo, camera bellissima.", "positive"},
		{"it", "Camera sporca e rumorosa, personale scortese.", "negative"},
		{"pt", "Que dia lindo, estou muito feliz, amo vocês!", "positive"},
		{"pt", "Que ódio, que dia horrível, estou triste.", "negative"},
		{"ar", "شكرا جزيلا، هذا رائع وجميل جدا", "positive"},
		{"fa", "کیفیت عکس عالی است و از خرید آن بسیار راضی هستم", "positive"},
		{"hu", "Csodálatos, szórakoztató és megható film.", "positive"},
		{"hu", "Unalmas, rossz és bosszantó film.", "negative"},
		{"ja", "とても使いやすくて大満足です。買って良かったです。", "positive"},
		{"ja", "すぐに壊れました。最悪です。お金の無駄でした。", "negative"},
		{"ko", "정말 재미있고 감동적인 최고의 영화", "positive"},
		{"ko", "재미없고 지루한 최악의 영화 돈 아깝다", "negative"},
		{"no", "En fantastisk og nydelig film med strålende skuespillere .", "positive"},
		{"no", "Dessverre er dette kjedelig og dårlig .", "negative"},
		{"ru", "Спасибо, это прекрасно, я очень рад!", "positive"},
		{"th", "อร่อยมาก ชอบมากค่ะ", "positive"},
		{"th", "แย่มาก ห่วย ไม่ชอบเลย", "negative"},
		{"tr", "Çok güzel bir ürün, herkese tavsiye ederim, teşekkürler.", "positive"},
		{"tr", "Berbat bir ürün, hiç beğenmedim, sakın almayın.", "negative"},
		{"vi", "thầy dạy rất hay , nhiệt tình và vui vẻ .", "positive"},
		{"vi", "giảng viên dạy quá nhanh , khó hiểu và nhàm chán .", "negative"},
		{"zh", "房间很干净,服务很好,非常满意,下次还会来。", "positive"},
		{"zh", "质量太差了,很失望,不推荐购买。", "negative"},
	} {
		if !slices.Contains(m.Config().Languages, tt.language) {
			t.Errorf("%s is not among the languages %q", tt.language, m.Config().Languages)
		}
		if got := m.Predict(tt.text).Label("sentiment"); got != tt.want {
			t.Errorf("%s: %q is %s, want %s", tt.language, tt.text, got, tt.want)
		}
	}
}

// A language that the model does not read has no answer.
func TestAnswer(t *testing.T) {
	const text = "Das Essen war hervorragend und das Personal sehr freundlich."
	if p, ok := multilingual.Answer(text, "de"); !ok || p.Label("sentiment") != "positive" {
		t.Errorf("answer %q, %t, want positive", p.Label("sentiment"), ok)
	}
	for _, language := range []string{"", "sv", "und"} {
		if p, ok := multilingual.Answer(text, language); ok {
			t.Errorf("an answer for the language %q: %v", language, p)
		}
	}
}

// Decoding costs each program that asks the model once.
func BenchmarkModel(b *testing.B) {
	m, err := multilingual.Model()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(m.NumParams()), "weights")
	for b.Loop() {
		m.Predict("Das Essen war hervorragend und das Personal sehr freundlich.")
	}
}

package multilingual_test

import (
	"slices"
	"testing"

	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/pretrained/multilingual"
)

// Plain sentences, none of which was trained on, in the languages that the model reads.
func TestModel(t *testing.T) {
	m, err := multilingual.Model()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ language, text, want string }{
		{"ar", "الفيلم رائع جدا وأحببته كثيرا", "positive"},
		{"ar", "خدمة سيئة جدا ومخيبة للآمال", "negative"},
		{"de", "Das Essen war hervorragend und das Personal sehr freundlich, wir kommen gerne wieder.", "positive"},
		{"de", "So eine Frechheit, ich bin wirklich enttäuscht und wütend.", "negative"},
		{"en", "I love this, thank you so much, what a great day!", "positive"},
		{"en", "This is terrible, I hate it and I am so sad.", "negative"},
		{"fr", "Une série magnifique, des acteurs excellents, j'adore !", "positive"},
		{"fr", "C'est nul, quelle perte de temps, je suis très déçu.", "negative"},
		{"id", "makanannya enak dan pelayanannya ramah, saya suka", "positive"},
		{"id", "pelayanannya buruk sekali, saya kecewa", "negative"},
		{"it", "Ottima colazione e personale gentilissimo, camera bellissima.", "positive"},
		{"it", "Camera sporca e rumorosa, personale scortese.", "negative"},
		{"pt", "Que dia lindo, estou muito feliz, amo vocês!", "positive"},
		{"pt", "Que ódio, que dia horrível, estou triste.", "negative"},
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
		{"vi", "giảng viên nhiệt tình , bài giảng dễ hiểu .", "positive"},
		{"vi", "phòng học quá nóng và thầy dạy chán .", "negative"},
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

// Nobody answers texts in a language that the model does not read.
func TestReadBy(t *testing.T) {
	other := answer.ReadBy(multilingual.Model)
	if other("de") == nil {
		t.Error("nobody answers German")
	}
	for _, language := range []string{"", "es", "sv", "und"} {
		if other(language) != nil {
			t.Errorf("an answer for the language %q", language)
		}
	}
}

// A sentence, alone.
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

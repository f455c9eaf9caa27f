package tokenize_test

import (
	"math"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/tokenize"
)

func TestDetectLanguage(t *testing.T) {
	tests := []struct{ want, text string }{
		{"", ""}, {"", "42 :-) !!!"}, {"", "\xff\xfe"},
		{"en", "The food was cold and the waiter was rude."},
		{"en", "great acting, terrible plot"},
		{"fr", "Le repas était froid et le serveur impoli."},
		{"es", "No volvería a este hotel, el servicio es pésimo."},
		{"it", "La cena era fredda e il cameriere scortese."},
		{"pt", "O serviço foi péssimo e a comida estava fria."},
		{"ro", "Mâncarea era rece și personalul nepoliticos."},
		{"de", "Das Essen war kalt und die Bedienung unfreundlich."},
		{"nl", "Het eten was koud en de bediening onvriendelijk."},
		{"sv", "Maten var kall och personalen otrevlig."},
		{"no", "Jeg har ikke sett noe så kjedelig på lenge, og maten var kald."},
		{"da", "Jeg har aldrig set noget så kedeligt, og maden blev kold."},
		{"fi", "Ruoka oli kylmää ja palvelu epäystävällistä."},
		{"hu", "Az étel hideg volt, a kiszolgálás udvariatlan."},
		{"tr", "Yemek soğuktu ve servis kötüydü."},
		{"ru", "Фильм был скучным и слишком длинным."},
		{"uk", "Фільм був нудним і занадто довгим."},
		{"el", "Η ταινία ήταν βαρετή."},
		{"ar", "الفيلم ممل جدا"}, {"he", "הסרט משעמם מאוד"}, {"hi", "फिल्म बहुत उबाऊ थी"},
		{"zh", "这部电影很无聊，太长了"}, {"ja", "この映画はとても退屈で長すぎる"}, {"ko", "영화가 너무 지루하고 길었다"}, {"th", "หนังน่าเบื่อมาก"},
		{"zh", "iPhone 的屏幕非常好，但是电池不行"},
	}
	for _, tt := range tests {
		if got := tokenize.DetectLanguage(tt.text); string(got) != tt.want {
			t.Errorf("DetectLanguage(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestDetectTatoeba checks the figures that the doc comment gives.
func TestDetectTatoeba(t *testing.T) {
	var n, en, fr int
	for i, line := range corpusLines(t, "parallel-tatoeba/fra-eng.tsv.zst", math.MaxInt) {
		if i%50 != 0 {
			continue
		}
		english, rest, _ := strings.Cut(line, "\t")
		french, _, _ := strings.Cut(rest, "\t")
		n++
		if tokenize.DetectLanguage(english) == "en" {
			en++
		}
		if tokenize.DetectLanguage(french) == "fr" {
			fr++
		}
	}
	if en < n*985/1000 || fr < n*975/1000 {
		t.Errorf("of %d sentences, %d English and %d French are known", n, en, fr)
	}
}

package corpora

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/textlstm/textlstm/internal/testcorpora"
)

// Three sentences of a review are enough to tell the encoding by, in all of the
// alphabets that Europe, Turkey and Thailand use.
func TestDetectByLanguage(t *testing.T) {
	for _, tt := range []struct {
		name string
		enc  encoding.Encoding
		text string
	}{
		{"windows-1250", charmap.Windows1250, "Pokój był czysty, ale łóżko za twarde. Śniadanie świetne, obsługa też. Następnym razem wybiorę coś bliżej morza.\n"},
		{"windows-1250", charmap.Windows1250, "Pokoj byl příliš hlučný a voda v bazénu studená. Snídaně naopak skvělá. Příště zvolíme něco bližšího k moři.\n"},
		{"windows-1250", charmap.Windows1250, "Izba bola príliš hlučná, ale raňajky boli výborné. Ďalší raz si vyberieme niečo bližšie k moru, určite však tú istú krajinu.\n"},
		{"windows-1250", charmap.Windows1250, "A szoba tiszta volt, de az ágy túl kemény. A reggeli bőséges és finom, a kiszolgálás udvarias. Legközelebb is ezt választjuk, ha erre járunk, mert jó a fekvése, és nem is drága. Külön köszönet a főnöknek a tűzifáért.\n"},
		{"windows-1250", charmap.Windows1250, "Soba je bila čista, ali krevet pretvrd. Doručak odličan, osoblje ljubazno. Sljedeći put tražit ćemo nešto bliže moru, možda još uže središte.\n"},
		{"iso-8859-2", charmap.ISO8859_2, "Pokój był czysty, ale łóżko za twarde. Śniadanie świetne, obsługa też. Następnym razem wybiorę coś bliżej morza, może z większą łazienką.\n"},
		{"windows-1254", charmap.Windows1254, "Oda temizdi ama yatak çok sertti. Kahvaltı güzel, çalışanlar ilgili. Bir dahaki sefere denize daha yakın bir yer seçeceğiz.\n"},
		{"windows-1257", charmap.Windows1257, "Kambarys buvo švarus, bet lova per kieta. Pusryčiai puikūs, darbuotojai malonūs. Kitą kartą rinksimės ką nors arčiau jūros.\n"},
		{"windows-1257", charmap.Windows1257, "Istaba bija tīra, bet gulta pārāk cieta. Brokastis lieliskas, apkalpošana laipna. Nākamreiz izvēlēsimies kaut ko tuvāk jūrai.\n"},
		{"windows-1252", charmap.Windows1252, "La chambre était propre, mais le lit trop dur. Le petit déjeuner était très bon et le personnel prévenant. La prochaine fois, ce sera plus près de la plage, à côté du marché.\n"},
		{"windows-1252", charmap.Windows1252, "Das Zimmer war sauber, aber das Bett für uns zu hart. Frühstück sehr gut, Bedienung höflich. Nächstes Jahr möchten wir näher am Meer wohnen.\n"},
		{"windows-1252", charmap.Windows1252, "La habitación estaba limpia, pero la cama era dura. ¿Volveremos? Quizás el año próximo, más cerca de la playa y con mejor atención.\n"},
		{"windows-1252", charmap.Windows1252, "O quarto não era mau, mas a cama não prestava. A recepção é simpática e o pequeno-almoço também. Não sei se voltarei à mesma praia.\n"},
		{"windows-1252", charmap.Windows1252, "La camera era pulita, però il letto è troppo duro. Più che la colazione, è la cortesia che ci riporterà lì: perché no? Così è la vita in città.\n"},
		{"windows-1252", charmap.Windows1252, "Rummet var rent men sängen för hård. Frukosten är utmärkt och personalen hjälpsam. Nästa gång bor vi närmare havet.\n"},
		{"windows-1252", charmap.Windows1252, "Værelset var rent, men sengen for hård. Morgenmaden er udmærket, og betjeningen på stedet sød. Næste år bor vi tættere på havet.\n"},
		{"windows-1252", charmap.Windows1252, "Huone oli siisti, mutta sänky liian kova. Aamiainen oli hyvä ja henkilökunta ystävällistä. Ensi kerralla lähempänä merta.\n"},
		{"windows-1252", charmap.Windows1252, "Herbergið var hreint en rúmið of hart. Morgunmaturinn góður og þjónustan þægileg. Næst veljum við stað nær sjónum.\n"},
		{"windows-1252", charmap.Windows1252, "It\u2019s \u201cfine\u201d \u2014 for £40 a night, that is. The caf\u00e9 downstairs is better.\n"},
		{"windows-874", charmap.Windows874, "ห้องพักสะอาดดี แต่เตียงแข็งไปหน่อย อาหารเช้าอร่อย พนักงานสุภาพมาก\n"},
		{"windows-1251", charmap.Windows1251, "Номер был чистый, но кровать слишком жёсткая. Завтрак отличный, персонал вежливый.\n"},
		{"windows-1251", charmap.Windows1251, "Стаята беше чиста, но леглото твърде твърдо. Закуската е чудесна, персоналът също.\n"},
		{"koi8-r", charmap.KOI8R, "Номер был чистый, но кровать слишком жесткая. Завтрак отличный, персонал вежливый.\n"},
		{"windows-1253", charmap.Windows1253, "Το δωμάτιο ήταν καθαρό, αλλά το κρεβάτι πολύ σκληρό. Το πρωινό ήταν εξαιρετικό και το προσωπικό ευγενικό.\n"},
		{"windows-1255", charmap.Windows1255, "החדר היה נקי אבל המיטה קשה מדי. ארוחת הבוקר מצוינת והצוות אדיב. בפעם הבאה נבחר מקום קרוב יותר לים.\n"},
		{"windows-1256", charmap.Windows1256, "كانت الغرفة نظيفة ولكن السرير قاس جدا. الفطور ممتاز والعاملون لطفاء. في المرة القادمة نختار مكانا أقرب إلى البحر.\n"},
		{"shift_jis", japanese.ShiftJIS, "部屋はきれいでしたが、ベッドが硬すぎました。朝食はとても良かったです。\n"},
		{"euc-kr", korean.EUCKR, "방은 깨끗했지만 침대가 너무 딱딱했어요. 아침 식사는 아주 좋았습니다.\n"},
		{"gb18030", simplifiedchinese.GBK, "房间很干净，但是床太硬了。早餐非常好，服务员也很热情。\n"},
		{"big5", traditionalchinese.Big5, "房間很乾淨，但是床太硬了。早餐非常好，服務員也很熱情。\n"},
	} {
		e, name, doubt := detect([]byte(encode(t, tt.enc, tt.text)), 0)
		if e == nil {
			t.Errorf("%s, %.30s: not detected", tt.name, tt.text)
			continue
		}
		got, _ := e.NewDecoder().String(encode(t, tt.enc, tt.text))
		if got != tt.text {
			t.Errorf("%s is taken for %s: %.60s becomes %.60s", tt.name, name, tt.text, got)
		}
		if doubt && tt.name != "windows-1252" && isLatinName(tt.name) {
			t.Errorf("%s, %.30s: in doubt", tt.name, tt.text)
		}
	}
}

func isLatinName(name string) bool {
	return strings.HasPrefix(name, "windows-125") || name == "iso-8859-2"
}

// A word or two are no proof, and that is said.
func TestDetectInDoubt(t *testing.T) {
	for _, tt := range []struct {
		enc  encoding.Encoding
		text string
	}{
		{charmap.Windows1250, "bardzo ładna"}, {charmap.Windows1254, "çok iyi"}, {charmap.Windows1252, "crêpe"},
	} {
		if _, name, doubt := detect([]byte(encode(t, tt.enc, tt.text)), 0); !doubt {
			t.Errorf("%s is %s without doubt", tt.text, name)
		}
	}
}

// Reviews and tweets of the corpora that are there, in the encodings of their
// languages, of 1,000 bytes or more.
func TestDetectCorpora(t *testing.T) {
	dir := filepath.Join(testcorpora.Dir(t), "languages")
	pieces := 100
	if testing.Short() {
		pieces = 25
	}
	for _, tt := range []struct {
		corpus string
		enc    *charmap.Charmap
	}{
		{"de-potts/train", charmap.Windows1252}, {"fr-allocine-series/train", charmap.Windows1252}, {"es-coah-hotels/train", charmap.Windows1252},
		{"it-absita-booking/train", charmap.Windows1252}, {"portuguese-tweets/train", charmap.Windows1252}, {"no-norec-sentence/train", charmap.Windows1252},
		{"hu-husst/train", charmap.Windows1250}, {"tr-product-reviews-3class/train", charmap.Windows1254},
		{"th-wisesight/train", charmap.Windows874}, {"ru-opensentiment/train", charmap.Windows1251},
	} {
		path := filepath.Join(dir, tt.corpus+".tsv.zst")
		if _, err := os.Stat(path); err != nil {
			t.Logf("%s is not there", path)
			continue
		}
		r, err := Open(Options{Unlabelled: true}, path)
		if err != nil {
			t.Fatal(err)
		}
		n, wrong := 0, 0
		var b strings.Builder
		for ex, err := range r.All() {
			if err != nil || n == pieces {
				break
			}
			s := ex.Text
			if _, err := tt.enc.NewEncoder().String(s); err != nil {
				continue // an emoji
			}
			b.WriteString(s + "\n")
			if b.Len() < 1000 {
				continue
			}
			n++
			packed := []byte(encode(t, tt.enc, b.String()))
			if e, name, doubt := detect(packed, 0); e == nil {
				t.Logf("%s: not detected", tt.corpus)
				wrong++
			} else if got, _ := e.NewDecoder().String(string(packed)); got != b.String() && !doubt {
				t.Logf("%s: taken for %s", tt.corpus, name)
				wrong++
			}
			b.Reset()
		}
		r.Close()
		t.Logf("%s: %d of %d wrong", tt.corpus, wrong, n)
		if wrong*50 > n {
			t.Errorf("%s: %d of %d pieces are taken for another encoding without a doubt", tt.corpus, wrong, n)
		}
	}
}

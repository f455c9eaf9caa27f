package langid_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/textlstm/textlstm/pretrained/langid"
)

// Texts of other languages are told, English ones never, whatever they are like.
func TestForeign(t *testing.T) {
	for _, tt := range []struct{ want, text string }{
		{"de", "Die Sitzung wurde auf Donnerstag verschoben."},
		{"de", "Der Kaffee war leider kalt und viel zu teuer"},
		{"fr", "Le repas était froid et le serveur impoli."},
		{"es", "No volvería a este hotel, el servicio es pésimo."},
		{"it", "La cena era fredda e il cameriere scortese."},
		{"pt", "O serviço foi péssimo e a comida estava fria."},
		{"no", "Jeg har ikke sett noe så kjedelig på lenge, og maten var kald."},
		{"da", "Jeg har aldrig set noget så kedeligt, og maden blev kold."},
		{"ro", "Mâncarea era rece și personalul nepoliticos."},
		{"fi", "Ruoka oli kylmää ja palvelu epäystävällistä."},
		{"hu", "Az étel hideg volt, a kiszolgálás udvariatlan."},
		{"tr", "Yemek soğuktu ve servis kötüydü."},
		{"id", "Makanannya dingin dan pelayannya tidak ramah sama sekali."},
		{"vi", "Món ăn thì nguội và nhân viên phục vụ không thân thiện."},
		{"ru", "Фильм был скучным и слишком длинным."},
		{"uk", "Фільм був нудним і занадто довгим."},
		{"el", "Η ταινία ήταν πολύ βαρετή."},
		{"ar", "الفيلم ممل جدا ولا أنصح به"},
		{"fa", "این گوشی خیلی خوب است و کیفیت خوبی دارد"},
		{"he", "הסרט משעמם מאוד"},
		{"hi", "फिल्म बहुत उबाऊ थी"},
		{"zh", "这部电影很无聊，太长了"},
		{"ja", "この映画はとても退屈で長すぎる"},
		{"ko", "영화가 너무 지루하고 길었다"},
		{"th", "หนังน่าเบื่อมาก"},
		{"zh", "我的 iPhone 屏幕非常好，但是电池不行，不推荐购买"},
		{langid.Unknown, "ფილმი ძალიან მოსაწყენი იყო"},

		{"", ""}, {"", "42 :-) !!!"}, {"", "\xff\xfe"}, {"", "👍👍👍"}, {"", "mdr"}, {"", "schön"}, {"", "好"},
		{"", "The food was cold and the waiter was rude."},
		{"", "omg thats sooo gooood lol"}, {"", "gonna b l8 2nite m8, soz xx"}, {"", "@anna @bob https://t.co/a1b2 #nofilter"},
		{"", "The crème brûlée at Chez Marie was to die for."}, {"", "Schadenfreude, the movie"},
		{"", "LGTM, s/foo/bar/ in utils.go"}, {"", "ur da best bro haha"}, {"", "Mr. Kowalczyk met Frau Müller in São Paulo."},
		{"", "😂😂😂 dead"}, {"", "idk tbh imo its mid af"}, {"", "NullPointerException in com.example.Main"},
		{"", "Tonkotsu ramen, gyoza and a beer: 18 dollars"}, {"", "wow 真的 good, I love this place so much"},
	} {
		if got := langid.Foreign(tt.text, []string{"en"}); got != tt.want {
			t.Errorf("Foreign(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// What is read is not foreign, and what is like it may be.
func TestForeignReads(t *testing.T) {
	const german, chinese = "Der Kaffee war leider kalt und viel zu teuer", "这部电影很无聊，太长了"
	for _, tt := range []struct {
		want, text string
		read       []string
	}{
		{"", german, []string{"en", "de"}},
		{"", chinese, []string{"zh", "en"}},
		{"zh", chinese, []string{"de"}},
		{"de", german, []string{"zh", "ja"}},
		{"de", german, nil},
	} {
		if got := langid.Foreign(tt.text, tt.read); got != tt.want {
			t.Errorf("Foreign(%q, %q) = %q, want %q", tt.text, tt.read, got, tt.want)
		}
	}
}

// Only the beginning of a long text is read, and many goroutines may ask at once.
func TestForeignLongAndParallel(t *testing.T) {
	long := strings.Repeat("Der Kaffee war leider kalt und viel zu teuer. ", 1<<16)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if got := langid.Foreign(long, []string{"en"}); got != "de" {
				t.Errorf("%q", got)
			}
		})
	}
	wait.Wait()
}

package corpora

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

var (
	utf16le    = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16be    = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	utf16bom   = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	utf16beBOM = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
)

func encode(t testing.TB, e encoding.Encoding, s string) string {
	t.Helper()
	b, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEncodings(t *testing.T) {
	const (
		french    = "Le café était délicieux, mais le garçon n'était pas très aimable. Où sont passées les pâtisseries à la crème ?\n"
		german    = "Das Gerät läuft schön, aber die Größe überzeugt nicht. Für Anfänger völlig ungeeignet.\n"
		short     = "A café in town.\n"
		quotes    = "It\u2019s \u201cfine\u201d \u2014 really.\n"
		chinese   = "这家酒店的房间很大，服务也很好，下次还会再来。早餐的种类不多，但是味道不错。\n"
		japanese_ = "このホテルの部屋はとても広くて、サービスも良かったです。また来たいと思います。\n"
		russian   = "Очень хороший фильм, всем советую посмотреть. Актёры играют замечательно.\n"
		english   = "A plain line of text, nothing else.\n"
	)
	tests := []struct {
		name    string
		content string
		opts    Options
		want    string
		enc     string
		bad     int64
	}{
		{"ASCII", english, Options{}, english, "utf-8", 0},
		{"UTF-8", chinese, Options{}, chinese, "utf-8", 0},
		{"UTF-8 with mark", "\ufeff" + chinese, Options{}, chinese, "utf-8", 0},
		{"UTF-8 with mark, encoding given", "\ufeff" + chinese, Options{Encoding: "utf-8"}, chinese, "utf-8", 0},
		{"UTF-16LE with mark", encode(t, utf16bom, french), Options{}, french, "utf-16le", 0},
		{"UTF-16BE with mark", encode(t, utf16beBOM, french), Options{}, french, "utf-16be", 0},
		{"UTF-16LE without mark", encode(t, utf16le, french), Options{}, french, "utf-16le", 0},
		{"UTF-16BE without mark", encode(t, utf16be, french), Options{}, french, "utf-16be", 0},
		{"UTF-16 given", encode(t, utf16be, chinese), Options{Encoding: "utf-16be"}, chinese, "utf-16be", 0},
		{"Latin-1 French", encode(t, charmap.ISO8859_1, french), Options{}, french, "windows-1252", 0},
		{"Latin-1 German", encode(t, charmap.ISO8859_1, german), Options{}, german, "windows-1252", 0},
		{"Latin-1, one letter", encode(t, charmap.ISO8859_1, short), Options{}, short, "windows-1252", 0},
		{"Windows-1252 quotes", encode(t, charmap.Windows1252, quotes), Options{}, quotes, "windows-1252", 0},
		{"Latin-1 behind much ASCII", strings.Repeat(english, 10_000) + encode(t, charmap.ISO8859_1, french), Options{}, strings.Repeat(english, 10_000) + french, "windows-1252", 0},
		{"Latin-1 given", encode(t, charmap.ISO8859_1, german), Options{Encoding: "latin1"}, german, "windows-1252", 0},
		{"GB18030", encode(t, simplifiedchinese.GB18030, chinese), Options{}, chinese, "gb18030", 0},
		{"GB18030 among English", encode(t, simplifiedchinese.GB18030, english+chinese+english), Options{}, english + chinese + english, "gb18030", 0},
		{"GB18030 given by another name", encode(t, simplifiedchinese.GB18030, chinese), Options{Encoding: "GBK"}, chinese, "gbk", 0},
		{"Shift-JIS", encode(t, japanese.ShiftJIS, japanese_), Options{}, japanese_, "shift_jis", 0},
		{"EUC-JP", encode(t, japanese.EUCJP, japanese_), Options{}, japanese_, "euc-jp", 0},
		{"Windows-1251", encode(t, charmap.Windows1251, russian), Options{}, russian, "windows-1251", 0},
		{"declared by a comment", "# -*- coding: koi8-r -*-\n" + encode(t, charmap.KOI8R, russian), Options{}, "# -*- coding: koi8-r -*-\n" + russian, "koi8-r", 0},
		{"declared by HTML", "<html><head><meta charset=\"gb2312\">" + encode(t, simplifiedchinese.GBK, "好"), Options{}, "<html><head><meta charset=\"gb2312\">好", "gbk", 0},
		{"bad bytes", "good\xff\xfe text\n", Options{}, "good\ufffd\ufffd text\n", "utf-8", 2},
		{"one bad byte among good UTF-8", chinese + "\xe4 " + chinese, Options{}, chinese + "\ufffd " + chinese, "utf-8", 1},
		{"a rune cut off at the end", chinese + "\xe4\xbd", Options{}, chinese + "\ufffd\ufffd", "utf-8", 2},
		{"surrogates in UTF-8", chinese + "\xed\xa0\x80", Options{}, chinese + "\ufffd\ufffd\ufffd", "utf-8", 3},
		{"half a unit of UTF-16", encode(t, utf16bom, english) + "x", Options{}, english + "\ufffd", "utf-16le", 1},
		{"a lone surrogate of UTF-16", "\xff\xfea\x00\x00\xd8b\x00", Options{}, "a\ufffdb", "utf-16le", 1},
		{"U+FFFD in the file is no fault", "a\ufffdb", Options{}, "a\ufffdb", "utf-8", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, reader := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.HalfReader, iotest.DataErrReader} {
				r, err := New(reader(strings.NewReader(tt.content)), "a.txt", tt.opts)
				if err != nil {
					t.Fatal(err)
				}
				rows, _, rep, err := drain(t, r)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]row{{"", tt.want}}, rows); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got := rep.Files[0].Encoding; got != tt.enc {
					t.Errorf("encoding %s, want %s", got, tt.enc)
				}
				if rep.BadBytes != tt.bad || rep.Files[0].BadBytes != tt.bad {
					t.Errorf("%d bad bytes, want %d", rep.BadBytes, tt.bad)
				}
			}
		})
	}
}

func TestStrictEncoding(t *testing.T) {
	for _, content := range []string{"label\ttext\na\tone\nb\t\xff\n", encode(t, utf16bom, "label\ttext\na\tone\nb\t") + "\x00\xd8a\x00\n\x00"} {
		_, _, _, err := readString(t, "a.tsv", content, Options{Strict: true})
		if !errors.Is(err, ErrEncoding) {
			t.Errorf("%q: %v, want ErrEncoding", content, err)
		}
	}
	// The byte is named that is no UTF-8, where more has to be read to judge the encoding, too.
	slow := iotest.OneByteReader(strings.NewReader("I love \xff it\nok\n"))
	r, err := New(slow, "s.txt", Options{Strict: true})
	if err == nil {
		_, err = r.Read()
	}
	if err == nil || !strings.Contains(err.Error(), "byte 0xff is not UTF-8") {
		t.Errorf("error %v, want one of byte 0xff", err)
	}
}

func TestUTF32IsNamed(t *testing.T) {
	_, _, _, err := readString(t, "a.tsv", "\xff\xfe\x00\x00a\x00\x00\x00", Options{})
	if err == nil || !strings.Contains(err.Error(), "UTF-32") {
		t.Errorf("got %v, want UTF-32 named", err)
	}
}

// Whatever the bytes, a decoder gives valid UTF-8, and of valid UTF-8 the same.
func FuzzDecoder(f *testing.F) {
	for _, s := range []string{"plain", "caf\xe9 du coin", "\xff\xfea\x00", "\xfe\xff\x00a", "a\x00b\x00", "\xef\xbb\xbfx", "\xc4\xe3\xba\xc3\xa3\xac", "# coding: latin1\n\xe9", "\xed\xa0\x80", "好\xe5"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := newDecoder(bufio.NewReaderSize(bytes.NewReader(b), sniffBytes), "", false)
		if err != nil {
			return
		}
		got, err := io.ReadAll(d)
		if err != nil {
			t.Fatal(err)
		}
		if validPrefix(got) != len(got) {
			t.Fatalf("%q gives %q, not UTF-8", b, got)
		}
		if d.name == "utf-8" && d.bad == 0 && d.how == "" && !bytes.Equal(got, b) {
			t.Fatalf("%q became %q without a fault counted", b, got)
		}
	})
}

package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
)

// Every lie is met by an error that names the column and the page, or the footer.
func TestLies(t *testing.T) {
	files := fixtures(t)
	const text = `row group 1, column "text", page `
	raw := func(page int, change func([]byte) []byte) func(*image) {
		return func(img *image) {
			p := img.chunks[0].pages[page]
			p.raw = change(slices.Clone(p.raw))
		}
	}
	header := func(page int, ids ...int16) func(*image, int64) {
		return func(img *image, n int64) {
			x := img.chunks[0].pages[page].header
			for _, id := range ids {
				x = x.field(id)
			}
			x.n = n
		}
	}
	meta := func(id int16) func(*image, int64) {
		return func(img *image, n int64) { img.chunks[0].meta.field(id).n = n }
	}
	footer := func(ids ...int16) func(*image, int64) {
		return func(img *image, n int64) {
			x := img.footer
			for _, id := range ids {
				if x = x.field(id); x.kind == kindList {
					x = x.children[0]
				}
			}
			x.n = n
		}
	}
	tests := []struct {
		name, file string
		content    func(*image)        // changed before sizes, places and sums are set
		header     func(*image, int64) // after that
		footer     func(*image, int64)
		n          int64
		want       error
		message    string
	}{
		{name: "page size of 2 GiB", file: "zstd", header: header(0, 2), n: math.MaxInt32, want: ErrTooLarge, message: text + "1 at byte 4: "},
		{name: "page size beyond 32 bits", file: "zstd", header: header(0, 2), n: 1 << 40, want: ErrSyntax, message: text + "1"},
		{name: "negative page size", file: "gzip", header: header(0, 2), n: -1, want: ErrSyntax, message: text + "1"},
		{name: "page too small for its content", file: "zstd", header: header(1, 2), n: 7, want: ErrSyntax, message: text + "2"},
		{name: "page of more than its chunk has", file: "snappy", header: header(0, 3), n: 1 << 30, want: ErrSyntax, message: text + "1"},
		{name: "levels of more than the page has", file: "gzip", header: header(0, 8, 5), n: 1 << 30, want: ErrSyntax, message: text + "1"},
		{name: "more values than the page has", file: "gzip", header: header(0, 8, 1), n: math.MaxInt32, want: ErrSyntax, message: text + "1"},
		{name: "fewer values than the table has", file: "gzip", header: header(0, 8, 1), n: 39, want: io.ErrUnexpectedEOF, message: "shorter than the table"},
		{name: "negative number of values", file: "gzip", header: header(0, 8, 1), n: -1, want: ErrSyntax, message: "with -1 values"},
		{name: "dictionary of numbers, of too many", file: "snappy", content: wrongNumbers, want: ErrSyntax, message: `column "big", page 1`},
		{name: "unknown encoding", file: "gzip", header: header(0, 8, 4), n: 77, want: ErrUnsupported, message: text + "1"},
		{name: "dictionary of too many", file: "snappy", header: header(0, 7, 1), n: 1 << 30, want: ErrSyntax, message: text + "1"},
		{name: "index beyond the dictionary", file: "snappy", header: header(0, 7, 1), n: 1, want: ErrSyntax, message: text + "2"},
		{name: "wrong checksum", file: "gzip", header: header(0, 4), n: 1, want: ErrSyntax, message: text + "1"},
		{name: "no dictionary", file: "snappy", content: func(img *image) { img.chunks[0].pages = img.chunks[0].pages[1:] }, want: ErrSyntax, message: text + "1"},
		{name: "two dictionaries", file: "snappy", content: func(img *image) {
			img.chunks[0].pages = slices.Insert(img.chunks[0].pages, 0, img.chunks[0].pages[0])
		}, want: ErrSyntax, message: text + "2"},
		{name: "length beyond the dictionary", file: "snappy", content: raw(0, func(b []byte) []byte { b[3] = 0x7f; return b }), want: io.ErrUnexpectedEOF, message: text + "1"},
		{name: "level length beyond the page", file: "lz4", content: raw(0, func(b []byte) []byte { b[2] = 1; return b }), want: ErrSyntax, message: text + "1"},
		{name: "no levels", file: "lz4", content: raw(0, func(b []byte) []byte { return nil }), want: ErrSyntax, message: text + "1"},
		{name: "level above the highest", file: "lz4", content: raw(0, func(b []byte) []byte { b[4], b[5] = 2, 9; return b }), want: ErrSyntax, message: text + "1"},
		{name: "levels without end, no values", file: "lz4", content: raw(0, func(b []byte) []byte {
			return slices.Concat([]byte{11, 0, 0, 0}, binary.AppendUvarint(nil, math.MaxUint64-1), []byte{1})
		}), want: io.ErrUnexpectedEOF, message: text + "1"},
		{name: "deltas of 2^31 numbers", file: "lz4", content: deltas31, want: ErrSyntax, message: text + "1"},
		{name: "page that expands without measure", file: "zstd", content: raw(1, func(b []byte) []byte { return append(b, make([]byte, 20<<20)...) }), want: ErrTooLarge, message: text + "2"},
		{name: "chunk beyond the file", file: "none", footer: meta(7), n: 1 << 40, want: ErrSyntax, message: `row group 1, column "text": `},
		{name: "chunk before the file", file: "none", footer: meta(9), n: -5, want: ErrSyntax, message: `row group 1, column "text": `},
		{name: "chunk that overflows", file: "none", footer: meta(7), n: math.MaxInt64, want: ErrSyntax, message: `row group 1, column "text": `},
		{name: "chunk of another type", file: "none", footer: meta(1), n: int64(Double), want: ErrSyntax, message: `row group 1, column "text": `},
		{name: "unknown codec", file: "none", footer: meta(4), n: 99, want: ErrUnsupported, message: text + "1"},
		{name: "chunk of more values", file: "none", footer: meta(5), n: 8, want: ErrSyntax, message: text},
		{name: "group of more rows", file: "none", footer: footer(4, 3), n: 8, want: io.ErrUnexpectedEOF, message: "shorter than the table"},
		{name: "group of fewer rows", file: "none", footer: footer(4, 3), n: 6, want: ErrSyntax, message: "more rows than the row group has"},
		{name: "group of too many rows", file: "none", footer: footer(4, 3), n: math.MaxInt64, want: ErrSyntax, message: "row group 1: "},
		{name: "table of more rows", file: "none", footer: footer(3), n: 41, want: ErrSyntax, message: "1 rows fewer"},
		{name: "column of too many children", file: "none", footer: footer(2, 5), n: math.MaxInt32, want: ErrSyntax, message: "footer: "},
		{name: "fewer columns", file: "none", footer: footer(2, 5), n: 2, want: ErrSyntax, message: "footer: "},
		{name: "list of 2^31", file: "none", footer: func(img *image, n int64) { img.footer.field(4).n = n }, n: math.MaxInt32, want: ErrSyntax, message: "footer: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			img := takeApart(t, files[tt.file])
			codec := img.chunks[0].meta.field(4).n
			if tt.content != nil {
				tt.content(img)
			}
			var headers, footers []func()
			if tt.header != nil {
				headers = append(headers, func() { tt.header(img, tt.n) })
			}
			if tt.footer != nil {
				footers = append(footers, func() { tt.footer(img, tt.n) })
			}
			err := checkHostile(t, img.build(codec, headers, footers))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("%v, want %v with %q", err, tt.want, tt.message)
			}
		})
	}
}

// wrongNumbers halves the dictionary of big and leaves its count.
func wrongNumbers(img *image) {
	p := img.chunks[4].pages[0]
	p.raw = p.raw[:len(p.raw)/2]
}

// deltas31 makes the first page of text a claim of 2^31 numbers of no bits.
func deltas31(img *image) {
	p := img.chunks[0].pages[0]
	n := 4 + int(binary.LittleEndian.Uint32(p.raw))
	p.raw = slices.Concat(p.raw[:n], binary.AppendUvarint([]byte{128, 1, 4}, 1<<31), make([]byte, 20))
}

// The limits hold at their edges, for all columns together.
func TestLimits(t *testing.T) {
	for name, b := range fixtures(t) {
		read := func(l Limits) (*File, error) {
			f, err := Open(bytes.NewReader(b), int64(len(b)), l)
			if err != nil {
				return nil, err
			}
			for i, c := range f.Columns {
				if c.Leaf {
					f.Column(i)
				}
			}
			for {
				rows, err := f.NextGroup()
				if err == io.EOF {
					return f, nil
				}
				for range rows {
					for _, c := range f.open {
						if err == nil {
							err = c.Row(func(*Value) {})
						}
					}
				}
				if err != nil {
					return f, err
				}
			}
		}
		f, err := read(generous)
		if err != nil {
			t.Fatal(err)
		}
		var given int64
		if _, err := readAllOf(b, func(v *Value) { given += 8 + int64(len(v.Bytes)) }); err != nil || given != f.given {
			t.Errorf("%s: values of %d bytes are counted, there are %d, %v", name, f.given, given, err)
		}
		var pages int64
		for _, c := range f.open {
			pages += int64(cap(c.page) + cap(c.dict.page) + cap(c.scratch) + 4*cap(c.dict.starts))
		}
		if pages != f.memory {
			t.Errorf("%s: %d bytes are counted, there are %d", name, f.memory, pages)
		}
		total := max(f.total, f.given)
		if _, err := read(Limits{Memory: f.memory, Total: total}); err != nil {
			t.Errorf("%s, as much as is needed: %v", name, err)
		}
		if _, err := read(Limits{Memory: f.memory - 1, Total: total}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s, a byte of memory less: %v", name, err)
		}
		if _, err := read(Limits{Memory: f.memory, Total: total - 1}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s, a byte less in all: %v", name, err)
		}
		if _, err := read(Limits{Memory: f.memory, Total: min(f.total, f.given) - 1}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s, less than either needs: %v", name, err)
		}
	}
}

// Columns that must be there, and lists without groups, which other libraries
// write less often.
func TestRequiredColumns(t *testing.T) {
	type row struct {
		Text string   `parquet:"text"`
		Tags []int32  `parquet:"tags"`
		Some *int64   `parquet:"some,optional"`
		UUID [16]byte `parquet:"uuid,uuid"`
	}
	n := int64(7)
	rows := []row{{"a", []int32{1, 2}, &n, [16]byte{1}}, {"", nil, nil, [16]byte{15: 2}}, {"c", []int32{3}, &n, [16]byte{}}}
	var b bytes.Buffer
	if err := pq.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(b.Bytes(), generous)
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) any { return json.Number(s) }
	want := map[string][]any{
		"text": {"a", "", "c"},
		"tags": {[]any{number("1"), number("2")}, []any{}, []any{number("3")}},
		"some": {number("7"), nil, number("7")},
		"uuid": {string(rows[0].UUID[:]), string(rows[1].UUID[:]), string(rows[2].UUID[:])},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	img := takeApart(t, b.Bytes())
	for _, e := range img.footer.field(2).children {
		if slices.Contains(e.ids, 2) {
			e.field(2).n = 0
		}
	}
	if _, err := readAll(img.build(uncompressed, nil, nil), generous); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "of 0 bytes") {
		t.Errorf("a type of no bytes: %v", err)
	}
	f, err := Open(eofReader{b.Bytes()}, int64(b.Len()), generous)
	if err != nil {
		t.Fatalf("a reader that says io.EOF with the last byte: %v", err)
	}
	for _, c := range f.Columns {
		if c.List != (c.Name == "tags") || !c.Leaf {
			t.Errorf("column %+v", c)
		}
	}
}

// eofReader returns io.EOF with the bytes that it was asked for.
type eofReader struct{ b []byte }

func (r eofReader) ReadAt(p []byte, at int64) (int, error) { return copy(p, r.b[at:]), io.EOF }

func TestUnpackBits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		b := make([]byte, r.IntN(20))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		bit, width := r.IntN(160), r.IntN(65)
		want := uint64(0)
		for i := range width {
			if at := bit + i; at/8 < len(b) {
				want |= uint64(b[at/8]>>(at%8)&1) << i
			}
		}
		if got := unpackBits(b, bit, width); got != want {
			t.Fatalf("%d bits of %x from %d: %x, want %x", width, b, bit, got, want)
		}
	}
}

func TestFooters(t *testing.T) {
	whole := fixtures(t)["none"]
	tests := []struct {
		name string
		file []byte
		want error
	}{
		{"empty", nil, io.ErrUnexpectedEOF},
		{"cut off", whole[:len(whole)-1], io.ErrUnexpectedEOF},
		{"footer larger than the file", append(binary.LittleEndian.AppendUint32(slices.Clone(whole[:len(whole)-8]), 1<<20), "PAR1"...), ErrTooLarge},
		{"encrypted", append(slices.Clone(whole[:len(whole)-4]), "PARE"...), ErrUnsupported},
		{"deep", withFooter(bytes.Repeat([]byte{0x1c}, 1000)), ErrSyntax},
		{"deep lists", withFooter(append([]byte{0x79}, bytes.Repeat([]byte{0x19}, 1000)...)), ErrSyntax},
		{"bytes behind the end", withFooter([]byte{0, 0}), ErrSyntax},
		{"no fields", withFooter([]byte{0}), ErrSyntax},
		{"no such type", withFooter([]byte{0x9d, 0}), ErrSyntax},
		{"no such type in a list", withFooter([]byte{0x99, 0x1d, 0, 0}), ErrSyntax},
		{"an integer without end", withFooter(append(append([]byte{0x16}, bytes.Repeat([]byte{0xff}, 11)...), 0)), ErrSyntax},
		{"row groups of integers", withFooter([]byte{0x29, 0x2c, 0x15, 2, 0, 0x15, 0, 0, 0x16, 0, 0x19, 0x15, 0, 0}), ErrSyntax},
		{"no schema", without(t, whole, 2), ErrSyntax},
		{"no number of rows", without(t, whole, 3), ErrSyntax},
		{"no row groups", without(t, whole, 4), ErrSyntax},
	}
	for message, footer := range map[string][]byte{
		"in each other": append([]byte{0x79}, bytes.Repeat([]byte{0x19}, 1000)...),
		"type 13":       {0x9d, 0},
		"no integer":    append(append([]byte{0x16}, bytes.Repeat([]byte{0xff}, 11)...), 0),
	} {
		b := withFooter(footer)
		if _, err := Open(bytes.NewReader(b), int64(len(b)), generous); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%v, want %s", err, message)
		}
	}
	for _, tt := range tests {
		if _, err := Open(bytes.NewReader(tt.file), int64(len(tt.file)), generous); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	for cut := range len(whole) {
		if _, err := readAll(whole[:cut], generous); err == nil {
			t.Fatalf("cut at %d of %d: no error", cut, len(whole))
		}
	}
}

// without returns a file whose footer lacks a field.
func without(t *testing.T, b []byte, id int16) []byte {
	img := takeApart(t, b)
	return img.build(uncompressed, nil, []func(){func() {
		i := slices.Index(img.footer.ids, id)
		img.footer.ids = slices.Delete(img.footer.ids, i, i+1)
		img.footer.children = slices.Delete(img.footer.children, i, i+1)
	}})
}

func withFooter(b []byte) []byte {
	b = append([]byte("PAR1"), b...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(b)-4)), "PAR1"...)
}

// readAllOf calls each for every value of a file.
func readAllOf(b []byte, each func(*Value)) (*File, error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)), generous)
	if err != nil {
		return nil, err
	}
	for i, c := range f.Columns {
		if c.Leaf {
			f.Column(i)
		}
	}
	for {
		rows, err := f.NextGroup()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return f, err
		}
		for range rows {
			for _, c := range f.open {
				if err := c.Row(each); err != nil {
					return f, err
				}
			}
		}
	}
}

func TestUnpack(t *testing.T) {
	text := []byte(strings.Repeat("some text ", 100))
	var codecs codecs
	for codec, name := range codecNames {
		packed := pack(codec, text)
		dst := make([]byte, len(text))
		if err := codecs.unpack(codec, dst, packed); err != nil || !bytes.Equal(dst, text) {
			t.Errorf("%s: %v", name, err)
		}
		for _, n := range []int{0, 1, len(text) - 1, len(text) + 1} {
			if err := codecs.unpack(codec, make([]byte, n), packed); !errors.Is(err, ErrSyntax) {
				t.Errorf("%s into %d bytes: %v", name, n, err)
			}
		}
		if err := codecs.unpack(codec, nil, nil); err != nil {
			t.Errorf("%s of nothing: %v", name, err)
		}
		if err := codecs.unpack(codec, make([]byte, 1), nil); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s of no bytes into one: %v", name, err)
		}
	}
	damaged := pack(codecGzip, text)
	damaged[len(damaged)-5] ^= 1 // its checksum
	if err := codecs.unpack(codecGzip, make([]byte, len(text)), damaged); !errors.Is(err, ErrSyntax) {
		t.Errorf("gzip with a wrong sum: %v", err)
	}
	before := allocated()
	lying := append(binary.AppendUvarint(nil, 1<<30), pack(codecSnappy, text)[2:]...)
	if err := codecs.unpack(codecSnappy, make([]byte, len(text)), lying); !errors.Is(err, ErrSyntax) || allocated()-before > 1<<20 {
		t.Errorf("snappy that says 1 GiB: %v, %d bytes", err, allocated()-before)
	}
}

func TestDeltas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	every := 1
	if testing.Short() {
		every = 13
	}
	for n := 0; n < 300; n += every {
		numbers := make([]int64, n)
		for i := range numbers {
			numbers[i] = r.Int64() >> r.IntN(64) * int64(1-2*r.IntN(2))
		}
		b, err := pq.DeltaBinaryPacked.EncodeInt64(nil, numbers)
		if err != nil {
			t.Fatal(err)
		}
		d, err := newDeltas(append(b, "rest"...), int64(n))
		if err != nil {
			t.Fatal(err)
		}
		if rest, err := d.rest(); string(rest) != "rest" || err != nil {
			t.Fatalf("%d numbers: %q behind them, %v", n, rest, err)
		}
		for i, want := range numbers {
			if got, err := d.next(); got != want || err != nil {
				t.Fatalf("number %d of %d: %d, %v, want %d", i, n, got, err, want)
			}
		}
		if _, err := d.next(); err == nil {
			t.Fatalf("more than %d numbers", n)
		}
		if _, err := newDeltas(b, int64(n)-1); err == nil && n > 0 {
			t.Fatalf("%d numbers in a page of fewer", n)
		}
		for cut := range b { // never a panic, and never more than there is
			d, err := newDeltas(b[:cut:cut], int64(n))
			if err != nil {
				continue
			}
			d.rest()
			for err == nil {
				_, err = d.next()
			}
		}
	}
	// Blocks of 128 in 4 mini-blocks, 2 numbers, the first 0, differences from 0 of 65 bits.
	wide, err := newDeltas(append([]byte{128, 1, 4, 2, 0, 0, 65, 0, 0, 0}, make([]byte, 400)...), 2)
	if err != nil {
		t.Fatal(err)
	}
	wide.next()
	if _, err := wide.next(); !errors.Is(err, ErrSyntax) {
		t.Errorf("65 bits: %v", err)
	}
}

// What delta coded values are put together in is counted, as it grows.
func TestDeltaScratchIsCounted(t *testing.T) {
	f := &File{limits: generous}
	c := &Cursor{Column: Column{Type: ByteArray}, file: f}
	for _, size := range []uint32{5, 50, 20, 500} {
		b, err := pq.DeltaByteArray.EncodeByteArray(nil, make([]byte, size), []uint32{0, size})
		if err != nil {
			t.Fatal(err)
		}
		d, err := c.newDeltaBytes(b, 1)
		if err != nil {
			t.Fatal(err)
		}
		var v Value
		if err := d.next(&v); err != nil || len(v.Bytes) != int(size) {
			t.Fatalf("%d bytes, %v, want %d", len(v.Bytes), err, size)
		}
		if f.memory != int64(cap(c.scratch)) {
			t.Errorf("%d bytes are counted, there are %d", f.memory, cap(c.scratch))
		}
	}
}

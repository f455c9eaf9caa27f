package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
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

// deltas31 makes the first page of text a claim of 2^31 numbers of no bits.
func deltas31(img *image) {
	p := img.chunks[0].pages[0]
	n := 4 + int(binary.LittleEndian.Uint32(p.raw))
	p.raw = slices.Concat(p.raw[:n], binary.AppendUvarint([]byte{128, 1, 4}, 1<<31), make([]byte, 20))
}

// The limits hold at their edges.
func TestLimits(t *testing.T) {
	b := fixtures(t)["zstd"]
	f, err := Open(bytes.NewReader(b), int64(len(b)), generous)
	if err != nil {
		t.Fatal(err)
	}
	f.Column(0)
	if _, err := f.NextGroup(); err != nil {
		t.Fatal(err)
	}
	if err := f.open[0].Row(func(*Value) {}); err != nil {
		t.Fatal(err)
	}
	read := func(l Limits) error {
		f, err := Open(bytes.NewReader(b), int64(len(b)), l)
		if err != nil {
			return err
		}
		c := f.Column(0)
		if _, err := f.NextGroup(); err != nil {
			return err
		}
		return c.Row(func(*Value) {})
	}
	if err := read(Limits{Memory: f.memory, Total: f.total}); err != nil {
		t.Errorf("as much as is needed: %v", err)
	}
	if err := read(Limits{Memory: f.memory - 1, Total: f.total}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a byte of memory less: %v", err)
	}
	if err := read(Limits{Memory: f.memory, Total: f.total - 1}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a byte less in all: %v", err)
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
		{"no schema", withFooter([]byte{0}), ErrSyntax},
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

func withFooter(b []byte) []byte {
	b = append([]byte("PAR1"), b...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(b)-4)), "PAR1"...)
}

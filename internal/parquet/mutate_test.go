package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// A node is a value of Thrift that can be changed and written again.
type node struct {
	kind     byte
	n        int64
	bytes    []byte
	of       byte // of a list
	ids      []int16
	children []*node
}

// parseNode reads a value; in a list a boolean has a byte.
func (t *thrift) node(kind byte, inList bool) *node {
	x := &node{kind: kind}
	switch kind {
	case kindTrue, kindFalse:
		if inList {
			x.n = int64(t.byte())
		}
	case kindByte, kindI16, kindI32, kindI64:
		x.n = t.int(kind)
	case kindDouble:
		x.bytes = t.take(8)
	case kindBinary:
		x.bytes = t.bytes(kind)
	case kindList, kindSet:
		at := *t
		_, x.of = at.listHeader(kind)
		t.elements(kind, func(_ int, of byte) { x.children = append(x.children, t.node(of, true)) })
	case kindStruct:
		t.fields(kind, func(id int16, kind byte) {
			x.ids = append(x.ids, id)
			x.children = append(x.children, t.node(kind, false))
		})
	default:
		t.fail("type %d", kind)
	}
	return x
}

func appendVarint(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

func (x *node) append(b []byte, inList bool) []byte {
	switch x.kind {
	case kindTrue, kindFalse:
		if inList {
			b = append(b, byte(x.n))
		}
	case kindByte:
		b = append(b, byte(x.n))
	case kindI16, kindI32, kindI64:
		b = appendVarint(b, x.n)
	case kindDouble:
		b = append(b, x.bytes...)
	case kindBinary:
		b = append(binary.AppendUvarint(b, uint64(len(x.bytes))), x.bytes...)
	case kindList, kindSet:
		if x.n == 0 {
			x.n = int64(len(x.children))
		}
		b = append(b, 0xf0|x.of)
		b = binary.AppendUvarint(b, uint64(x.n))
		for _, c := range x.children {
			b = c.append(b, true)
		}
	case kindStruct:
		for i, c := range x.children {
			b = append(b, c.kind)
			b = appendVarint(b, int64(x.ids[i]))
			b = c.append(b, false)
		}
		b = append(b, 0)
	}
	return b
}

// field returns a field of a struct, which it adds as an integer if there is none.
func (x *node) field(id int16) *node {
	if i := slices.Index(x.ids, id); i >= 0 {
		return x.children[i]
	}
	c := &node{kind: kindI64}
	x.ids, x.children = append(x.ids, id), append(x.children, c)
	return c
}

// ints collects the integers, and the lists for their lengths.
func (x *node) ints(list []*node) []*node {
	switch x.kind {
	case kindByte, kindI16, kindI32, kindI64, kindList:
		list = append(list, x)
	}
	for _, c := range x.children {
		list = c.ints(list)
	}
	return list
}

// An image is a Parquet file taken apart.
type image struct {
	footer *node
	chunks []imageChunk
}

type imageChunk struct {
	meta  *node
	pages []*imagePage
}

type imagePage struct {
	header *node
	raw    []byte // decompressed, levels too
}

// takeApart reads the structure of a file.
func takeApart(t testing.TB, b []byte) *image {
	t.Helper()
	n := int(binary.LittleEndian.Uint32(b[len(b)-8:]))
	th := thrift{b: b[len(b)-8-n : len(b)-8]}
	img := &image{footer: th.node(kindStruct, false)}
	if th.err != nil {
		t.Fatal(th.err)
	}
	var codecs codecs
	for _, group := range img.footer.field(4).children {
		for _, column := range group.field(1).children {
			c := imageChunk{meta: column.field(3)}
			at := c.meta.field(9).n
			if dict := c.meta.field(11).n; dict > 0 && dict < at {
				at = dict
			}
			for end := at + c.meta.field(7).n; at < end; {
				th := thrift{b: b[at:end]}
				h := th.node(kindStruct, false)
				again := thrift{b: b[at:end]}
				header := again.pageHeader()
				if th.err != nil || again.err != nil {
					t.Fatal(th.err, again.err)
				}
				body := b[at+int64(th.pos):][:header.packed]
				raw := make([]byte, header.unpacked)
				levels := copy(raw, body[:header.repBytes+header.defBytes])
				codec := c.meta.field(4).n
				if header.plain {
					codec = uncompressed
				}
				if err := codecs.unpack(codec, raw[levels:], body[levels:]); err != nil {
					t.Fatal(err)
				}
				c.pages = append(c.pages, &imagePage{h, raw})
				at += int64(th.pos) + header.packed
			}
			img.chunks = append(img.chunks, c)
		}
	}
	return img
}

var block lz4.Compressor // reused: it is large

// pack compresses with a codec of the library.
func pack(codec int64, raw []byte) []byte {
	if codec == codecLZ4Raw {
		b := make([]byte, lz4.CompressBlockBound(len(raw)))
		if n, err := block.CompressBlock(raw, b); n > 0 && err == nil {
			return b[:n]
		}
	}
	b, err := pq.LookupCompressionCodec(format.CompressionCodec(codec)).Encode(nil, raw)
	if err != nil {
		return raw
	}
	return b
}

// build writes the file, with right sizes and places, and sums where there were
// any; the lies are told last.
func (img *image) build(codec int64, headerLies, footerLies []func()) []byte {
	b := []byte("PAR1")
	type body struct {
		page   *imagePage
		packed []byte
	}
	var bodies []body
	for i := range img.chunks {
		for j := range img.chunks[i].pages {
			p := img.chunks[i].pages[j]
			levels := 0
			codec := codec
			if v2 := slices.Index(p.header.ids, 8); v2 >= 0 && p.header.field(1).n == dataPageV2 {
				h := p.header.children[v2]
				levels = min(int(h.field(5).n+h.field(6).n), len(p.raw))
				if k := slices.Index(h.ids, 7); k >= 0 && h.children[k].kind == kindFalse {
					codec = uncompressed
				}
			}
			packed := append(slices.Clone(p.raw[:levels]), pack(codec, p.raw[levels:])...)
			p.header.field(2).n, p.header.field(3).n = int64(len(p.raw)), int64(len(packed))
			if k := slices.Index(p.header.ids, 4); k >= 0 {
				p.header.children[k].n = int64(int32(crc32.ChecksumIEEE(packed)))
			}
			bodies = append(bodies, body{p, packed})
		}
	}
	for _, lie := range headerLies {
		lie()
	}
	for i := range img.chunks {
		c := &img.chunks[i]
		c.meta.field(4).n = codec
		start := int64(len(b))
		c.meta.field(9).n = start
		if k := slices.Index(c.meta.ids, 11); k >= 0 {
			c.meta.children[k].n = 0
		}
		for j := range c.pages {
			if j == 1 && c.pages[0].header.field(1).n == dictionaryPage {
				c.meta.field(9).n, c.meta.field(11).n = int64(len(b)), start
			}
			b = c.pages[j].header.append(b, false)
			b = append(b, bodies[0].packed...)
			bodies = bodies[1:]
		}
		c.meta.field(7).n = int64(len(b)) - start
	}
	for _, lie := range footerLies {
		lie()
	}
	start := len(b)
	b = img.footer.append(b, false)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)-start))
	return append(b, "PAR1"...)
}

// lie changes a number to one that hurts.
func lie(r *rand.Rand, n int64) int64 {
	hurt := []int64{0, 1, -1, 2, 7, 8, 127, 128, 1 << 16, 1 << 24, math.MaxInt32, math.MinInt32, 1 << 32, 1 << 40, math.MaxInt64, math.MinInt64,
		n + 1, n - 1, 2 * n, -n, n + 1<<32, r.Int64(), int64(r.IntN(16))}
	return hurt[r.IntN(len(hurt))]
}

// mutate returns a damaged file of a codec. The damage is of a kind that the
// checks of the layers above do not see: sizes, places and sums are right
// unless they are the lie.
func mutate(t testing.TB, b []byte, codec int64, r *rand.Rand) []byte {
	img := takeApart(t, b)
	var headerLies, footerLies []func()
	for range 1 + r.IntN(3) {
		c := &img.chunks[r.IntN(len(img.chunks))]
		if len(c.pages) == 0 {
			continue
		}
		i := r.IntN(len(c.pages))
		p := c.pages[i]
		switch r.IntN(10) {
		case 0, 1: // a number of a page header
			headerLies = append(headerLies, func() {
				all := p.header.ints(nil)
				x := all[r.IntN(len(all))]
				x.n = lie(r, x.n)
			})
		case 2, 3: // a number or the length of a list in the footer
			footerLies = append(footerLies, func() {
				all := img.footer.ints(nil)
				x := all[r.IntN(len(all))]
				x.n = lie(r, x.n)
			})
		case 4: // a number at the head of levels, runs, deltas or values
			at := min(r.IntN(12), len(p.raw))
			p.raw = slices.Concat(p.raw[:at], binary.AppendUvarint(nil, uint64(lie(r, 1))), p.raw[at:])
		case 5: // a length of 32 bits
			if len(p.raw) >= 4 {
				at := r.IntN(len(p.raw) - 3)
				p.raw = slices.Clone(p.raw)
				binary.LittleEndian.PutUint32(p.raw[at:], uint32(lie(r, int64(p.raw[at]))))
			}
		case 6: // bytes
			p.raw = slices.Clone(p.raw)
			for range 1 + r.IntN(4) {
				if len(p.raw) > 0 {
					p.raw[r.IntN(len(p.raw))] = byte(r.Uint32())
				}
			}
		case 7: // a page cut, longer or expanding a thousandfold
			switch r.IntN(8) {
			case 0:
				p.raw = append(slices.Clone(p.raw), make([]byte, 4<<20)...)
			default:
				p.raw = append(slices.Clone(p.raw[:r.IntN(len(p.raw)+1)]), make([]byte, r.IntN(200))...)
			}
		case 8: // a page twice, or none
			if r.IntN(2) == 0 {
				c.pages = slices.Insert(c.pages, i, p)
			} else {
				c.pages = slices.Delete(c.pages, i, i+1)
			}
		case 9: // a page of another column
			o := &img.chunks[r.IntN(len(img.chunks))]
			if len(o.pages) > 0 {
				c.pages[i] = o.pages[r.IntN(len(o.pages))]
			}
		}
	}
	out := img.build(codec, headerLies, footerLies)
	if r.IntN(8) == 0 { // bytes of a compressed page, or anything
		out[r.IntN(len(out))] ^= byte(1 + r.IntN(255))
	}
	return out
}

// drain reads all values of a file as it might be read.
func drain(b []byte, l Limits) (values int, err error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)), l)
	if err != nil {
		return 0, err
	}
	var cursors []*Cursor
	for i, c := range f.Columns {
		if c.Leaf {
			cursors = append(cursors, f.Column(i))
		}
	}
	f.Metadata("none")
	for {
		rows, err := f.NextGroup()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		for range rows {
			for _, c := range cursors {
				if err := c.Row(func(*Value) { values++ }); err != nil {
					return values, err
				}
			}
			if len(cursors) == 0 {
				return 0, nil
			}
		}
	}
}

// allocated returns the bytes allocated so far.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// checkHostile reads any bytes with the limits that the readers of corpora set.
// All that was allocated, freed or not, must be within the bound that holds for
// memory, and errors must be of a known kind.
func checkHostile(t testing.TB, b []byte) error {
	t.Helper()
	size := int64(len(b))
	start, before := time.Now(), allocated()
	_, err := drain(b, Limits{Memory: 24<<20 + 3*size, Total: max(16<<20, 200*size)})
	if took := time.Since(start); took > 5*time.Second {
		t.Fatalf("took %v", took)
	}
	if took := int64(allocated() - before); took > 4*size+48<<20 {
		t.Fatalf("%d bytes took %d: %v", size, took, err)
	}
	if err != nil && len(err.Error()) > 500 {
		t.Fatalf("an error of %d bytes: %.500s", len(err.Error()), err)
	}
	if err != nil && !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("an error of no kind: %v", err)
	}
	return err
}

// MUTANTS=20000 go test -run TestMutants ./internal/parquet runs as many for
// each codec.
func TestMutants(t *testing.T) {
	n := 200
	if testing.Short() {
		n = 40
	}
	if s := os.Getenv("MUTANTS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	files := fixtures(t)
	for codec, name := range map[int64]string{uncompressed: "uncompressed", codecSnappy: "snappy", codecGzip: "gzip", codecBrotli: "brotli", codecZstd: "zstd", codecLZ4Raw: "LZ4_RAW"} {
		t.Run(name, func(t *testing.T) {
			read := 0
			for seed := range n {
				r := rand.New(rand.NewPCG(uint64(codec), uint64(seed)))
				names := []string{"none", "snappy", "gzip", "brotli", "zstd", "lz4", "duckdb", "polars"}
				b := mutate(t, files[names[r.IntN(len(names))]], codec, r)
				if err := checkHostile(t, b); err == nil {
					read++
				}
				if t.Failed() {
					t.Fatalf("mutant %d", seed)
				}
			}
			t.Logf("%d mutants, %d of them read to their end", n, read)
		})
	}
}

// What is not damaged is read, whatever its codec: the mutants are damaged by
// their damage alone.
func TestRebuilt(t *testing.T) {
	for name, b := range fixtures(t) {
		want, err := readAll(b, generous)
		if err != nil {
			t.Fatal(err)
		}
		for codec := range codecNames {
			got, err := readAll(takeApart(t, b).build(codec, nil, nil), generous)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s with %s: %v", name, codecNames[codec], err)
			}
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, b := range fixtures(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkHostile(t, b) })
}

// FuzzStructure damages files that are whole otherwise: see mutate.
func FuzzStructure(f *testing.F) {
	var files [][]byte
	for _, b := range fixtures(f) {
		files = append(files, b)
	}
	slices.SortFunc(files, bytes.Compare)
	for i := range files {
		f.Add(uint64(i), uint64(i), uint8(i))
	}
	codecs := []int64{uncompressed, codecSnappy, codecGzip, codecBrotli, codecZstd, codecLZ4Raw}
	f.Fuzz(func(t *testing.T, a, b uint64, file uint8) {
		r := rand.New(rand.NewPCG(a, b))
		checkHostile(t, mutate(t, files[int(file)%len(files)], codecs[r.IntN(len(codecs))], r))
	})
}

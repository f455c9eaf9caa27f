package tensorfile

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/half"
)

// model returns a file of about 60 kB such as a small model is.
func model(t testing.TB) []byte {
	rng := rand.New(rand.NewPCG(7, 7))
	random := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	words := strings.Repeat(`"good","bad","ugly",`, 50)
	return mustWrite(t, map[string]string{"format": "1", "vocabulary": "[" + words + `""]`},
		Float32("embedding.weight", random(100*16), 100, 16),
		Float32("encoder.weight_ih_l0", random(64*16), 64, 16),
		Float32("encoder.weight_hh_l0", random(64*16), 64, 16),
		Float32("encoder.bias_l0", random(64), 64),
		Float16("head.weight", random(3*32), 3, 32),
		Int8("quantized", make([]int8, 2400), 24, 100),
		Int64("step", []int64{12345}),
	)
}

func mustFail(t *testing.T, b []byte, what string, at int) {
	t.Helper()
	f, err := Decode(b, Limits{})
	var fe *FormatError
	if err == nil || f != nil || !errors.As(err, &fe) {
		t.Fatalf("%s at %d: file %v, error %v", what, at, f != nil, err)
	}
	if fe.Offset > int64(len(b)) {
		t.Fatalf("%s at %d: %v: offset behind the file's %d bytes", what, at, err, len(b))
	}
}

func TestEveryTruncation(t *testing.T) {
	b := model(t)
	step := 1
	if testing.Short() {
		step = 31
	}
	t.Logf("%d truncations", (len(b)+step-1)/step)
	for n := 0; n < len(b); n += step {
		mustFail(t, b[:n:n], "cut", n)
	}
	for n := 0; n < len(b); n += 97 {
		for name, size := range map[string]int64{"real size": int64(n), "promised size": int64(len(b)), "no size": -1} {
			_, err := Read(bytes.NewReader(b[:n]), size, Limits{})
			if n >= prefixLen && !errors.Is(err, ErrTruncated) || err == nil {
				t.Fatalf("Read, cut at %d, %s: %v, want ErrTruncated", n, name, err)
			}
		}
	}
}

func TestEveryBitFlip(t *testing.T) {
	b := model(t)
	step := 1
	if testing.Short() {
		step = 127
	}
	n := 0
	for i := 0; i < 8*len(b); i += step {
		b[i/8] ^= 1 << (i % 8)
		mustFail(t, b, "flip of bit", i)
		b[i/8] ^= 1 << (i % 8)
		n++
	}
	t.Logf("%d flips of %d bits", n, 8*len(b))
}

// TestBursts: a CRC of 32 bits finds every burst of at most 32 bits.
func TestBursts(t *testing.T) {
	orig := model(t)
	b := bytes.Clone(orig)
	rng := rand.New(rand.NewPCG(3, 3))
	trials := 20_000
	if testing.Short() {
		trials = 1000
	}
	for range trials {
		length := 2 + rng.IntN(31)
		at := rng.IntN(8*len(b) - length)
		mask := rng.Uint64()&(1<<length-1) | 1 | 1<<(length-1)
		for k := range length {
			if mask>>k&1 != 0 {
				b[(at+k)/8] ^= 1 << ((at + k) % 8)
			}
		}
		mustFail(t, b, "burst", at)
		copy(b[at/8:min(len(b), at/8+8)], orig[at/8:])
	}
}

func TestSwappedSectors(t *testing.T) {
	orig := model(t)
	const sector = 512
	for i := 0; i+sector <= len(orig); i += 3 * sector {
		for j := i + sector; j+sector <= len(orig); j += 7 * sector {
			if bytes.Equal(orig[i:i+sector], orig[j:j+sector]) {
				continue
			}
			b := bytes.Clone(orig)
			copy(b[i:], orig[j:j+sector])
			copy(b[j:], orig[i:i+sector])
			mustFail(t, b, "swap", i)
		}
	}
}

// raw returns a file with the given header and data.
func raw(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func prefix(n uint64, rest string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, n), rest...)
}

// one is a valid entry for four bytes.
const one = `{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`

func entryOf(dtype, shape, offsets string) string {
	return fmt.Sprintf(`{"a":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
}

// TestErrorVariants has a file for every way to be wrong. Each must be refused
// by every reader, with the same sentinel, and without memory for what it
// claims.
func TestErrorVariants(t *testing.T) {
	zero := []byte{0, 0, 0, 0}
	many := func(n int, format string) string { // n numbered items
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return "{" + strings.Join(items, ",") + "}"
	}
	manyTensors := many(1<<16+1, `"%d":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}`)
	manyMeta := `{"__metadata__":` + many(maxMeta+1, `"%d":""`) + "}"

	tests := []struct {
		name string
		file []byte
		want error
	}{
		{"empty file", nil, ErrOther},
		{"seven bytes", []byte("\x02\x00\x00\x00\x00\x00\x00"), ErrTruncated},
		{"no header", prefix(2, ""), ErrTruncated},
		{"header length 0", prefix(0, "{}"), ErrOther},
		{"header length 1", prefix(1, "{}"), ErrOther},
		{"header length 7 of 8", prefix(7, `{"a":{}}`), ErrHeader},
		{"header length 2^31", prefix(1<<31, "{}"), ErrTooLarge},
		{"header length 2^63", prefix(1<<63, "{}"), ErrTooLarge},
		{"header length 2^64-1", prefix(math.MaxUint64, "{}"), ErrTooLarge},
		{"header length above limit", prefix(100_000_001, "{}"), ErrTooLarge},
		{"header longer than file", prefix(3, "{}"), ErrTruncated},
		{"header is a list", raw(`[]`), ErrOther},
		{"header after space", raw(` {}`), ErrOther},
		{"header does not close", raw(`{"a":`), ErrHeader},
		{"header followed by text", raw(`{} x`), ErrHeader},
		{"header followed by object", raw(`{}{}`), ErrHeader},
		{"header ends after comma", raw(`{"a":`+one+`,}`, zero...), ErrHeader},
		{"no comma", raw(`{"a":`+one+`"b":1}`, zero...), ErrHeader},
		{"no colon", raw(`{"a"1}`), ErrHeader},
		{"key without quotes", raw(`{a:1}`), ErrHeader},
		{"name not UTF-8", raw("{\"\xff\":"+one+"}", zero...), ErrHeader},
		{"escaped name not UTF-8", raw("{\"\\n\xff\":"+one+"}", zero...), ErrHeader},
		{"control character in name", raw("{\"\n\":"+one+"}", zero...), ErrHeader},
		{"string does not end", raw(`{"a`), ErrHeader},
		{"escape does not end", raw(`{"\`), ErrHeader},
		{"unknown escape", raw(`{"\x41":`+one+`}`, zero...), ErrHeader},
		{"short unicode escape", raw(`{"\u12`), ErrHeader},
		{"bad unicode escape", raw(`{"\u12g4":`+one+`}`, zero...), ErrHeader},
		{"lone surrogate", raw(`{"\ud800":`+one+`}`, zero...), ErrHeader},
		{"lone low surrogate", raw(`{"\udc00\ud800":`+one+`}`, zero...), ErrHeader},
		{"surrogate, then another escape", raw(`{"\ud800\n":`+one+`}`, zero...), ErrHeader},
		{"surrogate, then bad escape", raw(`{"\ud800\uzzzz":`+one+`}`, zero...), ErrHeader},
		{"tensor is a number", raw(`{"a":1}`), ErrHeader},
		{"tensor is nested 10001 deep", raw(`{"a":` + strings.Repeat(`{"a":`, 10_001) + strings.Repeat("}", 10_002)), ErrHeader},
		{"tensor without dtype", raw(`{"a":{"shape":[1],"data_offsets":[0,4]}}`, zero...), ErrHeader},
		{"tensor without shape", raw(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, zero...), ErrHeader},
		{"tensor without data_offsets", raw(`{"a":{"dtype":"F32","shape":[1]}}`, zero...), ErrHeader},
		{"tensor with unknown field", raw(`{"a":{"location":"/etc/passwd","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, zero...), ErrHeader},
		{"field key not a string", raw(`{"a":{1:2}}`), ErrHeader},
		{"dtype not a string", raw(`{"a":{"dtype":1}}`), ErrHeader},
		{"unknown dtype", raw(entryOf("F31", "[1]", "[0,4]"), zero...), ErrDType},
		{"lower-case dtype", raw(entryOf("f32", "[1]", "[0,4]"), zero...), ErrDType},
		{"four-bit dtype", raw(entryOf("F4", "[8]", "[0,4]"), zero...), ErrDType},
		{"shape not a list", raw(entryOf("F32", "1", "[0,4]"), zero...), ErrHeader},
		{"negative dimension", raw(entryOf("F32", "[-1]", "[0,4]"), zero...), ErrHeader},
		{"two negative dimensions", raw(entryOf("F32", "[-1,-1]", "[0,4]"), zero...), ErrHeader},
		{"fraction", raw(entryOf("F32", "[1.0]", "[0,4]"), zero...), ErrHeader},
		{"exponent", raw(entryOf("F32", "[1e0]", "[0,4]"), zero...), ErrHeader},
		{"leading zero", raw(entryOf("F32", "[01]", "[0,4]"), zero...), ErrHeader},
		{"empty dimension", raw(entryOf("F32", "[1,]", "[0,4]"), zero...), ErrHeader},
		{"dimension 2^63", raw(entryOf("F32", "[9223372036854775808]", "[0,4]"), zero...), ErrTooLarge},
		{"dimension of 40 digits", raw(entryOf("F32", "["+strings.Repeat("9", 40)+"]", "[0,4]"), zero...), ErrTooLarge},
		{"65 dimensions", raw(entryOf("F32", "["+strings.Repeat("1,", 64)+"1]", "[0,4]"), zero...), ErrTooLarge},
		{"shape product overflows to 4 bytes", raw(entryOf("F32", "[4194305,4194305,211106198978564]", "[0,4]"), zero...), ErrTooLarge},
		{"shape product wraps to 0", raw(entryOf("F32", "[4294967296,4294967296]", "[0,0]")), ErrTooLarge},
		{"product fits, bytes overflow", raw(entryOf("F64", "[2305843009213693952]", "[0,0]")), ErrTooLarge},
		{"overflow before a zero", raw(entryOf("F32", "[4294967296,4294967296,0]", "[0,0]")), ErrTooLarge},
		{"one terabyte in 200 bytes", raw(entryOf("F32", "[274877906944]", "[0,1099511627776]"), make([]byte, 100)...), ErrTooLarge},
		{"one gigabyte in 200 bytes", raw(entryOf("F32", "[268435456]", "[0,1073741824]"), make([]byte, 100)...), ErrTruncated},
		{"data_offsets not a list", raw(entryOf("F32", "[1]", `"04"`), zero...), ErrHeader},
		{"one data_offset", raw(entryOf("F32", "[1]", "[0]"), zero...), ErrHeader},
		{"no data_offset", raw(entryOf("F32", "[1]", "[]"), zero...), ErrHeader},
		{"three data_offsets", raw(entryOf("F32", "[1]", "[0,4,8]"), zero...), ErrHeader},
		{"negative data_offset", raw(entryOf("F32", "[1]", "[-4,0]"), zero...), ErrHeader},
		{"data_offsets reversed", raw(entryOf("F32", "[1]", "[4,0]"), zero...), ErrLayout},
		{"reversed at 0", raw(`{"a":{"dtype":"I8","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"I8","shape":[0],"data_offsets":[5,0]}}`), ErrLayout},
		{"data begin at 4", raw(entryOf("F32", "[1]", "[4,8]"), make([]byte, 8)...), ErrLayout},
		{"data_offsets too short", raw(entryOf("F32", "[2]", "[0,4]"), zero...), ErrLayout},
		{"data_offsets too long", raw(entryOf("F32", "[1]", "[0,8]"), make([]byte, 8)...), ErrLayout},
		{"sum of offsets overflows", raw(`{"a":{"dtype":"I8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]},` +
			`"b":{"dtype":"I8","shape":[9223372036854775807],"data_offsets":[9223372036854775807,9223372036854775806]}}`), ErrLayout},
		{"total overflows", raw(`{"a":{"dtype":"I8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}`), ErrTooLarge},
		{"gap between tensors", raw(`{"a":`+one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, make([]byte, 12)...), ErrLayout},
		{"tensors overlap", raw(`{"a":`+one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}`, make([]byte, 6)...), ErrLayout},
		{"tensors share data", raw(`{"a":`+one+`,"b":`+one+`}`, zero...), ErrLayout},
		{"bytes after the end", raw(`{"a":`+one+`}`, make([]byte, 5)...), ErrLayout},
		{"bytes after no tensors", raw(`{}`, 0), ErrLayout},
		{"another file after the end", append(raw(`{"a":`+one+`}`, zero...), raw(`{"a":`+one+`}`, zero...)...), ErrLayout},
		{"data cut", raw(`{"a":`+one+`}`, 0, 0, 0), ErrTruncated},
		{"name twice", raw(`{"a":`+one+`,"a":`+one+`}`, zero...), ErrDuplicate},
		{"name twice by escape", raw(`{"a":`+one+`,"\u0061":`+one+`}`, zero...), ErrDuplicate},
		{"field twice", raw(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, zero...), ErrDuplicate},
		{"metadata twice", raw(`{"__metadata__":{},"__metadata__":{}}`), ErrDuplicate},
		{"metadata entry twice", raw(`{"__metadata__":{"a":"","a":""}}`), ErrDuplicate},
		{"metadata is a string", raw(`{"__metadata__":""}`), ErrHeader},
		{"metadata value is a number", raw(`{"__metadata__":{"a":1}}`), ErrHeader},
		{"metadata key is a number", raw(`{"__metadata__":{1:""}}`), ErrHeader},
		{"metadata does not end", raw(`{"__metadata__":{"a":""`), ErrHeader},
		{"too many metadata entries", raw(manyMeta), ErrTooLarge},
		{"too many tensors", raw(manyTensors), ErrTooLarge},
		{"header sum alone", raw(`{"__metadata__":{"crc32c.header":"00000000"}}`), ErrChecksum},
		{"tensor sums alone", raw(`{"__metadata__":{"crc32c.tensors":""}}`), ErrChecksum},
		{"too few tensor sums", raw(`{"__metadata__":{"crc32c.header":"00000000","crc32c.tensors":""},"a":`+one+`}`, zero...), ErrChecksum},
		{"too many tensor sums", raw(`{"__metadata__":{"crc32c.header":"00000000","crc32c.tensors":"00000000"}}`), ErrChecksum},
		{"tensor sum not hexadecimal", raw(`{"__metadata__":{"crc32c.header":"00000000","crc32c.tensors":"0000000g"},"a":`+one+`}`, zero...), ErrChecksum},
		{"tensor sum in capitals", raw(`{"__metadata__":{"crc32c.header":"00000000","crc32c.tensors":"ABCDEF01"},"a":`+one+`}`, zero...), ErrChecksum},
		{"header sum not hexadecimal", raw(`{"__metadata__":{"crc32c.header":"0000000g","crc32c.tensors":""}}`), ErrChecksum},
		{"header sum empty", raw(`{"__metadata__":{"crc32c.tensors":"","crc32c.header":""}}`), ErrChecksum},
		{"header sum escaped", raw(`{"__metadata__":{"crc32c.header":"\u00300000000","crc32c.tensors":""}}`), ErrChecksum},
		{"header sum wrong", raw(`{"__metadata__":{"crc32c.header":"00000001","crc32c.tensors":""}}`), ErrChecksum},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, read := range readers {
				if name == "byte by byte" && len(tt.file) > 1<<16 {
					continue
				}
				before := allocated()
				f, err := read(tt.file, Limits{})
				grown := allocated() - before
				var fe *FormatError
				if f != nil || !errors.Is(err, tt.want) || !errors.As(err, &fe) {
					t.Errorf("%s: %v, want %v", name, err, tt.want)
				}
				// Memory may follow the bytes that are there, not those claimed.
				if limit := uint64(2<<20 + 40*len(tt.file)); grown > limit {
					t.Errorf("%s: allocated %d bytes for a file of %d, limit %d", name, grown, len(tt.file), limit)
				}
			}
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestLimits(t *testing.T) {
	b := mustWrite(t, map[string]string{"k": "v"}, Float32("a", make([]float32, 100), 10, 10), Float32("b", nil, 0))
	header := int64(headerLength(b))
	tests := []struct {
		name string
		l    Limits
		want error
	}{
		{"all just enough", Limits{MaxBytes: int64(len(b)), MaxHeader: header, MaxTensors: 2, MaxRank: 2}, nil},
		{"file", Limits{MaxBytes: int64(len(b)) - 1}, ErrTooLarge},
		{"file ends in the header", Limits{MaxBytes: header}, ErrTooLarge},
		{"header", Limits{MaxHeader: header - 1}, ErrTooLarge},
		{"tensors", Limits{MaxTensors: 1}, ErrTooLarge},
		{"rank", Limits{MaxRank: 1}, ErrTooLarge},
	}
	for _, tt := range tests {
		for name, read := range readers {
			if _, err := read(b, tt.l); !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: %v, want %v", tt.name, name, err, tt.want)
			}
		}
	}
}

func TestNotFinite(t *testing.T) {
	inf := math.Inf(1)
	many := make([]float32, 1000)
	many[777] = float32(math.NaN())
	tests := []struct {
		name   string
		tensor Tensor
		text   string // of the error, behind the offset
	}{
		{"NaN", Float32("w", []float32{1, 2, 3, float32(math.NaN()), 5, 6}, 2, 3), `tensor "w": value is not finite: element [1 0] is NaN`},
		{"infinity", Float32("w", []float32{float32(inf)}), `tensor "w": value is not finite: element [] is +Inf`},
		{"NaN far inside", Float32("w", many, 10, 100), `tensor "w": value is not finite: element [7 77] is NaN`},
		{"double", Float64("w", []float64{0, -inf}, 2), `tensor "w": value is not finite: element [1] is -Inf`},
		{"half", Float16("w", []float32{1, 1e6}, 2), `tensor "w": value is not finite: element [1] is +Inf`},
		{"bfloat16", Tensor{"w", BF16, []int{1}, []byte{0x80, 0x7f}}, `tensor "w": value is not finite: element [0] is +Inf`},
		{"complex", Tensor{"w", C64, []int{1}, []byte{0, 0, 0, 0, 0, 0, 0x80, 0xff}}, `tensor "w": value is not finite: element [0] is (0-Infi)`},
		{"float8 with infinities", Tensor{"w", F8E5M2, []int{2}, []byte{0x7b, 0xfc}}, `tensor "w": value is not finite: element [1] is NaN or infinite`},
		{"float8 without infinities", Tensor{"w", F8E4M3, []int{2}, []byte{0x7e, 0x7f}}, `tensor "w": value is not finite: element [1] is NaN or infinite`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b, nil, []Tensor{tt.tensor}, true); err != nil {
				t.Fatal(err)
			}
			_, err := Decode(b.Bytes(), Limits{})
			var fe *FormatError
			if !errors.Is(err, ErrNotFinite) || !errors.As(err, &fe) {
				t.Fatalf("Decode = %v, want ErrNotFinite", err)
			}
			if got := fe.Field + ": " + fe.Err.Error(); got != tt.text {
				t.Errorf("got  %s\nwant %s", got, tt.text)
			}
			if _, err := Decode(b.Bytes(), Limits{AllowNonFinite: true}); err != nil {
				t.Errorf("AllowNonFinite: %v", err)
			}
		})
	}
}

// TestFirstNonFinite compares the eight-bytes-at-a-time scan with the plain
// test, at every position and for random bits.
func TestFirstNonFinite(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for trial := range 2000 {
		data := make([]byte, 4*rng.IntN(100))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if trial%2 == 0 { // few or no special values
			for i := 3; i < len(data); i += 4 {
				data[i] &^= 0x40
			}
			if len(data) > 0 {
				copy(data[4*rng.IntN(len(data)/4):], []byte{0, 0, 0x80, 0x7f})
			}
		}
		for _, d := range []DType{F32, F16, I32} {
			want := -1
			for i := 0; i < len(data) && want < 0 && d != I32; i += d.Size() {
				x := float64(half.Float(binary.LittleEndian.Uint16(data[i:])))
				if d == F32 {
					x = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[i:])))
				}
				if math.IsNaN(x) || math.IsInf(x, 0) {
					want = i / d.Size()
				}
			}
			if got := firstNonFinite(d, data); got != want {
				t.Fatalf("%v of % x: %d, want %d", d, data, got, want)
			}
		}
	}
}

func gobOf(t *testing.T, v any) string {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestIdentify(t *testing.T) {
	type weights struct{ W []float32 }
	type withLongNamesThatTakeMoreThanOneByteOfLength struct {
		TheFirstWeightMatrixOfTheEncoder, TheSecondWeightMatrixOfTheEncoder, TheThirdWeightMatrix []float32
		ABias                                                                                     map[string]int
	}
	zip := "PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00\x00\x00"
	tests := []struct{ name, file, want string }{
		{"pickle 2", "\x80\x02}q\x00(X\x06\x00\x00\x00weightq\x01", "a Python pickle"},
		{"pickle 4", "\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00}", "a Python pickle"},
		{"pickle 0", "(dp0\nVweight\np1\nF1.0\ns.", "a Python pickle"},
		{"pickle 0 that runs code", "c__builtin__\neval\n(Vprint(1)\ntR.", "a Python pickle"},
		{"gob struct", gobOf(t, weights{[]float32{1}}), "a Go gob"},
		{"gob long struct", gobOf(t, withLongNamesThatTakeMoreThanOneByteOfLength{}), "a Go gob"},
		{"gob map", gobOf(t, map[string]int{"a": 1}), "a Go gob"},
		{"PyTorch zip", zip + "archive/data.pkl", "a PyTorch checkpoint (zip with a pickle); convert it with safetensors.torch.save_file"},
		{"npz", zip + "weight.npy", "a NumPy .npz archive"},
		{"Keras zip", zip + "metadata.json", "a Keras model (zip)"},
		{"zip", zip + "readme.txt", "a zip archive"},
		{"HDF5", "\x89HDF\r\n\x1a\n\x00\x00\x00", "an HDF5 file (Keras .h5)"},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "gzip; decompress it first"},
		{"zstd", "\x28\xb5\x2f\xfd\x04\x58\x00\x00\x00\x00", "zstandard; decompress it first"},
		{"xz", "\xfd7zXZ\x00\x00\x04\xe6\xd6", "xz; decompress it first"},
		{"bzip2", "BZh91AY&SY..", "bzip2; decompress it first"},
		{"HTML", "<!DOCTYPE html>\n<html>", "a web page; the download went wrong"},
		{"HTML after a mark and space", "\xef\xbb\xbf \r\n<HTML lang=en>", "a web page; the download went wrong"},
		{"XML", "<?xml version='1.0'?><Error/>", "an XML document"},
		{"Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer; fetch the file itself with git lfs pull"},
		{"ONNX", "\x08\x07\x12\x07pytorch\x1a\x051.9", "a protocol buffer (ONNX or TensorFlow)"},
		{"GGUF", "GGUF\x03\x00\x00\x00\x01\x00", "a GGUF model"},
		{"NumPy", "\x93NUMPY\x01\x00v\x00{'descr'", "a NumPy array"},
		{"TensorFlow Lite", "\x1c\x00\x00\x00TFL3\x14\x00", "a TensorFlow Lite model"},
		{"fastText", "\xba\x16\x4f\x2f\x0c\x00\x00\x00\x64\x00", "a fastText binary model"},
		{"tar", "model.bin" + strings.Repeat("\x00", 248) + "ustar\x0000", "a tar archive"},
		{"JSON", `{"error": "not found"}`, "JSON text"},
		{"zeros", strings.Repeat("\x00", 64), "zeros (an unfinished download?)"},
		{"something else", "just some text that is no model", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, read := range readers {
				_, err := read([]byte(tt.file), Limits{})
				if !errors.Is(err, ErrOther) {
					t.Errorf("%s: %v, want ErrOther", name, err)
				} else if tt.want != "" && !strings.Contains(err.Error(), "looks like "+tt.want) {
					t.Errorf("%s: got %q, want it to look like %s", name, err, tt.want)
				}
			}
		})
	}
}

func TestIdentifyShortFile(t *testing.T) {
	for file, want := range map[string]string{"PK\x03\x04": "zip", "BZh": "bzip2", "<html>": "web page", "\xff\x81": "8", "\xfe\x00": "8", "\xfd": "8", "\x7f": "8"} {
		if _, err := Decode([]byte(file), Limits{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", file, err, want)
		}
	}
}

func TestReadFileRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skipf("no Unix sockets: %v", err)
	}
	defer l.Close()
	for path, want := range map[string]string{dir: "directory", socket: "socket", os.DevNull: "device"} {
		if _, err := ReadFile(fsx.OS{}, path, Limits{}); !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to be called a %s", path, err, want)
		}
	}
	if _, err := ReadFile(fsx.OS{}, filepath.Join(dir, "missing"), Limits{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	page := filepath.Join(dir, "page")
	if err := os.WriteFile(page, []byte("<html></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(fsx.OS{}, page, Limits{}); err == nil || !strings.HasPrefix(err.Error(), page+": tensorfile: byte 0: ") {
		t.Errorf("web page: %v, want the path and the place", err)
	}
}

// TestReadErrors fails the reader after each number of bytes.
func TestReadErrors(t *testing.T) {
	b := mustWrite(t, nil, Float32("a", make([]float32, 300), 300))
	for n := range len(b) + 1 {
		r := io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(io.ErrNoProgress))
		if f, err := Read(r, -1, Limits{}); f != nil || !errors.Is(err, io.ErrNoProgress) {
			t.Fatalf("failing after %d bytes: %v", n, err)
		}
	}
}

// TestMemory checks that reading peaks at little more than the file's size.
func TestMemory(t *testing.T) {
	b := mustWrite(t, map[string]string{"vocabulary": strings.Repeat("word ", 1<<18)}, Float32("a", make([]float32, 4<<20), 4<<20))
	for name, tt := range map[string]struct {
		size, limit int64
	}{
		"known size":   {int64(len(b)), int64(len(b)) + 8<<20},
		"unknown size": {-1, 4 * int64(len(b))}, // in all; half of it at a time
	} {
		before := allocated()
		if _, err := Read(bytes.NewReader(b), tt.size, Limits{}); err != nil {
			t.Fatal(err)
		}
		if grown := int64(allocated() - before); grown > tt.limit {
			t.Errorf("%s: allocated %d bytes for a file of %d, limit %d", name, grown, len(b), tt.limit)
		}
	}
}

// A header, too, takes no more than twice the file and 16 MiB, whatever is in it.
func TestHeaderMemory(t *testing.T) {
	var names strings.Builder
	for i := range 1 << 16 {
		fmt.Fprintf(&names, `,"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	deep := strings.Repeat("[", 4<<20)
	for name, b := range map[string][]byte{
		"escapes":  raw(`{"__metadata__":{"k":"` + strings.Repeat(`\"`, 8<<20) + `"}}`),
		"unicode":  raw(`{"__metadata__":{"k":"` + strings.Repeat(`\u0041`, 4<<20) + `"}}`),
		"no end":   raw(`{"__metadata__":{"k":"` + strings.Repeat("x", 16<<20)),
		"tensors":  raw("{" + names.String()[1:] + "}"),
		"too many": raw("{" + names.String()[1:] + `,"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`),
		"one name": raw(`{"` + strings.Repeat("x", 16<<20) + `":{"dtype":"U8","shape":[0],"data_offsets":[0,1]}}`),
		"deep":     raw(`{"a":` + deep),
	} {
		before := allocated()
		_, err := Read(bytes.NewReader(b), int64(len(b)), Limits{})
		if grown := int64(allocated() - before); grown > 2*int64(len(b))+16<<20 {
			t.Errorf("%s: allocated %d bytes for a file of %d", name, grown, len(b))
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

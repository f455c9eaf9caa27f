package tensorfile

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Write writes tensors and metadata as one file. The bytes depend on nothing
// but the arguments, and not on the tensors' order: they are laid out by
// falling DType, then by name, and metadata by key.
//
// It is an error if a name is empty or used twice, a shape does not agree with
// the data, a string is not valid UTF-8, meta has one of the package's own
// entries, or a floating-point value is not finite (ErrNotFinite): what cannot
// be read is not written.
func Write(w io.Writer, meta map[string]string, tensors []Tensor) error {
	return write(w, meta, tensors, false)
}

func write(w io.Writer, meta map[string]string, tensors []Tensor, allowNonFinite bool) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType, a.DType), strings.Compare(a.Name, b.Name))
	})
	if err := check(meta, tensors, allowNonFinite); err != nil {
		return err
	}
	head := encodeHeader(meta, tensors)
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("tensorfile: write header: %w", err)
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return fmt.Errorf("tensorfile: write tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

func check(meta map[string]string, tensors []Tensor, allowNonFinite bool) error {
	if len(meta) > maxMeta-2 {
		return formatErr(-1, metaKey, "%w: %d entries, limit %d", ErrTooLarge, len(meta), maxMeta-2)
	}
	for k, v := range meta {
		if k == headerCRCKey || k == tensorCRCKey {
			return formatErr(-1, metaKey, "%w: %s is the format's own", ErrDuplicate, quote(k))
		}
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return formatErr(-1, metaKey, "%w: entry %s is not valid UTF-8", ErrHeader, quote(k))
		}
	}
	seen := make(map[string]bool, len(tensors))
	for _, t := range tensors {
		field := tensorField(t.Name)
		if t.Name == "" || t.Name == metaKey || !utf8.ValidString(t.Name) {
			return formatErr(-1, field, "%w: not a tensor's name", ErrHeader)
		}
		if seen[t.Name] {
			return formatErr(-1, field, "%w", ErrDuplicate)
		}
		seen[t.Name] = true
		if !t.DType.valid() {
			return formatErr(-1, field, "%w: %v", ErrDType, t.DType)
		}
		if slices.ContainsFunc(t.Shape, func(d int) bool { return d < 0 }) {
			return formatErr(-1, field, "%w: negative dimension in %v", ErrShape, t.Shape)
		}
		n, ok := byteSize(t.DType, t.Shape)
		if !ok || n != int64(len(t.Data)) {
			return formatErr(-1, field, "%w: %d bytes of data for %v %v", ErrShape, len(t.Data), t.DType, t.Shape)
		}
		if !allowNonFinite {
			if err := checkFinite(t, -1); err != nil {
				return err
			}
		}
	}
	return nil
}

// encodeHeader returns the first 8+N bytes of the file. Tensors are sorted.
func encodeHeader(meta map[string]string, tensors []Tensor) []byte {
	sums := make([]string, len(tensors))
	for i, t := range tensors {
		sums[i] = formatCRC(crc32.Checksum(t.Data, castagnoli()))
	}
	all := maps.Clone(meta)
	if all == nil {
		all = make(map[string]string)
	}
	all[tensorCRCKey] = strings.Join(sums, " ")
	all[headerCRCKey] = "00000000"

	b := make([]byte, prefixLen)
	b = append(b, `{"`+metaKey+`":{`...)
	crcAt := 0
	for i, k := range slices.Sorted(maps.Keys(all)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, k)
		b = append(b, ':')
		if k == headerCRCKey {
			crcAt = len(b) + 1
		}
		b = appendString(b, all[k])
	}
	b = append(b, '}')
	begin := 0
	for _, t := range tensors {
		b = append(b, ',')
		b = appendString(b, t.Name)
		b = fmt.Appendf(b, `:{"dtype":"%v","shape":[`, t.DType)
		for i, d := range t.Shape {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(d), 10)
		}
		b = fmt.Appendf(b, `],"data_offsets":[%d,%d]}`, begin, begin+len(t.Data))
		begin += len(t.Data)
	}
	b = append(b, '}')
	for len(b)%8 != 0 {
		b = append(b, ' ')
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-prefixLen))
	copy(b[crcAt:], formatCRC(headerCRC(b, crcAt)))
	return b
}

// appendString appends s, which is valid UTF-8, as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// checkFinite returns an error that names the first value of t that is NaN or
// infinite, if t holds floating-point numbers. at is the file offset of the
// data, -1 if there is no file yet.
func checkFinite(t Tensor, at int64) error {
	i := firstNonFinite(t.DType, t.Data)
	if i < 0 {
		return nil
	}
	if at >= 0 {
		at += int64(i * t.DType.Size())
	}
	return formatErr(at, tensorField(t.Name), "%w: element %v is %v", ErrNotFinite, position(i, t.Shape), value(t.DType, t.Data, i))
}

package mutate

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
)

// An Entry is a file of an archive.
type Entry struct {
	Name    string
	Content []byte
}

// Unzip returns the entries of a whole archive.
func Unzip(b []byte) (out []Entry) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		panic(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			panic(err)
		}
		c, err := io.ReadAll(r)
		if err != nil {
			panic(err)
		}
		out = append(out, Entry{f.Name, c})
	}
	return out
}

// Zip stores entries with checksums that are right, and sizes that change may falsify.
func Zip(entries []Entry, change func(h *zip.FileHeader)) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.Name, CRC32: crc32.ChecksumIEEE(e.Content), CompressedSize64: uint64(len(e.Content)), UncompressedSize64: uint64(len(e.Content))}
		change(h)
		if w, err := z.CreateRaw(h); err == nil {
			w.Write(e.Content)
		}
	}
	z.Close()
	return b.Bytes()
}

package tensorfile

import (
	"bytes"
	"encoding/binary"
)

// sniffLen is the number of bytes that identify looks at.
const sniffLen = 512

// identify names the kind of file that begins with b, of those that get passed
// where a model is wanted, or returns "". It is asked only about bytes that
// are no safetensors file, so it may guess from little.
func identify(b []byte) string {
	b = b[:min(len(b), sniffLen)]
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n"))
	switch {
	case looksLike(b, "PK\x03\x04", "PK\x05\x06"):
		switch {
		case bytes.Contains(b, []byte("data.pkl")):
			return "a PyTorch checkpoint (zip with a pickle); convert it with safetensors.torch.save_file"
		case bytes.Contains(b, []byte(".npy")):
			return "a NumPy .npz archive"
		case bytes.Contains(b, []byte("model.weights.h5")), bytes.Contains(b, []byte("metadata.json")):
			return "a Keras model (zip)"
		}
		return "a zip archive"
	case looksLike(b, "\x89HDF\r\n\x1a\n"):
		return "an HDF5 file (Keras .h5)"
	case looksLike(b, "\x1f\x8b"):
		return "gzip; decompress it first"
	case looksLike(b, "\x28\xb5\x2f\xfd"):
		return "zstandard; decompress it first"
	case looksLike(b, "\xfd7zXZ\x00"):
		return "xz; decompress it first"
	case looksLike(b, "BZh"):
		return "bzip2; decompress it first"
	case looksLike(b, "GGUF"):
		return "a GGUF model"
	case looksLike(b, "\x93NUMPY"):
		return "a NumPy array"
	case looksLike(b, "version https://git-lfs.github.com/spec/"):
		return "a Git LFS pointer; fetch the file itself with git lfs pull"
	case looksLike(text, "<!doctype html", "<html", "<head"):
		return "a web page; the download went wrong"
	case looksLike(text, "<?xml"):
		return "an XML document"
	case len(b) >= 8 && string(b[4:8]) == "TFL3":
		return "a TensorFlow Lite model"
	case len(b) >= 262 && string(b[257:262]) == "ustar":
		return "a tar archive"
	case len(b) >= 4 && binary.LittleEndian.Uint32(b) == 793712314:
		return "a fastText binary model"
	case isPickle(b):
		return "a Python pickle"
	case isGob(b):
		return "a Go gob"
	case isProtobufModel(b):
		return "a protocol buffer (ONNX or TensorFlow)"
	case looksLike(text, "{", "["):
		return "JSON text"
	case len(b) >= 16 && len(bytes.Trim(b, "\x00")) == 0:
		return "zeros (an unfinished download?)"
	}
	return ""
}

// isPickle: protocols 2 and up begin with PROTO n; a PyTorch file before
// version 1.6 is such a pickle. Protocol 0 and 1 begin with an opcode for a
// mark, an empty collection or a global, and end with STOP.
func isPickle(b []byte) bool {
	if len(b) >= 2 && b[0] == 0x80 && b[1] >= 2 && b[1] <= 5 {
		return true
	}
	return looksLike(b, "(lp", "(dp", "(tp", "(i", "ccopy_reg\n", "c__builtin__\n", "cnumpy.", "csklearn.", "ctorch.",
		"}q\x00", "]q\x00", "(iq\x00")
}

// isGob: a message length, then the definition of a type: its id (a negative
// number of one or two bytes), the kind of type, and twice a field delta of 1.
func isGob(b []byte) bool {
	b, ok := gobUint(b)
	if !ok || len(b) == 0 || b[0]&1 == 0 && b[0] < 0x80 { // ids of definitions are negative: odd
		return false
	}
	if b, ok = gobUint(b); !ok || len(b) < 3 {
		return false
	}
	return b[0] >= 1 && b[0] <= 7 && b[1] == 1 && b[2] == 1
}

// gobUint skips an unsigned integer of at most two bytes in gob's encoding.
func gobUint(b []byte) ([]byte, bool) {
	if len(b) == 0 {
		return nil, false
	}
	switch c := b[0]; {
	case c < 0x80:
		return b[1:], true
	case c == 0xff && len(b) >= 2:
		return b[2:], true
	case c == 0xfe && len(b) >= 3:
		return b[3:], true
	}
	return nil, false
}

// isProtobufModel: field 1 as a small varint (ir_version, saved_model_schema),
// then a field of bytes numbered as ONNX and TensorFlow do.
func isProtobufModel(b []byte) bool {
	return len(b) >= 3 && b[0] == 0x08 && b[1] >= 1 && b[1] <= 0x20 &&
		(b[2] == 0x12 || b[2] == 0x1a || b[2] == 0x22 || b[2] == 0x32 || b[2] == 0x3a || b[2] == 0x42)
}

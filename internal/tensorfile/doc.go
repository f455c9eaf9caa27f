// Package tensorfile reads and writes named tensors in the safetensors
// container, the one file format of the toolkit's models and checkpoints.
//
// # Layout
//
// A file is
//
//	8 bytes   N, the length of the header, little-endian
//	N bytes   JSON: {"__metadata__": {key: text, ...},
//	                 name: {"dtype": "F32", "shape": [2,3], "data_offsets": [b,e]}, ...}
//	          padded with spaces to a multiple of 8
//	the rest  the tensors' values, little-endian, row-major, without gaps;
//	          offsets count from the first byte after the header
//
// as github.com/huggingface/safetensors defines it, so that any safetensors
// library opens what [Write] writes, and [Read] opens what they write. The
// file holds data alone: no code, no reference to another file.
//
// # Checksums
//
// [Write] adds two metadata entries. "crc32c.tensors" lists the CRC-32C
// (Castagnoli) of each tensor's bytes, eight hexadecimal digits each, in the
// order of the data. "crc32c.header" is the CRC-32C of the first 8+N bytes of
// the file, computed with its own eight digits set to '0'. One without the
// other is an error, so that no single flipped bit, and no burst of 32 bits or
// fewer, in a file written here is ever accepted. Files from elsewhere carry
// neither and are read without them unless [Limits].RequireChecksum is set.
//
// # Hostile input
//
// Reading any bytes gives a [File] or an error, never a panic. Before memory
// is allocated for tensors, the header has been checked against the limits and
// against the bytes that the file really has. The offsets must start at 0,
// follow one another and end where the file ends, so that nothing hides
// between or behind the tensors. Keys must be unique, sizes must not
// overflow, and floating-point values must be finite. Files of other kinds
// that are often taken for models (pickle, zip, HDF5, a web page, a Git LFS
// pointer, ...) are recognised and named in the error.
//
// Files are read, not memory-mapped: a mapping turns a file that another
// process truncates into a crash, and reading costs little next to the checks.
package tensorfile

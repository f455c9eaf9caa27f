// Package parquet reads single columns of Parquet files in bounded memory,
// whatever the file says about itself. The format is
// https://github.com/apache/parquet-format.
//
// A library that trusts the file allocates by the counts at the head of a page, of
// a run or of a block of deltas, and lets a page expand as far as it will. Here a
// page is decompressed into a buffer of the size that its header declares, once
// that fits into Limits, and its values are decoded one after the other as they
// are asked for. Nothing else grows with what a file claims.
//
// Read are: pages of both versions, all physical types but INT96, the encodings
// PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY, RLE, DELTA_BINARY_PACKED,
// DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY and BYTE_STREAM_SPLIT, and the codecs
// snappy, gzip, zstd, brotli and LZ4_RAW. Encrypted files are refused.
package parquet

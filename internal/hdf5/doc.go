// Package hdf5 reads and writes the part of HDF5 (File Format Specification 3.0) that
// libraries use unless told otherwise: a superblock of version 0 or 1, groups with symbol
// tables, arrays of floating-point numbers stored in one piece, attributes that are texts.
// What else a file holds is an error that names it, when it is looked at.
//
// A file is read by going to what is asked for. Reading takes memory for that alone, and
// from a file of n bytes no more than 3n bytes and a megabyte are ever read, however its
// parts point at each other; of values no more than there are.
package hdf5

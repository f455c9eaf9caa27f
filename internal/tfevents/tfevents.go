// Package tfevents writes event files that TensorBoard shows: scalars by tag and
// step.
//
// A file is a sequence of records (TensorFlow's TFRecord), each of the length of
// its data in eight bytes, a checksum of these, the data and a checksum of the
// data; the checksums are CRC-32C, rotated and shifted so that the checksum of
// data that holds checksums is sound. The data is a message Event of
// tensorflow/core/util/event.proto. All numbers are little-endian. A file that
// ends within a record, after a crash, is read up to it.
package tfevents

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of the messages Event, Summary and Summary.Value.
const (
	eventWallTime    protowire.Number = 1 // double
	eventStep        protowire.Number = 2 // int64
	eventFileVersion protowire.Number = 3 // string
	eventSummary     protowire.Number = 5 // Summary
	summaryValue     protowire.Number = 1 // repeated Value
	valueTag         protowire.Number = 1 // string
	valueSimple      protowire.Number = 2 // float
)

// A Scalar is one number. The part of a tag before a slash groups plots.
type Scalar struct {
	Tag   string
	Value float64 // kept as a float32
}

// A Writer writes one event file. It is for one goroutine.
type Writer struct {
	f   *os.File
	buf []byte
}

// Create makes a new event file in dir, which is made if need be. Its name holds
// the time, so that TensorBoard reads the files of a directory in order.
func Create(dir string, now time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	name := fmt.Sprintf("events.out.tfevents.%010d.%s.%d.0", now.Unix(), host, os.Getpid())
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	w := &Writer{f: f}
	event := appendTime(nil, now)
	event = protowire.AppendTag(event, eventFileVersion, protowire.BytesType)
	event = protowire.AppendString(event, "brain.Event:2")
	if err := w.write(event); err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

// Name is the path of the file.
func (w *Writer) Name() string { return w.f.Name() }

// Write adds an event of all the scalars. It is in the file when Write returns.
func (w *Writer) Write(now time.Time, step int64, scalars ...Scalar) error {
	var summary, value []byte
	for _, s := range scalars {
		value = protowire.AppendTag(value[:0], valueTag, protowire.BytesType)
		value = protowire.AppendString(value, s.Tag)
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(s.Value)))
		summary = protowire.AppendTag(summary, summaryValue, protowire.BytesType)
		summary = protowire.AppendBytes(summary, value)
	}
	event := appendTime(nil, now)
	if step != 0 { // protocol buffers leave zeros out
		event = protowire.AppendTag(event, eventStep, protowire.VarintType)
		event = protowire.AppendVarint(event, uint64(step))
	}
	event = protowire.AppendTag(event, eventSummary, protowire.BytesType)
	event = protowire.AppendBytes(event, summary)
	return w.write(event)
}

// Close closes the file.
func (w *Writer) Close() error { return w.f.Close() }

func appendTime(b []byte, now time.Time) []byte {
	b = protowire.AppendTag(b, eventWallTime, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(float64(now.UnixMicro())/1e6))
}

// write writes one record.
func (w *Writer) write(data []byte) error {
	w.buf = appendRecord(w.buf[:0], data)
	_, err := w.f.Write(w.buf)
	return err
}

func appendRecord(b, data []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b[at:]))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, masked(data))
}

// masked is the checksum of a record.
func masked(data []byte) uint32 {
	crc := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (crc>>15 | crc<<17) + 0xa282ead8
}

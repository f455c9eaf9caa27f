package resume

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"
)

// An Identity lists what must be the same for a run to go on, in the order in
// which differences are looked for. No two fields have the same name.
type Identity []Field

// A Field is one thing that decides what a run yields.
type Field struct {
	// Name is what a MismatchError calls the field. Settings may have none: their
	// differences are then named by the path within Value, as "model.embed".
	Name string `json:"name,omitempty"`

	// Value is anything that package encoding/json writes, such as the Sum of
	// texts or a struct of settings. An empty string stands for "none".
	Value any `json:"value"`
}

// A MismatchError says that what a file holds is of another run.
type MismatchError struct {
	Path  string // of the file
	Field string // "seed", "training texts", "model.embed", ...
	There string // in the file; a fingerprint in place of texts
	Here  string // in the run that was to go on from it
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s was begun with something else: %s is %s there and %s here; give what it was begun with, or remove it",
		e.Path, e.Field, e.There, e.Here)
}

// Check returns a *MismatchError with the first difference between the identity
// that a file holds, as JSON, and the one here.
func (here Identity) Check(path string, there json.RawMessage) error {
	text, err := json.Marshal(here)
	if err != nil {
		return err
	}
	var a, b []Field
	if err := decodeNumbers(there, &a); err != nil {
		return fmt.Errorf("%s: identity: %w", path, err)
	}
	if err := decodeNumbers(text, &b); err != nil {
		return err
	}
	for _, f := range append(b, a...) {
		if field, x, y := difference(f.Name, value(a, f.Name), value(b, f.Name)); x != y {
			return &MismatchError{path, field, x, y}
		}
	}
	return nil
}

// value is that of the field of a name, nil if there is none.
func value(fields []Field, name string) any {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return fields[i].Value
}

// decodeNumbers decodes JSON without rounding its numbers.
func decodeNumbers(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(v)
}

// difference names the first path at which two JSON values differ, and what is
// there.
func difference(path string, a, b any) (field, x, y string) {
	if x, y = compact(a), compact(b); x == y {
		return path, x, y
	}
	m, isMap := a.(map[string]any)
	n, isMap2 := b.(map[string]any)
	if !isMap || !isMap2 {
		return path, x, y
	}
	keys := maps.Clone(m)
	maps.Copy(keys, n)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if field, x, y := difference(strings.TrimPrefix(path+"."+key, "."), m[key], n[key]); x != y {
			return field, x, y
		}
	}
	return path, x, y
}

// compact is a value as an error message has it.
func compact(v any) string {
	switch v := v.(type) {
	case nil:
		return "the default"
	case string:
		if v == "" {
			return "none"
		}
		return v
	}
	b, _ := json.Marshal(v) // it was read from JSON
	return string(b)
}

// A Sum identifies a sequence of strings and numbers: no other one has the same.
type Sum struct{ h hash.Hash }

// NewSum returns the sum of nothing so far.
func NewSum() *Sum { return &Sum{sha256.New()} }

// Strings adds a list of strings.
func (s *Sum) Strings(list ...string) {
	s.Numbers(uint64(len(list)))
	for _, v := range list {
		s.Numbers(uint64(len(v)))
		io.WriteString(s.h, v)
	}
}

// Numbers adds numbers.
func (s *Sum) Numbers(list ...uint64) {
	var b [8]byte
	for _, n := range list {
		binary.LittleEndian.PutUint64(b[:], n)
		s.h.Write(b[:])
	}
}

// Write adds bytes. It never fails.
func (s *Sum) Write(b []byte) (int, error) { return s.h.Write(b) }

// String is the sum so far, in hexadecimal.
func (s *Sum) String() string { return hex.EncodeToString(s.h.Sum(nil)) }

package torch

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// The limits of a pickle: its bytes, the steps it may take, and how deep state_dicts may
// be within dicts. They bound its memory to some 50 MB.
const (
	maxPickle = 16 << 20
	maxSteps  = 250_000
	maxDepth  = 4
)

// A storage is a run of numbers in a file of the archive.
type storage struct {
	dtype string // float32
	key   string // the name of its file
	count int64
}

// A view is a tensor: a storage and the places of its elements there.
type view struct {
	storage        *storage
	offset         int64
	shape, strides []int64
}

// A dict is Python's, or its OrderedDict. Keys that are no strings are left out.
type dict struct {
	keys   []string
	values map[string]any
}

func (d *dict) set(key, value any) {
	k, ok := key.(string)
	if !ok {
		return
	}
	if _, there := d.values[k]; !there {
		d.keys = append(d.keys, k)
	}
	d.values[k] = value
}

func newDict() *dict { return &dict{values: map[string]any{}} }

// The other values of a pickle are int64, bool, float64, string, nil and these.
type (
	global string // module and name of a function or type
	tuple  []any
	list   struct{ items []any }
	mark   struct{}
)

// The functions that a pickle may call.
const (
	orderedDict      global = "collections OrderedDict"
	rebuildTensor    global = "torch._utils _rebuild_tensor_v2"
	rebuildParameter global = "torch._utils _rebuild_parameter"
)

// storageTypes are the types of storages and of their elements, in safetensors' spelling.
var storageTypes = map[global]string{
	"torch FloatStorage": "F32", "torch DoubleStorage": "F64", "torch HalfStorage": "F16", "torch BFloat16Storage": "BF16",
	"torch LongStorage": "I64", "torch IntStorage": "I32", "torch ShortStorage": "I16", "torch CharStorage": "I8",
	"torch ByteStorage": "U8", "torch BoolStorage": "BOOL",
}

// A machine runs a pickle.
type machine struct {
	b     []byte
	at    int
	stack []any
	memo  map[uint32]any
}

// run returns the value that a pickle makes. Errors say what it asked for and where.
func run(b []byte) (any, error) {
	if len(b) > maxPickle {
		return nil, fmt.Errorf("a pickle of %d bytes, limit %d", len(b), maxPickle)
	}
	m := &machine{b: b, memo: map[uint32]any{}}
	for range maxSteps {
		at := m.at
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' {
			return m.pop()
		}
		if err := m.step(op[0]); err != nil {
			return nil, fmt.Errorf("pickle, byte %d: %w", at, err)
		}
	}
	return nil, fmt.Errorf("a pickle of more than %d steps", maxSteps)
}

// take returns the next n bytes.
func (m *machine) take(n int) ([]byte, error) {
	if n < 0 || n > len(m.b)-m.at {
		return nil, fmt.Errorf("pickle ends at byte %d, want %d more", len(m.b), n)
	}
	m.at += n
	return m.b[m.at-n : m.at], nil
}

// number reads an unsigned number of n bytes, little-endian.
func (m *machine) number(n int) (uint32, error) {
	b, err := m.take(n)
	if err != nil {
		return 0, err
	}
	var v [4]byte
	copy(v[:], b)
	return binary.LittleEndian.Uint32(v[:]), nil
}

func (m *machine) push(v any) error {
	m.stack = append(m.stack, v)
	return nil
}

func (m *machine) pop() (any, error) {
	if len(m.stack) == 0 {
		return nil, fmt.Errorf("nothing on the stack")
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// popN returns the n uppermost values, which the caller may keep.
func (m *machine) popN(n int) ([]any, error) {
	if n > len(m.stack) {
		return nil, fmt.Errorf("%d values on the stack, want %d", len(m.stack), n)
	}
	cut := len(m.stack) - n
	v := append([]any(nil), m.stack[cut:]...)
	m.stack = m.stack[:cut]
	return v, nil
}

// popMark returns the values above the uppermost mark.
func (m *machine) popMark() ([]any, error) {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if _, ok := m.stack[i].(mark); ok {
			v, err := m.popN(len(m.stack) - i - 1)
			m.stack = m.stack[:i]
			return v, err
		}
	}
	return nil, fmt.Errorf("no mark on the stack")
}

// step carries out one instruction.
func (m *machine) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		v, err := m.number(1)
		if err == nil && (v < 2 || v > 5) {
			err = fmt.Errorf("protocol %d, want 2 to 5", v)
		}
		return err
	case 0x95: // FRAME
		_, err := m.take(8)
		return err
	case '(':
		return m.push(mark{})
	case 'N':
		return m.push(nil)
	case 0x88, 0x89:
		return m.push(op == 0x88)
	case ')':
		return m.push(tuple(nil))
	case '}':
		return m.push(newDict())
	case ']':
		return m.push(&list{})
	case 'q', 'r', 0x94, 'h', 'j':
		return m.remember(op)
	case 'K', 'M', 'J', 0x8a, 'G', 'X', 0x8c:
		return m.literal(op)
	case 'c', 0x93:
		return m.global(op)
	case 't', 0x85, 0x86, 0x87:
		return m.tuple(op)
	case 's', 'u', 'a', 'e':
		return m.add(op)
	case 'Q':
		return m.storage()
	case 'R':
		return m.call()
	case 'b': // BUILD: attributes of an object, such as the _metadata of a state_dict
		_, err := m.pop()
		return err
	}
	return fmt.Errorf("instruction %#02x is not one of a state_dict's", op)
}

// remember puts a value into the memo or gets it from there.
func (m *machine) remember(op byte) (err error) {
	key := uint32(len(m.memo))
	switch op {
	case 'q', 'h':
		key, err = m.number(1)
	case 'r', 'j':
		key, err = m.number(4)
	}
	if err != nil {
		return err
	}
	if op == 'h' || op == 'j' {
		v, ok := m.memo[key]
		if !ok {
			return fmt.Errorf("nothing is remembered under %d", key)
		}
		return m.push(v)
	}
	if len(m.stack) == 0 {
		return fmt.Errorf("nothing on the stack to remember")
	}
	m.memo[key] = m.stack[len(m.stack)-1]
	return nil
}

// literal pushes a number or a string.
func (m *machine) literal(op byte) error {
	switch op {
	case 'K', 'M', 'J':
		v, err := m.number(map[byte]int{'K': 1, 'M': 2, 'J': 4}[op])
		if err != nil {
			return err
		}
		if op == 'J' {
			return m.push(int64(int32(v)))
		}
		return m.push(int64(v))
	case 'G':
		b, err := m.take(8)
		if err != nil {
			return err
		}
		return m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	size := 4
	if op != 'X' {
		size = 1
	}
	n, err := m.number(size)
	if err != nil {
		return err
	}
	b, err := m.take(int(min(n, math.MaxInt32)))
	if err != nil {
		return err
	}
	if op != 0x8a {
		return m.push(string(b))
	}
	if len(b) > 8 {
		return fmt.Errorf("a number of %d bytes", len(b))
	}
	var v [8]byte
	copy(v[:], b)
	if len(b) > 0 && b[len(b)-1] >= 0x80 { // negative
		for i := len(b); i < 8; i++ {
			v[i] = 0xff
		}
	}
	return m.push(int64(binary.LittleEndian.Uint64(v[:])))
}

// global pushes a function or a type, if it is one of those allowed.
func (m *machine) global(op byte) error {
	var g global
	if op == 'c' {
		module, name, ok := strings.Cut(string(m.b[m.at:min(len(m.b), m.at+512)]), "\n")
		name, _, ok2 := strings.Cut(name, "\n")
		if !ok || !ok2 {
			return fmt.Errorf("a name without an end")
		}
		m.at += len(module) + len(name) + 2
		g = global(module + " " + name)
	} else {
		v, err := m.popN(2)
		if err != nil {
			return err
		}
		module, ok := v[0].(string)
		name, ok2 := v[1].(string)
		if !ok || !ok2 {
			return fmt.Errorf("a name that is no text")
		}
		g = global(module + " " + name)
	}
	if _, ok := storageTypes[g]; !ok && g != orderedDict && g != rebuildTensor && g != rebuildParameter {
		return fmt.Errorf("it asks for %q, which is no part of a state_dict: save model.state_dict(), not the model", strings.ReplaceAll(string(g), " ", "."))
	}
	return m.push(g)
}

func (m *machine) tuple(op byte) (err error) {
	var v []any
	if op == 't' {
		v, err = m.popMark()
	} else {
		v, err = m.popN(int(op - 0x84))
	}
	if err != nil {
		return err
	}
	return m.push(tuple(v))
}

// add sets items of the dict or the list on the stack.
func (m *machine) add(op byte) (err error) {
	var v []any
	switch op {
	case 's':
		v, err = m.popN(2)
	case 'a':
		v, err = m.popN(1)
	default:
		v, err = m.popMark()
	}
	if err != nil {
		return err
	}
	if len(m.stack) == 0 {
		return fmt.Errorf("nothing on the stack")
	}
	switch to := m.stack[len(m.stack)-1].(type) {
	case *dict:
		if (op == 's' || op == 'u') && len(v)%2 == 0 {
			for i := 0; i < len(v); i += 2 {
				to.set(v[i], v[i+1])
			}
			return nil
		}
	case *list:
		if op == 'a' || op == 'e' {
			to.items = append(to.items, v...)
			return nil
		}
	}
	return fmt.Errorf("items for something that takes none")
}

// storage pushes the storage that a persistent id names: ("storage", type, key, place, count).
func (m *machine) storage() error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	id, _ := v.(tuple)
	if len(id) != 5 {
		return fmt.Errorf("a storage of %d parts, want 5", len(id))
	}
	g, ok := id[1].(global)
	dtype, ok2 := storageTypes[g]
	key, ok3 := id[2].(string)
	count, ok4 := id[4].(int64)
	if id[0] != any("storage") || !ok || !ok2 || !ok3 || !ok4 || count < 0 {
		return fmt.Errorf("a storage of a type, name or length that no state_dict has")
	}
	return m.push(&storage{dtype, key, count})
}

// call applies one of the allowed functions to a tuple.
func (m *machine) call() error {
	v, err := m.popN(2)
	if err != nil {
		return err
	}
	f, _ := v[0].(global)
	args, ok := v[1].(tuple)
	switch {
	case ok && f == orderedDict && len(args) == 0:
		return m.push(newDict())
	case ok && f == rebuildParameter && len(args) > 0:
		return m.push(args[0])
	case ok && f == rebuildTensor && len(args) >= 4:
		s, ok := args[0].(*storage)
		offset, ok2 := args[1].(int64)
		shape, ok3 := integers(args[2])
		strides, ok4 := integers(args[3])
		if ok && ok2 && ok3 && ok4 && len(shape) == len(strides) {
			return m.push(&view{s, offset, shape, strides})
		}
	}
	return fmt.Errorf("a call of %q with %d arguments", string(f), len(args))
}

// integers are those of a tuple, at most eight.
func integers(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	if !ok || len(t) > 8 {
		return nil, false
	}
	out := make([]int64, len(t))
	for i, x := range t {
		if out[i], ok = x.(int64); !ok || out[i] < 0 {
			return nil, false
		}
	}
	return out, true
}

// views adds the tensors of a state_dict, by their names, those of dicts in dicts with the
// outer name before them. seen are the dicts that it has been to.
func (d *dict) views(prefix string, seen map[*dict]bool, add func(name string, v *view) error) error {
	if seen[d] {
		return nil
	}
	seen[d] = true
	if strings.Count(prefix, ".") > maxDepth {
		return fmt.Errorf("dicts in dicts, %d deep, limit %d", strings.Count(prefix, "."), maxDepth)
	}
	for _, k := range d.keys {
		var err error
		switch v := d.values[k].(type) {
		case *view:
			err = add(prefix+k, v)
		case *dict:
			err = v.views(prefix+k+".", seen, add)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

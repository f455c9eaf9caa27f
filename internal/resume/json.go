package resume

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/textlstm/textlstm/internal/fsx"
)

// A record says what a state is of.
type record struct {
	Version  int             `json:"version"`
	Identity json.RawMessage `json:"identity"`
	State    json.RawMessage `json:"state"`
}

func newRecord(version int, id Identity, state any) (r record, err error) {
	r.Version = version
	if r.Identity, err = json.Marshal(id); err != nil {
		return r, err
	}
	r.State, err = json.Marshal(state)
	return r, err
}

// parse reads a record that stands in a file. It returns a *MismatchError where it
// is of another version or of something else than id.
func parse(path string, text []byte, version int, id Identity) (r record, err error) {
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	if r.Version != version {
		return r, &MismatchError{path, "format version", strconv.Itoa(r.Version), strconv.Itoa(version)}
	}
	return r, id.Check(path, r.Identity)
}

// WriteJSON replaces a file by a state and what it is of.
func WriteJSON(path string, version int, id Identity, state any) error {
	r, err := newRecord(version, id, state)
	if err != nil {
		return err
	}
	return fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

// ReadJSON reads a state of at most limit bytes that WriteJSON wrote. The error is
// fs.ErrNotExist where there is no file, and a *MismatchError where it is of
// another version or of something else than id.
func ReadJSON(path string, limit int64, version int, id Identity, state any) error {
	b, err := fsx.ReadFile(fsx.OS{}, path, limit)
	if err != nil {
		return err
	}
	r, err := parse(path, b, version, id)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(r.State, state); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

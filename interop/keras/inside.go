package keras

import (
	"encoding/json"
	"fmt"
	"sort"

	"github.com/textlstm/textlstm/internal/hdf5"
)

// An Entry is a layer of the model, or an array of weights.
type Entry struct {
	Name  string // of a layer, or the path of an array
	Type  string // the class of a layer, or what an array is made of
	Shape []int  // nil for a layer
}

const maxEntries = 1 << 12

// Entries lists the layers of the model, those of models within it too, and the arrays of
// weights: of either at most 4,096.
func (f *File) Entries() ([]Entry, error) {
	var list []Entry
	if f.Config != nil {
		var top layer
		if err := json.Unmarshal(f.Config, &top); err != nil {
			return nil, fmt.Errorf("%w: the JSON of the model: %w", ErrFormat, err)
		}
		list = layerEntries(list, &top, 0)
	}
	arrays, err := arrayEntries(nil, f.weights.top(), 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	sort.SliceStable(arrays, func(i, j int) bool { return arrays[i].Name < arrays[j].Name })
	return append(list, arrays...), nil
}

func layerEntries(list []Entry, l *layer, depth int) []Entry {
	var m model
	if len(list) >= maxEntries || depth > 4 || l.options(&m) != nil || m.Layers == nil {
		return list
	}
	for i := range m.Layers {
		below := &m.Layers[i]
		if len(list) < maxEntries {
			list = append(list, Entry{Name: below.name(), Type: below.Class})
		}
		list = layerEntries(list, below, depth+1)
	}
	return list
}

func arrayEntries(list []Entry, g *hdf5.Group, depth int) ([]Entry, error) {
	for _, name := range g.Names() {
		if len(list) >= maxEntries || depth == 0 && name == "optimizer" {
			continue
		}
		if d, err := g.Dataset(name); err == nil {
			list = append(list, Entry{d.Path, d.Type(), d.Shape})
			continue
		}
		below, err := g.Group(name)
		if err != nil {
			return nil, err
		}
		if depth < 12 {
			if list, err = arrayEntries(list, below, depth+1); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

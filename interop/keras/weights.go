package keras

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/textlstm/textlstm/internal/hdf5"
)

// weights are the arrays of a model's layers.
type weights interface {
	// layers returns the places of the layers of a model that stands at a place.
	layers(model place, list []layer) ([]place, error)

	// arrays returns n arrays of a layer: of its part, where it has parts, from the first
	// one on.
	arrays(p place, part string, first, n int) ([]*hdf5.Dataset, error)

	// top is the folder of all of them.
	top() *hdf5.Group
}

// A place is where a layer's arrays are: a folder, or the name of a layer.
type place string

// treeWeights are those of .weights.h5: a folder for each layer, named by its class.
type treeWeights struct{ root *hdf5.Group }

func (w treeWeights) top() *hdf5.Group   { return w.root }
func (w legacyWeights) top() *hdf5.Group { return w.root }

// The folder of a model's layers has had two names.
var layerFolders = []string{"layers", "_layer_checkpoint_dependencies"}

func newTreeWeights(root *hdf5.Group) (weights, error) {
	for _, name := range layerFolders {
		if root.Has(name) {
			return treeWeights{root}, nil
		}
	}
	return nil, fmt.Errorf("neither a folder of layers nor one of model_weights: there are %s", strings.Join(root.Names(), ", "))
}

// layers finds the folders by the names of layers that they have as an attribute, or, in
// files of older versions, by counting the layers of a class.
func (w treeWeights) layers(model place, list []layer) ([]place, error) {
	var folder *hdf5.Group
	var path string
	for _, name := range layerFolders {
		path = join(string(model), name)
		g, err := w.group(path)
		if err == nil {
			folder = g
			break
		}
	}
	if folder == nil {
		return nil, fmt.Errorf("no folder %s", join(string(model), layerFolders[0]))
	}
	named := map[string]string{}
	for _, dir := range folder.Names() {
		if vars, err := folder.Group(dir + "/vars"); err == nil {
			if name, err := vars.Text("name"); err == nil && name != "" {
				named[name] = dir
			}
		}
	}
	places, count := make([]place, len(list)), map[string]int{}
	for i, l := range list {
		dir := snake(l.Class)
		if n := count[dir]; n > 0 {
			count[dir]++
			dir = fmt.Sprintf("%s_%d", dir, n)
		} else {
			count[dir] = 1
		}
		if by, ok := named[l.name()]; ok {
			dir = by
		}
		places[i] = place(join(path, dir))
	}
	return places, nil
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func (w treeWeights) group(path string) (*hdf5.Group, error) {
	if path == "" {
		return w.root, nil
	}
	return w.root.Group(path)
}

func (w treeWeights) arrays(p place, part string, _, n int) (list []*hdf5.Dataset, err error) {
	dir := string(p)
	if part != "" {
		dir += "/" + part
	}
	vars, err := w.group(dir + "/vars")
	if err != nil {
		return nil, err
	}
	for i := range n {
		d, err := vars.Dataset(fmt.Sprint(i))
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

var (
	beforeWord = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	afterLower = regexp.MustCompile(`([a-z])([A-Z])`)
)

// snake is a class's name as Keras writes it in paths: GlobalMaxPooling1D,
// global_max_pooling1d.
func snake(class string) string {
	return strings.ToLower(afterLower.ReplaceAllString(beforeWord.ReplaceAllString(class, "${1}_${2}"), "${1}_${2}"))
}

// legacyWeights are those of .h5: a folder for each layer, named as the layer, with a list
// of the names of its arrays.
type legacyWeights struct{ root *hdf5.Group }

func (w legacyWeights) layers(model place, list []layer) ([]place, error) {
	if model != "" {
		return nil, fmt.Errorf("a model within a model in a legacy file: save it as .keras")
	}
	places := make([]place, len(list))
	for i, l := range list {
		places[i] = place(l.name())
	}
	return places, nil
}

func (w legacyWeights) arrays(p place, _ string, first, n int) (list []*hdf5.Dataset, err error) {
	g, err := w.root.Group(string(p))
	if err != nil {
		return nil, err
	}
	names, err := g.Texts("weight_names")
	if err != nil {
		return nil, err
	}
	if first+n > len(names) {
		return nil, fmt.Errorf("layer %s has %d arrays, want %d", p, len(names), first+n)
	}
	for _, name := range names[first : first+n] {
		d, err := g.Dataset(name)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

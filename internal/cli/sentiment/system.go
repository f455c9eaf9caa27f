package sentiment

import (
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/evaluate/compare"
	"github.com/textlstm/textlstm/recipe"
)

// openSystem finds out what a name of the command line means: what package compare
// knows, default for the embedded model, or the file of one. A model's name may end
// in :deep or :wide.
func openSystem(name string) (compare.System, error) {
	file, branch := name, "joint"
	for _, b := range append(classify.BranchNames(), "joint") {
		if cut, ok := strings.CutSuffix(name, ":"+b); ok {
			file, branch = cut, b
		}
	}
	if s, ok := compare.Parse(file); ok && (s.Baseline == "" || file == name) {
		s.Name = name
		return s, nil
	}
	if file == string(recipe.Default) {
		file = ""
	}
	m, err := loadModel(file)
	if err != nil {
		return compare.System{}, err
	}
	m, err = branchOf(m, branch)
	return compare.System{Name: name, Model: m}, err
}

package recipe

import (
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
)

// Losses say which heads answer with a number, and what error costs there: squared or
// absolute for all heads, name=squared for one. Any loss may stand there by the name that
// it has in a config, or the first word of that.
type Losses []string

// LossesUsage tells people what an element of Losses may be; the name of a value is in
// back quotes, as package flag has it.
const LossesUsage = "`squared` or absolute: the labels are numbers to predict, and that error is the loss; name=squared for one head of several; may be repeated"

// heads returns the heads of a config, or where it has none those of the data, with
// the losses that l gives them. A loss or a head that is not there is an *Error.
func (l Losses) heads(heads []classify.Head, data []string) ([]classify.Head, error) {
	if len(l) == 0 {
		return heads, nil
	}
	heads = slices.Clone(heads)
	if len(heads) == 0 {
		for _, name := range data {
			heads = append(heads, classify.Head{Name: name})
		}
	}
	for _, spec := range l {
		head, name, one := strings.Cut(spec, "=")
		if !one {
			name = head
		}
		kinds := nn.LossKinds()
		kind := slices.IndexFunc(kinds, func(k nn.LossKind) bool { return string(k) == name || strings.HasPrefix(string(k), name+"-") })
		if kind < 0 {
			return nil, errorf("--loss %s: want squared or absolute, or name=squared for one head", spec)
		}
		found := false
		for i := range heads {
			if !one || heads[i].Name == head {
				heads[i].Loss.Kind, found = kinds[kind], true
			}
		}
		if !found {
			return nil, errorf("--loss %s: there is no head %q, the data has %q", spec, head, data)
		}
	}
	return heads, nil
}

package foreign

import "github.com/textlstm/textlstm/classify"

// Import reads the classifier in a file.
func Import(file string, o Options, card classify.Card) (*classify.Model, error) {
	f, err := Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n, err := f.Network(o)
	if err != nil {
		return nil, err
	}
	card.Start = file
	return n.Model(card)
}

package answers

import (
	"errors"
	"fmt"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
)

// Options say how records are made, and which of them are written, in which columns.
// The zero value is a record for each text, with the likeliest label of each head.
type Options struct {
	answer.Options

	// Probs gives tables a column for the probability of every label, as JSON always
	// has them.
	Probs bool

	// Errors gives tables a last column that says why a text could not be read, as JSON
	// has it where that is so.
	Errors bool

	// Sort, a label or head:label, writes the texts in the order of its probability, the
	// highest first; the name of a head that answers with a number in that of its
	// numbers. Texts without an answer come last. All records are in memory then, or
	// the first Top if that is not 0.
	Sort string
	Top  int

	// Summary writes, for each source and head, how many texts have each label, instead
	// of the records.
	Summary bool
}

// Validate reports what does not fit a model of those heads, beginning with the name of
// the option in lower case.
func (o *Options) Validate(heads []classify.Head) error {
	if err := o.Options.Validate(heads); err != nil {
		return err
	}
	switch {
	case o.Top < 0:
		return fmt.Errorf("top %d: want 0 or more", o.Top)
	case o.Top > 0 && o.Sort == "":
		return fmt.Errorf("top %d: say by which label the texts are sorted", o.Top)
	case o.Summary && (o.Sort != "" || o.Keep || o.Sentences || o.Explainer != nil):
		return errors.New("summary: there are no records to keep, sort, split or explain")
	case o.Sort != "":
		_, err := o.order(o.Pick(heads))
		return err
	}
	return nil
}

package corpora

// CheckOptions say what Check looks for.
type CheckOptions struct {
	// Near is the similarity from which texts are near duplicates: 0 means 0.8, a
	// negative number that they are not looked for.
	Near float64
	// Rare is the number of examples below which a label is rare: 0 means 5.
	Rare int
}

// Findings are what Check found in a dataset. Indices are of its examples.
type Findings struct {
	Empty      []int   // texts of white space
	Duplicates [][]int // groups of one text up to case and white space
	// DuplicateRows is the number of examples whose text an earlier one has.
	DuplicateRows int
	Conflicts     []Conflict
	Near          []NearDuplicate
	Rare          [][]RareLabel // per head
}

// A RareLabel is a label that few examples have.
type RareLabel struct {
	Label string
	Count int
}

// Check looks for what spoils training and evaluation in one dataset. See Leaks
// for what two have in common.
func Check(d *Dataset, o CheckOptions) *Findings {
	if o.Near == 0 {
		o.Near = 0.8
	}
	if o.Rare == 0 {
		o.Rare = 5
	}
	f := &Findings{Duplicates: d.Duplicates(), Conflicts: d.Conflicts()}
	var n normalizer
	for i := range d.Examples {
		if len(n.normalize(d.Examples[i].Text)) == 0 {
			f.Empty = append(f.Empty, i)
		}
	}
	for _, g := range f.Duplicates {
		f.DuplicateRows += len(g) - 1
	}
	if o.Near > 0 {
		f.Near = d.NearDuplicates(o.Near)
	}
	for h := range d.Heads {
		counts := d.Counts(h)
		var rare []RareLabel
		for _, label := range d.RareLabels(h, o.Rare) {
			rare = append(rare, RareLabel{label, counts[label]})
		}
		f.Rare = append(f.Rare, rare)
	}
	return f
}

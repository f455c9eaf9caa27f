package audit

// A document is an Audit as JSON.
type document struct {
	Files []file `json:"files"`
	Leaks []leak `json:"leaks"`
}

type file struct {
	File          string                    `json:"file"`
	Rows          int                       `json:"rows"`
	Refused       int                       `json:"refused"`
	BadBytes      int64                     `json:"bad_bytes"`
	Empty         int                       `json:"empty"`
	DuplicateRows int                       `json:"duplicate_rows"`
	ConflictCount int                       `json:"conflicts"`
	NearCount     int                       `json:"near_duplicates"`
	Errors        []string                  `json:"errors,omitempty"`
	Duplicates    [][]string                `json:"duplicate_texts,omitempty"`
	Conflicts     []conflict                `json:"conflicting_texts,omitempty"`
	Near          []near                    `json:"near_pairs,omitempty"`
	Rare          map[string]map[string]int `json:"rare_labels,omitempty"`
	WrongCount    int                       `json:"label_errors"`
	Wrong         []wrong                   `json:"probable_label_errors,omitempty"`
}

type conflict struct {
	Head   string   `json:"head"`
	Labels []string `json:"labels"`
	Rows   []string `json:"rows"`
}

type near struct {
	Rows       [2]string `json:"rows"`
	Similarity float64   `json:"similarity"`
}

type wrong struct {
	Row       string  `json:"row"`
	Head      string  `json:"head"`
	Label     string  `json:"label"`
	Suggested string  `json:"suggested"`
	Margin    float64 `json:"margin"`
}

type leak struct {
	Train string   `json:"train"`
	Test  string   `json:"test"`
	Count int      `json:"rows"`
	Rows  []string `json:"test_rows,omitempty"`
	Near  int      `json:"near_duplicates"`
}

func (a *Audit) document(limit int) document {
	d := document{Leaks: []leak{}}
	for i, f := range a.Files {
		d.Files = append(d.Files, f.document(limit))
		for _, earlier := range a.Files[:i] {
			exact, near := a.leaks(earlier, f)
			l := leak{Train: earlier.Name, Test: f.Name, Count: len(exact), Near: len(near)}
			for _, x := range shown(exact, limit) {
				l.Rows = append(l.Rows, f.place(x.Test))
			}
			d.Leaks = append(d.Leaks, l)
		}
	}
	return d
}

func (f *File) document(limit int) file {
	o := file{
		File: f.Name, Rows: f.Report.Rows, Refused: f.Report.Refused, BadBytes: f.Report.BadBytes, Empty: len(f.Findings.Empty),
		DuplicateRows: f.Findings.DuplicateRows, ConflictCount: len(f.Findings.Conflicts), NearCount: len(f.Findings.Near), WrongCount: len(f.Wrong),
	}
	for _, e := range shown(f.Report.Errors, limit) {
		o.Errors = append(o.Errors, e.Error())
	}
	for _, g := range shown(f.Findings.Duplicates, limit) {
		o.Duplicates = append(o.Duplicates, f.places(g))
	}
	for _, x := range shown(f.Findings.Conflicts, limit) {
		o.Conflicts = append(o.Conflicts, conflict{f.Data.Heads[x.Head], x.Labels, f.places(x.Indices)})
	}
	for _, x := range shown(f.Findings.Near, limit) {
		o.Near = append(o.Near, near{[2]string{f.place(x.A), f.place(x.B)}, x.Similarity})
	}
	for h, rare := range f.Findings.Rare {
		if len(rare) == 0 {
			continue
		}
		if o.Rare == nil {
			o.Rare = map[string]map[string]int{}
		}
		counts := make(map[string]int, len(rare))
		for _, r := range rare {
			counts[r.Label] = r.Count
		}
		o.Rare[f.Data.Heads[h]] = counts
	}
	for _, w := range shown(f.Wrong, limit) {
		o.Wrong = append(o.Wrong, wrong{f.place(w.Index), w.Head, w.Given, w.Suggested, w.Margin})
	}
	return o
}

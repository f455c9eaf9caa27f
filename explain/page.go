package explain

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/textlstm/textlstm/internal/webpage"
	"github.com/textlstm/textlstm/report"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle string

// A pageView is a page as the template reads it.
type pageView struct {
	Title        string
	Policy       string
	Style        template.CSS
	Explanations []explanationView
}

type explanationView struct {
	Title, Sum, Exactness string
	Pieces                []pieceView
	Words, Ngrams         template.HTML
}

type pieceView struct{ Text, Class, Note string }

// WriteHTML writes explanations as one self-contained page: the texts with
// their words shaded, and under each the words and n-grams in tables. The page
// has no script, its policy forbids every request, and texts, labels and names
// are escaped wherever they stand.
func WriteHTML(w io.Writer, title string, explanations []*Explanation) error {
	v := pageView{
		Title:  report.Clean(title),
		Policy: webpage.Policy("style-src " + webpage.Hash(pageStyle)),
		Style:  template.CSS(pageStyle),
	}
	for _, x := range explanations {
		ev, err := x.view()
		if err != nil {
			return err
		}
		v.Explanations = append(v.Explanations, ev)
	}
	if err := webpage.Write(w, pageSource, nil, v); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	return nil
}

func (x *Explanation) view() (explanationView, error) {
	v := explanationView{Title: x.Title(), Sum: x.sum(), Exactness: x.exactness()}
	sources := x.sources()
	for _, p := range x.pieces() {
		pv := pieceView{Text: cleanLines(p.text)}
		if p.word != nil {
			pv.Note = signed(p.word.Score)
			if parts := bySource(sources, p.word.part); parts != "" {
				pv.Note += " (" + parts + ")"
			}
		}
		switch {
		case p.shade > 0:
			pv.Class = fmt.Sprintf("for-%d", p.shade)
		case p.shade < 0:
			pv.Class = fmt.Sprintf("against-%d", -p.shade)
		}
		v.Pieces = append(v.Pieces, pv)
	}
	var err error
	if v.Words, err = htmlTable(wordTable(x.TopWords(-1), x)); err != nil {
		return v, err
	}
	ngrams := ngramTable(x.Ngrams)
	v.Ngrams, err = htmlTable(ngrams.header, ngrams.rows)
	return v, err
}

// htmlTable is report.Table as a fragment of the page; empty without rows.
func htmlTable(header []string, rows [][]any) (template.HTML, error) {
	if len(rows) == 0 {
		return "", nil
	}
	var b strings.Builder
	err := report.Table(&b, header, rows, report.HTML)
	return template.HTML(b.String()), err
}

// cleanLines is report.Clean that keeps the line ends.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = report.Clean(l)
	}
	return strings.Join(lines, "\n")
}

// Minutes draws accuracy against the processor time of a training, for textlstm and the
// baselines, from the lines of bench/accuracy/run: the figure docs/img/minutes.svg, and the
// table of docs/minutes.md between its two marks.
//
//	bench/accuracy/run --data CORPORA --results bench/results/minutes.jsonl --only imdb,... --systems textlstm,...
//	go run ./bench/minutes
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/textlstm/textlstm/internal/drawings"
	"github.com/textlstm/textlstm/internal/fsx"
)

const (
	results = "bench/results/minutes.jsonl"
	figure  = "docs/img/minutes.svg"
	page    = "docs/minutes.md"
	begin   = "<!-- minutes: go run ./bench/minutes -->\n"
	end     = "<!-- minutes end -->\n"
)

// The corpora and the systems, in order, with their names.
var (
	corpora = [][2]string{
		{"imdb", "IMDB"}, {"ag-news", "AG News"}, {"sst2", "SST-2"},
		{"trec6", "TREC-6"}, {"20newsgroups", "20 Newsgroups"}, {"reuters-r52", "Reuters R52"},
	}
	systems = [][2]string{
		{"textlstm", "textlstm"}, {"n-grams alone", "its n-grams alone"},
		{"tfidf-lr", "TF-IDF + LR"}, {"fasttext", "fastText"}, {"pytorch", "PyTorch"},
	}
)

// A training is a line of the results.
type training struct {
	Corpus, System string
	Seconds        float64 `json:"cpu_seconds"`
	Test           struct{ Accuracy float64 }
}

// A mark is the mean of the trainings of a system on a corpus.
type mark struct {
	minutes, percent float64
	trainings        int
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	f, err := os.Open(results)
	if err != nil {
		return err
	}
	defer f.Close()
	marks, err := read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", results, err)
	}
	corpora = slices.DeleteFunc(corpora, func(c [2]string) bool { // not measured yet
		return !slices.ContainsFunc(systems, func(s [2]string) bool { return marks[[2]string{c[0], s[0]}].trainings > 0 })
	})
	if err := fsx.WriteFile(fsx.OS{}, figure, func(w io.Writer) error { return chart(w, marks) }); err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s: no marks %q and %q", page, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(page, []byte(before+begin+table(marks)+end+after), 0o644)
}

// read returns the marks by corpus and system.
func read(r io.Reader) (map[[2]string]mark, error) {
	sums := map[[2]string]mark{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var t training
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, err
		}
		key := [2]string{t.Corpus, t.System}
		m := sums[key]
		n := float64(m.trainings)
		sums[key] = mark{(m.minutes*n + t.Seconds/60) / (n + 1), (m.percent*n + 100*t.Test.Accuracy) / (n + 1), m.trainings + 1}
	}
	return sums, lines.Err()
}

// table is the marks in Markdown.
func table(marks map[[2]string]mark) string {
	var b strings.Builder
	b.WriteString("| |")
	for _, s := range systems {
		fmt.Fprintf(&b, " %s | minutes |", s[1])
	}
	b.WriteString("\n|" + strings.Repeat("---|", 1+2*len(systems)) + "\n")
	for _, c := range corpora {
		fmt.Fprintf(&b, "| %s |", c[1])
		for _, s := range systems {
			if m := marks[[2]string{c[0], s[0]}]; m.trainings > 0 {
				fmt.Fprintf(&b, " %.1f | %.2g |", m.percent, m.minutes)
			} else {
				b.WriteString(" | |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// chart draws a panel for each corpus.
func chart(w io.Writer, marks map[[2]string]mark) error {
	const columns = 3
	rows := (len(corpora) + columns - 1) / columns
	plots := make([][]*plot.Plot, rows)
	for i, c := range corpora {
		p, err := panel(c, marks)
		if err != nil {
			return err
		}
		plots[i/columns] = append(plots[i/columns], p)
	}
	c := vgsvg.New(vg.Points(260*columns), vg.Points(210*float64(rows)))
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: vg.Points(14), PadY: vg.Points(14), PadTop: vg.Points(6), PadBottom: vg.Points(4), PadLeft: vg.Points(4), PadRight: vg.Points(12)}
	for i, row := range plot.Align(plots, tiles, draw.New(c)) {
		for k, cell := range row {
			plots[i][k].Draw(cell)
		}
	}
	_, err := c.WriteTo(w)
	return err
}

// panel is the plot of a corpus; that of the first has the legend.
func panel(corpus [2]string, marks map[[2]string]mark) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = corpus[1], "minutes of a processor", "accuracy, %"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, minutes{}
	for _, s := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		s.Font, s.Color = drawings.Sans(10), drawings.Ink
	}
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.RingGlyph{}, draw.TriangleGlyph{}, draw.SquareGlyph{}, draw.CrossGlyph{}}
	var all []float64
	for i, s := range systems {
		m := marks[[2]string{corpus[0], s[0]}]
		points, err := plotter.NewScatter(plotter.XYs{{X: m.minutes, Y: m.percent}})
		if err != nil {
			return nil, err
		}
		points.GlyphStyle = draw.GlyphStyle{Color: drawings.Palette()[i], Radius: vg.Points(4), Shape: shapes[i]}
		if corpus == corpora[0] {
			p.Legend.Add(s[1], points)
		}
		if m.trainings > 0 {
			p.Add(points)
			all = append(all, m.percent)
		}
	}
	p.Legend.Left = true
	p.X.Min, p.X.Max = 0.01, 20
	if len(all) > 0 {
		p.Y.Min, p.Y.Max = slices.Min(all)-1, slices.Max(all)+1
	}
	p.Add(plotter.NewGrid())
	return p, nil
}

// minutes are the ticks of a logarithmic axis of minutes.
type minutes struct{}

// Ticks is plot.Ticker's.
func (minutes) Ticks(low, high float64) (out []plot.Tick) {
	for _, v := range []float64{0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30} {
		if v >= low && v <= high {
			out = append(out, plot.Tick{Value: v, Label: fmt.Sprint(v)})
		}
	}
	return out
}

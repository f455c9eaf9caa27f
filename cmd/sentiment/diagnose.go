package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/vocab"
)

func newDiagnose() *cobra.Command {
	var (
		in     input
		model  string
		output string
		plots  string
		texts  []string
		lines  bool
		member int
		fresh  bool
		all    bool
		d      diagnosis
	)
	cmd := &cobra.Command{
		Use:   "diagnose [file...]",
		Short: "Show whether the gradient vanishes on its way back through the steps",
		Long: `Diagnose measures the norm of dL/dh_t, the gradient of a loss on the last state by
the LSTM's state at every step: as the model was trained, as it would be untrained
without and with a forget bias, and with larger recurrent weights Whh, where the
gradient may explode and clipping bounds it. For the trained model it also shows the
gradient of the model's own score, which the pooling may bring to every step directly.

The inputs are the words of the given texts, or words drawn from the model's
vocabulary. With --fresh there is no model: an LSTM of the given size on noise.`,
		Example: `  sentiment diagnose
  sentiment diagnose --lines --plots plots reviews.txt
  sentiment diagnose --fresh --hidden 64 --steps 400 --output json`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if output != "table" && output != "json" {
				return usagef("--output %s: want table or json", output)
			}
			if err := d.check(); err != nil {
				return err
			}
			if fresh && (model != "" || len(files) > 0 || len(texts) > 0) {
				return usagef("--fresh is without a model and without texts")
			}
			var curves []gradflow.Curve
			var err error
			if fresh {
				curves, err = d.fresh()
			} else {
				var m *classify.Model
				if m, err = loadModel(model); err != nil {
					return err
				}
				if m.Network() == nil {
					return modelError{errors.New("the model has no LSTM, only n-grams")}
				}
				if n := m.Config().NumMembers(); member < 1 || member > n {
					return usagef("--member %d: the model has 1 to %d", member, n)
				}
				m = m.Member(member - 1)
				if len(files) > 0 {
					opts, err := in.options()
					if err != nil {
						return err
					}
					opts.Unlabelled, opts.Lines = true, lines
					if texts, err = d.read(cmd.Context(), opts, files, texts); err != nil {
						return err
					}
				}
				curves, err = d.model(cmd.Context(), m, texts)
			}
			if err != nil {
				return err
			}
			if !all {
				curves = topLayer(curves)
			}
			if plots != "" {
				if err := plotDiagnosis(plots, curves); err != nil {
					return err
				}
			}
			if output == "json" {
				return writeDiagnosis(cmd.OutOrStdout(), curves)
			}
			return printDiagnosis(cmd.OutOrStdout(), curves, d.options.Clip)
		},
	}
	addModelFlag(cmd, &model)
	in.addFlags(cmd, false)
	f := cmd.Flags()
	f.StringArrayVar(&texts, "text", nil, "a `text` to read; may be repeated")
	f.BoolVar(&lines, "lines", false, "one document per line")
	f.IntVar(&member, "member", 1, "of a model that averages several networks, the one to look at")
	f.BoolVar(&fresh, "fresh", false, "an untrained LSTM on noise, instead of a model")
	f.IntVar(&d.config.InputSize, "input", 100, "with --fresh: width of the inputs")
	f.IntVar(&d.config.HiddenSize, "hidden", 128, "with --fresh: hidden units")
	f.IntVar(&d.config.Layers, "layers", 1, "with --fresh: layers")
	f.Float64Var(&d.sd, "sd", 1, "with --fresh: standard deviation of the inputs")
	f.IntVar(&d.steps, "steps", 200, "steps of generated inputs, and the most that are read of a text")
	f.IntVar(&d.sequences, "texts", 16, "generated sequences, and the most texts that are read")
	f.Float64SliceVar(&d.options.Forget, "forget-bias", []float64{0, 1}, "forget biases to try")
	f.Float64SliceVar(&d.options.Gain, "gain", []float64{1, 4}, "factors of the untrained recurrent weights to try")
	f.Float64Var(&d.options.Clip, "clip", 1, "largest norm of the gradient of all weights")
	f.Uint64Var(&d.options.Seed, "seed", 0, "seed of weights and generated inputs")
	f.BoolVar(&all, "all-layers", false, "the lower layers too, not only the one that the loss is on")
	f.StringVarP(&output, "output", "o", "table", "table or json")
	f.StringVar(&plots, "plots", "", "write the curves as SVG and PNG into this `directory`")
	must(cmd.MarkFlagDirname("plots"))
	return cmd
}

// A diagnosis is what to measure.
type diagnosis struct {
	config    lstm.Config
	options   gradflow.Options
	steps     int
	sequences int
	sd        float64
}

func (d *diagnosis) check() error {
	const most = 100_000
	if d.steps < 1 || d.steps > most || d.sequences < 1 || d.sequences > most || d.steps*d.sequences > 10*most {
		return usagef("--steps %d, --texts %d: want both from 1, and a million steps at most", d.steps, d.sequences)
	}
	if !(d.sd > 0) || !(d.options.Clip > 0) || math.IsInf(d.sd, 0) {
		return usagef("--sd %v, --clip %v: want both above 0", d.sd, d.options.Clip)
	}
	for _, v := range append(d.options.Forget, d.options.Gain...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return usagef("--forget-bias, --gain: %v is not a number to try", v)
		}
	}
	if d.config.HiddenSize > 4096 || d.config.InputSize > 4096 || d.config.Layers > 64 {
		return usagef("--input %d, --hidden %d, --layers %d: at most 4096, 4096 and 64", d.config.InputSize, d.config.HiddenSize, d.config.Layers)
	}
	if err := d.config.Validate(); err != nil {
		return usageError{err}
	}
	return nil
}

func (d *diagnosis) fresh() ([]gradflow.Curve, error) {
	return gradflow.Fresh(d.config, gradflow.Noise(d.sequences, d.steps, d.config.InputSize, d.sd, d.options.Seed), d.options)
}

// read appends the texts of files, as many as are wanted.
func (d *diagnosis) read(ctx context.Context, opts corpora.Options, files, texts []string) ([]string, error) {
	for _, file := range files {
		if len(texts) >= d.sequences {
			break
		}
		r, err := openInput(ctx, opts, file)
		if err != nil {
			return nil, err
		}
		for e, err := range r.All() {
			if err != nil {
				r.Close()
				return nil, err
			}
			if texts = append(texts, e.Text); len(texts) >= d.sequences {
				break
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// model measures a model on texts, or on generated ones if there are none.
func (d *diagnosis) model(ctx context.Context, m *classify.Model, texts []string) ([]gradflow.Curve, error) {
	var encoded []classify.Encoded
	if len(texts) > 0 {
		var err error
		if encoded, err = m.Encode(ctx, texts[:min(len(texts), d.sequences)]); err != nil {
			return nil, err
		}
	} else {
		draw := drawWords(m.Vocab(), seed.Rand(d.options.Seed, "words"))
		for range d.sequences {
			ids := make([]vocab.ID, d.steps)
			for t := range ids {
				ids[t] = draw()
			}
			encoded = append(encoded, classify.Encoded{IDs: ids})
		}
	}
	var sequences [][]float32
	for i := range encoded {
		e := &encoded[i]
		e.IDs = e.IDs[:min(len(e.IDs), d.steps)]
		if len(e.IDs) == 0 {
			continue
		}
		sequences = append(sequences, m.Vectors(*e))
	}
	if len(sequences) == 0 {
		return nil, fmt.Errorf("%w: none of the texts has a word", corpora.ErrData)
	}
	own, err := gradflow.Pooled("trained, pooled", m, encoded)
	if err != nil {
		return nil, err
	}
	last, err := gradflow.Trained("trained, last state", m.Network().Encoder(), sequences, d.options)
	if err != nil {
		return nil, err
	}
	untrained, err := gradflow.Fresh(m.Network().Encoder().Config(), sequences, d.options)
	if err != nil {
		return nil, err
	}
	return append(append(own, last...), untrained...), nil
}

// drawWords draws words as often as they occur, or all alike where the
// vocabulary does not say.
func drawWords(v *vocab.Vocabulary, r *rand.Rand) func() vocab.ID {
	var ids []vocab.ID
	var upTo []int64
	var sum int64
	for id := range v.All() {
		count := v.Count(id)
		if v.Total() == 0 {
			count = 1
		}
		sum += count
		ids, upTo = append(ids, id), append(upTo, sum)
	}
	if sum == 0 {
		return func() vocab.ID { return vocab.Unk }
	}
	return func() vocab.ID {
		n := r.Int64N(sum)
		return ids[sort.Search(len(upTo), func(i int) bool { return upTo[i] > n })]
	}
}

// topLayer leaves out the curves of the layers below the last one.
func topLayer(curves []gradflow.Curve) []gradflow.Curve {
	top := 0
	for _, c := range curves {
		top = max(top, c.Layer)
	}
	var out []gradflow.Curve
	for _, c := range curves {
		if c.Layer == top {
			out = append(out, c)
		}
	}
	return out
}

// fullName says of a curve where it was measured, as far as others differ.
func fullName(c gradflow.Curve, curves []gradflow.Curve) string {
	name := c.Name
	layers, directions := map[int]bool{}, map[bool]bool{}
	for _, o := range curves {
		layers[o.Layer], directions[o.Reverse] = true, true
	}
	if len(layers) > 1 {
		name += fmt.Sprintf(", layer %d", c.Layer+1)
	}
	if len(directions) > 1 {
		if c.Reverse {
			name = "← " + name
		} else {
			name = "→ " + name
		}
	}
	return name
}

// writeDiagnosis prints the curves as JSON, with a few readings of each.
func writeDiagnosis(w io.Writer, curves []gradflow.Curve) error {
	type entry struct {
		gradflow.Curve
		Left    map[string]float64 `json:"left"`  // by steps before the end
		Reach   int                `json:"reach"` // steps with at least 1 % left
		Verdict string             `json:"verdict"`
	}
	out := struct {
		Curves []entry `json:"curves"`
	}{[]entry{}}
	for _, c := range curves {
		e := entry{Curve: c, Left: map[string]float64{}, Reach: c.Reach(0.01), Verdict: verdict(c)}
		for _, k := range lags(curves) {
			if k < len(c.Norms) {
				e.Left[fmt.Sprint(k)] = c.Left(k)
			}
		}
		out.Curves = append(out.Curves, e)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

// lags are the numbers of steps before the end to show.
func lags(curves []gradflow.Curve) []int {
	longest := 0
	for _, c := range curves {
		longest = max(longest, len(c.Norms))
	}
	var out []int
	for _, k := range []int{1, 10, 50, 100} {
		if k < longest-1 {
			out = append(out, k)
		}
	}
	if longest > 1 {
		out = append(out, longest-1)
	}
	return out
}

// verdict puts a curve into a word.
func verdict(c gradflow.Curve) string {
	last := len(c.Norms) - 1
	if last < 1 || !(c.Norms[0] > 0) {
		return "too short to tell"
	}
	growth := c.Norms[last] / c.Norms[0]
	switch {
	case growth > 10:
		return "explodes"
	case c.Left(last) >= 0.01:
		return "stays"
	case c.Left(last) >= 1e-6:
		return "fades"
	}
	return "vanishes"
}

// printDiagnosis prints the curves for a terminal: as lines of bars on a common
// logarithmic scale, and what is left after some steps.
func printDiagnosis(w io.Writer, curves []gradflow.Curve, clip float64) error {
	var b strings.Builder
	low, high := scaleOf(curves)
	fmt.Fprintf(&b, "norm of dL/dh by step, the last one that is read on the right; %s is 1e%d or less, %s 1e%d or more\n\n", string(bars[0]), low, string(bars[len(bars)-1]), high)
	width := 0
	for _, c := range curves {
		width = max(width, len([]rune(fullName(c, curves))))
	}
	for _, c := range curves {
		name := fullName(c, curves)
		fmt.Fprintf(&b, "%s%s  %s\n", name, strings.Repeat(" ", width-len([]rune(name))), sparkline(c.Norms, low, high))
	}
	b.WriteByte('\n')
	header := []string{"", "a step"}
	for _, k := range lags(curves) {
		header = append(header, fmt.Sprintf("left after %d", k))
	}
	header = append(header, "reach 1 %", "weights", fmt.Sprintf("clipped at %g", clip), "")
	var rows [][]any
	for _, c := range curves {
		row := []any{fullName(c, curves), fmt.Sprintf("× %.3f", c.Factor)}
		for _, k := range lags(curves) {
			cell := ""
			if k < len(c.Norms) {
				cell = fmt.Sprintf("%.1e", c.Left(k))
			}
			row = append(row, cell)
		}
		row = append(row, c.Reach(0.01))
		if c.Weights > 0 {
			row = append(row, fmt.Sprintf("%.3g", c.Weights), fmt.Sprintf("× %.3g", c.Scale))
		} else {
			row = append(row, "", "")
		}
		rows = append(rows, append(row, verdict(c)))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return report.Table(w, header, rows, report.Text)
}

var bars = []rune("▁▂▃▄▅▆▇█")

// scaleOf is the range of the curves as powers of ten, from -8 to 4 at most.
func scaleOf(curves []gradflow.Curve) (low, high int) {
	least, most := math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, v := range c.Norms {
			if v > 0 && !math.IsInf(v, 0) {
				least, most = min(least, math.Log10(v)), max(most, math.Log10(v))
			}
		}
	}
	if least > most {
		return -1, 0
	}
	low, high = max(int(math.Floor(least)), -8), min(int(math.Ceil(most)), 4)
	return min(low, 3), max(high, low+1)
}

// sparkline draws norms, first step first, in at most 60 bars of the largest
// norm in each stretch.
func sparkline(norms []float64, low, high int) string {
	const most = 60
	n := min(len(norms), most)
	var b strings.Builder
	for i := range n {
		v := 0.0
		for k := i * len(norms) / n; k < (i+1)*len(norms)/n; k++ {
			v = max(v, norms[len(norms)-1-k])
		}
		level := 0.0
		if v > 0 {
			level = (math.Log10(v) - float64(low)) / float64(max(high-low, 1)) * float64(len(bars)-1)
		}
		b.WriteRune(bars[int(math.Round(min(max(level, 0), float64(len(bars)-1))))])
	}
	return b.String()
}

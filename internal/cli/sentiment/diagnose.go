package sentiment

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/explain/gradflow/diagram"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/report"
)

// Diagnose flags are those of diagnose.
type diagnoseFlags struct {
	in     input.Flags
	model  string
	style  report.Style
	plots  string
	member int
	fresh  bool
	all    bool
	d      diagnosis
}

func newDiagnose() *cobra.Command {
	var x diagnoseFlags
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
		RunE: func(cmd *cobra.Command, files []string) error { return x.run(cmd, files) },
	}
	addModelFlag(cmd, &x.model)
	x.in.Add(cmd, false)
	x.in.AddTexts("read")
	f := cmd.Flags()
	f.IntVar(&x.member, "member", 1, "of a model that averages several networks, the one to look at")
	f.BoolVar(&x.fresh, "fresh", false, "an untrained LSTM on noise, instead of a model")
	f.IntVar(&x.d.config.InputSize, "input", 100, "with --fresh: width of the inputs")
	f.IntVar(&x.d.config.HiddenSize, "hidden", 128, "with --fresh: hidden units")
	f.IntVar(&x.d.config.Layers, "layers", 1, "with --fresh: layers")
	f.Float64Var(&x.d.sd, "sd", 1, "with --fresh: standard deviation of the inputs")
	f.IntVar(&x.d.steps, "steps", 200, "steps of generated inputs, and the most that are read of a text")
	f.IntVar(&x.d.sequences, "texts", 16, "generated sequences, and the most texts that are read")
	f.Float64SliceVar(&x.d.options.Forget, "forget-bias", []float64{0, 1}, "forget biases to try")
	f.Float64SliceVar(&x.d.options.Gain, "gain", []float64{1, 4}, "factors of the untrained recurrent weights to try")
	f.Float64Var(&x.d.options.Clip, "clip", 1, "largest norm of the gradient of all weights")
	f.Uint64Var(&x.d.options.Seed, "seed", 0, "seed of weights and generated inputs")
	f.BoolVar(&x.all, "all-layers", false, "the lower layers too, not only the one that the loss is on")
	cli.AddOutput(cmd, &x.style, report.Text, report.JSON)
	f.StringVar(&x.plots, "plots", "", "write the curves as SVG and PNG into this `directory`")
	cli.Must(cmd.MarkFlagDirname("plots"))
	return cmd
}

func (x *diagnoseFlags) run(cmd *cobra.Command, files []string) error {
	if err := x.d.check(); err != nil {
		return err
	}
	given := len(files) > 0 || x.in.Given()
	if x.fresh && (x.model != "" || given) {
		return cli.Usagef("--fresh is without a model and without texts")
	}
	var curves []gradflow.Curve
	var err error
	if x.fresh {
		d := &x.d
		curves, err = gradflow.Fresh(d.config, gradflow.Noise(d.sequences, d.steps, d.config.InputSize, d.sd, d.options.Seed), d.options)
	} else {
		var m *classify.Model
		if m, err = loadModel(x.model); err != nil {
			return err
		}
		if m.Deep() == nil {
			return cli.WithCode(cli.Model, errors.New("the model has no LSTM, only n-grams"))
		}
		if n := m.Config().NumMembers(); x.member < 1 || x.member > n {
			return cli.Usagef("--member %d: the model has 1 to %d", x.member, n)
		}
		m = m.Member(x.member - 1)
		var texts []string
		if given {
			if texts, err = x.read(cmd.Context(), files); err != nil {
				return err
			}
			if len(texts) == 0 { // which are words of the model's own in a Sample
				return fmt.Errorf("%w: there are no texts", corpora.ErrData)
			}
		}
		curves, err = gradflow.Model(cmd.Context(), m, gradflow.Sample{Texts: texts, Sequences: x.d.sequences, Steps: x.d.steps}, x.d.options)
		if err == nil && curves == nil {
			err = fmt.Errorf("%w: none of the texts has a word", corpora.ErrData)
		}
	}
	if err != nil {
		return err
	}
	if !x.all {
		curves = gradflow.TopLayer(curves)
	}
	if x.plots != "" {
		if err := diagram.Write(x.plots, curves); err != nil {
			return err
		}
	}
	if x.style == report.JSON {
		return gradflow.WriteJSON(cmd.OutOrStdout(), curves)
	}
	return gradflow.WriteText(cmd.OutOrStdout(), curves, x.d.options.Clip)
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
		return cli.Usagef("--steps %d, --texts %d: want both from 1, and a million steps at most", d.steps, d.sequences)
	}
	if !(d.sd > 0) || !(d.options.Clip > 0) || math.IsInf(d.sd, 0) {
		return cli.Usagef("--sd %v, --clip %v: want both above 0", d.sd, d.options.Clip)
	}
	for _, v := range append(d.options.Forget, d.options.Gain...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return cli.Usagef("--forget-bias, --gain: %v is not a number to try", v)
		}
	}
	if d.config.HiddenSize > 4096 || d.config.InputSize > 4096 || d.config.Layers > 64 {
		return cli.Usagef("--input %d, --hidden %d, --layers %d: at most 4096, 4096 and 64", d.config.InputSize, d.config.HiddenSize, d.config.Layers)
	}
	if err := d.config.Validate(); err != nil {
		return cli.UsageError(err)
	}
	return nil
}

// read returns the texts of files, as many as are wanted.
func (x *diagnoseFlags) read(ctx context.Context, files []string) (texts []string, err error) {
	if files, err = x.in.Files(files); err != nil {
		return nil, err
	}
	opts, err := x.in.Options()
	if err != nil {
		return nil, err
	}
	for e, err := range x.in.All(ctx, opts, files) {
		if err != nil {
			return nil, err
		}
		if texts = append(texts, e.Text); len(texts) == x.d.sequences {
			break
		}
	}
	return texts, nil
}

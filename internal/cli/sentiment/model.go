package sentiment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/interop/foreign"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/pretrained/multilingual"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/studies"
)

func newModel() *cobra.Command {
	return cli.Group(&cobra.Command{
		Use:   "model",
		Short: "Look at model files, bring them in and take them out",
	}, newModelInfo(), newModelQuantize(), newModelImport(), newModelExport())
}

func newModelInfo() *cobra.Command {
	var style report.Style
	cmd := &cobra.Command{
		Use:   "info [MODEL]",
		Short: "Say what a model is made of and how it was trained",
		Long: `Info says what a model is made of and how it was trained. Of a file of PyTorch,
safetensors or ONNX it lists what is inside, and whether "sentiment model import" can
make a model of it.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := loadModel(strings.Join(args, ""))
			if errors.Is(err, classify.ErrFormat) {
				f, ferr := foreign.Open(args[0])
				if ferr == nil {
					defer f.Close()
					return studies.WriteForeign(cmd.OutOrStdout(), style, f)
				}
				if errors.Is(ferr, keras.ErrFormat) {
					err = modelFileError(args[0], ferr)
				}
			}
			if err != nil {
				return err
			}
			return studies.WriteModel(cmd.OutOrStdout(), style, m)
		},
	}
	cli.AddOutput(cmd, &style)
	return cmd
}

// Quantize flags are those of model quantize.
type quantizeFlags struct {
	in        input.Flags
	out, head string
	data      []string
	words     int
}

func newModelQuantize() *cobra.Command {
	var x quantizeFlags
	cmd := &cobra.Command{
		Use:   "quantize MODEL --out FILE",
		Short: "Make a model smaller and faster with weights of eight bits",
		Long: `Quantize writes a model whose word vectors and encoder have eight bits and whose
wide branch has sixteen. With --data it says first what that costs on labelled
texts; use dev texts, not those you report on.

MODEL may also be a language model of "sentiment pretrain", of which --words keeps
the most frequent words alone.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return x.run(cmd, args[0]) },
	}
	x.in.Add(cmd, true)
	cmd.Flags().StringVar(&x.out, "out", "", "model `file` to write")
	cmd.Flags().IntVar(&x.words, "words", 0, "words that a language model keeps, the most frequent (default all)")
	cmd.Flags().StringVar(&x.head, "score", "", "score this `head` only")
	cmd.Flags().StringArrayVar(&x.data, "data", nil, "labelled `file` to measure the change on; may be repeated")
	return cmd
}

func (x *quantizeFlags) run(cmd *cobra.Command, model string) error {
	if x.out == "" {
		return cli.Usagef("quantize needs --out FILE")
	}
	if err := cli.CheckOutput("--out", x.out, append(x.data, model)...); err != nil {
		return err
	}
	opts, err := x.in.Options()
	if err != nil {
		return err
	}
	opts.Labelled = true
	language, m, err := recipe.LoadModel(model)
	switch {
	case err != nil:
		return modelFileError(model, err)
	case language != nil && len(x.data) > 0:
		return cli.Usagef("--data goes with a classifier, %s is a language model", model)
	case language != nil:
		small, err := language.Quantize(x.words)
		if err != nil {
			return cli.UsageError(err)
		}
		return small.Save(x.out)
	case x.words != 0:
		return cli.Usagef("--words goes with a language model, %s is a classifier", model)
	}
	q, err := m.Quantize()
	if err != nil {
		return err
	}
	if len(x.data) > 0 {
		d, _, err := corpora.ReadFiles(opts, x.data...)
		if err != nil {
			return err
		}
		if err := studies.WriteChange(cmd.Context(), cmd.OutOrStdout(), report.Text, m, q, d, x.head); err != nil {
			return err
		}
	}
	return q.Save(x.out)
}

// loadModel reads a model file, or an embedded model: the default one for "", the one for
// many languages by its name.
func loadModel(path string) (*classify.Model, error) {
	embedded := pretrained.Default
	switch path {
	case "":
	case multilingual.Name:
		embedded = multilingual.Model
	default:
		m, err := classify.Load(path)
		if err != nil {
			return nil, cli.WithCode(cli.Model, err)
		}
		return m, nil
	}
	m, err := embedded()
	if err != nil {
		return nil, cli.WithCode(cli.Model, fmt.Errorf("embedded model: %w", err))
	}
	return m, nil
}

// modelFileError says that a model's file cannot be read, and which one.
func modelFileError(path string, err error) error {
	return cli.WithCode(cli.Model, cli.FileError(path, err))
}

func addModelFlag(cmd *cobra.Command, model *string) {
	cmd.Flags().StringVarP(model, "model", "m", "", "model `file`, or multilingual: the embedded one for many languages (default: the embedded one for English)")
	cli.Must(cmd.MarkFlagFilename("model"))
}

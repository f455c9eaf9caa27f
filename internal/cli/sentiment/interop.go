package sentiment

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/foreign"
	"github.com/textlstm/textlstm/interop/torch"
	"github.com/textlstm/textlstm/nn"
)

func newModelImport() *cobra.Command {
	var (
		o                   foreign.Options
		card                classify.Card
		out, names, tokens  string
		pools               []string
		activation, meaning string
	)
	cmd := &cobra.Command{
		Use:   "import FILE --out MODEL",
		Short: "Make a model of a classifier that was trained in another framework",
		Long: `Import reads a model of Keras (.keras, .h5, or .weights.h5 with the JSON of
model.to_json() beside it under the same name with .json), a state_dict of PyTorch (.pt,
.pth, .safetensors) or a graph of ONNX and writes it as a model: an embedding, LSTM or
GRU layers, a pooling and dense layers. What has no place there is refused by its name.

A .keras with a TextVectorization has the text part too: its vocabulary, what makes words
of a text, and the length at which texts end. Other files have numbers alone. --vocab is the list of the words, one a line
in the order of the embedding's rows, or JSON; --pipeline makes words of a text. Without
a vocabulary the model reads ids. A state_dict does not say either what is done with
its tensors: --map names its modules where they are not the usual ones, --pool says how
the states become one vector. "sentiment model info FILE" lists what is inside.`,
		Example: `  sentiment model import reviews.pt --vocab vocab.txt --labels negative,positive --out my.model
  sentiment model import net.pt --map encoder=rnn,embed=emb --pool mean --out my.model`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if out == "" {
				return cli.Usagef("import needs --out MODEL")
			}
			if err := cli.CheckOutput("--out", out, append(args, tokens)...); err != nil {
				return err
			}
			if names != "" {
				if o.Map, err = torch.ParseMap(names); err != nil {
					return cli.UsageError(err)
				}
			}
			for _, p := range pools {
				o.Pool = append(o.Pool, nn.Pooling(p))
			}
			o.Activation, o.Loss = nn.Activation(activation), nn.LossKind(meaning)
			if tokens != "" {
				if o.Tokens, err = foreign.ReadTokens(tokens); err != nil {
					return err
				}
			}
			m, err := foreign.Import(args[0], o, card)
			if errors.Is(err, foreign.ErrOptions) {
				return cli.UsageError(err)
			}
			if err != nil {
				return modelFileError(args[0], err)
			}
			return m.Save(out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "model `file` to write")
	cmd.Flags().StringVar(&names, "map", "", "modules of a state_dict by what they are, such as `encoder=rnn,embed=emb,hidden=fc1,head=fc2`; lstm1+lstm2 follow one another")
	cmd.Flags().StringVar(&tokens, "vocab", "", "`file` of the words, in the order of the embedding's rows")
	cmd.Flags().StringVar(&o.Pipeline, "pipeline", "", "what makes words of a text (default "+classify.DefaultPipeline+", without --vocab fields)")
	cmd.Flags().StringSliceVar(&o.Labels, "labels", nil, "`names` of the scores, in their order")
	cmd.Flags().StringSliceVar(&pools, "pool", nil, "how the states of a state_dict become one vector: last (default), mean, max")
	cmd.Flags().StringVar(&activation, "activation", "", "between linear layers of a state_dict (default relu)")
	cmd.Flags().StringVar(&meaning, "loss", "", "what the scores mean: "+classify.LossUsage())
	cmd.Flags().StringVar(&card.Name, "name", "", "name of the model")
	return cmd
}

func newModelExport() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "export [MODEL] --to FORMAT --out FILE",
		Short: "Write a model for another framework",
		Long: `Export writes a model for ONNX Runtime and whatever else runs ONNX; for PyTorch, a
state_dict; or for Keras, weights that load_weights takes, in a file with the suffix
.weights.h5. Beside the last two, with the suffix .py, is the Python that loads them.

All read numbers, not texts: "sentiment encode" makes them. The metadata of an ONNX file
have the whole description of the model, in JSON.`,
		Example: `  sentiment model export my.model --to onnx --out my.onnx
  sentiment encode --model my.model texts.txt > rows.jsonl`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format == "" || out == "" {
				return cli.Usagef("export needs --to %s and --out FILE", strings.Join(foreign.Formats(), "|"))
			}
			if err := cli.CheckOutput("--out", out, args...); err != nil {
				return err
			}
			m, err := loadModel(strings.Join(args, ""))
			if err != nil {
				return err
			}
			files, err := foreign.Export(m, format, out)
			if errors.Is(err, foreign.ErrUsage) {
				return cli.UsageError(err)
			}
			if err != nil {
				return err
			}
			if m.Config().Int8 {
				fmt.Fprintln(cmd.ErrOrStderr(), "sentiment: the export computes with activations of 32 bits, the model itself with eight: answers differ a little")
			}
			for _, f := range files {
				fmt.Fprintln(cli.Raw(cmd), f)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "to", "", strings.Join(foreign.Formats(), ", "))
	cmd.Flags().StringVar(&out, "out", "", "`file` to write")
	return cmd
}

func newEncode() *cobra.Command {
	var (
		in    input.Flags
		model string
	)
	cmd := &cobra.Command{
		Use:   "encode [file...]",
		Short: "Print what an exported model reads of texts",
		Long: `Encode prints a line of JSON for each text: the ids of its tokens and, where the model
has them, its n-grams, what the lexicon says of it, and the n-grams of its words. They
are the inputs of what "sentiment model export" writes of the same model. Texts are
read as classify reads them.`,
		Example: `  sentiment encode --model my.model --lines texts.txt > rows.jsonl`,
		RunE: func(cmd *cobra.Command, files []string) error {
			opts, err := in.Options()
			if err != nil {
				return err
			}
			m, err := loadModel(model)
			if err != nil {
				return err
			}
			if files, err = in.Files(files); err != nil {
				return err
			}
			var failed input.Errors
			err = in.Each(cmd.Context(), opts, files, func(ctx context.Context, rows iter.Seq2[corpora.Example, error]) error {
				return interop.WriteRows(ctx, cmd.OutOrStdout(), m, func(yield func(string, error) bool) {
					for e, err := range rows {
						if failed.Add(err); err == nil && !yield(e.Text, nil) {
							return
						}
					}
				})
			})
			return errors.Join(failed.Join(), err)
		},
	}
	addModelFlag(cmd, &model)
	in.Add(cmd, false)
	in.AddTexts("encode")
	return cmd
}

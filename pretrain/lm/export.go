package lm

import (
	"context"
	"fmt"
	"io"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
)

// Export writes what Fit would learn from to a safetensors file, so that another
// program can train the model, such as pretrained/pretrain.py on a GPU. It holds
// "ids" [N] int32, the words of all texts one after another; "lengths" [texts]
// int32; "aside" [texts] uint8, 1 for texts to measure perplexity on; and the
// metadata of a model: that file with a model's tensors in place of these is one
// that Load reads. The errors are those of Fit, and about writing.
func (t *Trainer) Export(ctx context.Context, texts []string, path string) error {
	f, err := t.read(ctx, texts)
	if err != nil {
		return err
	}
	var ids []int32
	lengths, aside := make([]int32, len(f.texts)), make([]uint8, len(f.texts))
	for i, text := range f.texts {
		lengths[i] = int32(len(text))
		for _, id := range text {
			ids = append(ids, int32(id))
		}
	}
	for _, p := range f.dev {
		aside[p.text] = 1
	}
	meta, err := (&Model{cfg: f.cfg, vocab: f.vocab}).metadata()
	if err != nil {
		return err
	}
	err = fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error {
		return tensorfile.Write(w, meta, []tensorfile.Tensor{
			tensorfile.Int32("ids", ids, len(ids)),
			tensorfile.Int32("lengths", lengths, len(lengths)),
			tensorfile.Uint8("aside", aside, len(aside)),
		})
	})
	if err != nil {
		return fmt.Errorf("lm: export: %w", err)
	}
	return nil
}

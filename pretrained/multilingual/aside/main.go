// Command aside writes the dev texts of languages whose corpora have none: a tenth of the
// texts of each group of a recipe that has a [[dev]] file of the name ./dev.GROUP.tsv, which
// it writes beside the recipe. The training leaves them out. From the root of the repository:
//
//	go run ./pretrained/multilingual/aside -corpora DIR pretrained/multilingual/multilingual.toml
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/recipe"
)

// share is what is set aside of a language's texts.
const share = 0.1

func main() {
	log.SetFlags(0)
	dir := flag.String("corpora", cmp.Or(os.Getenv("TEXTLSTM_CORPORA"), "../shared/corpora"), "`directory` of the corpora")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: aside [flags] RECIPE.toml")
	}
	if err := write(*dir, flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}

// write writes the files beside the recipe.
func write(dir, file string) error {
	r, err := recipe.Read(file, nil)
	if err != nil {
		return err
	}
	for _, s := range r.Dev {
		group, ok := strings.CutPrefix(strings.TrimSuffix(s.File, ".tsv"), "./dev.")
		if !ok {
			continue
		}
		sources := slices.DeleteFunc(slices.Clone(r.Data), func(s recipe.Source) bool { return s.Group != group })
		data, err := recipe.ReadSources(corpora.Options{}, dir, sources, r.Seed)
		if err != nil {
			return err
		}
		_, dev, err := recipe.SetAside(data, share, r.Seed)
		if err != nil {
			return err
		}
		if err := writeTexts(filepath.Join(filepath.Dir(file), s.File), dev); err != nil {
			return err
		}
	}
	return nil
}

// writeTexts writes the first label of each text, and the text.
func writeTexts(file string, d *corpora.Dataset) error {
	return fsx.WriteFile(fsx.OS{}, file, func(w io.Writer) error {
		if _, err := fmt.Fprintln(w, "label\ttext"); err != nil {
			return err
		}
		for i := range d.Examples {
			if _, err := fmt.Fprintf(w, "%s\t%s\n", d.Examples[i].Label(0), d.Examples[i].Text); err != nil {
				return err
			}
		}
		return nil
	})
}

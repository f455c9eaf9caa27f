// Command aside writes the dev texts of a training that starts from a model which has
// seen most of its texts. Those that the model was not trained on are the dev texts of
// its own recipe; of sources that it has not read at all a share is set aside. From the
// root of the repository:
//
//	go run ./pretrained/aside -corpora DIR -share 0.06 OLD.toml NEW.toml
//
// It writes dev.two.tsv, with the texts of sources that tell negative and positive
// apart, dev.three.tsv, with those of sources that know neutral texts too, and
// dev.topic.tsv beside NEW.toml, whose training leaves them out (see apart).
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

func main() {
	log.SetFlags(0)
	dir := flag.String("corpora", cmp.Or(os.Getenv("TEXTLSTM_CORPORA"), "../shared/corpora"), "`directory` of the corpora")
	had := flag.Float64("had", 0.04, "share that the training by OLD.toml set aside")
	share := flag.Float64("share", 0.06, "share of the sources that OLD.toml does not have")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: aside [flags] OLD.toml NEW.toml")
	}
	if err := write(*dir, *had, *share, flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatal(err)
	}
}

// write writes the dev texts beside the new recipe.
func write(dir string, had, share float64, old, new string) error {
	before, err := recipe.Read(old, nil)
	if err != nil {
		return err
	}
	after, err := recipe.Read(new, nil)
	if err != nil {
		return err
	}
	texts, err := before.ReadTexts(corpora.Options{}, dir, had)
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(after.Data), func(s recipe.Source) bool {
		same := func(t recipe.Source) bool { return t.File == s.File }
		return strings.HasPrefix(s.File, "./") || slices.ContainsFunc(before.Data, same)
	})
	data, err := recipe.ReadSources(corpora.Options{}, dir, fresh, after.Seed)
	if err != nil {
		return err
	}
	data, _ = data.Without(texts.Train())
	_, aside, err := recipe.SetAside(data, share, after.Seed)
	if err != nil {
		return err
	}
	all, err := corpora.Join(texts.Dev(), aside)
	if err != nil {
		return err
	}
	all.Dedup()
	return writeParts(filepath.Dir(new), all)
}

// writeParts writes the texts in a file for each set of labels that a source has.
func writeParts(dir string, d *corpora.Dataset) error {
	parts := map[string][]string{}
	for _, e := range d.Examples {
		for h, head := range d.Heads {
			if e.Label(h) == "" {
				continue
			}
			name := head
			if labels := d.Sources[e.Source].Labels[h]; slices.Contains(labels, "neutral") {
				name = "three"
			} else if slices.Contains(labels, "negative") {
				name = "two"
			}
			parts[name] = append(parts[name], e.Label(h)+"\t"+e.Text)
		}
	}
	for name, rows := range parts {
		file := filepath.Join(dir, "dev."+name+".tsv")
		err := fsx.WriteFile(fsx.OS{}, file, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "label\ttext\n%s\n", strings.Join(rows, "\n"))
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d texts\n", file, len(rows))
	}
	return nil
}

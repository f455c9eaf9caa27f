package recipe

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/corpora"
)

// A Source is one file of a recipe.
type Source struct {
	File     string            `json:"file"`                // its path: beside the config file if it begins with ./
	Head     string            `json:"head,omitempty"`      // name of the head of its one label column
	LabelMap map[string]string `json:"label_map,omitempty"` // renames labels
	Repeat   int               `json:"repeat,omitempty"`    // times that it is read; 0 means 1
	Limit    int               `json:"limit,omitempty"`     // read a random sample of so many; 0 means all
	Phrases  bool              `json:"phrases,omitempty"`   // take every subtree of trees
	Apart    bool              `json:"apart,omitempty"`     // of dev texts: leave them out of the training texts
	Group    string            `json:"group,omitempty"`     // kind of texts, for crossval --by group; "" is always in training

	here   bool   // the path of a flag: relative to the working directory
	beside string // directory of the recipe
}

// Files returns the sources of files whose paths are relative to the working directory.
func Files(paths ...string) []Source {
	var sources []Source
	for _, p := range paths {
		sources = append(sources, Source{File: p, here: true})
	}
	return sources
}

// name is what a model's card says of the source: nothing of its maker's directories.
func (s *Source) name() string {
	if s.here {
		return filepath.Base(s.File)
	}
	return s.File
}

// path returns where the file is: a name that begins with ./ is beside the recipe,
// any other in dir.
func (s *Source) path(dir string) string {
	switch {
	case s.here || filepath.IsAbs(s.File):
		return s.File
	case strings.HasPrefix(s.File, "./"):
		dir = s.beside
	}
	return filepath.Join(dir, s.File)
}

// Paths returns where the files of the data and of the dev texts are, for a directory as
// ReadSources takes it.
func (r *Recipe) Paths(dir string) []string {
	var paths []string
	for _, s := range slices.Concat(r.Data, r.Dev) {
		paths = append(paths, s.path(dir))
	}
	return paths
}

// options returns opts with what the source says of its own.
func (s *Source) options(opts corpora.Options) corpora.Options {
	opts.Phrases = s.Phrases
	if len(s.LabelMap) > 0 {
		opts.LabelMap = s.LabelMap
	}
	return opts
}

// named returns the heads of the source's file under the name that it gives them.
func (s *Source) named(heads []string) ([]string, error) {
	switch {
	case s.Head == "":
		return heads, nil
	case len(heads) != 1:
		return nil, errorf("%s: head = %q for a file with the heads %q", s.File, s.Head, heads)
	}
	return []string{s.Head}, nil
}

// open opens the file, with the names of its heads.
func (s *Source) open(opts corpora.Options, dir string) (*corpora.Reader, []string, error) {
	r, err := corpora.Open(s.options(opts), s.path(dir))
	if err != nil {
		return nil, nil, err
	}
	heads, err := s.named(slices.Clone(r.Heads()))
	if err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return r, heads, nil
}

// ReadSources reads the files of a recipe as one data set, with the options that they
// do not say themselves. Paths are relative to dir, but for those that begin with ./,
// which are beside the recipe, and those of Files. The seed draws the samples of
// sources with a limit. The errors are those of reading, and an *Error about a source.
func ReadSources(opts corpora.Options, dir string, sources []Source, seed uint64) (*corpora.Dataset, error) {
	all := new(corpora.Dataset)
	for _, s := range sources {
		d, _, err := corpora.ReadFiles(s.options(opts), s.path(dir))
		if err != nil {
			return nil, err
		}
		if d.Heads, err = s.named(d.Heads); err != nil {
			return nil, err
		}
		if s.Limit > 0 && s.Limit < d.Len() {
			d = d.Sample(seed, s.Limit)
		}
		for range max(s.Repeat, 1) {
			if err := all.Append(d); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// ReadGroups reads the data of the recipe with the group of each source of the data set,
// as crossval.LeaveOut wants them: by is "group" for what the sources say, or "source"
// for each file by itself. An *Error says that there are fewer than two groups. See
// ReadSources for opts and dir.
func (r *Recipe) ReadGroups(opts corpora.Options, dir, by string) (*corpora.Dataset, []string, error) {
	names := map[string]bool{}
	for i := range r.Data {
		s := &r.Data[i]
		if by == "source" {
			s.Group = s.File
		}
		if s.Group != "" {
			names[s.Group] = true
		}
	}
	if len(names) < 2 {
		return nil, nil, errorf("--by %s: %d groups, want at least 2: several FILEs, or a config file with group = NAME under its [[data]]", by, len(names))
	}
	all := new(corpora.Dataset)
	var groups []string
	for _, s := range r.Data {
		d, err := ReadSources(opts, dir, []Source{s}, r.Seed)
		if err != nil {
			return nil, nil, err
		}
		if err := all.Append(d); err != nil {
			return nil, nil, err
		}
		groups = append(groups, slices.Repeat([]string{s.Group}, len(d.Sources))...)
	}
	return all, groups, nil
}

// ReadOnce reads the data of the recipe with each text once, whatever Source.Repeat
// says, as a cross-validation wants it. See ReadSources for opts and dir.
func (r *Recipe) ReadOnce(opts corpora.Options, dir string) (*corpora.Dataset, error) {
	sources := slices.Clone(r.Data)
	for i := range sources {
		sources[i].Repeat = 0
	}
	return ReadSources(opts, dir, sources, r.Seed)
}

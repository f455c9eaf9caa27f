package lint

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/textlstm/textlstm"

// A source is one Go file of the repository.
type source struct {
	path string // from the root, with slashes
	dir  string // "." for the root
	test bool
	ast  *ast.File
}

// imports returns the paths that the file imports.
func (s *source) imports() []string {
	var out []string
	for _, spec := range s.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // it has been parsed
		}
		out = append(out, p)
	}
	return out
}

// local returns the path of a package of this module below its root.
func local(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// A tree is the repository, parsed.
type tree struct {
	fset    *token.FileSet
	sources []*source
}

var repository = sync.OnceValues(func() (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	const root = "../.."
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		base := d.Name()
		if d.IsDir() {
			if rel != "." && (base[0] == '.' || base[0] == '_' || base == "testdata") {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); rel != "." && err == nil {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(t.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		t.sources = append(t.sources, &source{
			path: rel, dir: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), ast: f,
		})
		return nil
	})
	return t, err
})

func load(t *testing.T) *tree {
	t.Helper()
	tree, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.sources) < 50 {
		t.Fatalf("found %d Go files only: wrong directory?", len(tree.sources))
	}
	return tree
}

// at names a place in a file from the root of the repository.
func (t *tree) at(s *source, pos token.Pos) string {
	return s.path + ":" + strconv.Itoa(t.fset.Position(pos).Line)
}

// packages returns the directories that hold Go files, sorted.
func (t *tree) packages() []string {
	var dirs []string
	for _, s := range t.sources {
		dirs = append(dirs, s.dir)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// generated says whether a file was written by a program.
func (s *source) generated() bool { return ast.IsGenerated(s.ast) }

// ignored says whether a file is no part of any package.
func (s *source) ignored() bool {
	for _, group := range s.ast.Comments {
		for _, c := range group.List {
			if constraint.IsGoBuild(c.Text) && strings.Contains(c.Text, "ignore") {
				return true
			}
		}
	}
	return false
}

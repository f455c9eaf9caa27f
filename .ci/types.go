// Types checks the types of packages and of their tests, and the widths of shifts, for another architecture:
//
//	go run .ci/types.go ARCHITECTURE PACKAGE...
//
// It reads what they import as source, without the bodies of functions, where go vet would compile all of it first.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A pkg is what go list says of a package.
type pkg struct {
	Dir, ImportPath, ForTest string
	DepOnly                  bool
	GoFiles                  []string
	ImportMap                map[string]string
	Module                   *struct{ GoVersion string }
	Error                    *struct{ Err string }

	types *types.Package
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: go run .ci/types.go ARCHITECTURE PACKAGE...")
		os.Exit(2)
	}
	arch := os.Args[1]
	n, err := check(arch, os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%s: the types of %d packages and tests are right\n", arch, n)
}

// check counts what it has checked.
func check(arch string, patterns []string) (checked int, err error) {
	list := exec.Command("go", append([]string{"list", "-deps", "-test", "-json=Dir,ImportPath,ForTest,DepOnly,GoFiles,ImportMap,Module,Error"}, patterns...)...)
	list.Stderr = os.Stderr
	list.Env = append(os.Environ(), "GOARCH="+arch, "CGO_ENABLED=0")
	out, err := list.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := list.Start(); err != nil {
		return 0, err
	}
	sizes := types.SizesFor("gc", arch)
	if sizes == nil {
		return 0, fmt.Errorf("there is no architecture %q", arch)
	}
	fset, done := token.NewFileSet(), map[string]*pkg{}
	var wrong []error
	for d := json.NewDecoder(out); ; { // imports come before what imports them
		p := new(pkg)
		if err := d.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			return 0, err
		}
		done[p.ImportPath] = p
		switch {
		case p.Error != nil:
			wrong = append(wrong, errors.New(p.Error.Err))
		case strings.HasSuffix(p.ImportPath, ".test"): // what go test makes
		default:
			wrong = append(wrong, p.check(fset, done, sizes)...)
			if !p.DepOnly || p.ForTest != "" {
				checked++
			}
		}
	}
	return checked, errors.Join(append(wrong, list.Wait())...)
}

// check finds the errors of a package, the bodies of its functions among them unless it is only imported.
func (p *pkg) check(fset *token.FileSet, done map[string]*pkg, sizes types.Sizes) (wrong []error) {
	if p.ImportPath == "unsafe" {
		p.types = types.Unsafe
		return nil
	}
	note := func(err error) { wrong = append(wrong, err) }
	own := !p.DepOnly || p.ForTest != ""
	var files []*ast.File
	for _, name := range p.GoFiles {
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Dir, name)
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return []error{err}
		}
		files = append(files, f)
	}
	c := types.Config{Sizes: sizes, IgnoreFuncBodies: !own, FakeImportC: true, Importer: importer(func(path string) (*types.Package, error) {
		if to, ok := p.ImportMap[path]; ok {
			path = to
		}
		if dep := done[path]; dep != nil && dep.types != nil {
			return dep.types, nil
		}
		return nil, fmt.Errorf("no package %q", path)
	})}
	if p.Module != nil && p.Module.GoVersion != "" {
		c.GoVersion = "go" + p.Module.GoVersion
	}
	if own {
		c.Error = note
	} else {
		c.Error = func(error) {} // go list has found it, and it is not ours
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	p.types, _ = c.Check(path, fset, files, info)
	if own {
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if err := wideShift(n, info, sizes); err != nil {
					note(fmt.Errorf("%s: %w", fset.Position(n.Pos()), err))
				}
				return true
			})
		}
	}
	return wrong
}

// wideShift reports a shift of a variable by at least its width, which gives nothing but zeros or signs.
func wideShift(n ast.Node, info *types.Info, sizes types.Sizes) error {
	var x, by ast.Expr
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op == token.SHL || n.Op == token.SHR {
			x, by = n.X, n.Y
		}
	case *ast.AssignStmt:
		if n.Tok == token.SHL_ASSIGN || n.Tok == token.SHR_ASSIGN {
			x, by = n.Lhs[0], n.Rhs[0]
		}
	}
	if x == nil || info.Types[x].Value != nil || info.Types[by].Value == nil {
		return nil
	}
	basic, ok := info.Types[x].Type.Underlying().(*types.Basic)
	if !ok {
		return nil
	}
	width := 8 * sizes.Sizeof(basic)
	if n, exact := constant.Int64Val(constant.ToInt(info.Types[by].Value)); exact && n >= width {
		return fmt.Errorf("%s of %d bits is shifted by %d", types.ExprString(x), width, n)
	}
	return nil
}

type importer func(path string) (*types.Package, error)

func (i importer) Import(path string) (*types.Package, error) { return i(path) }

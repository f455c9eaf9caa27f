package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// The directories of commands.
var programs = []string{"cmd", "bench", "examples", "pretrained/sentences", "web", "pretrained/aside", "pretrained/weigh", "pretrained/langid/texts", "pretrained/multilingual/aside"}

// The rules for imports within the module. A package not named here may import
// any but commands, and nothing imports those.
var forbidden = []struct {
	from    []string
	imports []string
	why     string
	except  []string // packages below those of from or of imports, for which the rule does not hold
}{
	{
		from:    []string{"internal/vec"},
		imports: []string{"*"},
		why:     "the kernels stand below everything",
	},
	{
		from:    []string{"nn", "internal/rnn"},
		imports: []string{"lstm", "gru"},
		why:     "what cells have in common knows none of them",
	},
	{
		from:    []string{"lstm", "gru", "nn", "internal/rnn"},
		imports: []string{"tokenize", "vocab", "embed", "corpora", "evaluate", "report", "ngram", "classify", "train"},
		why:     "the network knows nothing of text",
	},
	{
		from:    []string{"tokenize", "vocab", "ngram"},
		imports: []string{"embed", "lstm", "gru", "nn", "corpora", "evaluate", "report", "classify", "train"},
		why:     "text comes before vectors",
	},
	{
		from:    []string{"embed"},
		imports: []string{"lstm", "gru", "corpora", "evaluate", "report", "classify", "train"},
		why:     "vectors come before states",
	},
	{
		from:    []string{"corpora"},
		imports: []string{"vocab", "embed", "lstm", "gru", "nn", "evaluate", "report", "ngram", "classify", "train"},
		why:     "the readers know nothing of models",
		except:  []string{"corpora/audit"},
	},
	{
		from:    []string{"evaluate"},
		imports: []string{"tokenize", "vocab", "embed", "lstm", "gru", "nn", "corpora", "report", "ngram", "classify", "train"},
		why:     "figures are about labels and probabilities alone",
		except:  []string{"evaluate/baseline", "evaluate/compare"},
	},
	{
		from:    []string{"evaluate/checklist"},
		imports: []string{"tokenize", "vocab", "embed", "lstm", "gru", "nn", "corpora", "report", "ngram", "classify", "train"},
		why:     "a suite asks a function, whatever answers",
	},
	{
		from:    []string{"report"},
		imports: []string{"tokenize", "vocab", "embed", "lstm", "gru", "nn", "corpora", "ngram", "classify", "train"},
		why:     "a report is about an evaluation alone",
		except:  []string{"report/studies", "report/answers"},
	},
	{
		from:    []string{"classify"},
		imports: []string{"corpora", "evaluate", "report", "page", "train"},
		why:     "a model predicts; others train and judge it",
		except:  []string{"classify/score"},
	},
	{
		from:    []string{"pretrain"},
		imports: []string{"classify", "corpora", "evaluate", "report", "page", "train"},
		why:     "what learns without labels knows nothing of them",
		except:  []string{"train/loop"},
	},
	{
		from:    []string{"interop"},
		imports: []string{"corpora", "evaluate", "report", "page", "train", "pretrain", "recipe"},
		why:     "what reads and writes models trains none",
	},
	{
		from:    []string{"train/loop"},
		imports: []string{"tokenize", "vocab", "embed", "lstm", "gru", "corpora", "evaluate", "report", "ngram", "classify", "pretrain", "train"},
		why:     "the loop trains whatever has parameters",
	},
	{
		from:    []string{"train"},
		imports: []string{"report", "page", "pretrained"},
		why:     "training prints nothing",
		except:  []string{"train/watch"},
	},
	{
		from:    []string{"evaluate/checklist", "corpora", "tokenize", "vocab", "embed", "lstm", "nn", "ngram", "classify", "pretrain", "train"},
		imports: []string{"recipe"},
		why:     "a recipe is made of all these",
	},
	{
		from:    []string{".", "classify", "corpora", "evaluate", "explain", "pretrained", "recipe", "report", "train"},
		imports: []string{"serve", "internal/jsonapi"},
		why:     "a server stands on everything, and its dependencies are its own",
	},
	{
		from:    []string{"serve", "internal/jsonapi"},
		imports: []string{"train", "pretrain", "pretrained", "recipe", "corpora"},
		why:     "a server answers with the models that it is given",
	},
	{
		from:    []string{"*"},
		imports: []string{"internal/cli"},
		why:     "what commands share is for commands",
		except:  []string{"cmd", "internal/cli"},
	},
	{
		from:    []string{"cmd/forecast", "cmd/translate"},
		imports: []string{"internal/cli/sentiment"},
		why:     "a command is no part of another",
	},
	{
		from:    []string{"internal/resume", "internal/tensorfile", "internal/fsx", "internal/par", "internal/seed"},
		imports: []string{"tokenize", "vocab", "embed", "lstm", "gru", "nn", "corpora", "evaluate", "report", "ngram", "classify", "train"},
		why:     "the tools stand below the packages that use them",
	},
}

// within says whether a package is one of the list or below one.
func within(pkg string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool {
		return p == "*" || pkg == p || strings.HasPrefix(pkg, p+"/")
	})
}

func TestImportsPointOneWay(t *testing.T) {
	tree := load(t)
	for _, s := range tree.sources {
		for _, p := range s.imports() {
			to, ok := local(p)
			if !ok {
				continue
			}
			if within(to, programs) && !within(s.dir, []string{to[:strings.IndexByte(to+"/", '/')]}) {
				t.Errorf("%s imports %s: nothing imports programs", s.path, to)
			}
			if s.test {
				continue // a test may look at more, in both directions
			}
			for _, rule := range forbidden {
				if within(s.dir, rule.from) && !within(s.dir, rule.except) && !within(to, rule.except) && within(to, rule.imports) && !within(to, rule.from) {
					t.Errorf("%s imports %s: %s", s.path, to, rule.why)
				}
			}
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	tree := load(t)
	for _, dir := range tree.packages() {
		var name string
		documented := false
		for _, s := range tree.sources {
			if s.dir != dir || s.test || s.ignored() {
				continue
			}
			name = s.ast.Name.Name
			if d := s.ast.Doc.Text(); d != "" {
				if want := "Package " + name + " "; name != "main" && !strings.HasPrefix(d, want) {
					t.Errorf("%s: the package comment begins %.30q, want %q", s.path, d, want)
				}
				documented = true
			}
		}
		if name != "" && !documented {
			t.Errorf("package %s has no comment", dir)
		}
	}
}

func TestPackagesHaveExamples(t *testing.T) {
	tree := load(t)
	for _, dir := range tree.packages() {
		if within(dir, programs) || slices.Contains(strings.Split(dir, "/"), "internal") || strings.HasSuffix(dir, "test") {
			continue
		}
		found := false
		for _, s := range tree.sources {
			for _, d := range s.ast.Decls {
				f, ok := d.(*ast.FuncDecl)
				found = found || ok && s.dir == dir && s.test && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Example")
			}
		}
		if !found {
			t.Errorf("package %s has no runnable example", dir)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	tree := load(t)
	for _, s := range tree.sources {
		if s.test || s.ast.Name.Name == "main" {
			continue
		}
		for _, d := range s.ast.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s has no comment", tree.at(s, d.Pos()), name)
			}
		}
	}
}

// undocumented returns the exported names of a declaration that neither a
// comment of their own nor one of their group explains.
func undocumented(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc.Text() == "" && receiverExported(d) && !ofError(d) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return nil
		}
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && spec.Doc.Text() == "" && (d.Doc.Text() == "" || d.Lparen.IsValid()) {
					names = append(names, spec.Name.Name)
				}
			case *ast.ValueSpec:
				if spec.Doc.Text() != "" || spec.Comment.Text() != "" || d.Doc.Text() != "" {
					continue
				}
				for _, n := range spec.Names {
					if n.IsExported() {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// ofError says whether a function is one of the methods that every error has.
func ofError(f *ast.FuncDecl) bool {
	return f.Recv != nil && (f.Name.Name == "Error" || f.Name.Name == "Unwrap")
}

// receiverExported says whether a function is one or the method of an exported type.
func receiverExported(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// Packages that no file may import, but those below the directories.
var bannedImports = []struct {
	path, why string
	allowed   []string
}{
	{"math/rand", "its global source is not seeded by us: use math/rand/v2", nil},
	// The tagger of prose/v2 is compiled in as gob; it is nobody's input.
	{"encoding/gob", "it takes more memory than its input has bytes: files are safetensors", []string{"tokenize/prose"}},
	{"unsafe", "bounds checks are the defence against hostile files", []string{"internal/vec", "internal/tensorfile"}},
	{"reflect", "a type switch says what is meant", []string{"recipe", "report", "internal/lint", "internal/tensorfile"}},
	{"io/ioutil", "deprecated", nil},
	{"plugin", "code is not data", nil},
}

// Calls that no file but tests may make, but those below the directories.
var bannedCalls = []struct {
	call, why string
	allowed   []string
}{
	{"os.WriteFile", "a crash leaves half a file: use internal/fsx", []string{"internal/fsx", "internal/cli/clitest", "internal/hostile", "bench"}},
	{"os.Create", "a crash leaves half a file: use internal/fsx", []string{"internal/fsx", "bench"}},
	{"http.ListenAndServe", "it has no timeouts: use http.Server", nil},
	{"http.Get", "nothing here talks to the network", nil},
	{"log.Fatal", "only commands end the process", programs},
	{"log.Fatalf", "only commands end the process", programs},
	{"os.Exit", "only commands end the process", append(programs, "internal/cli")},
	{"rand.Int", "the global source is not seeded: use a rand.Rand", nil},
	{"rand.IntN", "the global source is not seeded: use a rand.Rand", nil},
	{"rand.Float64", "the global source is not seeded: use a rand.Rand", nil},
	{"rand.Float32", "the global source is not seeded: use a rand.Rand", nil},
	{"rand.Perm", "the global source is not seeded: use a rand.Rand", nil},
	{"rand.Shuffle", "the global source is not seeded: use a rand.Rand", nil},
	{"rand.NormFloat64", "the global source is not seeded: use a rand.Rand", nil},
}

func TestNothingBannedIsUsed(t *testing.T) {
	tree := load(t)
	for _, s := range tree.sources {
		for _, p := range s.imports() {
			for _, b := range bannedImports {
				if p == b.path && !within(s.dir, b.allowed) && !(s.test && (p == "reflect" || p == "encoding/gob")) {
					t.Errorf("%s imports %s: %s", s.path, p, b.why)
				}
			}
		}
		if s.test {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := call.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := pkg.Name + "." + call.Sel.Name
			for _, b := range bannedCalls {
				if name == b.call && !within(s.dir, b.allowed) && imported(s, pkg.Name) {
					t.Errorf("%s: %s: %s", tree.at(s, n.Pos()), name, b.why)
				}
			}
			return true
		})
	}
}

// imported says whether a name stands for an imported package, not a variable.
func imported(s *source, name string) bool {
	return slices.ContainsFunc(s.imports(), func(p string) bool {
		p = strings.TrimSuffix(p, "/v2")
		return p == name || strings.HasSuffix(p, "/"+name)
	})
}

// The packages that are imported for what their init function does, as image/png is.
var registering = []string{"tokenize/prose"}

func TestNoInitFunctions(t *testing.T) {
	tree := load(t)
	for _, s := range tree.sources {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && !s.generated() && !within(s.dir, registering) {
				t.Errorf("%s: an init function: importing a package does nothing", tree.at(s, f.Pos()))
			}
		}
	}
}

// A function fits into a screen or two. Generated code is left out.
func TestFunctionsAreShort(t *testing.T) {
	const most = 80 // lines
	tree := load(t)
	for _, s := range tree.sources {
		if s.test || s.generated() {
			continue
		}
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := tree.fset.Position(f.End()).Line - tree.fset.Position(f.Pos()).Line + 1; n > most {
				t.Errorf("%s: func %s has %d lines, at most %d", tree.at(s, f.Pos()), f.Name.Name, n, most)
			}
		}
	}
}

func TestUndocumentedFinds(t *testing.T) {
	got := fmt.Sprint(undocumented(&ast.FuncDecl{Name: ast.NewIdent("Name")}), undocumented(&ast.FuncDecl{Name: ast.NewIdent("name")}))
	if got != "[Name] []" {
		t.Errorf("got %s", got)
	}
}

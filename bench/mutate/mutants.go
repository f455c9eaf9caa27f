package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// A mutant is one change of a function: the bytes of its file from start to end
// become text.
type mutant struct {
	file       string
	fun        *ast.FuncDecl
	line       int
	start, end int
	old, text  string
	on         string // the line of the source
	again      int    // how many before it are called the same
}

// String is how a mutant is called: it holds no line number, which every
// change above would move.
func (m mutant) String() string {
	s := fmt.Sprintf("%s %s: %s: %s => %s", m.file, m.fun.Name.Name, oneLine(m.on), oneLine(m.old), oneLine(m.text))
	if m.again > 0 {
		s += fmt.Sprintf(" (%d)", m.again+1)
	}
	return s
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return "nothing"
	}
	if r := []rune(s); len(r) > 100 {
		s = string(r[:100]) + "…"
	}
	return s
}

// swaps are the operators that take the place of others.
var swaps = map[token.Token][]token.Token{
	token.ADD: {token.SUB}, token.SUB: {token.ADD},
	token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.REM: {token.QUO},
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.ADD_ASSIGN: {token.SUB_ASSIGN, token.ASSIGN}, token.SUB_ASSIGN: {token.ADD_ASSIGN, token.ASSIGN},
	token.MUL_ASSIGN: {token.QUO_ASSIGN, token.ASSIGN}, token.QUO_ASSIGN: {token.MUL_ASSIGN, token.ASSIGN},
	token.INC: {token.DEC}, token.DEC: {token.INC},
	token.AND: {token.OR}, token.OR: {token.AND}, token.SHL: {token.SHR}, token.SHR: {token.SHL},
}

// mutants lists the mutants of a source, in its functions that match only:
//
//   - an operator of arithmetic, comparison or logic becomes another;
//   - a sign or a "not" goes, min becomes max, true false, and back;
//   - a whole number, or one end of a slice or an index that is none, grows by 1;
//   - another number doubles and goes up by 1;
//   - a condition of an if becomes true, becomes false;
//   - an assignment, a call, an increment, a return without values, a break or a
//     continue goes.
//
// Arguments of package fmt are left alone: what they change is a message.
func mutants(fset *token.FileSet, file string, src []byte, only *regexp.Regexp) (list []mutant, err error) {
	f, err := parser.ParseFile(fset, file, src, 0)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(src), "\n")
	called := map[string]int{}
	for _, d := range f.Decls {
		fun, ok := d.(*ast.FuncDecl)
		if !ok || fun.Body == nil || fun.Type.TypeParams != nil || !only.MatchString(fun.Name.Name) {
			continue
		}
		add := func(from, to token.Pos, text string) {
			start, end := fset.Position(from).Offset, fset.Position(to).Offset
			line := fset.Position(from).Line
			m := mutant{file: file, fun: fun, line: line, start: start, end: end, old: string(src[start:end]), text: text, on: lines[line-1]}
			m.again = called[m.String()]
			called[m.String()]++
			list = append(list, m)
		}
		text := func(n ast.Node) string {
			return string(src[fset.Position(n.Pos()).Offset:fset.Position(n.End()).Offset])
		}
		operator := func(n ast.Node, at token.Pos, op token.Token) {
			before, after := fset.Position(n.Pos()).Offset, fset.Position(at).Offset
			end := fset.Position(n.End()).Offset
			for _, to := range swaps[op] {
				// The whole expression, so that a survivor can be told from its like.
				add(n.Pos(), n.End(), string(src[before:after])+to.String()+string(src[after+len(op.String()):end]))
			}
		}
		plusOne := func(e ast.Expr) {
			if e == nil {
				return
			}
			if _, number := e.(*ast.BasicLit); !number {
				add(e.Pos(), e.End(), "("+text(e)+"+1)")
			}
		}
		ast.Inspect(fun.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok {
					if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "fmt" {
						return false
					}
				}
				if id, ok := n.Fun.(*ast.Ident); ok {
					switch id.Name {
					case "panic":
						return false
					case "min":
						add(n.Pos(), n.End(), "max"+text(n)[3:])
					case "max":
						add(n.Pos(), n.End(), "min"+text(n)[3:])
					}
				}
			case *ast.BinaryExpr:
				operator(n, n.OpPos, n.Op)
			case *ast.UnaryExpr:
				if n.Op == token.SUB || n.Op == token.NOT {
					add(n.Pos(), n.End(), text(n.X))
				}
			case *ast.BasicLit:
				switch n.Kind {
				case token.INT:
					if v, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
						add(n.Pos(), n.End(), fmt.Sprint(v+1))
					}
				case token.FLOAT:
					add(n.Pos(), n.End(), "(2*"+n.Value+"+1)")
				}
			case *ast.Ident:
				switch n.Name {
				case "true":
					add(n.Pos(), n.End(), "false")
				case "false":
					add(n.Pos(), n.End(), "true")
				}
			case *ast.IndexExpr:
				plusOne(n.Index)
			case *ast.SliceExpr:
				plusOne(n.Low)
				plusOne(n.High)
				if n.Low != nil {
					all, low := text(n), fset.Position(n.Low.Pos()).Offset-fset.Position(n.Pos()).Offset
					add(n.Pos(), n.End(), all[:low]+all[low+len(text(n.Low)):])
				}
			case *ast.IfStmt:
				add(n.Cond.Pos(), n.Cond.End(), "true || "+"("+text(n.Cond)+")")
				add(n.Cond.Pos(), n.Cond.End(), "false && "+"("+text(n.Cond)+")")
			case *ast.AssignStmt:
				if n.Tok != token.ASSIGN {
					operator(n, n.TokPos, n.Tok)
				}
				if n.Tok != token.DEFINE {
					add(n.Pos(), n.End(), "")
				}
			case *ast.IncDecStmt:
				operator(n, n.TokPos, n.Tok)
			case *ast.ExprStmt:
				add(n.Pos(), n.End(), "")
			case *ast.BranchStmt:
				add(n.Pos(), n.End(), "")
			case *ast.ReturnStmt:
				if len(n.Results) == 0 {
					add(n.Pos(), n.End(), "")
				}
			}
			return true
		})
	}
	return list, nil
}

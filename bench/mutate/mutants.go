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
func mutants(fset *token.FileSet, file string, src []byte, only *regexp.Regexp) ([]mutant, error) {
	f, err := parser.ParseFile(fset, file, src, 0)
	if err != nil {
		return nil, err
	}
	c := collector{fset: fset, file: file, src: src, lines: strings.Split(string(src), "\n"), called: map[string]int{}}
	for _, d := range f.Decls {
		fun, ok := d.(*ast.FuncDecl)
		if !ok || fun.Body == nil || fun.Type.TypeParams != nil || !only.MatchString(fun.Name.Name) {
			continue
		}
		c.fun = fun
		ast.Inspect(fun.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && speaks(call) {
				return false
			}
			switch n := n.(type) {
			case ast.Expr:
				c.expression(n)
			case ast.Stmt:
				c.statement(n)
			}
			return true
		})
	}
	return c.list, nil
}

// speaks says whether a call is one of package fmt or a panic.
func speaks(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		pkg, ok := f.X.(*ast.Ident)
		return ok && pkg.Name == "fmt"
	case *ast.Ident:
		return f.Name == "panic"
	}
	return false
}

// A collector collects the mutants of one source.
type collector struct {
	fset   *token.FileSet
	file   string
	src    []byte
	lines  []string       // of src
	fun    *ast.FuncDecl  // where it is now
	called map[string]int // how many are called so
	list   []mutant
}

func (c *collector) offset(at token.Pos) int { return c.fset.Position(at).Offset }

func (c *collector) text(n ast.Node) string {
	return string(c.src[c.offset(n.Pos()):c.offset(n.End())])
}

// replace adds the mutant that has text in the place of n.
func (c *collector) replace(n ast.Node, text string) {
	line := c.fset.Position(n.Pos()).Line
	m := mutant{file: c.file, fun: c.fun, line: line, start: c.offset(n.Pos()), end: c.offset(n.End()), old: c.text(n), text: text, on: c.lines[line-1]}
	m.again = c.called[m.String()]
	c.called[m.String()]++
	c.list = append(c.list, m)
}

// operator swaps the operator of n, which is at a place in it.
func (c *collector) operator(n ast.Node, at token.Pos, op token.Token) {
	all, before := c.text(n), c.offset(at)-c.offset(n.Pos())
	for _, to := range swaps[op] {
		// The whole expression, so that a survivor can be told from its like.
		c.replace(n, all[:before]+to.String()+all[before+len(op.String()):])
	}
}

// plusOne adds 1 to an index that is there and no number.
func (c *collector) plusOne(e ast.Expr) {
	if e == nil {
		return
	}
	if _, number := e.(*ast.BasicLit); !number {
		c.replace(e, "("+c.text(e)+"+1)")
	}
}

func (c *collector) expression(n ast.Expr) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok {
			switch id.Name {
			case "min":
				c.replace(n, "max"+c.text(n)[3:])
			case "max":
				c.replace(n, "min"+c.text(n)[3:])
			}
		}
	case *ast.BinaryExpr:
		c.operator(n, n.OpPos, n.Op)
	case *ast.UnaryExpr:
		if n.Op == token.SUB || n.Op == token.NOT {
			c.replace(n, c.text(n.X))
		}
	case *ast.BasicLit:
		switch n.Kind {
		case token.INT:
			if v, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
				c.replace(n, fmt.Sprint(v+1))
			}
		case token.FLOAT:
			c.replace(n, "(2*"+n.Value+"+1)")
		}
	case *ast.Ident:
		switch n.Name {
		case "true":
			c.replace(n, "false")
		case "false":
			c.replace(n, "true")
		}
	case *ast.IndexExpr:
		c.plusOne(n.Index)
	case *ast.SliceExpr:
		c.plusOne(n.Low)
		c.plusOne(n.High)
		if n.Low != nil {
			all, low := c.text(n), c.offset(n.Low.Pos())-c.offset(n.Pos())
			c.replace(n, all[:low]+all[low+len(c.text(n.Low)):])
		}
	}
}

func (c *collector) statement(n ast.Stmt) {
	switch n := n.(type) {
	case *ast.IfStmt:
		c.replace(n.Cond, "true || ("+c.text(n.Cond)+")")
		c.replace(n.Cond, "false && ("+c.text(n.Cond)+")")
	case *ast.AssignStmt:
		if n.Tok != token.ASSIGN {
			c.operator(n, n.TokPos, n.Tok)
		}
		if n.Tok != token.DEFINE {
			c.replace(n, "")
		}
	case *ast.IncDecStmt:
		c.operator(n, n.TokPos, n.Tok)
	case *ast.ReturnStmt:
		if len(n.Results) == 0 {
			c.replace(n, "")
		}
	case *ast.ExprStmt, *ast.BranchStmt:
		c.replace(n, "")
	}
}

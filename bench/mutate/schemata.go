package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// variable is the environment variable that chooses a mutant by its number,
// from 1.
const variable = "TEXTLSTM_MUTANT"

// chooser is the file that a package with mutants gets.
const chooser = `package %s

import (
	"os"
	"strconv"
)

var mutantNumber, _ = strconv.Atoi(os.Getenv("` + variable + `"))
`

// schema returns the source with a copy of its function for each of the
// mutants, which are of this file and in order, and calls of the copies at the
// start of the functions. from[i] is the line on which the copy of mutant i
// begins, 0 if it is left out because it is not valid.
func schema(fset *token.FileSet, src []byte, list []mutant, number func(i int) int, valid []bool) (out []byte, from map[int]int) {
	var head, copies bytes.Buffer
	from = map[int]int{}
	source := func(n ast.Node) string {
		return string(src[fset.Position(n.Pos()).Offset:fset.Position(n.End()).Offset])
	}
	at := 0
	lines := bytes.Count(src, []byte("\n")) + 1 // the calls stay on the line of the brace
	for i := 0; i < len(list); {
		fun := list[i].fun
		brace := fset.Position(fun.Body.Lbrace).Offset + 1
		head.Write(src[at:brace])
		at = brace
		head.WriteString(" switch mutantNumber {")
		start, name, end := fset.Position(fun.Pos()).Offset, fset.Position(fun.Name.End()).Offset, fset.Position(fun.End()).Offset
		for ; i < len(list) && list[i].fun == fun; i++ {
			n := number(i)
			if !valid[n-1] {
				continue
			}
			m, suffix := list[i], fmt.Sprintf("Mutant%d", n)
			fmt.Fprintf(&head, " case %d: %s;", n, call(fun, suffix, source))
			text := fmt.Sprintf("%s%s%s%s%s\n", src[start:name], suffix, src[name:m.start], m.text, src[m.end:end])
			from[n] = lines + 1
			lines += strings.Count(text, "\n")
			copies.WriteString(text)
		}
		head.WriteString(" };")
	}
	head.Write(src[at:])
	head.WriteString("\n")
	return append(head.Bytes(), copies.Bytes()...), from
}

// call calls the copy of a function with its own arguments; what has no name is not
// used, so that a zero value serves. text is the source of a node.
func call(fun *ast.FuncDecl, suffix string, text func(ast.Node) string) string {
	value := func(name string, typ ast.Expr) string {
		if name == "_" {
			return "*new(" + text(typ) + ")"
		}
		return name
	}
	var args []string
	for _, p := range fun.Type.Params.List {
		for _, name := range names(p) {
			switch _, variadic := p.Type.(*ast.Ellipsis); {
			case variadic && name != "_":
				args = append(args, name+"...")
			case !variadic:
				args = append(args, value(name, p.Type))
			}
		}
	}
	s := fmt.Sprintf("%s%s(%s)", fun.Name.Name, suffix, strings.Join(args, ", "))
	if fun.Recv != nil {
		r := fun.Recv.List[0]
		s = "(" + value(names(r)[0], r.Type) + ")." + s
	}
	if fun.Type.Results != nil {
		return "return " + s
	}
	return s + "; return"
}

// names are those of a field, "_" if it has none.
func names(f *ast.Field) (list []string) {
	for _, id := range f.Names {
		list = append(list, id.Name)
	}
	if list == nil {
		list = []string{"_"}
	}
	return list
}

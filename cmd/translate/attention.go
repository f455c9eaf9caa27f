package main

import (
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/textlstm/textlstm/seq2seq"
)

// page draws each translation as a grid: a row for each of its pieces, a column for each
// of the source's, the darker the more the one looked at the other.
var page = template.Must(template.New("").Funcs(template.FuncMap{
	"piece": func(s string) string { return strings.ReplaceAll(s, "▁", "·") },
	"shade": func(w float32) template.CSS { return template.CSS(fmt.Sprintf("rgba(20,70,160,%.3f)", w)) },
	"share": func(w float32) string { return fmt.Sprintf("%.0f %%", 100*w) },
}).Parse(`<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Attention</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 2em; }
table { border-collapse: collapse; margin: 0 0 2.5em; }
th { font-weight: normal; white-space: nowrap; padding: 0 .4em; text-align: right; }
thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; padding: .4em 0; }
td { width: 1.7em; height: 1.7em; border: 1px solid #ddd; }
</style>
<h1>Attention</h1>
<p>A row is a piece of the translation, a column one of the source; · is a space. The darker
a field, the more the piece of its row looked at that of its column.</p>
{{range .}}{{$t := .}}{{with index .Hypotheses 0}}<h2>{{.Text}}</h2>
<table><thead><tr><th></th>{{range $t.Source}}<th>{{piece .}}</th>{{end}}</tr></thead>
{{$h := .}}{{range $i, $piece := .Pieces}}<tr><th>{{piece $piece}}</th>{{range index $h.Attention $i}}<td style="background:{{shade .}}" title="{{share .}}"></td>{{end}}</tr>
{{end}}</table>
{{end}}{{end}}</html>
`))

func writeAttention(w io.Writer, list []seq2seq.Translation) error { return page.Execute(w, list) }

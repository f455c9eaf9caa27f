package transform

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/report/answers"
)

// A column of a table of answers.
type column struct {
	name  string
	node  parquet.Node
	value func(*answer.Record) parquet.Value // null for none
}

// writeParquet writes the columns that the command's tables have: numbers as numbers and what
// is not known as null.
func writeParquet(w io.Writer, all []Answer, heads []classify.Head, o answers.Options) error {
	columns := columnsOf(all, heads, o)
	group := parquet.Group{}
	for _, c := range columns {
		group[c.name] = parquet.Optional(c.node)
	}
	out := parquet.NewGenericWriter[any](w, parquet.NewSchema("answers", group), parquet.Compression(&parquet.Zstd))
	slices.SortFunc(columns, func(a, b column) int { return cmp.Compare(a.name, b.name) }) // as in the schema
	row := make(parquet.Row, len(columns))
	for i := range all {
		r := all[i].record(heads)
		for k, c := range columns {
			v, level := c.value(r), 1
			if v.IsNull() {
				level = 0
			}
			row[k] = v.Level(0, level, k)
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return err
		}
	}
	return out.Close()
}

// columnsOf lists the columns of the answers: the fields that any of them keeps, or the ID,
// what the heads say, and the sizes.
func columnsOf(all []Answer, heads []classify.Head, o answers.Options) []column {
	var columns []column
	taken := map[string]bool{}
	add := func(name string, node parquet.Node, value func(*answer.Record) parquet.Value) {
		if taken[name] {
			name = answer.Predicted + name
		}
		columns = append(columns, column{name, node, value})
	}
	text := func(s string) parquet.Value { return parquet.ByteArrayValue([]byte(s)) }
	if !o.Keep {
		add("id", parquet.String(), func(r *answer.Record) parquet.Value { return text(r.ID) })
	}
	for i := range all {
		for _, f := range all[i].Fields {
			if !o.Keep || taken[f.Name] {
				continue
			}
			add(f.Name, parquet.String(), func(r *answer.Record) parquet.Value {
				for _, have := range r.Fields {
					if have.Name == f.Name && !(have.JSON && have.Value == "null") {
						return text(plain(have))
					}
				}
				return parquet.Value{}
			})
			taken[f.Name] = true
		}
	}
	for h := range heads {
		addHead(add, &heads[h], h, o)
	}
	size := func(of func(*answer.Record) int) func(*answer.Record) parquet.Value {
		return func(r *answer.Record) parquet.Value {
			if r.Bad != nil {
				return parquet.Value{}
			}
			return parquet.Int32Value(int32(of(r)))
		}
	}
	add("tokens", parquet.Int(32), size(func(r *answer.Record) int { return r.Tokens }))
	add("unknown", parquet.Int(32), size(func(r *answer.Record) int { return r.Unknown }))
	if o.Errors {
		add("error", parquet.String(), func(r *answer.Record) parquet.Value {
			if r.Bad == nil {
				return parquet.Value{}
			}
			return text(r.Bad.Error())
		})
	}
	return columns
}

// plain is the value of a field without the quotes of JSON.
func plain(f answer.Field) string {
	var s string
	if f.JSON && json.Unmarshal([]byte(f.Value), &s) == nil {
		return s
	}
	return f.Value
}

// addHead adds the columns of head number h.
func addHead(add func(string, parquet.Node, func(*answer.Record) parquet.Value), head *classify.Head, h int, o answers.Options) {
	// said answers a record that has labels by the score of the head.
	said := func(of func(classify.Score) parquet.Value) func(*answer.Record) parquet.Value {
		return func(r *answer.Record) parquet.Value {
			if r.Bad != nil || answer.Unlabelled(r.Prediction, h) {
				return parquet.Value{}
			}
			return of(r.Scores[h])
		}
	}
	if !head.Labelled() {
		add(head.Name, parquet.Leaf(parquet.FloatType), said(func(s classify.Score) parquet.Value { return parquet.FloatValue(s.Value) }))
		return
	}
	add(head.Name, parquet.String(), said(func(s classify.Score) parquet.Value {
		labels := o.Naming.Labels(head, s)
		if len(labels) == 0 {
			return parquet.Value{}
		}
		return parquet.ByteArrayValue([]byte(strings.Join(labels, ",")))
	}))
	add(head.Name+"_prob", parquet.Leaf(parquet.FloatType), said(func(s classify.Score) parquet.Value { return parquet.FloatValue(s.Prob()) }))
	if !o.Probs {
		return
	}
	for c, label := range head.Labels {
		add(head.Name+"_prob_"+head.Spell(label), parquet.Leaf(parquet.FloatType), said(func(s classify.Score) parquet.Value { return parquet.FloatValue(s.Probs[c]) }))
	}
}

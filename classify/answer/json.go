package answer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/internal/escape"
)

// Predicted stands before the names of answers that are the names of fields too.
const Predicted = "predicted_"

// NewWriter returns what writes the records that a model of those heads gives with
// the same options, which are valid: one JSON object a line, with one object a head.
// The lines are an array if array is set.
func NewWriter(w io.Writer, heads []classify.Head, o Options, array bool) Writer {
	return &jsonWriter{w: w, heads: o.Pick(heads), o: o, array: array}
}

type jsonWriter struct {
	w     io.Writer
	heads []classify.Head
	o     Options
	array bool
	more  bool            // a record has been written
	taken map[string]bool // the names of fields that are kept
	buf   []byte
}

func (j *jsonWriter) Write(r *Record) error {
	b := j.buf[:0]
	switch {
	case j.more && j.array:
		b = append(b, ",\n"...)
	case j.array:
		b = append(b, "[\n"...)
	}
	j.more = true
	b = j.appendFields(append(b, '{'), r)
	if r.Bad != nil {
		b = appendJSON(j.appendKey(b, "error"), r.Bad.Error())
		for _, h := range j.heads {
			b = append(j.appendKey(b, h.Name), "null"...)
		}
	} else {
		b = j.appendAnswer(b, r.Prediction)
	}
	if r.Words != nil {
		b = j.appendWords(b, r.Words)
	}
	if r.Unexplained != nil {
		b = appendJSON(j.appendKey(b, "unexplained"), r.Unexplained.Error())
	}
	if j.o.Sentences && r.Bad == nil {
		b = j.appendSentences(b, r)
	}
	b = append(b, '}')
	if !j.array {
		b = append(b, '\n')
	}
	j.buf = b
	_, err := j.w.Write(escape.JSON(b))
	return err
}

// appendFields appends the fields that are kept, and the ID unless one of them is called
// that.
func (j *jsonWriter) appendFields(b []byte, r *Record) []byte {
	named := false
	if j.o.Keep {
		for _, f := range r.Fields {
			if j.taken == nil {
				j.taken = map[string]bool{}
			}
			j.taken[f.Name] = true
			named = named || f.Name == "id"
			b = append(appendJSON(b, f.Name), ':')
			if f.JSON {
				b = appendLine(b, f.Value)
			} else {
				b = appendJSON(b, f.Value)
			}
			b = append(b, ',')
		}
	}
	if !named {
		b = append(appendJSON(append(b, `"id":`...), r.ID), ',')
	}
	return b[:len(b)-1]
}

// appendLine appends JSON text as it is, but in one line.
func appendLine(b []byte, text string) []byte {
	if strings.ContainsAny(text, "\r\n") {
		line := bytes.NewBuffer(b)
		if json.Compact(line, []byte(text)) == nil {
			return line.Bytes()
		}
	}
	return append(b, text...)
}

// appendKey appends a comma and the key of something that is ours.
func (j *jsonWriter) appendKey(b []byte, name string) []byte {
	if j.taken[name] {
		name = Predicted + name
	}
	return append(appendJSON(append(b, ','), name), ':')
}

// appendWords appends, for each head, the words that weigh most.
func (j *jsonWriter) appendWords(b []byte, words [][]explain.Word) []byte {
	b = append(j.appendKey(b, "words"), '{')
	for h, head := range j.heads {
		if h > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, head.Name), ":["...)
		for i, w := range words[h] {
			if i > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"start":%d,"end":%d,"text":`, w.Start, w.End)
			b = fmt.Appendf(appendJSON(b, w.Text), `,"score":%.4f}`, w.Score)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendSentences appends the answers for the sentences, and the shares of the
// labels.
func (j *jsonWriter) appendSentences(b []byte, r *Record) []byte {
	b = append(j.appendKey(b, "sentences"), '[')
	for i, s := range r.Sentences {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"start":%d,"end":%d,"text":`, s.Start, s.End)
		b = appendJSON(b, s.Text)
		b = append(j.appendAnswer(b, s.Prediction), '}')
	}
	b = append(j.appendKey(append(b, ']'), "shares"), '{')
	more := false
	for h, head := range j.heads {
		if !head.Labelled() {
			continue
		}
		if more {
			b = append(b, ',')
		}
		more = true
		b = append(appendJSON(b, head.Name), ':')
		b = appendProbs(b, &head, r.Shares(h, len(head.Labels)))
	}
	return append(b, '}')
}

// appendAnswer appends what the heads say, and the sizes.
func (j *jsonWriter) appendAnswer(b []byte, p classify.Prediction) []byte {
	for h, s := range p.Scores {
		b = j.o.appendScore(j.appendKey(b, j.heads[h].Name), &j.heads[h], s, Unlabelled(p, h))
	}
	if p.Language != "" {
		b = appendJSON(j.appendKey(b, "language"), p.Language)
	}
	b = strconv.AppendInt(j.appendKey(b, "tokens"), int64(p.Tokens), 10)
	return strconv.AppendInt(j.appendKey(b, "unknown"), int64(p.Unknown), 10)
}

func (j *jsonWriter) Flush() error { return nil } // Write holds nothing back

func (j *jsonWriter) Close() error {
	end := ""
	switch {
	case j.more && j.array:
		end = "\n]\n"
	case j.array:
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

func appendJSON(b []byte, v any) []byte {
	quoted, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings cannot fail
	}
	return append(b, quoted...)
}

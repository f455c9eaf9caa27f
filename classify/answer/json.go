package answer

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
)

// A jsonWriter prints one JSON object a line, with one object a head; the lines
// are an array if array is set.
type jsonWriter struct {
	w     io.Writer
	heads []classify.Head
	names Naming
	parts bool
	array bool
	more  bool // a record has been written
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
	b = append(b, `{"id":`...)
	b = appendJSON(b, r.ID)
	b = j.appendAnswer(b, r.Prediction)
	if r.Words != nil {
		b = j.appendWords(b, r.Words)
	}
	if j.parts {
		b = j.appendSentences(b, r)
	}
	b = append(b, '}')
	if !j.array {
		b = append(b, '\n')
	}
	j.buf = b
	_, err := j.w.Write(b)
	return err
}

// appendWords appends, for each head, the words that weigh most.
func (j *jsonWriter) appendWords(b []byte, words [][]explain.Word) []byte {
	b = append(b, `,"words":{`...)
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
	b = append(b, `,"sentences":[`...)
	for i, s := range r.Sentences {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"start":%d,"end":%d,"text":`, s.Start, s.End)
		b = appendJSON(b, s.Text)
		b = append(j.appendAnswer(b, s.Prediction), '}')
	}
	b = append(b, `],"shares":{`...)
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
		b = appendProbs(b, head.Labels, r.Shares(h, len(head.Labels)))
	}
	return append(b, '}')
}

// appendAnswer appends what the heads say, and the sizes.
func (j *jsonWriter) appendAnswer(b []byte, p classify.Prediction) []byte {
	for h, s := range p.Scores {
		b = append(appendJSON(append(b, ','), j.heads[h].Name), ':')
		b = j.names.appendScore(b, &j.heads[h], s)
	}
	return fmt.Appendf(b, `,"tokens":%d,"unknown":%d`, p.Tokens, p.Unknown)
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

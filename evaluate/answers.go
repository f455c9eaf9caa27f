package evaluate

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// An Answer is one record of a file of predictions, made by any tool.
type Answer struct {
	ID    string
	Label string
	Probs map[string]float64 // by label; nil if the file has none
}

// maxLine bounds one record of a prediction file.
const maxLine = 16 << 20

// ReadAnswersJSONL reads one JSON object per line; blank lines are skipped. The
// answer is the object under the head's name, if there is one, as
// {"id":"a","sentiment":{"label":"positive","probs":{"positive":0.9}}}, else the
// whole object, as {"label":"positive"} or {"predicted":"positive"}, else the only object in it that is an
// answer. Other fields are passed over. An error gives the line.
func ReadAnswersJSONL(r io.Reader, head string) ([]Answer, error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	var out []Answer
	line := 0
	for s.Scan() {
		line++
		text := bytes.TrimSpace(bytes.TrimPrefix(s.Bytes(), []byte("\ufeff")))
		if len(text) == 0 {
			continue
		}
		a, err := answerOf(text, head)
		if err != nil {
			return nil, fmt.Errorf("evaluate: line %d: %w", line, err)
		}
		out = append(out, a)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("evaluate: line %d: %w", line+1, err)
	}
	return out, nil
}

func answerOf(text []byte, head string) (Answer, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return Answer{}, err
	}
	if fields == nil {
		return Answer{}, errors.New("null, want an object")
	}
	a := Answer{}
	if id, ok := fields["id"]; ok {
		a.ID = scalar(id)
	}
	nested := fields[head]
	if !isObject(nested) {
		var err error
		if nested, err = onlyAnswer(fields); err != nil {
			return Answer{}, err
		}
	}
	if nested != nil {
		fields = nil
		if err := json.Unmarshal(nested, &fields); err != nil {
			return Answer{}, err
		}
	}
	for _, name := range []string{"label", "predicted"} {
		if label, ok := fields[name]; ok {
			a.Label = scalar(label)
		}
	}
	if probs, ok := fields["probs"]; ok {
		if err := json.Unmarshal(probs, &a.Probs); err != nil {
			return Answer{}, fmt.Errorf("probs: %w", err)
		}
	}
	if a.Label == "" && len(a.Probs) == 0 {
		return Answer{}, errors.New(`neither "label" nor "probs"`)
	}
	return a, nil
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// onlyAnswer returns the one field that is an answer, nil if the object is one
// itself or has none.
func onlyAnswer(fields map[string]json.RawMessage) (json.RawMessage, error) {
	if fields["label"] != nil || fields["predicted"] != nil || fields["probs"] != nil {
		return nil, nil
	}
	var heads []string
	for name, raw := range fields {
		var inner map[string]json.RawMessage
		if isObject(raw) && json.Unmarshal(raw, &inner) == nil && (inner["label"] != nil || inner["probs"] != nil) {
			heads = append(heads, name)
		}
	}
	switch len(heads) {
	case 0:
		return nil, nil
	case 1:
		return fields[heads[0]], nil
	}
	slices.Sort(heads)
	return nil, fmt.Errorf("answers of the heads %q, want one of them named", heads)
}

// scalar is a JSON string's value, or a number's text; "" for anything else.
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// ReadAnswersCSV reads a header and one record per line (RFC 4180). The
// columns, in any order and case: "predicted", "label" or the head's name for
// the answer; "prob_" or "probs." before a label for its probability; "id".
// Others are passed over. An error gives the line.
func ReadAnswersCSV(r io.Reader, head string) ([]Answer, error) {
	c := csv.NewReader(r)
	return readTable(head, func() ([]string, int, error) {
		record, err := c.Read()
		if err != nil {
			return nil, 0, err // a csv.ParseError names the line
		}
		line, _ := c.FieldPos(0)
		return record, line, nil
	})
}

// ReadAnswersTSV is ReadAnswersCSV for fields apart by tabs, in which quotes
// mean nothing.
func ReadAnswersTSV(r io.Reader, head string) ([]Answer, error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	line, width := 0, 0
	return readTable(head, func() ([]string, int, error) {
		line++
		if !s.Scan() {
			if err := s.Err(); err != nil {
				return nil, line, fmt.Errorf("line %d: %w", line, err)
			}
			return nil, line, io.EOF
		}
		record := strings.Split(s.Text(), "\t")
		if line == 1 {
			width = len(record)
		}
		if len(record) != width {
			return nil, line, fmt.Errorf("line %d: %d fields, the header has %d", line, len(record), width)
		}
		return record, line, nil
	})
}

// readTable makes answers of the records that next gives, with their lines, the
// header first.
func readTable(head string, next func() ([]string, int, error)) ([]Answer, error) {
	header, _, err := next()
	if err == io.EOF {
		return nil, errors.New("evaluate: no header")
	}
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	label, id := -1, -1
	rank := 0                            // of the column of the answers: the head's name, "label", "predicted"
	probs := make([]string, len(header)) // the label whose probability a column has
	has := make([]bool, len(header))
	for i, h := range header {
		h = strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))
		switch lower := strings.ToLower(h); {
		case lower == "predicted":
			label, rank = i, 3
		case lower == "label":
			if rank < 2 {
				label, rank = i, 2
			}
		case head != "" && lower == strings.ToLower(head):
			if rank < 1 {
				label, rank = i, 1
			}
		case lower == "id":
			id = i
		case strings.HasPrefix(lower, "prob_"):
			probs[i], has[i] = h[len("prob_"):], true
		case strings.HasPrefix(lower, "probs."):
			probs[i], has[i] = h[len("probs."):], true
		}
	}
	if label < 0 && !slices.Contains(has, true) {
		return nil, errors.New(`evaluate: line 1: no column "predicted", "label" or "prob_..."`)
	}
	var out []Answer
	for {
		record, line, err := next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		var a Answer
		if label >= 0 {
			a.Label = record[label]
		}
		if id >= 0 {
			a.ID = record[id]
		}
		for i, field := range record {
			if !has[i] {
				continue
			}
			v, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return nil, fmt.Errorf("evaluate: line %d, column %q: %q is not a number", line, header[i], field)
			}
			if a.Probs == nil {
				a.Probs = make(map[string]float64)
			}
			a.Probs[probs[i]] = v
		}
		out = append(out, a)
	}
}

// FromAnswers returns the predictions that answers make for rows whose gold
// labels are known, row by row. Where rows and answers both have an ID, it must
// be the same. Probabilities are used if every answer has them; labels that an
// answer leaves out have none, and answers outside the labels are an error. An
// answer without a label stands for the label with its highest probability.
func FromAnswers(head string, labels []string, gold []int, rows []Row, answers []Answer) (*Predictions, error) {
	if len(answers) != len(gold) {
		return nil, fmt.Errorf("evaluate: %d answers for %d rows", len(answers), len(gold))
	}
	p := &Predictions{Head: head, Labels: labels, Gold: gold, Rows: rows}
	withProbs := !slices.ContainsFunc(answers, func(a Answer) bool { return a.Probs == nil })
	if withProbs {
		p.Probs = make([]float64, 0, len(gold)*len(labels))
	}
	for i, a := range answers {
		if rows != nil && a.ID != "" && rows[i].ID != "" && a.ID != rows[i].ID {
			return nil, fmt.Errorf("evaluate: row %d: answer for %q, want %q", i, a.ID, rows[i].ID)
		}
		row := make([]float64, len(labels))
		known := 0
		for k, label := range labels {
			v, ok := a.Probs[label]
			if ok {
				known++
			}
			row[k] = v
		}
		if known < len(a.Probs) {
			return nil, fmt.Errorf("evaluate: row %d: probabilities of labels other than %q", i, labels)
		}
		at := slices.Index(labels, a.Label)
		if a.Label == "" && a.Probs != nil {
			at = argmax(row)
		}
		if at < 0 {
			return nil, fmt.Errorf("evaluate: row %d: label %q, want one of %q", i, a.Label, labels)
		}
		p.Predicted = append(p.Predicted, at)
		if withProbs {
			p.Probs = append(p.Probs, row...)
		}
	}
	return p, p.Validate()
}

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
// whole object, as {"label":"positive"} or {"predicted":"positive"}, else the object in it that is an
// answer; where there are several, the one about most of labels. One with label and probs goes before
// the whole object, as sentiment classify --keep writes it. Other fields are passed over.
// An error gives the line.
func ReadAnswersJSONL(r io.Reader, head string, labels ...string) ([]Answer, error) {
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
		a, err := answerOf(text, head, labels)
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

func answerOf(text []byte, head string, labels []string) (Answer, error) {
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
		if nested, err = nestedAnswer(fields, labels); err != nil {
			return Answer{}, err
		}
	}
	if _, bad := fields["error"]; bad && nested == nil {
		return a, nil // the text could not be read
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

// nestedAnswer returns the field that is an answer, the one about most of the labels where
// there are several; nil if the object is one itself or has none.
func nestedAnswer(fields map[string]json.RawMessage, labels []string) (json.RawMessage, error) {
	flat := fields["label"] != nil || fields["predicted"] != nil || fields["probs"] != nil
	var heads []string
	about := map[string]int{} // how many of the labels, by head
	for name, raw := range fields {
		var inner map[string]json.RawMessage
		if !isObject(raw) || json.Unmarshal(raw, &inner) != nil {
			continue
		}
		if inner["probs"] != nil && inner["label"] != nil || !flat && (inner["label"] != nil || inner["probs"] != nil) {
			heads = append(heads, name)
			var probs map[string]json.RawMessage
			json.Unmarshal(inner["probs"], &probs) // of none if they are no object
			for l := range probs {
				if slices.Contains(labels, l) {
					about[name]++
				}
			}
		}
	}
	best := heads
	for _, name := range heads {
		if about[name] > about[best[0]] {
			best = []string{name}
		}
	}
	best = slices.DeleteFunc(slices.Clone(heads), func(name string) bool { return len(best) > 0 && about[name] < about[best[0]] })
	switch len(best) {
	case 0:
		return nil, nil
	case 1:
		return fields[best[0]], nil
	}
	slices.Sort(best)
	return nil, fmt.Errorf("answers of the heads %q, want one of them named", best)
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
// Columns as sentiment classify writes them, of a head, head_prob and perhaps
// head_prob_label, go before these; where there are several heads, it is the one named,
// or the one whose answers are most often among labels. Others are passed over. An
// error gives the line.
func ReadAnswersCSV(r io.Reader, head string, labels ...string) ([]Answer, error) {
	c := csv.NewReader(r)
	return readTable(head, labels, func() ([]string, int, error) {
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
func ReadAnswersTSV(r io.Reader, head string, labels ...string) ([]Answer, error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	line, width := 0, 0
	return readTable(head, labels, func() ([]string, int, error) {
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

// answerColumns are where the answers of a table stand.
type answerColumns struct {
	label, id int      // -1 for none
	probs     []string // [column], the label whose probability it has
	has       []bool   // [column]
}

// findAnswers finds the columns of answers that any tool writes.
func findAnswers(header []string, head string) (c answerColumns) {
	c = answerColumns{-1, -1, make([]string, len(header)), make([]bool, len(header))}
	rank := 0 // of the column of the answers: the head's name, "label", "predicted"
	for i, h := range header {
		switch lower := strings.ToLower(h); {
		case lower == "predicted":
			c.label, rank = i, 3
		case lower == "label":
			if rank < 2 {
				c.label, rank = i, 2
			}
		case head != "" && lower == strings.ToLower(head):
			if rank < 1 {
				c.label, rank = i, 1
			}
		case lower == "id":
			c.id = i
		case strings.HasPrefix(lower, "prob_"):
			c.probs[i], c.has[i] = h[len("prob_"):], true
		case strings.HasPrefix(lower, "probs."):
			c.probs[i], c.has[i] = h[len("probs."):], true
		}
	}
	return c
}

// ofHead are the columns of one head as sentiment classify writes them, whose answers
// stand in column at.
func (c answerColumns) ofHead(header []string, at int) answerColumns {
	c.label, c.probs, c.has = at, make([]string, len(header)), make([]bool, len(header))
	for i, h := range header {
		c.probs[i], c.has[i] = strings.CutPrefix(h, header[at]+"_prob_")
	}
	return c
}

// chooseHead returns the column of the head that is wanted among those of heads.
func chooseHead(header []string, heads []int, head string, labels []string, records [][]string) (int, error) {
	best, most, names := -1, 0, []string{}
	for _, at := range heads {
		if header[at] == head || header[at] == "predicted_"+head || len(heads) == 1 {
			return at, nil
		}
		known := 0
		for _, r := range records {
			if slices.Contains(labels, r[at]) {
				known++
			}
		}
		if known > most {
			best, most = at, known
		}
		names = append(names, header[at])
	}
	if best < 0 {
		return 0, fmt.Errorf("evaluate: line 1: answers of the heads %q, want one of them named", names)
	}
	return best, nil
}

// readTable makes answers of the records that next gives, with their lines, the
// header first.
func readTable(head string, labels []string, next func() ([]string, int, error)) ([]Answer, error) {
	header, _, err := next()
	if err == io.EOF {
		return nil, errors.New("evaluate: no header")
	}
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	for i, h := range header {
		header[i] = strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))
	}
	columns := findAnswers(header, head)
	var heads []int // columns of answers, each with one of its probability
	for i, h := range header {
		if h != "" && slices.Contains(header, h+"_prob") {
			heads = append(heads, i)
		}
	}
	if columns.label < 0 && !slices.Contains(columns.has, true) && heads == nil {
		return nil, errors.New(`evaluate: line 1: no column "predicted", "label" or "prob_..."`)
	}
	var records [][]string
	var lines []int
	for {
		record, line, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		records, lines = append(records, record), append(lines, line)
	}
	if heads != nil {
		at, err := chooseHead(header, heads, head, labels, records)
		if err != nil {
			return nil, err
		}
		columns = columns.ofHead(header, at)
	}
	out := make([]Answer, len(records))
	for i, record := range records {
		if out[i], err = columns.answer(header, record, lines[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// answer is that of a record.
func (c answerColumns) answer(header, record []string, line int) (a Answer, err error) {
	if c.label >= 0 {
		a.Label = record[c.label]
	}
	if c.id >= 0 {
		a.ID = record[c.id]
	}
	for i, field := range record {
		if !c.has[i] || field == "" && a.Label == "" {
			continue
		}
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return a, fmt.Errorf("evaluate: line %d, column %q: %q is not a number", line, header[i], field)
		}
		if a.Probs == nil {
			a.Probs = make(map[string]float64)
		}
		a.Probs[c.probs[i]] = v
	}
	return a, nil
}

// FromAnswers returns the predictions that answers make for rows whose gold
// labels are known, row by row. Where rows and answers both have an ID, it must
// be the same. Probabilities are used if every answer has them; labels that an
// answer leaves out have none, and answers outside the labels are an error. An
// answer without a label stands for the label with its highest probability; one without
// either is wrong, as if another label had been given.
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
		if a.Label == "" && a.Probs == nil && len(labels) > 1 {
			at = (gold[i] + 1) % len(labels)
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

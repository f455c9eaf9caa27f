package tokenize

import "context"

// An Encoder turns texts into vocabulary IDs. It remembers the IDs of the
// surface forms it has seen, in bounded memory (under 20 MB; a few MB for
// English), so that a form seen before costs one look-up in all: no filter runs,
// nothing is allocated.
//
// ID is the vocabulary's type, for example vocab.ID. An Encoder is for one
// goroutine at a time; make one per worker.
type Encoder[ID ~int32] struct {
	p      *Pipeline
	lookup func(token string) ID

	byLang map[Lang]*codes[ID] // used if p is simple
	tokens []Token             // scratch
}

// codes is what an Encoder knows of one language: for each surface form its ID,
// or ^i if its IDs are several[i], or none.
type codes[ID ~int32] struct {
	table   table
	several [][]ID // the first are of the last form that the table does not hold
}

// NewEncoder returns an Encoder that gives each token of p the ID that lookup
// answers, for example the method ID of a vocab.Vocabulary. lookup must always
// give the same answer for the same token.
func NewEncoder[ID ~int32](p *Pipeline, lookup func(token string) ID) *Encoder[ID] {
	return &Encoder[ID]{
		p: p, lookup: lookup,
		byLang: make(map[Lang]*codes[ID]),
		tokens: make([]Token, 0, block+16),
	}
}

// AppendIDs appends the IDs of the tokens of text to dst: those of
// p.AppendTokens(nil, text), in order.
func (e *Encoder[ID]) AppendIDs(dst []ID, text string) []ID {
	return e.AppendIDsContext(context.Background(), dst, text)
}

// AppendIDsContext is AppendIDs that ends early, after some of the IDs, if ctx does.
func (e *Encoder[ID]) AppendIDsContext(ctx context.Context, dst []ID, text string) []ID {
	dst, _ = e.encode(ctx, dst, nil, false, text)
	return dst
}

// AppendSpans is AppendIDs that also appends to spans, for each ID, the bytes of
// text that the token was made from.
func (e *Encoder[ID]) AppendSpans(dst []ID, spans []Span, text string) ([]ID, []Span) {
	return e.encode(context.Background(), dst, spans, true, text)
}

// simple reports whether the pipeline's filters all work on one token at a
// time, but perhaps for a last max:N.
func (p *Pipeline) simple() bool {
	return len(p.plan) == 0 || len(p.plan) == 1 && (p.plan[0].seq == nil || p.plan[0].head > 0)
}

func (e *Encoder[ID]) encode(ctx context.Context, dst []ID, spans []Span, wantSpans bool, text string) ([]ID, []Span) {
	p := e.p
	if !p.simple() || p.prep.rewrites() && wantSpans {
		e.tokens = p.AppendTokens(e.tokens[:0], text)
		for _, t := range e.tokens {
			dst = append(dst, e.lookup(t.Text))
			if wantSpans {
				spans = append(spans, Span{t.Start, t.End})
			}
		}
		if cap(e.tokens) > maxScratch {
			e.tokens = nil
		}
		return dst, spans
	}
	var s step
	if len(p.plan) == 1 {
		s = p.plan[0]
	}
	limit := len(dst) + s.head
	prepared := p.prep.prepare(ctx, text)
	c := e.byLang[prepared.lang]
	if c == nil {
		c = new(codes[ID])
		e.byLang[prepared.lang] = c
	}
	seg := p.segmenter()
	for pos := 0; pos < len(prepared.text) && ctx.Err() == nil; {
		e.tokens, pos = seg.segment(e.tokens[:0], prepared.text, pos, block)
		for i := range e.tokens {
			t := &e.tokens[i]
			code, ok := c.table.get(prepared.text, t.Start, t.End, t.Kind)
			if !ok {
				code = e.learn(c, &s, t, prepared.lang)
			}
			n := 1
			if code >= 0 {
				dst = append(dst, ID(code))
			} else {
				ids := c.several[^code]
				dst = append(dst, ids...)
				n = len(ids)
			}
			if wantSpans {
				for range n {
					spans = append(spans, Span{t.Start, t.End})
				}
			}
		}
		if s.head > 0 && len(dst) >= limit {
			if wantSpans {
				spans = spans[:len(spans)-(len(dst)-limit)]
			}
			return dst[:limit], spans
		}
	}
	return dst, spans
}

// learn runs the filters on a form that has not been seen.
func (e *Encoder[ID]) learn(c *codes[ID], s *step, t *Token, lang Lang) int32 {
	if c.table.full() || c.several == nil {
		c.table.reset()
		c.several = make([][]ID, 1)
	}
	var ids []ID
	for _, f := range s.apply(form{t.Text, t.Kind}, lang) {
		ids = append(ids, e.lookup(f.text))
	}
	if len(ids) == 1 && ids[0] >= 0 {
		c.table.put(t.Text, t.Kind, int32(ids[0]))
		return int32(ids[0])
	}
	code := ^int32(len(c.several))
	if !c.table.put(t.Text, t.Kind, code) {
		c.several[0] = ids
		return ^0
	}
	c.several = append(c.several, ids)
	return code
}

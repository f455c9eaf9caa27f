package tokenize

import "strings"

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

	langs  map[Lang]map[string]encoded[ID] // by the form's bytes; used if p is simple
	tokens []Token                         // scratch
}

// encoded is what became of a surface form of the given kind.
type encoded[ID ~int32] struct {
	kind Kind
	n    int32 // number of IDs
	id   ID    // if n == 1
	more []ID  // if n > 1
}

// NewEncoder returns an Encoder that gives each token of p the ID that lookup
// answers, for example the method ID of a vocab.Vocabulary. lookup must always
// give the same answer for the same token.
func NewEncoder[ID ~int32](p *Pipeline, lookup func(token string) ID) *Encoder[ID] {
	return &Encoder[ID]{
		p: p, lookup: lookup,
		langs:  make(map[Lang]map[string]encoded[ID]),
		tokens: make([]Token, 0, block+16),
	}
}

// AppendIDs appends the IDs of the tokens of text to dst: those of
// p.AppendTokens(nil, text), in order.
func (e *Encoder[ID]) AppendIDs(dst []ID, text string) []ID {
	dst, _ = e.encode(dst, nil, false, text)
	return dst
}

// AppendSpans is AppendIDs that also appends to spans, for each ID, the bytes of
// text that the token was made from.
func (e *Encoder[ID]) AppendSpans(dst []ID, spans []Span, text string) ([]ID, []Span) {
	return e.encode(dst, spans, true, text)
}

// simple reports whether the pipeline's filters all work on one token at a
// time, but perhaps for a last max:N.
func (p *Pipeline) simple() bool {
	return len(p.plan) == 0 || len(p.plan) == 1 && (p.plan[0].seq == nil || p.plan[0].head > 0)
}

func (e *Encoder[ID]) encode(dst []ID, spans []Span, wantSpans bool, text string) ([]ID, []Span) {
	p := e.p
	if !p.simple() || p.prep.html && wantSpans {
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
	prepared := p.prep.prepare(text)
	seen := e.langs[prepared.lang]
	if seen == nil {
		seen = make(map[string]encoded[ID])
		e.langs[prepared.lang] = seen
	}
	seg := p.segmenter()
	for pos := 0; pos < len(prepared.text); {
		e.tokens, pos = seg.segment(e.tokens[:0], prepared.text, pos, block)
		for i := range e.tokens {
			t := &e.tokens[i]
			form, ok := seen[t.Text]
			if !ok || form.kind != t.Kind {
				form = e.learn(seen, &s, t, prepared.lang)
			}
			if form.n == 1 {
				dst = append(dst, form.id)
			} else {
				dst = append(dst, form.more...)
			}
			if wantSpans {
				for range form.n {
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

// maxScratch is how many tokens of scratch memory an Encoder keeps.
const maxScratch = 1 << 16

// learn runs the filters on a form that has not been seen.
func (e *Encoder[ID]) learn(seen map[string]encoded[ID], s *step, t *Token, lang Lang) encoded[ID] {
	forms := s.apply(form{t.Text, t.Kind}, lang)
	enc := encoded[ID]{kind: t.Kind, n: int32(len(forms))}
	if len(forms) == 1 {
		enc.id = e.lookup(forms[0].text)
	} else {
		for _, f := range forms {
			enc.more = append(enc.more, e.lookup(f.text))
		}
	}
	if len(t.Text) <= maxCachedBytes {
		if len(seen) >= maxCached {
			clear(seen)
		}
		seen[strings.Clone(t.Text)] = enc
	}
	return enc
}

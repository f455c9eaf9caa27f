package tokenize

import (
	"context"
	"iter"
	"math"
	"sync"
)

// A Pipeline turns text into tokens: it prepares the text, segments it, and
// filters the tokens. Pipelines are made by [Parse] and printed by
// [Pipeline.String]. The zero value is the pipeline "words".
//
// A Pipeline is immutable and safe for concurrent use. It must not be copied
// after first use.
type Pipeline struct {
	prep   preparation
	seg    segmenter // nil means words
	stages []stage   // as parsed
	plan   []step    // stages, with neighbouring maps joined

	states sync.Pool // of *state
}

// A segmenter cuts a text into tokens.
type segmenter interface {
	// segment appends to dst the tokens of text that start at or after pos,
	// which is 0 or the result of an earlier call on the same text, until it
	// has appended at least n or reached the end. It returns where to go on:
	// len(text) if there is no more. Tokens come in order of Start, and
	// Text is text[Start:End].
	segment(dst []Token, text string, pos, n int) ([]Token, int)
	spec() string
}

// A form is what a map filter sees of a token.
type form struct {
	text string
	kind Kind
}

// A mapFunc is a filter that looks at one token at a time. It appends what
// becomes of f: nothing, or one or more forms, which all get the token's
// offsets. Its result depends on its arguments alone, and so may be cached.
type mapFunc func(dst []form, f form, lang Lang) []form

// A seqFunc is a filter that looks at all tokens of a text together. It may
// change tokens in place. Offsets are those of text, the prepared text.
type seqFunc func(tokens []Token, text string) []Token

// A stage is one parsed filter: a map or a sequence filter.
type stage struct {
	spec string
	m    mapFunc
	s    seqFunc
	head int // of max:N, N; such a stage lets segmentation stop early
}

// A step is what the pipeline does at once: some maps, then a sequence filter.
type step struct {
	maps []mapFunc
	seq  seqFunc // may be nil
	head int     // as stage.head
}

func compile(stages []stage) []step {
	plan := make([]step, 1)
	for _, s := range stages {
		last := &plan[len(plan)-1]
		if s.m != nil {
			if last.seq != nil {
				plan = append(plan, step{})
				last = &plan[len(plan)-1]
			}
			last.maps = append(last.maps, s.m)
			continue
		}
		if last.seq != nil {
			plan = append(plan, step{})
			last = &plan[len(plan)-1]
		}
		last.seq, last.head = s.s, s.head
	}
	return plan
}

// apply runs the maps of s one after the other on f.
func (s *step) apply(f form, lang Lang) []form {
	in, out := []form{f}, []form(nil)
	for _, m := range s.maps {
		out = out[:0]
		for _, f := range in {
			out = m(out, f, lang)
		}
		in, out = out, in
	}
	n := 0
	for _, f := range in {
		if f.text != "" {
			in[n] = f
			n++
		}
	}
	return in[:n]
}

// block is how many tokens are segmented at a time: few enough for the first
// level of the processor's cache.
const block = 256

// maxScratch is how many tokens of scratch memory are kept between texts.
const maxScratch = 1 << 14

// A state is the scratch memory of one AppendTokens.
type state struct {
	tokens []Token // of one block
	caches []cache // one per step
}

func (p *Pipeline) segmenter() segmenter {
	if p.seg == nil {
		return words{}
	}
	return p.seg
}

func (p *Pipeline) state() *state {
	if st, ok := p.states.Get().(*state); ok {
		return st
	}
	return &state{tokens: make([]Token, 0, block+16), caches: make([]cache, max(len(p.plan), 1))}
}

// AppendTokens appends the tokens of text to dst in order of Start. It accepts
// any string, valid UTF-8 or not, and takes time linear in its length.
func (p *Pipeline) AppendTokens(dst []Token, text string) []Token {
	return p.appendTokens(context.Background(), dst, text)
}

// appendTokens is AppendTokens that may leave tokens out once ctx has ended.
func (p *Pipeline) appendTokens(ctx context.Context, dst []Token, text string) []Token {
	st := p.state()
	defer p.states.Put(st)

	prepared := p.prep.prepare(ctx, text)
	base := len(dst)
	dst = p.first(ctx, dst, st, prepared)
	for i := range p.plan {
		if ctx.Err() != nil {
			return dst[:base]
		}
		s := &p.plan[i]
		if i > 0 && len(s.maps) > 0 {
			st.tokens = append(st.tokens[:0], dst[base:]...)
			dst = st.caches[i].append(dst[:base], st.tokens, "", s, prepared.lang)
		}
		if s.seq != nil {
			dst = append(dst[:base], s.seq(dst[base:], prepared.text)...)
		}
	}
	prepared.restore(dst[base:])
	if cap(st.tokens) > maxScratch {
		st.tokens = nil
	}
	return dst
}

// first segments and runs the maps of the first step, block by block. It stops
// early if the step ends in max:N.
func (p *Pipeline) first(ctx context.Context, dst []Token, st *state, t prepared) []Token {
	s, limit := p.firstStep()
	base := len(dst)
	for pos := 0; pos < len(t.text) && len(dst)-base < limit && ctx.Err() == nil; {
		dst, pos = p.firstBlock(dst, st, t, s, pos)
	}
	return dst
}

// firstStep returns the first step and how many tokens it keeps at most.
func (p *Pipeline) firstStep() (s *step, limit int) {
	if len(p.plan) == 0 {
		return new(step), math.MaxInt
	}
	if s = &p.plan[0]; s.head > 0 {
		return s, s.head
	}
	return s, math.MaxInt
}

// firstBlock is first of one block, which starts at pos. It returns where the next
// one does.
func (p *Pipeline) firstBlock(dst []Token, st *state, t prepared, s *step, pos int) ([]Token, int) {
	if len(s.maps) == 0 {
		return p.segmenter().segment(dst, t.text, pos, block)
	}
	st.tokens, pos = p.segmenter().segment(st.tokens[:0], t.text, pos, block)
	return st.caches[0].append(dst, st.tokens, t.text, s, t.lang), pos
}

// Blocks yields the tokens of AppendTokens some at a time, so that those of a long
// text need not be held at once: some hundreds, or all where a filter looks at more
// than one token, other than max:N. Each block is valid until the next. Once ctx has
// ended there are no more, and some may be missing.
func (p *Pipeline) Blocks(ctx context.Context, text string) iter.Seq[[]Token] {
	return func(yield func([]Token) bool) {
		if !p.simple() {
			if tokens := p.appendTokens(ctx, nil, text); len(tokens) > 0 {
				yield(tokens)
			}
			return
		}
		st := p.state()
		defer p.states.Put(st)
		prepared := p.prep.prepare(ctx, text)
		s, left := p.firstStep()
		tokens := make([]Token, 0, block)
		for pos := 0; pos < len(prepared.text) && left > 0 && ctx.Err() == nil; {
			tokens, pos = p.firstBlock(tokens[:0], st, prepared, s, pos)
			tokens = tokens[:min(len(tokens), left)]
			left -= len(tokens)
			prepared.restore(tokens)
			if len(tokens) > 0 && !yield(tokens) {
				return
			}
		}
	}
}

// All yields the tokens of text in order.
func (p *Pipeline) All(text string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		for tokens := range p.Blocks(context.Background(), text) {
			for _, t := range tokens {
				if !yield(t) {
					return
				}
			}
		}
	}
}

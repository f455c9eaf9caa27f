package seed

import (
	"context"
	"math/rand/v2"
)

// Until calls f with r, and returns ctx's error as soon as ctx has ended and f draws
// again: f is then left half done. So a function that takes long and draws all the
// way, such as one that fills in large weights, can be cancelled.
func Until(ctx context.Context, r *rand.Rand, f func(*rand.Rand)) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case ended:
			err = v.error
		default:
			panic(v)
		}
	}()
	f(rand.New(&source{ctx: ctx, r: r}))
	return nil
}

// ended is what a source panics with.
type ended struct{ error }

// A source draws from a generator until ctx ends.
type source struct {
	ctx   context.Context
	r     *rand.Rand
	drawn int
}

func (s *source) Uint64() uint64 {
	const often = 64 // draws between two looks at ctx, which cost more than a draw
	if s.drawn++; s.drawn%often == 0 {
		if err := s.ctx.Err(); err != nil {
			panic(ended{err})
		}
	}
	return s.r.Uint64()
}

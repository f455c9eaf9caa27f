package train

import "math"

// perturbation returns, in dst's storage if that is large enough, the change r
// [Rows][D] to the word vectors x that raises a loss with the gradient g [Rows][D]
// most, to first order, among those of norm epsilon for each text as a whole (Miyato,
// Dai & Goodfellow 2017, equation 5). each calls its argument for every row with the
// text of the row, text by text.
//
// The paper measures the norm in word vectors that are normalised by the frequencies
// of the words to mean 0 and variance 1. The vectors here are not: the norm is that of
// r_j/s_j, with s_j the standard deviation of coordinate j over the tokens of the
// batch, which is a sample of the corpus by frequency. So
//
//	r = epsilon * S²g / ||S g||,  S = diag(s_1, ..., s_D).
//
// That is the paper's perturbation, since the encoder's input weights and bias stand
// for S and the means; only that the gradient does not pass through s. A text whose
// gradient is 0 keeps its vectors.
func perturbation(dst, x, g []float32, D int, each func(func(row, text int)), epsilon float64) []float32 {
	variance := variances(x, D)
	var norms []float64 // by text: ||S g||², then the factor
	each(func(row, text int) {
		for len(norms) <= text {
			norms = append(norms, 0)
		}
		for j, v := range g[row*D : (row+1)*D] {
			norms[text] += float64(v) * float64(v) * variance[j]
		}
	})
	for b, sum := range norms {
		if sum > 0 {
			norms[b] = epsilon / math.Sqrt(sum)
		}
	}
	dst = append(dst[:0], x...)
	each(func(row, text int) {
		for j, v := range g[row*D : (row+1)*D] {
			dst[row*D+j] = float32(norms[text] * variance[j] * float64(v))
		}
	})
	return dst
}

// variances returns the variance of each coordinate of the vectors x [n][D].
func variances(x []float32, D int) []float64 {
	sums, squares := make([]float64, D), make([]float64, D)
	for at := 0; at < len(x); at += D {
		for j, v := range x[at : at+D] {
			sums[j] += float64(v)
			squares[j] += float64(v) * float64(v)
		}
	}
	N := float64(max(len(x)/D, 1))
	for j, s := range sums {
		squares[j] = max(squares[j]/N-s/N*s/N, 0)
	}
	return squares
}

// perturb returns the scores of the texts of the last Forward at word vectors that are moved along
// the gradient g, which it leaves in the adversary's noise.
func (f *fit) perturb(g []float32, epsilon float64) ([][]float32, error) {
	a := &f.adversary
	x, err := f.engine.Vectors()
	if err != nil {
		return nil, err
	}
	a.noise = perturbation(a.noise, x, g, f.cfg.Model.Embed, f.engine.EachToken, epsilon)
	for i, v := range x {
		a.noise[i] += v
	}
	return f.engine.ForwardVectors(a.noise)
}

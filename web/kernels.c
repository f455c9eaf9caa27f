// The kernels of package vec for WebAssembly, four numbers at a time: what vec_wasm.go imports. Each is the
// loop of its Go code, in the same order, with nothing fused. They share Go's memory, have no data of
// their own, and are compiled by web/build.
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define ADD wasm_f32x4_add
#define SUB wasm_f32x4_sub
#define MUL wasm_f32x4_mul
typedef signed char int8;
typedef v128_t v128;

static inline v128 all(float f) { return wasm_f32x4_splat(f); }
static inline v128 load(const void *p) { return wasm_v128_load(p); }

// pairs adds neighbours: the sums of columns 0 to 3 of which lo and hi have two halves each.
static inline v128 pairs(v128 lo, v128 hi) {
	return wasm_i32x4_add(wasm_i32x4_shuffle(lo, hi, 0, 2, 4, 6), wasm_i32x4_shuffle(lo, hi, 1, 3, 5, 7));
}

static inline void put(float *o, v128 v, int n, float beta) {
	if (n >= 4) {
		wasm_v128_store(o, beta != 0 ? ADD(load(o), v) : v);
		return;
	}
#define LANE(t) \
	if (n > t) \
		o[t] = beta != 0 ? o[t] + wasm_f32x4_extract_lane(v, t) : wasm_f32x4_extract_lane(v, t);
	LANE(0) LANE(1) LANE(2)
}

// matmul8 is matMulInt8: q [m][ld], panels of 32 columns, each [ld/4][32][4].
EXPORT(matmul8) void matmul8(int m, int ld, const int8 *q, const float *scale, const int *add, const int8 *panels, const float *scales, int n, float beta, float *c, int ldc) {
	for (int j = 0; j < n; j += 16) {
		const int8 *first = panels + j / 32 * 32 * ld + j % 32 * 4;
		for (int i = 0; i < m; i++) {
			const int8 *row = q + i * ld, *col = first;
			v128 z = wasm_i32x4_splat(0), a0 = z, a1 = z, a2 = z, a3 = z, a4 = z, a5 = z, a6 = z, a7 = z;
			for (int p = 0; p < ld; p += 4, col += 128) {
				v128 x = wasm_i16x8_extend_low_i8x16(wasm_v128_load32_splat(row + p)), y;
#define DOT(lo, hi, at) \
	y = load(col + at); \
	lo = wasm_i32x4_add(lo, wasm_i32x4_dot_i16x8(x, wasm_i16x8_extend_low_i8x16(y))); \
	hi = wasm_i32x4_add(hi, wasm_i32x4_dot_i16x8(x, wasm_i16x8_extend_high_i8x16(y)));
				DOT(a0, a1, 0) DOT(a2, a3, 16) DOT(a4, a5, 32) DOT(a6, a7, 48)
			}
			v128 by = all(scale[i]), plus = wasm_i32x4_splat(add[i]);
			float *o = c + i * ldc + j;
#define OUT(at, lo, hi) \
	if (j + at < n) \
		put(o + at, MUL(MUL(wasm_f32x4_convert_i32x4(wasm_i32x4_add(plus, pairs(lo, hi))), by), load(scales + j + at)), n - j - at, beta);
			OUT(0, a0, a1) OUT(4, a2, a3) OUT(8, a4, a5) OUT(12, a6, a7)
		}
	}
}

// matmul is matMul for n a multiple of 16 and ks = 1: panels of 32 columns, each [k][32].
EXPORT(matmul) void matmul(int m, const float *a, int lda, int k, const float *panels, const float *init, int ldi, float *c, int ldc, int n) {
	for (int j = 0; j + 16 <= n; j += 16) {
		const float *first = panels + j / 32 * 32 * k + j % 32;
		for (int i = 0; i < m; i++) {
			v128 s0 = all(0), s1 = s0, s2 = s0, s3 = s0;
			if (init) {
				const float *from = init + i * ldi + j;
				s0 = load(from), s1 = load(from + 4), s2 = load(from + 8), s3 = load(from + 12);
			}
			const float *w = first, *x = a + i * lda;
			for (int p = 0; p < k; p++, w += 32) {
				v128 v = wasm_v128_load32_splat(x + p);
				s0 = ADD(s0, MUL(v, load(w)));
				s1 = ADD(s1, MUL(v, load(w + 4)));
				s2 = ADD(s2, MUL(v, load(w + 8)));
				s3 = ADD(s3, MUL(v, load(w + 12)));
			}
			float *o = c + i * ldc + j;
			wasm_v128_store(o, s0), wasm_v128_store(o + 4, s1), wasm_v128_store(o + 8, s2), wasm_v128_store(o + 12, s3);
		}
	}
}

// The functions of vec/generic.go of the same names.
static inline v128 clamp(v128 x, float lo, float hi) { return wasm_f32x4_pmin(wasm_f32x4_pmax(x, all(lo)), all(hi)); }

static inline v128 reduce(v128 x, v128 *r) {
	v128 s = ADD(MUL(x, all(1.44269504088896341f)), all(12582912.f)), n = SUB(s, all(12582912.f));
	*r = SUB(SUB(x, MUL(n, all(0.693359375f))), MUL(n, all(-2.12194440054690583e-4f)));
	return s;
}

static inline v128 exp2i(v128 t) { return wasm_i32x4_add(wasm_i32x4_shl(t, 23), wasm_i32x4_splat(0x3f800000)); }

static inline v128 tail(v128 r) {
	v128 p = ADD(MUL(all(0.00138389017f), r), all(0.00836919248f));
	p = ADD(MUL(p, r), all(0.0416681021f));
	p = ADD(MUL(p, r), all(0.166665167f));
	return ADD(MUL(p, r), all(0.49999994f));
}

static inline v128 sigmoid(v128 x) {
	v128 r, t = reduce(clamp(wasm_f32x4_neg(x), -87.33f, 87.33f), &r);
	v128 p = ADD(MUL(tail(r), r), all(1));
	p = ADD(MUL(p, r), all(1));
	return wasm_f32x4_div(all(1), ADD(MUL(p, exp2i(t)), all(1)));
}

static inline v128 tanh4(v128 x) {
	v128 u = wasm_f32x4_abs(x), r, t = reduce(MUL(all(2), clamp(u, 0, 9.1f)), &r);
	v128 p = ADD(MUL(tail(r), MUL(r, r)), r), s = exp2i(t), e = ADD(MUL(s, p), SUB(s, all(1)));
	return wasm_v128_or(wasm_f32x4_div(e, ADD(e, all(2))), wasm_v128_and(x, wasm_i32x4_splat(0x80000000)));
}

// cell is cellForward without peepholes, for n a multiple of 4.
EXPORT(cell) void cell(int n, float *pre, const float *prev, float *c, float *h) {
	for (int j = 0; j + 4 <= n; j += 4) {
		v128 was = prev ? load(prev + j) : all(0);
		v128 i = sigmoid(load(pre + j)), f = sigmoid(load(pre + n + j)), g = tanh4(load(pre + 2 * n + j)), o = sigmoid(load(pre + 3 * n + j));
		v128 now = ADD(MUL(f, was), MUL(i, g));
		wasm_v128_store(pre + j, i), wasm_v128_store(pre + n + j, f), wasm_v128_store(pre + 2 * n + j, g), wasm_v128_store(pre + 3 * n + j, o);
		wasm_v128_store(c + j, now), wasm_v128_store(h + j, MUL(o, tanh4(now)));
	}
}

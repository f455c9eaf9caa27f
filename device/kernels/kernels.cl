// The kernels of a training step, as OpenCL C that is CUDA C as well. Arrays are row-major, rows
// of a batch as nn.Layout places them: [Rows] is N. Nothing is summed in an order that depends on
// the device: each number of a result is one sum by one work item, or by one group in a tree.

#ifdef __OPENCL_VERSION__
#define KERNEL(groups) __kernel
#define GLOBAL __global
#define LOCAL __local
#define BARRIER barrier(CLK_LOCAL_MEM_FENCE)
#define ITEM (int)get_global_id(0)
#define THREAD (int)get_local_id(0)
#define THREADS (int)get_local_size(0)
#define GROUPX (int)get_group_id(0)
#define GROUPY (int)get_group_id(1)
#define FUNC
#define DYNAMIC(name) , __local float *name
#define DYNAMIC_BEGIN(name)
#define EXP exp
#define EXPM1 expm1
#define TANH tanh
#define SQRT sqrt
#define ERFC erfc
#define FMA fma
#define FMAX fmax
#define LOCALP __local float *
#define FLOATS(x) (__local float *)(x)
#else
typedef unsigned long long ulong;
#define KERNEL(threads) extern "C" __global__ __launch_bounds__(threads)
#define GLOBAL
#define LOCAL __shared__
#define BARRIER __syncthreads()
#define ITEM (int)(blockIdx.x * blockDim.x + threadIdx.x)
#define THREAD (int)threadIdx.x
#define THREADS (int)blockDim.x
#define GROUPX (int)blockIdx.x
#define GROUPY (int)blockIdx.y
#define FUNC __device__
#define DYNAMIC(name)
#define DYNAMIC_BEGIN(name) extern __shared__ float name[];
#define EXP expf
#define EXPM1 expm1f
#define TANH tanhf
#define SQRT sqrtf
#define ERFC erfcf
#define FMA fmaf
#define FMAX fmaxf
#define LOCALP float *
#define FLOATS(x) (float *)(x)
#endif

#define ROLL _Pragma("unroll 1")
#define UNROLL _Pragma("unroll")
#define EACH(i, n) int i = ITEM; if (i >= (n)) return

FUNC float sigmoid(float x) { return 1.0f / (1.0f + EXP(-x)); }

// mask is the factor of value n under a dropout, as nn.Dropout draws it: keep, or 0 for drop of
// 65536 draws.
FUNC float mask(ulong seed, ulong n, int drop, float keep) {
	ulong z = seed + (n / 4 + 1) * (ulong)0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * (ulong)0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * (ulong)0x94d049bb133111eb;
	z = z ^ (z >> 31);
	return (int)((z >> (16 * (n % 4))) & 0xffff) < drop ? 0.0f : keep;
}

// ---- values one by one

KERNEL(256) void fill(int n, GLOBAL float *x, float v) {
	EACH(i, n);
	x[i] = v;
}

// add is x += a.
KERNEL(256) void add(int n, GLOBAL float *x, GLOBAL const float *a) {
	EACH(i, n);
	x[i] += a[i];
}

// drop multiplies x with a mask by place. Where D > 0, the rows of a sequence share the mask of
// their sequence, of D places.
KERNEL(256) void drop(int n, GLOBAL float *dst, GLOBAL const float *x, ulong seed, int dropped, float keep, int D, GLOBAL const int *sequence) {
	EACH(i, n);
	ulong place = i;
	if (D > 0) place = (ulong)sequence[i / D] * D + i % D;
	dst[i] = x[i] * mask(seed, place, dropped, keep);
}

// dropTypes multiplies rows of x [U][D] with the mask of the words that they are.
KERNEL(256) void dropTypes(int n, GLOBAL float *x, GLOBAL const int *words, int D, ulong seed, int dropped, float keep) {
	EACH(i, n);
	x[i] *= mask(seed, (ulong)(unsigned int)words[i / D], dropped, keep);
}

// gather is dst [n/D][D] = the rows of src [][ld] from a column on that index names; zeros for -1.
KERNEL(256) void gather(int n, GLOBAL float *dst, GLOBAL const float *src, GLOBAL const int *index, int D, int ld, int column) {
	EACH(i, n);
	int r = index[i / D];
	dst[i] = r < 0 ? 0.0f : src[r * ld + column + i % D];
}

// sumRows is dst [n/D][D] = for each u the sum of the rows list[starts[u]...starts[u+1]-1] of src [][D].
KERNEL(256) void sumRows(int n, GLOBAL float *dst, GLOBAL const float *src, GLOBAL const int *starts, GLOBAL const int *list, int D) {
	EACH(i, n);
	int u = i / D, j = i % D;
	float sum = 0;
	for (int k = starts[u]; k < starts[u + 1]; k++) sum += src[list[k] * D + j];
	dst[i] = sum;
}

// clearRows clears the rows of x [n/D][D] that are nobody's.
KERNEL(256) void clearRows(int n, GLOBAL float *x, GLOBAL const int *rows, int D) {
	EACH(i, n);
	if (rows[i / D] < 0) x[i] = 0;
}

// sumColumns writes the column sums of 256 rows of x [rows][cols] to parts [][cols]: 32 columns by a group of 32 x 8.
KERNEL(256) void sumColumns(int rows, int cols, GLOBAL float *parts, GLOBAL const float *x) {
	LOCAL float part[256];
	int lane = THREAD / 32, j = GROUPX * 32 + THREAD % 32;
	float sum = 0;
	if (j < cols)
		for (int k = lane; k < 256; k += 8) {
			int r = GROUPY * 256 + k;
			if (r < rows) sum += x[r * cols + j];
		}
	part[THREAD] = sum;
	BARRIER;
	if (lane == 0 && j < cols) {
		for (int k = 1; k < 8; k++) sum += part[k * 32 + THREAD];
		parts[GROUPY * cols + j] = sum;
	}
}

// sumParts is row r of C [n/N][N], rows ldc apart from c0 on, = beta*C + the sum of that of parts [count][n].
KERNEL(256) void sumParts(int n, int N, GLOBAL const float *parts, int count, float beta, GLOBAL float *C, int c0, int ldc) {
	EACH(i, n);
	float sum = 0;
	for (int k = 0; k < count; k++) sum += parts[k * n + i];
	int at = c0 + i / N * ldc + i % N;
	C[at] = beta == 0 ? sum : beta * C[at] + sum;
}

// ---- products

#define TILE 64
#define DEEP 16

// product is C [M][N] = beta*C + bias + A [M][K] * B [K][N], with the steps between the rows and
// columns of A and B, so that either may be a transpose, and where each begins. A group of 256 makes
// 64 x 64 numbers, each item 4 x 4 of them. Where the sum is split, groups of neighbouring GROUPY sum depth numbers each, and their
// parts are M*N numbers apart.
KERNEL(256) void product(int M, int N, int K, GLOBAL const float *A, int a0, int am, int ak, GLOBAL const float *B, int b0, int bk, int bn,
                         GLOBAL const float *bias, int biased, float beta, GLOBAL float *C, int c0, int ldc, int splits, int depth) {
	LOCAL float as[DEEP * (TILE + 1)], bs[DEEP * (TILE + 1)];
	int m0 = GROUPY / splits * TILE, n0 = GROUPX * TILE, part = GROUPY % splits;
	int ty = THREAD / 16, tx = THREAD % 16;
	float acc[16];
	for (int i = 0; i < 16; i++) acc[i] = 0;
	if (splits > 1) {
		c0 += part * M * N;
		if (K > (part + 1) * depth) K = (part + 1) * depth;
	}
	for (int k0 = part * depth; k0 < K; k0 += DEEP) {
		for (int i = THREAD; i < TILE * DEEP; i += 256) {
			int k = ak == 1 ? i % DEEP : i / TILE, m = ak == 1 ? i / DEEP : i % TILE;
			as[k * (TILE + 1) + m] = m0 + m < M && k0 + k < K ? A[a0 + (m0 + m) * am + (k0 + k) * ak] : 0.0f;
			k = bk == 1 ? i % DEEP : i / TILE;
			m = bk == 1 ? i / DEEP : i % TILE;
			bs[k * (TILE + 1) + m] = n0 + m < N && k0 + k < K ? B[b0 + (k0 + k) * bk + (n0 + m) * bn] : 0.0f;
		}
		BARRIER;
		for (int k = 0; k < DEEP; k++) {
			float a[4], b[4];
			for (int i = 0; i < 4; i++) a[i] = as[k * (TILE + 1) + ty + 16 * i];
			for (int i = 0; i < 4; i++) b[i] = bs[k * (TILE + 1) + tx + 16 * i];
			for (int i = 0; i < 4; i++)
				for (int j = 0; j < 4; j++) acc[4 * i + j] = FMA(a[i], b[j], acc[4 * i + j]);
		}
		BARRIER;
	}
	for (int i = 0; i < 4; i++) {
		int m = m0 + ty + 16 * i;
		for (int j = 0; j < 4; j++) {
			int n = n0 + tx + 16 * j;
			if (m >= M || n >= N) continue;
			float v = acc[4 * i + j];
			if (biased) v += bias[n];
			if (beta != 0) v += beta * C[c0 + m * ldc + n];
			C[c0 + m * ldc + n] = v;
		}
	}
}

// ---- the LSTM

// cellForward is a step of n rows of H units, of which the first old have a step before. Gates [N][4H]
// from row on hold the sums, and then the activated gates i, f, g, o. c [N][H]; y [N][ld].
KERNEL(256) void cellForward(int n, int H, int row, int before, int old, GLOBAL float *gates, GLOBAL float *c, GLOBAL float *y, int ld, int column,
                             GLOBAL const float *peep, int peeps) {
	EACH(at, n);
	int r = at / H, j = at % H;
	GLOBAL float *pre = gates + (row + r) * 4 * H;
	float prev = r < old ? c[(before + r) * H + j] : 0.0f;
	float i = pre[j], f = pre[H + j], g = pre[2 * H + j], o = pre[3 * H + j];
	if (peeps) { i += peep[j] * prev; f += peep[H + j] * prev; }
	i = sigmoid(i); f = sigmoid(f); g = TANH(g);
	float now = f * prev + i * g;
	if (peeps) o += peep[2 * H + j] * now;
	o = sigmoid(o);
	pre[j] = i; pre[H + j] = f; pre[2 * H + j] = g; pre[3 * H + j] = o;
	c[(row + r) * H + j] = now;
	y[(row + r) * ld + column + j] = o * TANH(now);
}

// cellBackward turns the gates of such a step into the gradients of the sums. dH [B][H] has what later steps
// say of the output of the first later rows, dC [B][H] of their cell; dC becomes that of the cell before.
KERNEL(256) void cellBackward(int n, int H, int row, int before, int old, int later, GLOBAL float *gates, GLOBAL const float *c, GLOBAL const float *dY, int ld, int column,
                              GLOBAL const float *dH, GLOBAL float *dC, GLOBAL const float *peep, int peeps) {
	EACH(at, n);
	int r = at / H, j = at % H;
	GLOBAL float *pre = gates + (row + r) * 4 * H;
	float prev = r < old ? c[(before + r) * H + j] : 0.0f;
	float i = pre[j], f = pre[H + j], g = pre[2 * H + j], o = pre[3 * H + j];
	float dh = dY[(row + r) * ld + column + j], dc = 0;
	if (r < later) { dh += dH[at]; dc = dC[at]; }
	float t = TANH(c[(row + r) * H + j]);
	float dO = dh * t * o * (1 - o);
	dc += dh * o * (1 - t * t);
	if (peeps) dc += dO * peep[2 * H + j];
	float dI = dc * g * i * (1 - i), dF = dc * prev * f * (1 - f);
	pre[j] = dI; pre[H + j] = dF; pre[2 * H + j] = dc * i * (1 - g * g); pre[3 * H + j] = dO;
	dc *= f;
	if (peeps) dc += dI * peep[j] + dF * peep[H + j];
	dC[at] = dc;
}

// peepholes makes of dPre [N][4H], c and each row's row before what it gives to the gradients of p_i, p_f and p_o,
// dst [N][3H].
KERNEL(256) void peepholes(int n, int H, GLOBAL float *dst, GLOBAL const float *dPre, GLOBAL const float *c, GLOBAL const int *before) {
	EACH(at, n);
	int r = at / H, j = at % H, b = before[r];
	float prev = b < 0 ? 0.0f : c[b * H + j];
	GLOBAL const float *d = dPre + r * 4 * H;
	dst[r * 3 * H + j] = d[j] * prev;
	dst[r * 3 * H + H + j] = d[H + j] * prev;
	dst[r * 3 * H + 2 * H + j] = d[3 * H + j] * c[at];
}

// What follows takes a sequence of at most M units through all its steps: group s the one at position s in the layout. Item g
// of its G items multiplies with row g of the recurrent weights, R of them in registers and the others in local memory.

#define WEIGHTS(R, at)                                                                                                              \
	float w[R];                                                                                                                     \
	UNROLL for (int k = 0; k < R; k++) w[k] = k < H ? whh[at] : 0.0f;                                                               \
	for (int k = R; k < H; k++) rest[(k - R) * G + THREAD] = whh[at]

// PRODUCTS adds to a those with the H numbers of v, which is v4 too, from place `from` on.
#define PRODUCTS(a, R, v, v4, from)                                                                                                 \
	float b = 0;                                                                                                                    \
	UNROLL for (int k = 0; k < R; k += 4) {                                                                                         \
		float4 x = v4[((from) + k) / 4];                                                                                            \
		a = FMA(w[k], x.x, a);                                                                                                      \
		b = FMA(w[k + 1], x.y, b);                                                                                                  \
		a = FMA(w[k + 2], x.z, a);                                                                                                  \
		b = FMA(w[k + 3], x.w, b);                                                                                                  \
	}                                                                                                                               \
	ROLL for (int k = R; k < H; k++) a = FMA(rest[(k - R) * G + THREAD], v[(from) + k], a);                                         \
	a += b

// sequenceForward_M has the weights [4H][H] of 4H items.
#define SEQUENCE_FORWARD(name, M, R)                                                                                                \
	KERNEL(4 * M) void name(int H, GLOBAL const int *offset, GLOBAL const int *length, int reverse, GLOBAL float *gates,            \
	                        GLOBAL const float *whh, GLOBAL float *c, GLOBAL float *y, int ld, int column,                          \
	                        GLOBAL const float *peep, int peeps DYNAMIC(rest)) {                                                    \
		DYNAMIC_BEGIN(rest)                                                                                                         \
		LOCAL float4 h4[M / 4];                                                                                                     \
		LOCAL float act[4 * M];                                                                                                     \
		LOCALP h = FLOATS(h4);                                                                                                      \
		int s = GROUPX, g = THREAD, G = 4 * H, T = length[s];                                                                       \
		float cell = 0;                                                                                                             \
		WEIGHTS(R, g * H + k);                                                                                                      \
		for (int k = g; k < M; k += G) h[k] = 0;                                                                                    \
		BARRIER;                                                                                                                    \
		for (int step = 0; step < T; step++) {                                                                                      \
			int row = offset[reverse ? T - 1 - step : step] + s;                                                                    \
			GLOBAL float *pre = gates + row * G;                                                                                    \
			float a = pre[g];                                                                                                       \
			PRODUCTS(a, R, h, h4, 0);                                                                                               \
			act[g] = a;                                                                                                             \
			BARRIER;                                                                                                                \
			if (g < H) {                                                                                                            \
				float i = act[g], f = act[H + g], z = act[2 * H + g], o = act[3 * H + g];                                           \
				if (peeps) { i += peep[g] * cell; f += peep[H + g] * cell; }                                                        \
				i = sigmoid(i); f = sigmoid(f); z = TANH(z);                                                                        \
				cell = f * cell + i * z;                                                                                            \
				if (peeps) o += peep[2 * H + g] * cell;                                                                             \
				o = sigmoid(o);                                                                                                     \
				float out = o * TANH(cell);                                                                                         \
				pre[g] = i; pre[H + g] = f; pre[2 * H + g] = z; pre[3 * H + g] = o;                                                 \
				c[row * H + g] = cell;                                                                                              \
				y[row * ld + column + g] = out;                                                                                     \
				h[g] = out;                                                                                                         \
			}                                                                                                                       \
			BARRIER;                                                                                                                \
		}                                                                                                                           \
	}

SEQUENCE_FORWARD(sequenceForward_32, 32, 32)
SEQUENCE_FORWARD(sequenceForward_64, 64, 64)
SEQUENCE_FORWARD(sequenceForward_96, 96, 96)
SEQUENCE_FORWARD(sequenceForward_128, 128, 96)

// sequenceBackward_M turns the gates into the gradients of the sums. Item q*H+j has the
// weights from unit j to the gates of kind q.
#define SEQUENCE_BACKWARD(name, M, R)                                                                                               \
	KERNEL(4 * M) void name(int H, GLOBAL const int *offset, GLOBAL const int *length, int reverse, GLOBAL float *gates,            \
	                        GLOBAL const float *whh, GLOBAL const float *c, GLOBAL const float *dY, int ld, int column,             \
	                        GLOBAL const float *peep, int peeps DYNAMIC(rest)) {                                                    \
		DYNAMIC_BEGIN(rest)                                                                                                         \
		LOCAL float4 d4[M];                                                                                                         \
		LOCAL float part[4 * M];                                                                                                    \
		LOCALP d = FLOATS(d4);                                                                                                      \
		int s = GROUPX, id = THREAD, G = 4 * H, T = length[s], q = id / H, j = id % H;                                              \
		float dc = 0;                                                                                                               \
		WEIGHTS(R, (q * H + k) * H + j);                                                                                            \
		for (int k = id; k < 4 * M; k += G) d[k] = 0;                                                                               \
		BARRIER;                                                                                                                    \
		for (int step = T - 1; step >= 0; step--) {                                                                                 \
			float a = 0;                                                                                                            \
			PRODUCTS(a, R, d, d4, q * M);                                                                                           \
			part[id] = a;                                                                                                           \
			BARRIER;                                                                                                                \
			if (id < H) {                                                                                                           \
				int row = offset[reverse ? T - 1 - step : step] + s;                                                                \
				GLOBAL float *pre = gates + row * G;                                                                                \
				float prev = step == 0 ? 0.0f : c[(offset[reverse ? T - step : step - 1] + s) * H + j];                             \
				float i = pre[j], f = pre[H + j], z = pre[2 * H + j], o = pre[3 * H + j];                                           \
				float dh = dY[row * ld + column + j] + ((part[j] + part[H + j]) + (part[2 * H + j] + part[3 * H + j]));             \
				float t = TANH(c[row * H + j]);                                                                                     \
				float dO = dh * t * o * (1 - o);                                                                                    \
				dc += dh * o * (1 - t * t);                                                                                         \
				if (peeps) dc += dO * peep[2 * H + j];                                                                              \
				float dI = dc * z * i * (1 - i), dF = dc * prev * f * (1 - f), dZ = dc * i * (1 - z * z);                           \
				pre[j] = dI; pre[H + j] = dF; pre[2 * H + j] = dZ; pre[3 * H + j] = dO;                                             \
				d[j] = dI; d[M + j] = dF; d[2 * M + j] = dZ; d[3 * M + j] = dO;                                                     \
				dc *= f;                                                                                                            \
				if (peeps) dc += dI * peep[j] + dF * peep[H + j];                                                                   \
			}                                                                                                                       \
			BARRIER;                                                                                                                \
		}                                                                                                                           \
	}

SEQUENCE_BACKWARD(sequenceBackward_32, 32, 32)
SEQUENCE_BACKWARD(sequenceBackward_64, 64, 64)
SEQUENCE_BACKWARD(sequenceBackward_96, 96, 96)
SEQUENCE_BACKWARD(sequenceBackward_128, 128, 80)

// ---- the GRU (r, z and n are PyTorch's)

// gruCellForward is a step of n rows of H units, of which the first old have a step before. From row on, gates [N][3H] hold the
// sums of the input, and then r, z, n; sums [N][3H] those of the state, without bias, and then in its last third q = W_hn h + b_hn.
KERNEL(256) void gruCellForward(int n, int H, int row, int before, int old, GLOBAL float *gates, GLOBAL float *sums, GLOBAL float *y, int ld, int column,
                                GLOBAL const float *bias) {
	EACH(at, n);
	int i = at / H, j = at % H;
	GLOBAL float *pre = gates + (row + i) * 3 * H, *state = sums + (row + i) * 3 * H;
	float prev = 0, r = pre[j] + bias[j], z = pre[H + j] + bias[H + j], q = bias[2 * H + j];
	if (i < old) {
		prev = y[(before + i) * ld + column + j];
		r += state[j]; z += state[H + j]; q += state[2 * H + j];
	}
	r = sigmoid(r); z = sigmoid(z);
	float c = TANH(pre[2 * H + j] + r * q);
	pre[j] = r; pre[H + j] = z; pre[2 * H + j] = c;
	state[2 * H + j] = q;
	y[(row + i) * ld + column + j] = c + z * (prev - c);
}

// gruCellBackward turns gates and sums of such a step into the gradients of the sums. dH [B][H] has what later steps say by way
// of their sums of the output of the first later rows, dPrev [B][H] what they say directly; dPrev becomes that of the output before.
KERNEL(256) void gruCellBackward(int n, int H, int row, int before, int old, int later, GLOBAL float *gates, GLOBAL float *sums, GLOBAL const float *dY, int ld, int column,
                                 GLOBAL const float *dH, GLOBAL float *dPrev, GLOBAL const float *y) {
	EACH(at, n);
	int i = at / H, j = at % H;
	GLOBAL float *pre = gates + (row + i) * 3 * H, *state = sums + (row + i) * 3 * H;
	float prev = i < old ? y[(before + i) * ld + column + j] : 0.0f;
	float r = pre[j], z = pre[H + j], c = pre[2 * H + j], q = state[2 * H + j];
	float dh = dY[(row + i) * ld + column + j];
	if (i < later) dh += dH[at] + dPrev[at];
	float dC = dh * (1 - z) * (1 - c * c), dZ = dh * (prev - c) * z * (1 - z), dR = dC * q * r * (1 - r);
	pre[j] = dR; pre[H + j] = dZ; pre[2 * H + j] = dC;
	state[j] = dR; state[H + j] = dZ; state[2 * H + j] = dC * r;
	dPrev[at] = dh * z;
}

// gruSequenceForward_M has the weights [3H][H] of 3H items.
#define GRU_SEQUENCE_FORWARD(name, M, R)                                                                                            \
	KERNEL(3 * M) void name(int H, GLOBAL const int *offset, GLOBAL const int *length, int reverse, GLOBAL float *gates,            \
	                        GLOBAL const float *whh, GLOBAL float *sums, GLOBAL float *y, int ld, int column,                       \
	                        GLOBAL const float *bias DYNAMIC(rest)) {                                                               \
		DYNAMIC_BEGIN(rest)                                                                                                         \
		LOCAL float4 h4[M / 4];                                                                                                     \
		LOCAL float act[3 * M];                                                                                                     \
		LOCALP h = FLOATS(h4);                                                                                                      \
		int s = GROUPX, g = THREAD, G = 3 * H, T = length[s];                                                                       \
		float bg = bias[g];                                                                                                         \
		WEIGHTS(R, g * H + k);                                                                                                      \
		for (int k = g; k < M; k += G) h[k] = 0;                                                                                    \
		BARRIER;                                                                                                                    \
		for (int step = 0; step < T; step++) {                                                                                      \
			int row = offset[reverse ? T - 1 - step : step] + s;                                                                    \
			GLOBAL float *pre = gates + row * G;                                                                                    \
			float a = bg;                                                                                                           \
			PRODUCTS(a, R, h, h4, 0);                                                                                               \
			act[g] = a;                                                                                                             \
			BARRIER;                                                                                                                \
			if (g < H) {                                                                                                            \
				float r = sigmoid(pre[g] + act[g]), z = sigmoid(pre[H + g] + act[H + g]), q = act[2 * H + g];                       \
				float c = TANH(pre[2 * H + g] + r * q), out = c + z * (h[g] - c);                                                   \
				pre[g] = r; pre[H + g] = z; pre[2 * H + g] = c;                                                                     \
				sums[row * G + 2 * H + g] = q;                                                                                      \
				y[row * ld + column + g] = out;                                                                                     \
				h[g] = out;                                                                                                         \
			}                                                                                                                       \
			BARRIER;                                                                                                                \
		}                                                                                                                           \
	}

GRU_SEQUENCE_FORWARD(gruSequenceForward_32, 32, 32)
GRU_SEQUENCE_FORWARD(gruSequenceForward_64, 64, 64)
GRU_SEQUENCE_FORWARD(gruSequenceForward_96, 96, 96)
GRU_SEQUENCE_FORWARD(gruSequenceForward_128, 128, 128)

// gruSequenceBackward_M turns gates and sums into the gradients of the sums. Item q*H+j has the weights from unit j to the sums
// of kind q.
#define GRU_SEQUENCE_BACKWARD(name, M, R)                                                                                           \
	KERNEL(3 * M) void name(int H, GLOBAL const int *offset, GLOBAL const int *length, int reverse, GLOBAL float *gates,            \
	                        GLOBAL const float *whh, GLOBAL float *sums, GLOBAL const float *dY, int ld, int column,                \
	                        GLOBAL const float *y DYNAMIC(rest)) {                                                                  \
		DYNAMIC_BEGIN(rest)                                                                                                         \
		LOCAL float4 d4[3 * M / 4];                                                                                                 \
		LOCAL float part[3 * M];                                                                                                    \
		LOCALP d = FLOATS(d4);                                                                                                      \
		int s = GROUPX, id = THREAD, G = 3 * H, T = length[s], q = id / H, j = id % H;                                              \
		float direct = 0;                                                                                                           \
		WEIGHTS(R, (q * H + k) * H + j);                                                                                            \
		for (int k = id; k < 3 * M; k += G) d[k] = 0;                                                                               \
		BARRIER;                                                                                                                    \
		for (int step = T - 1; step >= 0; step--) {                                                                                 \
			float a = 0;                                                                                                            \
			PRODUCTS(a, R, d, d4, q * M);                                                                                           \
			part[id] = a;                                                                                                           \
			BARRIER;                                                                                                                \
			if (id < H) {                                                                                                           \
				int row = offset[reverse ? T - 1 - step : step] + s;                                                                \
				GLOBAL float *pre = gates + row * G, *state = sums + row * G;                                                       \
				float prev = step == 0 ? 0.0f : y[(offset[reverse ? T - step : step - 1] + s) * ld + column + j];                   \
				float r = pre[j], z = pre[H + j], c = pre[2 * H + j], v = state[2 * H + j];                                         \
				float dh = dY[row * ld + column + j] + (part[j] + part[H + j] + part[2 * H + j] + direct);                          \
				float dC = dh * (1 - z) * (1 - c * c), dZ = dh * (prev - c) * z * (1 - z), dR = dC * v * r * (1 - r);               \
				pre[j] = dR; pre[H + j] = dZ; pre[2 * H + j] = dC;                                                                  \
				state[j] = dR; state[H + j] = dZ; state[2 * H + j] = dC * r;                                                        \
				d[j] = dR; d[M + j] = dZ; d[2 * M + j] = dC * r;                                                                    \
				direct = dh * z;                                                                                                    \
			}                                                                                                                       \
			BARRIER;                                                                                                                \
		}                                                                                                                           \
	}

GRU_SEQUENCE_BACKWARD(gruSequenceBackward_32, 32, 32)
GRU_SEQUENCE_BACKWARD(gruSequenceBackward_64, 64, 64)
GRU_SEQUENCE_BACKWARD(gruSequenceBackward_96, 96, 88)
GRU_SEQUENCE_BACKWARD(gruSequenceBackward_128, 128, 104)

// ---- the two directions of a layer, as one: their sum (1), its half (2), or their product (3)

// merge makes rows of H numbers of rows y [n/H][2H]: they begin at column of rows dst [n/H][ld].
KERNEL(256) void merge(int n, GLOBAL float *dst, int ld, int column, GLOBAL const float *y, int H, int kind) {
	EACH(i, n);
	int f = i / H * 2 * H + i % H, b = f + H;
	dst[i / H * ld + column + i % H] = kind == 3 ? y[f] * y[b] : (kind == 2 ? 0.5f : 1.0f) * (y[f] + y[b]);
}

// mergeBackward makes the gradient dy [n/H][2H] of such y of that of the merged rows, d.
KERNEL(256) void mergeBackward(int n, GLOBAL float *dy, GLOBAL const float *d, int ld, int column, GLOBAL const float *y, int H, int kind) {
	EACH(i, n);
	int f = i / H * 2 * H + i % H, b = f + H;
	float v = (kind == 2 ? 0.5f : 1.0f) * d[i / H * ld + column + i % H];
	dy[f] = kind == 3 ? v * y[b] : v;
	dy[b] = kind == 3 ? v * y[f] : v;
}

// ---- pooling: text g has the rows list[starts[g]...starts[g+1]-1], in ascending order; its vector begins at
// column of row g of pooled [G][ld].

// poolMax writes the greatest value of each column, and to at [G][W] the first row that has it. Texts of fewer rows
// than padded have 0 at least, which is no row's.
KERNEL(256) void poolMax(int n, GLOBAL float *pooled, int ld, int column, GLOBAL int *at, GLOBAL const float *y, int W, GLOBAL const int *starts, GLOBAL const int *list, int padded) {
	EACH(i, n);
	int g = i / W, j = i % W, from = starts[g], to = starts[g + 1], where = -1;
	float most = 0;
	for (int k = from; k < to; k++) {
		float v = y[list[k] * W + j];
		if (where < 0 || v > most) { most = v; where = list[k]; }
	}
	if (to > from && to - from < padded && most < 0) { most = 0; where = -1; }
	pooled[g * ld + column + j] = most;
	at[i] = where;
}

KERNEL(256) void poolMaxBackward(int n, GLOBAL float *dy, GLOBAL const float *d, int ld, int column, GLOBAL const int *at, int W) {
	EACH(i, n);
	if (at[i] >= 0) dy[at[i] * W + i % W] += d[i / W * ld + column + i % W];
}

// poolSum writes the sum of a text's rows (or of a word's n-grams), each with its weight, or their mean where that is asked for.
KERNEL(256) void poolSum(int n, GLOBAL float *pooled, int ld, int column, GLOBAL const float *y, int W, GLOBAL const int *starts, GLOBAL const int *list, GLOBAL const float *weights, int mean) {
	EACH(i, n);
	int g = i / W, j = i % W, from = starts[g], to = starts[g + 1];
	float sum = 0;
	for (int k = from; k < to; k++) {
		float v = y[list[k] * W + j];
		sum += mean ? v : weights[list[k]] * v;
	}
	if (mean && to > from) sum *= 1.0f / (to - from);
	pooled[g * ld + column + j] = sum;
}

// poolSumBackward adds the gradient of poolSum by its rows, whose texts are in text [N].
KERNEL(256) void poolSumBackward(int n, GLOBAL float *dy, GLOBAL const float *d, int ld, int column, int W, GLOBAL const int *text, GLOBAL const int *starts, GLOBAL const float *weights, int mean) {
	EACH(i, n);
	int r = i / W, g = text[r];
	float w = mean ? 1.0f / (starts[g + 1] - starts[g]) : weights[r];
	dy[i] += w * d[g * ld + column + i % W];
}

// poolLast writes the last state of each direction: columns from split on are those of the reverse one. first
// and last [G] are rows, -1 for a text without any.
KERNEL(256) void poolLast(int n, GLOBAL float *pooled, int ld, int column, GLOBAL const float *y, int W, int split, GLOBAL const int *first, GLOBAL const int *last) {
	EACH(i, n);
	int g = i / W, j = i % W, r = j < split ? last[g] : first[g];
	pooled[g * ld + column + j] = r < 0 ? 0.0f : y[r * W + j];
}

KERNEL(256) void poolLastBackward(int n, GLOBAL float *dy, GLOBAL const float *d, int ld, int column, int W, int split, GLOBAL const int *first, GLOBAL const int *last) {
	EACH(i, n);
	int g = i / W, j = i % W, r = j < split ? last[g] : first[g];
	if (r >= 0) dy[r * W + j] += d[g * ld + column + j];
}

// dotRows is dst [n] = the products of rows of a [n][W] and b, which is one row where text is not given (ld = 0), or
// row text[r] of b [][ld] from column on.
KERNEL(256) void dotRows(int n, GLOBAL float *dst, GLOBAL const float *a, int W, GLOBAL const float *b, int ld, int column, GLOBAL const int *text) {
	EACH(r, n);
	int from = ld == 0 ? 0 : text[r] * ld + column;
	float sum = 0;
	for (int j = 0; j < W; j++) sum = FMA(a[r * W + j], b[from + j], sum);
	dst[r] = sum;
}

// softmaxTexts makes weights of the scores of a text's rows.
KERNEL(256) void softmaxTexts(int n, GLOBAL float *w, GLOBAL const int *starts, GLOBAL const int *list) {
	EACH(g, n);
	int from = starts[g], to = starts[g + 1];
	if (from == to) return;
	float most = w[list[from]], sum = 0;
	for (int k = from + 1; k < to; k++) most = FMAX(most, w[list[k]]);
	for (int k = from; k < to; k++) sum += w[list[k]] = EXP(w[list[k]] - most);
	for (int k = from; k < to; k++) w[list[k]] /= sum;
}

// softmaxTextsBackward turns the gradients d [N] of the weights into those of the scores.
KERNEL(256) void softmaxTextsBackward(int n, GLOBAL float *d, GLOBAL const float *w, GLOBAL const int *starts, GLOBAL const int *list) {
	EACH(g, n);
	float sum = 0;
	for (int k = starts[g]; k < starts[g + 1]; k++) sum += w[list[k]] * d[list[k]];
	for (int k = starts[g]; k < starts[g + 1]; k++) d[list[k]] = w[list[k]] * (d[list[k]] - sum);
}

// attentionBackward makes of the gradients d [N] of the scores and the hidden layer h [N][A] what each row gives to
// the gradient of the context, parts [N][A], and puts the gradient before the tanh in place of h.
KERNEL(256) void attentionBackward(int n, GLOBAL float *h, GLOBAL float *parts, GLOBAL const float *d, GLOBAL const float *context, int A) {
	EACH(i, n);
	float v = h[i], s = d[i / A];
	parts[i] = s * v;
	h[i] = s * context[i % A] * (1 - v * v);
}

// ---- activations, by their place in nn.Activations

// activate is x = a(x); before, if kept, gets the x that it was.
KERNEL(256) void activate(int n, GLOBAL float *x, GLOBAL float *before, int kept, int kind) {
	EACH(i, n);
	float v = x[i];
	if (kept) before[i] = v;
	switch (kind) {
	case 1: v = v < 0 ? 0.0f : v; break;
	case 2: v = TANH(v); break;
	case 3: v = sigmoid(v); break;
	case 4: v = v * (0.5f * ERFC(v * -0.70710678f)); break;
	case 5: v = v * sigmoid(v); break;
	case 6: v = v < 0 ? EXPM1(v) : v; break;
	}
	x[i] = v;
}

// activateBackward is dy = dy * a'(x), with y = a(x); x is there where it was kept.
KERNEL(256) void activateBackward(int n, GLOBAL float *dy, GLOBAL const float *x, GLOBAL const float *y, int kind) {
	EACH(i, n);
	float v = y[i], d = dy[i], s;
	switch (kind) {
	case 1: d = v <= 0 ? 0.0f : d; break;
	case 2: d *= 1 - v * v; break;
	case 3: d *= v * (1 - v); break;
	case 4: v = x[i]; d *= 0.5f * ERFC(v * -0.70710678f) + v * EXP(-0.5f * v * v) * 0.39894228f; break;
	case 5: v = x[i]; s = sigmoid(v); d *= s + v * s * (1 - s); break;
	case 6: d = v < 0 ? d * (1 + v) : d; break;
	}
	dy[i] = d;
}

// ---- moving weights. Where D > 0, row u of the gradient is that of row rows[u] of the weights, -1 for none.

#define MOVED                                                                                                                       \
	EACH(i, n);                                                                                                                     \
	int at = i;                                                                                                                     \
	if (D > 0) {                                                                                                                    \
		if (rows[i / D] < 0) return;                                                                                                \
		at = rows[i / D] * D + i % D;                                                                                               \
	}                                                                                                                               \
	float d = g[i] * scale

#define KEEP(v)                                                                                                                     \
	w[at] = v;                                                                                                                      \
	if (!(w[at] - w[at] == 0)) bad[param] = 1

// squares writes the sum of the squares of 1024 numbers of x a group.
KERNEL(256) void squares(int n, GLOBAL const float *x, GLOBAL float *sums, int first) {
	LOCAL float part[256];
	float sum = 0;
	for (int k = 0; k < 4; k++) {
		int i = GROUPX * 1024 + k * 256 + THREAD;
		if (i < n) sum = FMA(x[i], x[i], sum);
	}
	part[THREAD] = sum;
	for (int step = 128; step > 0; step /= 2) {
		BARRIER;
		if (THREAD < step) part[THREAD] += part[THREAD + step];
	}
	if (THREAD == 0) sums[first + GROUPX] = part[0];
}

KERNEL(256) void moveAdam(int n, GLOBAL float *w, GLOBAL const float *g, float scale, GLOBAL const int *rows, int D, float rate, float decay,
                          GLOBAL int *bad, int param, GLOBAL float *m, GLOBAL float *v, float b1, float b2, float eps, float c1, float c2) {
	MOVED;
	float a = m[at] = b1 * m[at] + (1 - b1) * d;
	float b = v[at] = b2 * v[at] + (1 - b2) * (d * d);
	KEEP(w[at] - rate * (a * c1 / (SQRT(b * c2) + eps) + decay * w[at]));
}

KERNEL(256) void moveSGD(int n, GLOBAL float *w, GLOBAL const float *g, float scale, GLOBAL const int *rows, int D, float rate, float decay,
                         GLOBAL int *bad, int param, GLOBAL float *m, float momentum, int nesterov) {
	MOVED;
	if (momentum != 0) {
		float a = m[at] = momentum * m[at] + d;
		d = nesterov ? d + momentum * a : a;
	}
	KEEP(w[at] - rate * (d + decay * w[at]));
}

KERNEL(256) void moveRMSprop(int n, GLOBAL float *w, GLOBAL const float *g, float scale, GLOBAL const int *rows, int D, float rate, float decay,
                             GLOBAL int *bad, int param, GLOBAL float *s, GLOBAL float *m, float alpha, float eps, float momentum) {
	MOVED;
	float a = s[at] = alpha * s[at] + (1 - alpha) * d * d;
	d = d / (SQRT(a) + eps);
	if (momentum != 0) d = m[at] = momentum * m[at] + d;
	KEEP(w[at] - rate * (d + decay * w[at]));
}

// averaged takes weights into their average, which keeps a share of itself: by row where D > 0.
KERNEL(256) void averaged(int n, GLOBAL float *average, GLOBAL const float *w, float keep, GLOBAL const int *rows, GLOBAL const float *keeps, int D) {
	EACH(i, n);
	int at = i;
	if (D > 0) {
		if (rows[i / D] < 0) return;
		at = rows[i / D] * D + i % D;
		keep = keeps[i / D];
	}
	average[at] = keep == 0 ? w[at] : keep * average[at] + (1 - keep) * w[at];
}

// ---- words that are compared with a sample of S others, P predictions at once

// lowered is dst [n] = the biases of words less what was expected of them.
KERNEL(256) void lowered(int n, GLOBAL float *dst, GLOBAL const float *bias, GLOBAL const int *words, GLOBAL const float *expected) {
	EACH(i, n);
	dst[i] = bias[words[i]] - expected[i];
}

// compareWords turns the scores of a sample, a row of [P][S] a group, into the gradients of scale times the loss, but for
// column hits[r], if that is not -1. The score of the true word is dots[r] + offsets[r], its gradient goes to dTargets, and what the
// softmax makes of it to chances.
KERNEL(256) void compareWords(int S, GLOBAL float *scores, GLOBAL const int *hits, GLOBAL const float *dots, GLOBAL const float *offsets, float scale,
                              GLOBAL float *dTargets, GLOBAL float *chances) {
	LOCAL float part[256];
	int r = GROUPX, hit = hits[r];
	GLOBAL float *row = scores + r * S;
	float score = dots[r] + offsets[r], most = score, sum = 0;
	for (int j = THREAD; j < S; j += 256)
		if (j != hit) most = FMAX(most, row[j]);
	part[THREAD] = most;
	for (int step = 128; step > 0; step /= 2) {
		BARRIER;
		if (THREAD < step) part[THREAD] = FMAX(part[THREAD], part[THREAD + step]);
	}
	BARRIER;
	most = part[0];
	BARRIER;
	for (int j = THREAD; j < S; j += 256) {
		float v = j == hit ? 0.0f : EXP(row[j] - most);
		row[j] = v;
		sum += v;
	}
	part[THREAD] = sum;
	for (int step = 128; step > 0; step /= 2) {
		BARRIER;
		if (THREAD < step) part[THREAD] += part[THREAD + step];
	}
	BARRIER;
	float own = EXP(score - most), all = part[0] + own;
	for (int j = THREAD; j < S; j += 256) row[j] *= scale / all;
	if (THREAD == 0) {
		chances[r] = own / all;
		dTargets[r] = scale * (own / all - 1);
	}
}

// addRows adds to row r of dst [n/D][D] row words[first+r] of table [][D], by its weight.
KERNEL(256) void addRows(int n, GLOBAL float *dst, GLOBAL const float *weights, GLOBAL const float *table, GLOBAL const int *words, int first, int D) {
	EACH(i, n);
	int r = first + i / D;
	dst[i] = FMA(weights[r], table[words[r] * D + i % D], dst[i]);
}

// scatter writes the rows of src [n/D][D] to those of dst [][ld] that index names, from a column on.
KERNEL(256) void scatter(int n, GLOBAL float *dst, GLOBAL const float *src, GLOBAL const int *index, int D, int ld, int column) {
	EACH(i, n);
	dst[index[i / D] * ld + column + i % D] = src[i];
}

// sumWeighted adds to row o of dst [n/D][D], which is there where o < S, the rows list[starts[o]...starts[o+1]-1] of x [][D]
// by their weights, or the weights alone.
KERNEL(256) void sumWeighted(int n, GLOBAL float *dst, int S, GLOBAL const int *starts, GLOBAL const int *list, GLOBAL const float *weights, GLOBAL const float *x, int D, int weighed) {
	EACH(i, n);
	int o = i / D, j = i % D;
	float sum = o < S ? dst[i] : 0.0f;
	for (int k = starts[o]; k < starts[o + 1]; k++) {
		float w = weights[list[k]];
		sum = weighed ? FMA(w, x[list[k] * D + j], sum) : sum + w;
	}
	dst[i] = sum;
}

// addOutput adds to row u of g [n/D][D], which is there where u < U, row places[u] of x [][D], if that is not -1.
KERNEL(256) void addOutput(int n, GLOBAL float *g, int U, GLOBAL const float *x, GLOBAL const int *places, int D) {
	EACH(i, n);
	int u = i / D;
	float v = u < U ? g[i] : 0.0f;
	if (places[u] >= 0) v += x[places[u] * D + i % D];
	g[i] = v;
}

/* Times OpenBLAS:  gemm M N K THREADS SECONDS [nt|nn|gemv]
   C[M][N] = A[M][K] B, row-major, with B as W[N][K] transposed (nt, as x·Wᵀ in an LSTM), as [K][N] (nn),
   or, for M = 1, as a matrix-vector product with W[N][K] (gemv). Prints one JSON line. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static float *draw(size_t n) {
	float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
	for (size_t i = 0; i < n; i++) x[i] = (float)rand() / (float)RAND_MAX - 0.5f;
	return x;
}

int main(int argc, char **argv) {
	if (argc < 6) {
		fprintf(stderr, "usage: gemm M N K THREADS SECONDS [nt|nn|gemv]\n");
		return 2;
	}
	int m = atoi(argv[1]), n = atoi(argv[2]), k = atoi(argv[3]);
	const char *how = argc > 6 ? argv[6] : "nt";
	openblas_set_num_threads(atoi(argv[4]));
	double seconds = atof(argv[5]), start = 0, spent = 0;
	float *a = draw((size_t)m * k), *b = draw((size_t)k * n), *c = draw((size_t)m * n);
	long calls = 0, warm = 1;
	while (warm || spent < seconds) {
		if (!strcmp(how, "gemv"))
			cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, b, k, a, 1, 0, c, 1);
		else if (!strcmp(how, "nn"))
			cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
		else
			cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, k, b, k, 0, c, n);
		if (warm) {
			if (!start) start = now();
			if (now() - start > seconds / 4) warm = 0, start = now();
			continue;
		}
		calls++;
		spent = now() - start;
	}
	printf("{\"gflops\":%.2f,\"openblas\":\"%s\"}\n", 2e-9 * m * n * k * calls / spent, openblas_get_config());
	return 0;
}

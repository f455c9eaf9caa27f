"""The coefficients exp2..exp6 of math.go: the polynomial q of degree 4 that minimises
the largest relative error of 1 + r + r*r*q(r) against exp(r) over |r| <= ln(2)/2, found
by Remez exchange; each coefficient is rounded to float32 in turn, lowest first, and the
others fitted again. Needs mpmath (written with 1.3.0 and Python 3.11)."""
import struct
from mpmath import mp, mpf, exp, log, cos, pi, matrix, lu_solve

mp.dps = 40
B = log(2) / 2 * mpf("1.0001")


def q(r):
    if abs(r) < mpf("1e-8"):
        return mpf(1) / 2 + r / 6
    return (exp(r) - 1 - r) / r**2


def f32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def remez(fixed, degree):
    """Fit the coefficients that are not in fixed (a list of the lowest ones)."""
    free = list(range(len(fixed), degree + 1))
    n = len(free) + 1
    xs = [B * cos(pi * (n - 1 - i) / (n - 1)) for i in range(n)]
    if n % 2:  # keep away from 0, where the weight vanishes
        xs[n // 2] = B / 10
    weight = lambda r: r**2 / exp(r)
    for _ in range(30):
        a = matrix(n, n)
        y = matrix(n, 1)
        for i, x in enumerate(xs):
            for j, k in enumerate(free):
                a[i, j] = x**k * weight(x)
            a[i, n - 1] = (-1) ** i
            y[i] = (q(x) - sum(c * x**k for k, c in enumerate(fixed))) * weight(x)
        s = lu_solve(a, y)
        cs = list(fixed) + [s[j] for j in range(n - 1)]
        err = lambda r: (sum(c * r**k for k, c in enumerate(cs)) - q(r)) * weight(r)
        grid = [B * (mpf(2 * i) / 2000 - 1) for i in range(2001)]
        es = [err(x) for x in grid]
        # extrema of alternating sign
        ext = []
        for x, e in zip(grid, es):
            if ext and (ext[-1][1] > 0) == (e > 0):
                if abs(e) > abs(ext[-1][1]):
                    ext[-1] = (x, e)
            else:
                ext.append((x, e))
        while len(ext) > n:
            ext.pop(0 if abs(ext[0][1]) < abs(ext[-1][1]) else -1)
        if len(ext) < n:
            break
        xs = [x for x, _ in ext]
    return cs, max(abs(e) for e in es)


fixed = []
while len(fixed) < 5:
    cs, worst = remez(fixed, 4)
    fixed.append(f32(cs[len(fixed)]))
for k, c in enumerate(fixed):
    print("exp%d = %.9g" % (k + 2, float(c)))
print("largest relative error before rounding to float32: %.2g" % float(worst))

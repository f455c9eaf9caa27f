"""Writes sklearn.json: NBSVM models fitted with scikit-learn.

Run it in this directory. The versions that it ran with are in the file.
"""
import json

import numpy as np
import sklearn
from sklearn.svm import LinearSVC

rng = np.random.default_rng(7)
N, ROWS, LABELS = 60, 40, 3

# Texts: the first 36 features are rare to frequent and lean to one label each,
# the last 4 occur nowhere.
gold = rng.integers(0, LABELS, N)
lean = rng.integers(0, LABELS, ROWS)
rate = np.geomspace(0.05, 0.5, ROWS)
x = (rng.random((N, ROWS)) < rate * np.where(lean == gold[:, None], 1.5, 0.7)).astype(float)
x[:, ROWS - 4 :] = 0
weights = rng.choice([0.5, 1.0, 2.0, 3.0], N)


def nbsvm(y, w, c, alpha, beta):
    """Weights by feature and bias of Wang & Manning's machine for y in {0, 1}."""
    seen = x.sum(axis=0) > 0
    p = alpha + (w * y) @ x
    q = alpha + (w * (1 - y)) @ x
    ratio = np.where(seen, np.log((p / p[seen].sum()) / (q / q[seen].sum())), 0)
    svm = LinearSVC(loss="squared_hinge", C=c, dual=True, tol=1e-9, max_iter=1_000_000, intercept_scaling=1)
    svm.fit(x * ratio, y, sample_weight=w)
    v = svm.coef_[0]
    v = np.where(seen, (1 - beta) * np.abs(v[seen]).mean() + beta * v, 0)
    return v * ratio, svm.intercept_[0]


cases = []
for name, labels, w, c, alpha, beta in [
    ("the machine alone", 2, None, 1, 1, 1),
    ("interpolated", 2, None, 1, 1, 0.25),
    ("cost and smoothing", 2, None, 0.1, 0.5, 0.5),
    ("weighted texts", 2, weights, 1, 1, 0.25),
    ("one against the rest", 3, None, 1, 1, 0.25),
]:
    y = np.minimum(gold, labels - 1)
    columns = [1] if labels == 2 else range(labels)
    fits = [nbsvm((y == k).astype(float), np.ones(N) if w is None else w, c, alpha, beta) for k in columns]
    cases.append({
        "name": name, "labels": labels, "y": y.tolist(), "weighted": w is not None,
        "c": c, "alpha": alpha, "beta": beta,
        "w": np.stack([f[0] for f in fits], axis=1).round(9).tolist(),
        "bias": [round(f[1], 9) for f in fits],
    })

with open("sklearn.json", "w") as f:
    json.dump({
        "sklearn": sklearn.__version__, "numpy": np.__version__,
        "rows": ROWS, "texts": [np.flatnonzero(t).tolist() for t in x], "weights": weights.tolist(),
        "cases": cases,
    }, f)
    f.write("\n")

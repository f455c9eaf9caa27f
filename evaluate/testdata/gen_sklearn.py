#!/usr/bin/env python3
"""Writes sklearn.json: inputs, random and degenerate, and scikit-learn's figures
for them. Run with scikit-learn 1.9 in this folder: python3 gen_sklearn.py

Every call names all labels of the head and zero_division=0. NaN becomes null.
Calibration errors are not in scikit-learn; they are written out in numpy here.
"""
import json
import math
import warnings

import numpy as np
import scipy.stats
import sklearn
from sklearn import metrics as m
from sklearn.calibration import _SigmoidCalibration

warnings.simplefilter("ignore")
BINS = 15


def calibration_errors(conf, right):
    edges = np.arange(BINS + 1) / BINS
    which = np.searchsorted(edges[1:-1], conf, side="left")
    ece = mce = 0.0
    for k in range(BINS):
        on = which == k
        if on.any():
            gap = abs(right[on].mean() - conf[on].mean())
            ece += gap * on.mean()
            mce = max(mce, gap)
    return ece, mce


def prf(figures, gold, pred, labels, averages):
    for avg in averages:
        p, r, f, _ = m.precision_recall_fscore_support(
            gold, pred, labels=labels, average=avg, zero_division=0)
        figures[avg + "_precision"], figures[avg + "_recall"], figures[avg + "_f1"] = p, r, f


def areas(gold_k, prob_k):
    roc = m.roc_auc_score(gold_k, prob_k) if 0 < gold_k.sum() < len(gold_k) else math.nan
    ap = m.average_precision_score(gold_k, prob_k) if gold_k.any() else 0.0
    return roc, ap


def per_label(gold, pred, labels, probs, onehot):
    p, r, f, s = m.precision_recall_fscore_support(gold, pred, labels=labels, average=None, zero_division=0)
    out = []
    for k, (tn, fp, fn, tp) in enumerate(m.multilabel_confusion_matrix(gold, pred, labels=labels).reshape(-1, 4)):
        d = {"precision": p[k], "recall": r[k], "f1": f[k], "support": int(s[k]),
             "specificity": tn / (tn + fp) if tn + fp else 0, "npv": tn / (tn + fn) if tn + fn else 0}
        if probs is not None:
            d["roc_auc"], d["pr_auc"] = areas(onehot[:, k], probs[:, k])
        out.append(d)
    return out


def single(name, gold, probs):
    gold, probs = np.asarray(gold), np.asarray(probs, float)
    n, c = probs.shape
    labels = list(range(c))
    pred = probs.argmax(axis=1)
    onehot = np.eye(c, dtype=int)[gold]
    fig = {
        "accuracy": m.accuracy_score(gold, pred),
        "balanced_accuracy": m.balanced_accuracy_score(gold, pred),
        "mcc": m.matthews_corrcoef(gold, pred),
        "cohen_kappa": m.cohen_kappa_score(gold, pred, labels=labels),
        "log_loss": m.log_loss(gold, probs, labels=labels),
        "brier": m.brier_score_loss(gold, probs, labels=labels) if c > 2
        else m.brier_score_loss(gold, probs[:, 1], labels=labels, pos_label=1),
    }
    prf(fig, gold, pred, labels, ["macro", "micro", "weighted"])
    fig["ece"], fig["mce"] = calibration_errors(probs[np.arange(n), pred], pred == gold)
    for k in (2, 3, 5):
        if c > k:
            fig["top%d_accuracy" % k] = m.top_k_accuracy_score(gold, probs, k=k, labels=labels)
    each = per_label(gold, pred, labels, probs, onehot)
    rocs = [d["roc_auc"] for d in each if not math.isnan(d["roc_auc"])]
    fig["roc_auc"] = float(np.mean(rocs)) if rocs else math.nan
    fig["pr_auc"] = float(np.mean([d["pr_auc"] for d in each]))
    if c > 2 and len(rocs) == c:
        # The sklearn call itself checks that rows sum to 1, so it is not used for all.
        assert abs(fig["roc_auc"] - m.roc_auc_score(gold, probs / probs.sum(1, keepdims=True),
                                                    multi_class="ovr", labels=labels)) < 1e-9
    names = ["label %d" % k for k in labels]
    return {"name": name, "labels": names, "gold": gold.tolist(), "probs": probs.ravel().tolist(),
            "figures": fig, "per_label": each,
            "confusion": m.confusion_matrix(gold, pred, labels=labels).tolist(),
            "normalized": np.nan_to_num(m.confusion_matrix(gold, pred, labels=labels, normalize="true")).tolist(),
            "report": m.classification_report(gold, pred, labels=labels, target_names=names, zero_division=0)
            if len(set(gold) | set(pred)) == c else ""}


def multi(name, gold, probs, thresholds=None):
    gold, probs = np.asarray(gold, int), np.asarray(probs, float)
    n, c = probs.shape
    pred = (probs >= (0.5 if thresholds is None else np.asarray(thresholds))).astype(int)
    labels = list(range(c))
    eps = np.finfo(float).eps
    q = np.clip(np.where(gold == 1, probs, 1 - probs), eps, 1 - eps)
    fig = {
        "accuracy": m.accuracy_score(gold, pred),
        "hamming_loss": m.hamming_loss(gold, pred),
        "log_loss": -np.log(q).mean(),
        "brier": ((probs - gold) ** 2).mean(),
    }
    prf(fig, gold, pred, labels, ["macro", "micro", "weighted", "samples"])
    fig["ece"], fig["mce"] = calibration_errors(probs.ravel(), gold.ravel() == 1)
    each = per_label(gold, pred, labels, probs, gold)
    rocs = [d["roc_auc"] for d in each if not math.isnan(d["roc_auc"])]
    fig["roc_auc"] = float(np.mean(rocs)) if rocs else math.nan
    fig["pr_auc"] = float(np.mean([d["pr_auc"] for d in each]))
    names = ["label %d" % k for k in labels]
    return {"name": name, "labels": names, "gold": (gold == 1).ravel().tolist(), "probs": probs.ravel().tolist(),
            "thresholds": thresholds, "figures": fig, "per_label": each,
            "confusion": m.multilabel_confusion_matrix(gold, pred).reshape(-1, 4).tolist(),
            "report": m.classification_report(gold, pred, target_names=names, zero_division=0)}


def curve(name, gold, score):
    gold, score = np.asarray(gold), np.asarray(score, float)
    fpr, tpr, _ = m.roc_curve(gold, score, drop_intermediate=False)
    pr, rc, _ = m.precision_recall_curve(gold, score, drop_intermediate=False)
    return {"name": name, "gold": gold.tolist(), "score": score.tolist(), "fpr": fpr.tolist(), "tpr": tpr.tolist(),
            "precision": pr[::-1].tolist(), "recall": rc[::-1].tolist()}


def platt(name, gold, score):
    """Platt's sigmoid on the log-odds: p = 1/(1+exp(A*score+B)), with his targets."""
    c = _SigmoidCalibration().fit(np.asarray(score), np.asarray(gold))
    return {"name": name, "gold": gold.tolist(), "score": score.tolist(), "a": c.a_, "b": c.b_}


def temperature(name, gold, logits):
    """By golden section over 1/T: sklearn's own fit stops at 64 * eps of float32."""
    import scipy.optimize
    import scipy.special
    lp = lambda beta: -scipy.special.log_softmax(beta * logits, axis=1)[np.arange(len(gold)), gold].mean()
    best = scipy.optimize.minimize_scalar(lp, bounds=(1e-3, 100), method="bounded", options={"xatol": 1e-12})
    return {"name": name, "gold": gold.tolist(), "logits": logits.ravel().tolist(), "labels": logits.shape[1],
            "beta": best.x, "nll": best.fun}


def mcnemar(b, c):
    n = b + c
    return {"b": b, "c": c,
            "exact": scipy.stats.binomtest(b, n, 0.5).pvalue if n else 1.0,
            "chi2": max(abs(b - c) - 1, 0) ** 2 / n if n else 0.0,
            "p": scipy.stats.chi2.sf(max(abs(b - c) - 1, 0) ** 2 / n, 1) if n else 1.0}


def clean(x):
    if isinstance(x, dict):
        return {k: clean(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [clean(v) for v in x]
    if isinstance(x, (np.bool_, bool)):
        return bool(x)
    if isinstance(x, (np.integer, int)):
        return int(x)
    if isinstance(x, (np.floating, float)):
        return None if math.isnan(x) else float(x)
    return x


def main():
    rng = np.random.default_rng(20240229)

    def draw(n, c, skill=1.5, alpha=1.0):
        gold = rng.choice(c, n, p=rng.dirichlet(np.full(c, 3.0)))
        logits = rng.normal(size=(n, c)) * alpha
        logits[np.arange(n), gold] += skill
        e = np.exp(logits)
        return gold, e / e.sum(1, keepdims=True)

    cases = []
    for c, n in [(2, 150), (3, 200), (4, 60), (7, 250), (12, 90)]:
        cases.append(single("random, %d labels" % c, *draw(n, c)))
    for c in (2, 3, 6):
        gold, _ = draw(120, c)
        cases.append(single("ties, %d labels" % c, gold, rng.multinomial(5, np.full(c, 1 / c), 120) / 5))
    cases.append(single("all equal", [0, 1, 2, 0], np.full((4, 3), 1 / 3)))
    gold, p = draw(80, 3)
    cases.append(single("label without support", np.where(gold == 2, 0, gold), p))
    q = p.copy(); q[:, 1] = 0; q /= q.sum(1, keepdims=True)
    cases.append(single("label never predicted, probability 0", gold, q))
    cases.append(single("one gold label", np.zeros(80, int), p))
    cases.append(single("one gold label, one predicted", np.zeros(5, int), np.tile([0.7, 0.2, 0.1], (5, 1))))
    cases.append(single("one predicted label", gold, np.tile([0.1, 0.8, 0.1], (80, 1))))
    cases.append(single("two gold labels of three, two others predicted", [0, 0, 1], [[0.1, 0.8, 0.1], [0, 0.1, 0.9], [0.2, 0.1, 0.7]]))
    cases.append(single("all right, certain", gold, np.eye(3)[gold]))
    cases.append(single("all wrong, certain", gold, np.eye(3)[(gold + 1) % 3]))
    cases.append(single("one row, right", [1], [[0.25, 0.75]]))
    cases.append(single("one row, wrong", [0], [[0.25, 0.75]]))
    cases.append(single("bin edges", [0, 1] * 15, [[k / 15, 1 - k / 15] for k in range(1, 16)] * 2))

    multis = []
    for c, n in [(2, 60), (5, 120), (20, 80)]:
        g = rng.random((n, c)) < rng.uniform(0.05, 0.5, c)
        z = rng.normal(size=(n, c)) + 2 * g - 1
        multis.append(multi("random, %d labels" % c, g, 1 / (1 + np.exp(-z))))
    multis.append(multi("own thresholds", g, 1 / (1 + np.exp(-z)), rng.uniform(0.2, 0.8, c).tolist()))
    multis.append(multi("ties", rng.random((50, 4)) < 0.3, rng.integers(0, 5, (50, 4)) / 4))
    multis.append(multi("nothing gold", np.zeros((6, 3)), rng.random((6, 3))))
    multis.append(multi("nothing predicted", rng.random((20, 3)) < 0.5, 0.4 * rng.random((20, 3))))
    multis.append(multi("all right", np.eye(4), np.eye(4)))
    multis.append(multi("everything gold and predicted", np.ones((3, 2)), np.ones((3, 2))))

    curves = []
    g = rng.random(60) < 0.4
    curves.append(curve("random", g.astype(int), rng.normal(size=60) / 10 + 0.3 * g + 0.3))
    curves.append(curve("ties", g.astype(int), rng.integers(0, 6, 60) / 5))

    platts, temps = [], []
    for n, skill in [(50, 1.0), (400, 2.0)]:
        gold = (rng.random(n) < 0.4).astype(int)
        platts.append(platt("n = %d" % n, gold, rng.normal(size=n) * 2 + skill * (2 * gold - 1) + 0.5))
    for n, c, scale in [(100, 2, 3.0), (500, 4, 0.5)]:
        gold, p = draw(n, c)
        temps.append(temperature("n = %d, %d labels" % (n, c), gold, np.log(p) * scale))

    doc = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
           "single": cases, "multi": multis, "curves": curves, "platt": platts, "temperature": temps,
           "mcnemar": [mcnemar(b, c) for b, c in [(0, 0), (1, 0), (0, 6), (3, 4), (10, 25), (40, 41), (500, 420), (30000, 29500)]]}
    with open("sklearn.json", "w") as f:
        json.dump(clean(doc), f, indent=None, separators=(",", ":"))
        f.write("\n")


main()

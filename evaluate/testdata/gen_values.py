#!/usr/bin/env python3
"""Writes values.json: gold and predicted numbers, random, tied and degenerate, and the
figures that scikit-learn and SciPy give for them. Run in this folder with scikit-learn
1.9 and SciPy 1.17: python3 gen_values.py

Values that are not defined (NaN) become null.
"""
import json
import math
import warnings

import numpy as np
import scipy
import scipy.stats
import sklearn
from sklearn import metrics as m

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def correlation(f, gold, pred):
    if len(gold) < 2:
        return None
    r = float(f(gold, pred).statistic)
    return None if math.isnan(r) else r


def case(name, gold, pred):
    gold, pred = np.asarray(gold, float), np.asarray(pred, float)
    r2 = float(m.r2_score(gold, pred))
    return {
        "name": name, "gold": gold.tolist(), "predicted": pred.tolist(),
        "figures": {
            "rmse": float(m.root_mean_squared_error(gold, pred)),
            "mae": float(m.mean_absolute_error(gold, pred)),
            "r2": None if math.isnan(r2) else r2,
            "pearson": correlation(scipy.stats.pearsonr, gold, pred),
            "spearman": correlation(scipy.stats.spearmanr, gold, pred),
        },
    }


normal = rng.normal(size=50)
stars = rng.integers(1, 6, size=80)
prices = np.exp(rng.normal(12, 1.5, size=40))
cases = [
    case("normal", normal, 0.7 * normal + rng.normal(0, 0.5, size=50)),
    case("stars, tied", stars, np.clip(np.round(stars + rng.normal(0, 1.2, size=80)), 1, 5)),
    case("gold tied, answers not", stars, stars + rng.normal(0, 1, size=80)),
    case("prices", prices, prices * np.exp(rng.normal(0, 0.4, size=40))),
    case("far from zero", 1e6 + normal, 1e6 + normal[::-1]),
    case("exact", [1, 2, 3, 4], [1, 2, 3, 4]),
    case("reversed", [1, 2, 3, 4], [4, 3, 2, 1]),
    case("constant answers", [1, 2, 4], [2, 2, 2]),
    case("constant gold", [2, 2, 2], [1, 2, 4]),
    case("constant gold, right", [2, 2, 2], [2, 2, 2]),
    case("one row", [3], [2.5]),
    case("two rows", [1, 3], [2, 2.5]),
]
with open("values.json", "w") as f:
    json.dump({"sklearn": sklearn.__version__, "scipy": scipy.__version__, "cases": cases}, f, indent=1)
    f.write("\n")

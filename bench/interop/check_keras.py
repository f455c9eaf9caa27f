"""Runs the exports that `interop export DIR` has written under Keras.

    python check_keras.py DIR

Prints the worst difference of scores over all texts for each model, and fails where one is
above 1e-5.
"""
import importlib.util
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np

LIMIT = 1e-5


def load(base):
    spec = importlib.util.spec_from_file_location("exported", f"{base}_keras.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, module.build(f"{base}.weights.h5")


def scores(module, model, rows, heads):
    out = {h: [] for h in heads}
    for i in range(0, len(rows), 23):
        batch = module.batch(rows[i:i + 23])
        if hasattr(model, "scores"):
            got = {h: np.array(s) for h, s in model.scores(batch).items()}
        else:  # a chain: its answer is a softmax, the same for scores less a number
            got = {heads[0]: np.array(model(batch))}
        for h in heads:
            out[h].extend(got[h])
    return out


def windows(base):
    """The worst difference of a network of numbers."""
    data = json.load(open(base + ".windows.json"))
    _, model = load(base)
    y = np.array(model.predict(np.array(data["windows"], np.float32), verbose=0)).ravel()
    worst = float(np.abs(y - np.array(data["answers"], np.float32)).max())
    print(f"{pathlib.Path(base).name:16} {len(y)} windows {type(model).__name__:10} {worst:.1e}")
    return worst


def main(folder):
    bad = False
    for path in sorted(pathlib.Path(folder).glob("*_keras.py")):
        base = str(path)[:-len("_keras.py")]
        if os.path.exists(base + ".windows.json"):
            bad |= not windows(base) <= LIMIT
            continue
        rows = [json.loads(line) for line in open(base + ".rows.jsonl")]
        want = json.load(open(base + ".scores.json"))
        module, model = load(base)
        got = scores(module, model, rows, list(want))
        worst = 0.0
        for h in want:
            a, b = np.array(got[h], np.float32), np.array(want[h], np.float32)
            if not hasattr(model, "scores") and a.shape[1] > 1 and model.layers[-1].activation is keras.activations.softmax:
                b = np.exp(b - b.max(1, keepdims=True))
                b /= b.sum(1, keepdims=True)
            worst = max(worst, float(np.abs(a - b).max()))
        predicted = model.predict(module.batch(rows[:8]), verbose=0)  # as a graph
        bad |= not worst <= LIMIT
        print(f"{path.stem[:-6]:16} {len(rows)} texts   {type(model).__name__:10} {worst:.1e}")
    sys.exit(bad)


main(sys.argv[1])

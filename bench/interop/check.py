"""Runs the exports that `interop export DIR` has written under PyTorch and ONNX Runtime.

    python check.py DIR

Prints the worst difference of scores over all texts for each model, and fails where one
is above 1e-5.
"""
import importlib.util
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import safetensors.torch
import torch

LIMIT = 1e-5


def fill(rows, name, padding):
    width = max([1] + [len(r.get(name, [])) for r in rows])
    return np.array([r.get(name, []) + [padding] * (width - len(r.get(name, []))) for r in rows])


def series(rows):
    width = max(len(r["values"]) for r in rows)
    values = [r["values"] + [0.0] * (width - len(r["values"])) for r in rows]
    return {"values": np.array(values, np.float32)[:, :, None], "lengths": np.array([len(r["values"]) for r in rows])}


def inputs(rows, padding):
    if "values" in rows[0]:
        return series(rows)
    out = {"ids": fill(rows, "ids", 0), "lengths": np.array([len(r["ids"]) for r in rows]),
           "ngrams": fill(rows, "ngrams", padding.get("ngrams", 0)),
           "polarity": np.array([r.get("polarity", 0) for r in rows], np.float32)}
    grams = max([1] + [len(g) for r in rows for g in r.get("subwords", [])])
    out["subwords"] = np.full((*out["ids"].shape, grams), padding.get("subwords", 0))
    for i, r in enumerate(rows):
        for t, g in enumerate(r.get("subwords", [])):
            out["subwords"][i, t, :len(g)] = g
    return out


def run_onnx(path, rows):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    padding = json.loads(session.get_modelmeta().custom_metadata_map.get("textlstm", '{"padding": {}}'))["padding"]
    names = [i.name for i in session.get_inputs()]
    heads = [o.name for o in session.get_outputs() if o.name.endswith("scores")]
    out = {h[:-7]: [] for h in heads}
    for i in range(0, len(rows), 23):
        batch = inputs(rows[i:i + 23], padding)
        for name, y in zip(heads, session.run(heads, {n: batch[n] for n in names})):
            out[name[:-7]].extend(y)
    return out


def run_torch(base, rows, load):
    spec = importlib.util.spec_from_file_location("exported", f"{base}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.Model()
    model.load_state_dict(load())
    model.eval()
    out = {}
    with torch.no_grad():
        for i in range(0, len(rows), 23):
            if "values" in rows[0]:
                batch = {k: torch.from_numpy(v) for k, v in series(rows[i:i + 23]).items()}
                batch["x"] = batch["values"]
            else:
                batch = module.batch(rows[i:i + 23])
            names = model.forward.__code__.co_varnames[1:model.forward.__code__.co_argcount]
            for name, y in model(**{n: batch[n] for n in names}).items():
                out.setdefault(name, []).extend(y.numpy())
    return out


def main(folder):
    bad = False
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        base = str(path)[:-5]
        rows = [json.loads(line) for line in open(base + ".rows.jsonl")]
        want = json.load(open(base + ".scores.json"))
        line = []
        for name, run in {
            "onnx": lambda: run_onnx(str(path), rows),
            "pt": lambda: run_torch(base, rows, lambda: torch.load(base + ".pt", weights_only=True, mmap=True)),
            "safetensors": lambda: run_torch(base, rows, lambda: safetensors.torch.load_file(base + ".safetensors")),
        }.items():
            got = run()
            assert got.keys() == want.keys(), (got.keys(), want.keys())
            worst = max(float(np.abs(np.array(got[h]) - np.array(want[h], np.float32)).max()) for h in want)
            bad |= not worst <= LIMIT
            line.append(f"{name} {worst:.1e}")
        print(f"{path.stem:16} {len(rows)} texts   " + "   ".join(line))
    sys.exit(bad)


if __name__ == "__main__":
    main(sys.argv[1])

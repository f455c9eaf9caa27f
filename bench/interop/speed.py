"""How fast ONNX Runtime is on the exports that `interop speed DIR` has written.

    python speed.py DIR

One thread, batches of 32 texts of like length; the best of five passes.
"""
import json
import pathlib
import sys
import time

import onnxruntime

from check import inputs

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.speed.onnx")):
    rows = [json.loads(line) for line in open(str(path)[:-5] + ".jsonl")]
    rows.sort(key=lambda r: len(r["ids"]))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    padding = json.loads(session.get_modelmeta().custom_metadata_map["textlstm"])["padding"]
    names = [i.name for i in session.get_inputs()]
    heads = [o.name for o in session.get_outputs() if o.name.endswith(".scores")]
    batches = []
    for i in range(0, len(rows), 32):
        batch = inputs(rows[i:i + 32], padding)
        batches.append({n: batch[n] for n in names})
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for b in batches:
            session.run(heads, b)
        best = min(best, time.perf_counter() - start)
    tokens = sum(len(r["ids"]) for r in rows)
    print(f"{path.name.split('.')[0]:12} ONNX Runtime {onnxruntime.__version__:12} {tokens / best:9.0f} tokens/s")

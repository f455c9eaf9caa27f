"""Writes networks of Keras as its exporter to ONNX (tf2onnx) makes them, and their answers,
for the tests of package onnx.

    python3 gen_keras_onnx.py DIR [TEXTS]

Needs keras, tensorflow and tf2onnx. The files are as gen_torch.py's.
"""
import json
import pathlib
import sys

import keras
import numpy as np
from keras import layers as L

IDS = L.Input((None,), dtype="int32")
MODELS = {
    "lstm": lambda: [IDS, L.Embedding(13, 6), L.LSTM(5), L.Dense(3, activation="softmax")],
    "bilstm-2": lambda: [IDS, L.Embedding(13, 6), L.Bidirectional(L.LSTM(5, return_sequences=True)), L.Bidirectional(L.LSTM(4)),
                         L.Dense(4, activation="relu"), L.Dropout(0.5), L.Dense(1, activation="sigmoid")],
    "max": lambda: [IDS, L.Embedding(13, 6), L.Bidirectional(L.LSTM(5, return_sequences=True)), L.GlobalMaxPooling1D(), L.Dense(2, activation="softmax")],
    "mean": lambda: [IDS, L.Embedding(13, 6), L.LSTM(5, return_sequences=True), L.GlobalAveragePooling1D(), L.Dense(4, activation="sigmoid")],
    "series": lambda: [L.Input((None, 1)), L.LSTM(9, return_sequences=True), L.LSTM(6), L.Dense(1)],
}


def main(folder, texts):
    for seed, (name, make) in enumerate(MODELS.items()):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(make())
        model.set_weights([2 * w + 0.1 * np.random.randn(*w.shape) for w in model.get_weights()])
        random = np.random.default_rng(7)
        rows, scores = [], []
        before = keras.Model(model.inputs, model.layers[-2].output)
        w, b = model.layers[-1].get_weights()
        for _ in range(texts):
            n = random.integers(1, 13)
            row = random.standard_normal((n, 1)).astype(np.float32) if name == "series" else random.integers(0, 13, n).astype(np.int32)
            scores.append((before(row[None]).numpy() @ w + b)[0].tolist())
            rows.append(row.flatten().tolist())
        model(row[None])
        base = pathlib.Path(folder) / f"keras-{name}"
        model.export(f"{base}.tf2onnx.onnx", format="onnx", verbose=False)
        with open(f"{base}.json", "w") as f:
            json.dump({"rows": rows, "scores": scores}, f)
            f.write("\n")


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5)

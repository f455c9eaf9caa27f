"""Trains a classifier of film reviews in Keras, on raw texts, and writes what it answers.

    python imdb_keras.py TABLE FOLDER

TABLE is tab-separated, with the columns text and label; 4,000 of its texts are learned. FOLDER gets
imdb.keras and, for 1,000 others, imdb.json, which `interop from-keras FOLDER` compares with.
"""
import csv
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L


rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
np.random.default_rng(1).shuffle(rows)
names = sorted({r["label"] for r in rows})
train, dev = (([r["text"] for r in part], np.array([names.index(r["label"]) for r in part])) for part in (rows[:4000], rows[4000:5000]))
folder = pathlib.Path(sys.argv[2])
folder.mkdir(exist_ok=True)
keras.utils.set_random_seed(1)
words = L.TextVectorization(max_tokens=10000, output_sequence_length=120)
words.adapt(tf.constant(train[0]))
m = keras.Sequential([
    L.Input((1,), dtype="string"), words, L.Embedding(10000, 32, mask_zero=True), L.SpatialDropout1D(0.2),
    L.Bidirectional(L.LSTM(32)), L.Dense(16, activation="relu"), L.Dropout(0.5), L.Dense(1, activation="sigmoid")])
m.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
m.fit(tf.constant([[t] for t in train[0]]), train[1], epochs=4, batch_size=64, verbose=0)
m.save(folder / "imdb.keras")
p = m.predict(tf.constant([[t] for t in dev[0]]), verbose=0)
print("accuracy on", len(dev[0]), "texts:", float(((p[:, 0] > 0.5) == dev[1]).mean()))
(folder / "imdb.json").write_text(json.dumps({"texts": dev[0], "outputs": {"label": p.tolist()}}))

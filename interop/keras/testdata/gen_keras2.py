"""Makes keras2.h5 and keras2.keras beside it, files of Keras 2, and what the model answers:

    python gen_keras2.py    (needs tensorflow 2.15)
"""
import json, os, pathlib
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers as L

HERE = pathlib.Path(__file__).parent
keras.utils.set_random_seed(8)
i = L.Input((None,), dtype="int32")
x = L.Embedding(12, 4, mask_zero=True)(i)
x = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
x = L.Dropout(0.5)(x)
x = L.LSTM(4, return_sequences=True)(x)
x = L.Concatenate()([L.GlobalMaxPooling1D()(x), L.GlobalAveragePooling1D()(x)])
m = keras.Model(i, [L.Dense(3, activation="softmax", name="kind")(x), L.Dense(1, activation="sigmoid", name="spam")(x)])
rng = np.random.default_rng(2)
m.set_weights([rng.normal(0, 0.7, w.shape).astype("f4") for w in m.get_weights()])
m.save(HERE / "keras2.h5")
m.save(HERE / "keras2.keras")
ask = [rng.integers(1, 12, rng.integers(1, 9)) for _ in range(20)]
out = {"kind": [], "spam": []}
for a in ask:
    for name, y in zip(out, m.predict(a[None], verbose=0)):
        out[name].append(y[0].tolist())
(HERE / "keras2.json").write_text(json.dumps({"texts": [" ".join(map(str, a)) for a in ask], "outputs": out}, separators=(",", ":")).replace("],[", "],\n[") + "\n")
print("tensorflow", tf.__version__)

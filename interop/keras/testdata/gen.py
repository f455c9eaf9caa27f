"""Makes the files beside it with Keras:  python gen.py [FOLDER [N]]   (needs keras and tensorflow)

For each model below a file of it, and NAME.json with what it answers: "texts" or "windows",
N of them, and "outputs" by the names of its heads. Models of texts have the weights that
they were drawn with, scaled up so that answers differ; the forecaster has learned a little,
and gradients.json says how it would go on. Everything is drawn from fixed seeds.
"""

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

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
N = int(sys.argv[2]) if len(sys.argv) > 2 else 20

WORDS = "the a film plot actor was is not very good bad dull bright I we saw café Ünder 好 don't it's end".split()
TRAIN = ["the film was good", "a bad plot, dull", "I don't like it's end!", "café Ünder the film", "very very bright actor", "we saw it", "not good"]


def texts(n, seed=1):
    rng = np.random.default_rng(seed)
    marks = ["", "", "", ",", "!", "...", "'s", "-", "\u00a0", "_x", ":D", "?"]
    gaps = [" ", " ", " ", "  ", "\t", "\n"]
    out = ["", " ", "!!!", "GOOD", "the film was good", "unknown words altogether"]
    while len(out) < n:
        text = ""
        for _ in range(rng.integers(1, 22)):
            word = WORDS[rng.integers(len(WORDS))]
            if rng.random() < 0.2:
                word = word.upper()
            text += word + marks[rng.integers(len(marks))] + gaps[rng.integers(len(gaps))]
        out.append(text)
    return out[:n]


def vectorize(**how):
    layer = L.TextVectorization(**how)
    layer.adapt(tf.constant(TRAIN))
    return layer


def start(**how):
    """A text input, and its ids."""
    i = L.Input((1,), dtype="string")
    layer = vectorize(**how)
    return i, layer(i), layer.vocabulary_size()


def text_sequential():
    v = vectorize(output_sequence_length=12, max_tokens=40)
    return keras.Sequential([
        L.Input((1,), dtype="string"), v, L.Embedding(40, 6, mask_zero=True), L.Bidirectional(L.LSTM(5, return_sequences=True)),
        L.Bidirectional(L.LSTM(4)), L.Dense(7, activation="relu"), L.Dropout(0.5), L.Dense(3, activation="softmax")])


def padding_is_read():
    i, x, n = start(output_sequence_length=10)
    x = L.Embedding(n, 5)(x)
    x = L.SpatialDropout1D(0.2)(x)
    x = L.Bidirectional(L.LSTM(4, return_sequences=True, dropout=0.1, recurrent_dropout=0.1))(x)
    x = L.GlobalMaxPooling1D()(x)
    x = L.Dense(5, activation="relu")(x)
    return keras.Model(i, L.Dense(4, activation="sigmoid")(x))


def two_heads():
    i, x, n = start(output_sequence_length=12)
    x = L.Embedding(n, 6, mask_zero=True)(x)
    x = L.Bidirectional(L.LSTM(4, return_sequences=True), merge_mode="sum")(x)
    x = L.LSTM(3, return_sequences=True)(x)
    x = L.Concatenate()([L.GlobalMaxPooling1D()(x), L.GlobalAveragePooling1D()(x)])
    h = L.Dense(4, activation="tanh")(x)
    return keras.Model(i, [L.Dense(2, activation="softmax", name="mood")(h), L.Dense(1, activation="sigmoid", name="spam")(h)])


def gru_widths():
    i, x, n = start(output_sequence_length=9)
    x = L.Embedding(n, 3, mask_zero=True)(x)
    x = L.GRU(6, return_sequences=True)(x)
    x = L.GRU(4, return_sequences=True)(x)
    x = L.GRU(5)(x)
    return keras.Model(i, L.Dense(1, activation="sigmoid")(x))


def products():
    i, x, n = start(output_sequence_length=14)
    x = L.Embedding(n, 4, mask_zero=True)(x)
    x = L.Bidirectional(L.GRU(6), merge_mode="mul")(x)
    x = L.Dense(5, activation="gelu")(x)
    x = L.Dense(4, activation="silu")(x)
    x = L.Dense(4)(x)
    x = L.Activation("tanh")(x)
    return keras.Model(i, L.Dense(3, activation="softmax")(x))


def maximum_under_mask():
    i, x, n = start(output_sequence_length=15)
    x = L.Embedding(n, 4, mask_zero=True)(x)
    x = L.Bidirectional(L.LSTM(6, return_sequences=True), merge_mode="ave")(x)
    x = L.GlobalMaxPooling1D()(x)
    return keras.Model(i, L.Dense(3, activation="softmax")(x))


def characters():
    i, x, n = start(split="character", standardize="lower", output_sequence_length=25)
    x = L.Embedding(n, 4, mask_zero=True)(x)
    x = L.LSTM(7)(x)
    return keras.Model(i, L.Dense(2, activation="softmax")(x))


def backwards():
    i, x, n = start(standardize="strip_punctuation", output_sequence_length=11)
    x = L.Embedding(n, 4, mask_zero=True)(x)
    x = L.LSTM(6, return_sequences=True)(x)
    x = L.LSTM(5, go_backwards=True, use_bias=False)(x)
    return keras.Model(i, L.Dense(2, activation="softmax", use_bias=False)(x))


def nested():
    i = L.Input((None,), dtype="int64")
    x = L.Embedding(40, 4, mask_zero=True)(i)
    x = L.LSTM(5)(x)
    inner = keras.Model(i, L.Dense(3)(x))
    return keras.Sequential([L.Input((1,), dtype="string"), vectorize(standardize=None, output_sequence_length=8), inner, L.Softmax()])


def number_of_text():
    i, x, n = start(output_sequence_length=12)
    x = L.Embedding(n, 4, mask_zero=True)(x)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    m = keras.Model(i, L.Dense(1)(L.GlobalAveragePooling1D()(x)))
    m.compile(loss="mse")
    return m


def logits_of_ids():
    m = keras.Sequential([L.Input((None,)), L.Embedding(20, 4), L.GRU(5), L.Dense(1)])
    m.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
    return m


def series():
    i = L.Input((7, 3))
    x = L.Bidirectional(L.LSTM(5, return_sequences=True), merge_mode="mul")(i)
    x = L.GRU(4, return_sequences=True)(x)
    x = L.Bidirectional(L.LSTM(3), merge_mode="ave")(x)
    x = L.Dense(4, activation="elu")(x)
    return keras.Model(i, L.Dense(2)(x))


def sharpen(m, seed):
    """Gives all weights new values, large ones, biases too."""
    rng = np.random.default_rng(seed)
    m.set_weights([rng.normal(0, 0.7, w.shape).astype("f4") for w in m.get_weights()])


def answers(m, x):
    """What the model says, by output."""
    y = m.predict(x, verbose=0)
    if not isinstance(y, list):
        return {"label": y.tolist()}
    return {name: v.tolist() for name, v in zip(m.output_names, y)}


def finite(v):
    return [None if any(x != x for x in row) else row for row in v]


def write(name, **content):
    (FOLDER / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("],[", "],\n[") + "\n")


def text_models():
    for k, make in enumerate([text_sequential, padding_is_read, two_heads, gru_widths, products, maximum_under_mask, characters, backwards,
                              nested, number_of_text]):
        keras.utils.set_random_seed(k)
        keras.backend.clear_session()
        m = make()
        sharpen(m, k)
        m.save(FOLDER / f"{make.__name__}.keras")
        ask = texts(N, seed=k)
        out = answers(m, tf.constant([[t] for t in ask]))
        write(make.__name__, texts=ask, outputs={h: finite(v) for h, v in out.items()})


def id_model():
    keras.backend.clear_session()
    m = logits_of_ids()
    sharpen(m, 77)
    m.save(FOLDER / "logits_of_ids.keras")
    rng = np.random.default_rng(3)
    ask = [rng.integers(0, 20, rng.integers(1, 9)) for _ in range(N)]
    out = [[float(tf.sigmoid(m(a[None]))[0, 0])] for a in ask]
    write("logits_of_ids", texts=[" ".join(map(str, a)) for a in ask], outputs={"label": out})


def padded_in_front():
    """Ids made outside the model, as Keras's own IMDB example has them: cut at the front, filled up at the front."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(9)
    words = ["", "[UNK]", "the", "film", "a", "was", "good", "plot", "it", "we", "dont"]
    m = keras.Sequential([L.Input((8,)), L.Embedding(len(words), 4), L.LSTM(5), L.Dense(1, activation="sigmoid")])
    sharpen(m, 79)
    m.save(FOLDER / "padded_in_front.keras")
    (FOLDER / "padded_in_front.txt").write_text("\n".join(words) + "\n")
    ask = texts(N, seed=9)
    table = str.maketrans("", "", "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
    lower = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
    ids = [[words.index(w) if w in words else 1 for w in t.translate(lower).translate(table).replace("\u00a0", "_").split() if w] for t in ask]
    y = m.predict(keras.utils.pad_sequences(ids, maxlen=8), verbose=0)
    write("padded_in_front", texts=ask, outputs={"label": y.tolist()})


def windows(n, steps):
    t = np.arange(n + steps) * 0.1
    s = np.sin(t).astype("f4")
    return np.stack([s[i:i + steps] for i in range(n)])[..., None], s[steps:n + steps, None]


def forecaster():
    """The classic of two layers, with how it goes on: losses and weights after some more steps."""
    keras.utils.set_random_seed(5)
    keras.backend.clear_session()
    x, y = windows(60, 10)
    size = 50 if N > 50 else 8
    m = keras.Sequential([L.Input((10, 1)), L.LSTM(size, return_sequences=True), L.LSTM(size), L.Dense(1)])
    m.compile(optimizer=keras.optimizers.Adam(0.001), loss="mse")
    m.fit(x, y, epochs=2, batch_size=1, verbose=0, shuffle=False)
    m.save(FOLDER / "forecaster.keras")
    m.save(FOLDER / "forecaster.h5")
    m.save_weights(FOLDER / "forecaster.weights.h5")
    (FOLDER / "forecaster_model.json").write_text(m.to_json())
    ask, want = windows(max(N, 12), 10)
    before = m.predict(ask, verbose=0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((m(x[:12]) - y[:12]) ** 2)
    grads = tape.gradient(loss, m.trainable_variables)
    # PyTorch and this module add epsilon to the corrected root, Keras to the root itself: with one
    # that is too small to matter they are the same.
    m.compile(optimizer=keras.optimizers.Adam(0.001, epsilon=1e-12), loss="mse")
    losses = [float(m.train_on_batch(x[i:i + 1], y[i:i + 1])) for i in range(12)]
    after = m.predict(ask, verbose=0)
    write("forecaster", windows=ask.tolist(), outputs={"label": before.tolist()}, targets=want.tolist())
    write("forecaster_training", x=x[:12].tolist(), y=y[:12].tolist(), loss=float(loss), gradients=[g.numpy().tolist() for g in grads],
          losses=losses, after=after.tolist())


def series_model():
    keras.utils.set_random_seed(6)
    keras.backend.clear_session()
    m = series()
    sharpen(m, 78)
    m.save(FOLDER / "series.keras")
    ask = np.random.default_rng(4).normal(0, 1, (N, 7, 3)).astype("f4")
    write("series", windows=ask.tolist(), outputs=answers(m, ask))


def refused():
    """Models that cannot be represented, small ones."""
    (FOLDER / "refused").mkdir(exist_ok=True)

    def save(name, *more, top=(L.Input((5, 2)),)):
        keras.backend.clear_session()
        keras.Sequential([*top, *more]).save(FOLDER / "refused" / f"{name}.keras")
    lstm = dict(name="lstm")
    save("activation", L.LSTM(2, activation="relu", **lstm), L.Dense(1))
    save("gates", L.LSTM(2, recurrent_activation="hard_sigmoid", **lstm), L.Dense(1))
    save("reset", L.GRU(2, reset_after=False, name="gru"), L.Dense(1))
    save("stateful", L.LSTM(2, stateful=True, **lstm), L.Dense(1), top=(L.Input(batch_shape=(1, 5, 2)),))
    save("steps", L.LSTM(2, return_sequences=True), L.Dense(1, name="dense"))
    save("convolution", L.Conv1D(2, 3, name="conv"), L.LSTM(2), L.Dense(1))
    save("backwards", L.LSTM(2, go_backwards=True, return_sequences=True, **lstm), L.LSTM(2, name="next"), L.Dense(1))
    save("dense", L.LSTM(2), L.Dense(2, activation="softsign", name="dense"))
    save("outer", L.Bidirectional(L.LSTM(2)), L.BatchNormalization(name="norm"), L.Dense(1))
    save("masking", L.Masking(name="masking"), L.LSTM(2), L.Dense(1))
    save("ngrams", L.Embedding(50, 2), L.LSTM(2), L.Dense(1), top=(L.Input((1,), dtype="string"), vectorize(ngrams=2, name="text")))
    save("multi_hot", L.Dense(1), top=(L.Input((1,), dtype="string"), vectorize(output_mode="multi_hot", name="text")))
    @keras.saving.register_keras_serializable(package="own")
    class LSTM(L.LSTM):
        pass
    save("custom", LSTM(2, name="mine"), L.Dense(1))
    i = L.Input((5, 2))
    keras.Model(i, L.Dense(1)(L.Concatenate(name="join")([L.LSTM(2)(i), L.LSTM(2, name="other")(i)]))).save(FOLDER / "refused" / "branches.keras")
    i = L.Input((5, 2))
    y, h, c = L.LSTM(2, return_state=True, name="lstm")(i)
    keras.Model(i, L.Dense(1)(h)).save(FOLDER / "refused" / "states.keras")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    text_models()
    id_model()
    padded_in_front()
    forecaster()
    series_model()
    if N <= 50:
        refused()
    print("keras", keras.__version__, "tensorflow", tf.__version__)

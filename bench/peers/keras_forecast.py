"""Judges the LSTM of package forecast as Keras trains it, from a rolling origin:

    python keras_forecast.py -season 12 airline-passengers.csv      (needs keras and tensorflow-cpu)

Two LSTM layers of 50 units and a dense layer, Adam, the median by the absolute error, on the
windows that `forecast backtest` uses: trained on the first 70 % of the series, whose last fifth
chooses the epoch, then anew on all of them for as many epochs; series of fewer than 400 steps
five times on the way. -base none gives the network standardised values, as tutorials of Keras
do; last and season what `forecast` gives it, differences from the last value and, as the
targets, from the last value or that of a season before; auto is the one that is best on the
dev steps. One network, where `forecast` averages five for fewer than 1,000 windows. -cpu-seconds
is what all trainings together may take, each an equal share: one that has used its own ends after
the epoch, and counts as cut. Prints one JSON line with the MASE of the network, of the last
value and of the last season.
"""

import argparse
import csv
import json
import os
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

p = argparse.ArgumentParser()
p.add_argument("file")
p.add_argument("-values", default="")
p.add_argument("-season", type=int, default=0)
p.add_argument("-horizon", type=int, default=1)
p.add_argument("-stride", type=int, default=1)
p.add_argument("-base", default="auto", choices=["auto", "none", "last", "season"])
p.add_argument("-epochs", type=int, default=60)
p.add_argument("-seed", type=int, default=1)
p.add_argument("-threads", type=int, default=1)
p.add_argument("-cpu-seconds", type=float, default=0)
p.add_argument("-missing", action="store_true", help="fill days that have no row in a straight line")
a = p.parse_args()

import keras
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(a.threads)
tf.config.threading.set_inter_op_parallelism_threads(a.threads)

with open(a.file, newline="") as f:
    header, *rows = list(csv.reader(f))
column = header.index(a.values) if a.values else len(header) - 1
v = np.array([float(r[column]) for r in rows])
if a.missing:
    day = np.array([r[0] for r in rows], "datetime64[D]").astype(int)
    v = np.interp(np.arange(day[0], day[-1] + 1), day, v)
S, H = a.season, a.horizon
W = min(max(10, S), 64)
BACK = W + S if S > 1 else W


def windows(z, base, ends):
    """x [windows, W, inputs] and y [windows, H], and what y is a difference from."""
    t = np.asarray(ends)[:, None] + np.arange(1 - W, 1)
    level = z[ends][:, None] if base != "none" else 0
    x = [z[t] - level]
    if S > 1 and base != "none":
        x += [z[t] - z[t - S], np.sin(2 * np.pi * (t % S) / S), np.cos(2 * np.pi * (t % S) / S)]
    ahead = np.arange(1, H + 1)
    zero = np.zeros((len(ends), H))
    if base == "last":
        zero = zero + z[ends][:, None]
    if base == "season":
        zero = z[np.asarray(ends)[:, None] + ahead - S * ((ahead + S - 1) // S)]
    past = np.minimum(np.asarray(ends)[:, None] + ahead, len(z) - 1)  # beyond the end nobody asks
    return np.stack(x, -1).astype("float32"), (z[past] - zero).astype("float32"), zero


def network(inputs):
    keras.utils.set_random_seed(a.seed)
    m = keras.Sequential([keras.layers.Input((W, inputs)), keras.layers.LSTM(50, return_sequences=True), keras.layers.LSTM(50), keras.layers.Dense(H)])
    m.compile(keras.optimizers.Adam(1e-3 * max(1, batch / 8) ** 0.5, clipnorm=1.0), "mae")
    return m


class Budget(keras.callbacks.Callback):
    """Ends a training that has had its share of the processor's time."""

    cut = fits = 0

    def on_train_begin(self, logs=None):
        Budget.fits += 1
        self.until = time.process_time() + a.cpu_seconds / (refits * (len(candidates()) + 1))

    def on_epoch_end(self, epoch, logs=None):
        if a.cpu_seconds and time.process_time() > self.until:
            self.model.stop_training = True
            Budget.cut += 1


def candidates():
    return [a.base] if a.base != "auto" else ["last"] + ["season"] * (S > 1)


def learn(known):
    """The network of the base that is best on the dev steps."""
    cut = len(known) - max(int(0.2 * len(known)), H)
    best = None
    for base in candidates():
        mean, sd = known[:cut].mean(), known[:cut].std()
        z = (known - mean) / sd
        x, y, _ = windows(z, base, np.arange(BACK - 1, cut - H))
        dx, dy, _ = windows(z, base, np.arange(max(BACK, cut) - 1, len(known) - H))
        m = network(x.shape[-1])
        stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
        m.fit(x, y, batch, a.epochs, verbose=0, callbacks=[stop, Budget()], validation_data=(dx, dy))
        if best is None or stop.best < best[0]:
            best = float(stop.best), base, stop.best_epoch + 1
    _, base, epochs = best
    mean, sd = known.mean(), known.std()
    x, y, _ = windows((known - mean) / sd, base, np.arange(BACK - 1, len(known) - H))
    m = network(x.shape[-1])
    m.fit(x, y, batch, epochs, verbose=0, callbacks=[Budget()])
    return m, base, mean, sd


n = int(0.7 * len(v))
origins = list(range(n, len(v) - H + 1, a.stride))
refits = 5 if len(v) < 400 else 1
count = int(0.8 * n) - BACK - H + 1
batch = min(32, max(1, count // 16))
period = max(S, 1)
scale = np.abs(v[period:n] - v[: n - period]).mean()
errors, last, season, bases, start = [], [], [], [], time.process_time()
for part in range(refits):
    these = origins[part * len(origins) // refits : (part + 1) * len(origins) // refits]
    m, base, mean, sd = learn(v[: these[0]])
    bases.append(base)
    x, _, zero = windows((v - mean) / sd, base, np.array(these) - 1)
    answers = (m.predict(x, verbose=0) + zero) * sd + mean
    for o, y in zip(these, answers):
        errors.append(np.abs(y - v[o : o + H]).mean())
        last.append(np.abs(v[o - 1] - v[o : o + H]).mean())
        season.append(np.abs(np.array([v[o - period + h % period] for h in range(H)]) - v[o : o + H]).mean())
print(json.dumps({
    "file": os.path.basename(a.file), "horizon": H, "base": a.base, "bases": bases, "origins": len(origins),
    "mase": float(np.mean(errors) / scale), "last": float(np.mean(last) / scale), "season": float(np.mean(season) / scale),
    "cpu_s": round(time.process_time() - start, 1), "cut": Budget.cut, "fits": Budget.fits, "keras": keras.__version__,
}))

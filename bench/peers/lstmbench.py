"""What the peers' LSTM timers share with bench/throughput: its flags, its batches, its JSON line."""

import argparse
import json
import time

import numpy as np

VOCABULARY, LABELS = 20_000, 2


def flags():
    p = argparse.ArgumentParser()
    p.add_argument("-mode", choices=["train", "infer"], default="infer")
    for name, value in dict(input=100, hidden=128, layers=1, batch=32, steps=200, threads=1).items():
        p.add_argument("-" + name, type=int, default=value)
    p.add_argument("-bidirectional", action="store_true")
    p.add_argument("-seconds", type=float, default=5)
    p.add_argument("-lengths", help="file of sequence lengths, one a line, to draw from; every batch is then "
                   "as long as its longest sequence, and only real tokens count")
    p.add_argument("-words", help="file of texts to draw from instead of random words, one a line, as numbers of words; "
                   "lengths are then theirs")
    p.add_argument("-seed", type=int, default=1)
    return p


class Batches:
    """Batches of ids [T][B], random or those of texts, lengths [B] and labels [B], drawn anew each time."""

    def __init__(self, args):
        self.args, self.rng = args, np.random.default_rng(args.seed)
        self.lengths = np.loadtxt(args.lengths, dtype=np.int64) if args.lengths else np.array([args.steps])
        self.texts = None
        if args.words:
            with open(args.words) as f:
                self.texts = [np.array(line.split(), dtype=np.int64) for line in f]

    def draw(self):
        labels = self.rng.integers(0, LABELS, self.args.batch)
        if self.texts:
            texts = [self.texts[i] for i in self.rng.integers(0, len(self.texts), self.args.batch)]
            lengths = np.array([len(t) for t in texts])
            ids = np.zeros((lengths.max(), len(texts)), dtype=np.int64)
            for b, text in enumerate(texts):
                ids[:len(text), b] = text
            return ids, lengths, labels
        lengths = self.rng.choice(self.lengths, self.args.batch)
        ids = self.rng.integers(0, VOCABULARY, (lengths.max(), self.args.batch))
        return ids, lengths, labels


def measure(args, step, **about):
    """Calls step(ids, lengths, labels) for args.seconds after a warm-up and prints tokens a second."""
    batches = Batches(args)
    warm = time.perf_counter() + min(1, args.seconds / 4)
    step(*batches.draw())
    while time.perf_counter() < warm:
        step(*batches.draw())
    tokens, start, before = 0, time.perf_counter(), time.process_time()
    while (spent := time.perf_counter() - start) < args.seconds:
        ids, lengths, labels = batches.draw()
        step(ids, lengths, labels)
        tokens += int(lengths.sum())
    busy = time.process_time() - before
    print(json.dumps({"tokens_per_s": round(tokens / spent), "tokens_per_cpu_s": round(tokens / busy), **about}))

"""Trains a linear baseline on a labelled file, tests it on another and prints one JSON line:

    baselines.py --method tfidf-lr|nbsvm|fasttext|pytorch --train F (--test F | --folds 10 [--copies-apart]) [--seed N] [--chars] [--label-sep ,] [--settings JSON]

tfidf-lr  TF-IDF of word 1-2-grams and logistic regression
nbsvm     binary n-grams scaled by naive Bayes' log-count ratios, linear SVM (Wang & Manning 2012)
fasttext  the fasttext command with word bigrams
pytorch   a bidirectional LSTM in PyTorch, of one label a text (torchlstm.py)

Settings are chosen on a tenth of the training file (classes in proportion) unless --settings gives them, and the
model is then trained on all of it. cpu_seconds is the processor time from the start of the program to that model. --folds cross-validates one file instead; equal texts stay in one fold, but with --copies-apart.
--chars takes characters for words (Chinese). With --label-sep a text has several labels: one machine for
each, or fastText's loss ova, says yes or no. macro_f1 is over the labels of the test file, intervals are 95 %
bootstrap intervals.
"""

import argparse
import json
import pathlib
import re
import resource
import tempfile
import time

import numpy as np
import sklearn
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

import fasttext
import tsv


def words(text, chars=False):
    text = text.replace("<br />", " ").lower()
    return re.findall(r"\S" if chars else r"\w+|[^\w\s]", text)


class TfidfLR:
    settings = [{"C": c} for c in (1, 3, 10, 30, 100)]

    def __init__(self, args, C):
        self.features = TfidfVectorizer(tokenizer=lambda t: words(t, args.chars), token_pattern=None, lowercase=False,
                                        ngram_range=(1, 3 if args.chars else 2), min_df=2, sublinear_tf=True, dtype=np.float32)
        self.model = LogisticRegression(C=C, solver="lbfgs", max_iter=300, random_state=args.seed)
        self.indicator = None
        if args.label_sep:
            self.model, self.indicator = OneVsRestClassifier(self.model), MultiLabelBinarizer()

    def fit(self, texts, labels):
        y = self.indicator.fit_transform(labels) if self.indicator else labels
        self.model.fit(self.features.fit_transform(texts), y)

    def predict(self, texts):
        y = self.model.predict(self.features.transform(texts))
        return self.indicator.inverse_transform(y) if self.indicator else list(y)


class NBSVM:
    """One against the rest; the weights are drawn towards their mean magnitude by 1 - beta."""
    settings = [{"grams": g, "beta": b} for g in ("word", "word+char") for b in (0.25, 0.5, 1)]

    def __init__(self, args, grams, beta):
        self.beta, self.seed, self.multi = beta, args.seed, args.label_sep is not None
        options = dict(binary=True, lowercase=False, dtype=np.float32)
        self.features = [CountVectorizer(tokenizer=lambda t: words(t, args.chars), token_pattern=None,
                                         ngram_range=(1, 2 if grams == "word" else 3), **options)]
        if grams == "word+char":
            self.features.append(CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, **options))

    def fit(self, texts, labels):
        x = sparse.hstack([f.fit_transform(texts) for f in self.features]).tocsr()
        self.labels, self.columns = distinct(labels), []
        for label in self.labels[-1:] if len(self.labels) == 2 else self.labels:
            y = np.array([label in l if self.multi else label == l for l in labels])
            p, q = 1 + x[y].sum(0).A1, 1 + x[~y].sum(0).A1
            ratio = np.log(p / p.sum()) - np.log(q / q.sum())
            svm = LinearSVC(C=1, tol=1e-2, random_state=self.seed).fit(x @ sparse.diags(ratio), y)
            w = svm.coef_[0]
            w = (1 - self.beta) * np.abs(w).mean() + self.beta * w
            self.columns.append((ratio * w, svm.intercept_[0]))

    def predict(self, texts):
        x = sparse.hstack([f.transform(texts) for f in self.features]).tocsr()
        scores = np.stack([x @ w + b for w, b in self.columns], axis=1)
        if self.multi:
            return [tuple(self.labels[k] for k in np.flatnonzero(row > 0)) for row in scores]
        best = (scores[:, 0] > 0).astype(int) if len(self.labels) == 2 else scores.argmax(1)
        return [self.labels[k] for k in best]


class FastText:
    settings = [{"epoch": e, "lr": lr} for e in (5, 25) for lr in (0.1, 0.5)]

    def __init__(self, args, **settings):
        self.args, self.settings = args, settings
        self.dir = tempfile.TemporaryDirectory()
        self.model = pathlib.Path(self.dir.name, "model")

    def lines(self, texts):
        return [" ".join(words(t, self.args.chars)) for t in texts]

    def fit(self, texts, labels):
        self.labels = distinct(labels)
        number = {l: f"__label__{k}" for k, l in enumerate(self.labels)}
        names = lambda l: " ".join(number[one] for one in (l if self.args.label_sep else [l]))
        train = pathlib.Path(self.dir.name, "train.txt")
        train.write_text("".join(f"{names(l)} {t}\n" for l, t in zip(labels, self.lines(texts))))
        fasttext.train(train, self.model, loss="ova" if self.args.label_sep else "softmax", wordNgrams=3 if self.args.chars else 2,
                       dim=10, thread=2, seed=self.args.seed, **self.settings)

    def predict(self, texts):
        best = [-1, 0.5] if self.args.label_sep else [1]  # all labels of half a probability or more
        rows = [[self.labels[int(l)] for l in row] for row in fasttext.predict(self.model, self.lines(texts), *best)]
        return [tuple(sorted(r)) if self.args.label_sep else r[0] for r in rows]  # sorted, as those of the texts are


def pytorch(args, **settings):
    from torchlstm import TorchLSTM  # the others need no PyTorch
    return TorchLSTM(lambda t: words(t, args.chars), args.seed, **settings)


pytorch.settings = [{"dropout": 0.5}]


def distinct(labels):
    return sorted({one for l in labels for one in (l if isinstance(l, tuple) else [l])})


METHODS = {"tfidf-lr": TfidfLR, "nbsvm": NBSVM, "fasttext": FastText, "pytorch": pytorch}


def scores(gold, predicted):
    """Accuracy, which asks for all labels of a text, macro-F1 and micro-F1."""
    names = distinct(gold)
    report = {"accuracy": float(np.mean([set(g) == set(p) if isinstance(g, tuple) else g == p for g, p in zip(gold, predicted)]))}
    if isinstance(gold[0], tuple):
        indicator = MultiLabelBinarizer(classes=distinct(gold + predicted))
        columns = [list(indicator.classes).index(n) for n in names]
        g, p = indicator.fit_transform(gold), indicator.transform(predicted)
        report |= {"macro_f1": f1_score(g[:, columns], p[:, columns], average="macro", zero_division=0),
                   "micro_f1": f1_score(g, p, average="micro", zero_division=0)}
    else:
        report |= {"macro_f1": f1_score(gold, predicted, labels=names, average="macro", zero_division=0), "micro_f1": report["accuracy"]}
    return report


def evaluate(args, gold, predicted):
    report, n = scores(gold, predicted), len(gold)
    rng, resamples = np.random.default_rng(args.seed), []
    right = np.array([g == p for g, p in zip(gold, predicted)])
    for _ in range(1000 if args.metric == "accuracy" else 200):
        rows = rng.integers(n, size=n)
        if args.metric == "accuracy":
            resamples.append(right[rows].mean())
        else:
            resamples.append(scores([gold[i] for i in rows], [predicted[i] for i in rows])[args.metric])
    return {"n": n, **{k: round(float(v), 4) for k, v in report.items()},
            "interval": [round(float(q), 4) for q in np.quantile(resamples, [0.025, 0.975])]}


def choose(args, texts, labels):
    """The settings that are best on a tenth of the texts, and their figure there."""
    method = METHODS[args.method]
    common = [labels.count(l) > 1 for l in labels]  # a label with one text cannot be split
    inner, dev = train_test_split(np.flatnonzero(common), test_size=max(0.1, len(set(labels)) / len(texts)), random_state=args.seed,
                                  stratify=[str(l) for l, c in zip(labels, common) if c])
    take = lambda rows, of: [of[i] for i in rows]
    best, chosen = -1, None
    for settings in method.settings:
        if settings.get("grams") == "word+char" and sum(map(len, texts)) > 10e6:
            continue  # the character n-grams of long reviews take gigabytes
        model = method(args, **settings)
        model.fit(take(inner, texts), take(inner, labels))
        score = scores(take(dev, labels), model.predict(take(dev, texts)))[args.metric]
        if score > best:
            best, chosen = score, settings
    return chosen, round(float(best), 4)


def run(args, texts, labels, test_texts):
    """Predictions for the test texts, and what is to be told of the training."""
    order = np.random.default_rng(args.seed).permutation(len(texts))  # fastText learns in this order
    texts, labels = [texts[i] for i in order], [labels[i] for i in order]
    told, offered = {"settings": args.settings}, METHODS[args.method].settings
    if args.settings is None and len(offered) == 1:
        told["settings"] = offered[0]
    elif args.settings is None:
        told["settings"], told["dev"] = choose(args, texts, labels)
    model = METHODS[args.method](args, **told["settings"])
    model.fit(texts, labels)
    told["cpu_seconds"] = round(sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)), 1)
    return [model.predict(t) for t in test_texts], told


def read(args, path):
    labels, texts = tsv.read(path)
    if args.label_sep:
        labels = [tuple(sorted(l.split(args.label_sep))) for l in labels]
    return labels, texts


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--method", choices=METHODS, required=True)
    p.add_argument("--train", required=True)
    p.add_argument("--test")
    p.add_argument("--unseen", help="another test file")
    p.add_argument("--folds", type=int)
    p.add_argument("--copies-apart", action="store_true", help="equal texts may be in different folds")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--chars", action="store_true")
    p.add_argument("--label-sep", help="separator of several labels of a text")
    p.add_argument("--metric", choices=("accuracy", "macro_f1", "micro_f1"), default="accuracy", help="chooses the settings and has the interval")
    p.add_argument("--settings", type=json.loads, help="settings of the method, as JSON, in place of those that are best on the tenth")
    args = p.parse_args()
    if (args.test is None) == (args.folds is None):
        p.error("give --test or --folds")
    labels, texts = read(args, args.train)
    report = {"method": args.method, "train": args.train, "seed": args.seed, "sklearn": sklearn.__version__}
    start = time.perf_counter()
    if args.test:
        tests = {"test": read(args, args.test)}
        if args.unseen:
            tests["unseen"] = read(args, args.unseen)
        predicted, told = run(args, texts, labels, [t for _, t in tests.values()])
        report |= told
        for (name, (gold, _)), answers in zip(tests.items(), predicted):
            report[name] = evaluate(args, gold, answers)
    else:
        groups = range(len(texts)) if args.copies_apart else [" ".join(t.lower().split()) for t in texts]
        folds = StratifiedGroupKFold(args.folds, shuffle=True, random_state=args.seed)
        gold, predicted = [], []
        for train, test in folds.split(texts, labels, groups):
            take = lambda rows, of: [of[i] for i in rows]
            fold, _ = run(args, take(train, texts), take(train, labels), [take(test, texts)])
            gold += take(test, labels)
            predicted += fold[0]
        report["test"] = evaluate(args, gold, predicted)
    report["seconds"] = round(time.perf_counter() - start, 1)
    print(json.dumps(report))


main()

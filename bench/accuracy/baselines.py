"""Trains a linear baseline on a labelled file, tests it on another and prints one JSON line:

    baselines.py --method tfidf-lr|nbsvm|fasttext --train F (--test F | --folds 10) [--seed N] [--chars]

tfidf-lr  TF-IDF of word 1-2-grams and logistic regression
nbsvm     binary n-grams scaled by naive Bayes' log-count ratios, linear SVM (Wang & Manning 2012)
fasttext  the fasttext command with word bigrams

Settings are chosen on a tenth of the training file (classes in proportion) and the model is then
trained on all of it. --folds cross-validates one file instead; equal texts stay in one fold.
--chars takes characters for words (Chinese). macro_f1 is over the labels of the test file.
"""

import argparse
import json
import pathlib
import re
import subprocess
import tempfile
import time

import numpy as np
import sklearn
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold, train_test_split
from sklearn.svm import LinearSVC

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

    def fit(self, texts, labels):
        self.model.fit(self.features.fit_transform(texts), labels)

    def predict(self, texts):
        return self.model.predict(self.features.transform(texts))


class NBSVM:
    """One against the rest; the weights are drawn towards their mean magnitude by 1 - beta."""
    settings = [{"grams": g, "beta": b} for g in ("word", "word+char") for b in (0.25, 0.5, 1)]

    def __init__(self, args, grams, beta):
        self.beta, self.seed = beta, args.seed
        options = dict(binary=True, lowercase=False, dtype=np.float32)
        self.features = [CountVectorizer(tokenizer=lambda t: words(t, args.chars), token_pattern=None,
                                         ngram_range=(1, 2 if grams == "word" else 3), **options)]
        if grams == "word+char":
            self.features.append(CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, **options))

    def fit(self, texts, labels):
        x = sparse.hstack([f.fit_transform(texts) for f in self.features]).tocsr()
        labels = np.array(labels)
        self.labels, self.columns = sorted(set(labels)), []
        for label in self.labels[-1:] if len(self.labels) == 2 else self.labels:
            y = labels == label
            p, q = 1 + x[y].sum(0).A1, 1 + x[~y].sum(0).A1
            ratio = np.log(p / p.sum()) - np.log(q / q.sum())
            svm = LinearSVC(C=1, tol=1e-2, random_state=self.seed).fit(x @ sparse.diags(ratio), y)
            w = svm.coef_[0]
            w = (1 - self.beta) * np.abs(w).mean() + self.beta * w
            self.columns.append((ratio * w, svm.intercept_[0]))

    def predict(self, texts):
        x = sparse.hstack([f.transform(texts) for f in self.features]).tocsr()
        scores = np.stack([x @ w + b for w, b in self.columns], axis=1)
        best = (scores[:, 0] > 0).astype(int) if len(self.labels) == 2 else scores.argmax(1)
        return np.array(self.labels)[best]


class FastText:
    settings = [{"epoch": e, "lr": lr} for e in (5, 25) for lr in (0.1, 0.5)]

    def __init__(self, args, **settings):
        self.args, self.settings = args, settings
        self.dir = tempfile.TemporaryDirectory()
        self.model = pathlib.Path(self.dir.name, "model")

    def lines(self, texts):
        return "".join(" ".join(words(t, self.args.chars)) + "\n" for t in texts)

    def fit(self, texts, labels):
        self.labels = sorted(set(labels))
        train = pathlib.Path(self.dir.name, "train.txt")
        train.write_text("".join(f"__label__{self.labels.index(l)} {t}\n"
                                 for l, t in zip(labels, self.lines(texts).splitlines())))
        options = dict(wordNgrams=3 if self.args.chars else 2, dim=10, thread=2, verbose=0, seed=self.args.seed, **self.settings)
        subprocess.run(["fasttext", "supervised", "-input", train, "-output", self.model]
                       + [str(a) for k, v in options.items() for a in (f"-{k}", v)], check=True, stderr=subprocess.DEVNULL)

    def predict(self, texts):
        out = subprocess.run(["fasttext", "predict", f"{self.model}.bin", "-"], input=self.lines(texts),
                             capture_output=True, text=True, check=True).stdout
        return np.array([self.labels[int(l.removeprefix("__label__"))] for l in out.split("\n")[:-1]])


METHODS = {"tfidf-lr": TfidfLR, "nbsvm": NBSVM, "fasttext": FastText}


def run(args, texts, labels, test_texts):
    """Predictions for the test texts and the chosen settings."""
    method = METHODS[args.method]
    order = np.random.default_rng(args.seed).permutation(len(texts))  # fastText learns in this order
    texts, labels = [texts[i] for i in order], [labels[i] for i in order]
    common = [labels.count(l) > 1 for l in labels]  # a label with one text cannot be split
    inner, dev = train_test_split(np.flatnonzero(common), test_size=0.1, random_state=args.seed,
                                  stratify=[l for l, c in zip(labels, common) if c])
    take = lambda rows, of: [of[i] for i in rows]
    best, chosen = -1, None
    for settings in method.settings:
        if settings.get("grams") == "word+char" and sum(map(len, texts)) > 10e6:
            continue  # the character n-grams of long reviews take gigabytes
        model = method(args, **settings)
        model.fit(take(inner, texts), take(inner, labels))
        score = accuracy_score(take(dev, labels), model.predict(take(dev, texts)))
        if score > best:
            best, chosen = score, settings
    start = time.perf_counter()
    model = method(args, **chosen)
    model.fit(texts, labels)
    predicted = list(model.predict(test_texts))
    return predicted, {**chosen, "dev_accuracy": round(best, 4), "seconds": round(time.perf_counter() - start, 1)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--method", choices=METHODS, required=True)
    p.add_argument("--train", required=True)
    p.add_argument("--test")
    p.add_argument("--folds", type=int)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--chars", action="store_true")
    p.add_argument("--predictions", help="also write the predicted labels here, one a line")
    args = p.parse_args()
    if (args.test is None) == (args.folds is None):
        p.error("give --test or --folds")
    labels, texts = tsv.read(args.train)
    report = {"method": args.method, "train": args.train, "seed": args.seed, "sklearn": sklearn.__version__}
    if args.test:
        gold, test = tsv.read(args.test)
        predicted, settings = run(args, texts, labels, test)
        report.update(test=args.test, **settings)
    else:
        groups = [" ".join(t.lower().split()) for t in texts]
        folds = StratifiedGroupKFold(args.folds, shuffle=True, random_state=args.seed)
        gold, predicted, scores = [], [], []
        for train, test in folds.split(texts, labels, groups):
            take = lambda rows, of: [of[i] for i in rows]
            fold, _ = run(args, take(train, texts), take(train, labels), take(test, texts))
            scores.append(accuracy_score(take(test, labels), fold))
            gold += take(test, labels)
            predicted += fold
        report.update(folds=args.folds, fold_accuracy=[round(s, 4) for s in scores])
    report.update(n=len(gold), accuracy=round(accuracy_score(gold, predicted), 4),
                  macro_f1=round(f1_score(gold, predicted, labels=sorted(set(gold)), average="macro", zero_division=0), 4))
    if args.predictions:
        pathlib.Path(args.predictions).write_text("".join(f"{l}\n" for l in predicted))
    print(json.dumps(report))


main()

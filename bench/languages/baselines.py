"""Trains the baselines of pretrained/multilingual/MODEL_CARD.md, a model for each dev file of a recipe, and prints the
macro-F1 of each on that file:

    baselines.py --data CORPORA [--only ja,th] [--recipe pretrained/multilingual/multilingual.toml]

tfidf-lr  TF-IDF of character 2-5-grams within words, and of words, with logistic regression (C = 3)
fasttext  the fasttext command with sub-words of 2 to 5 characters and word bigrams

A model learns from the recipe's texts of the dev file's language, at most as many of a corpus as the recipe takes,
without those that are in a dev file. Dev files beside the recipe are made by pretrained/multilingual/aside.
"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import tomllib

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_union

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "accuracy"))
import tsv

WORD = r"\w+|[^\w\s]"


def tfidf_lr(texts, labels, asked, allowed):
    """The label of each asked text that has the best score among the allowed ones."""
    options = dict(sublinear_tf=True, dtype=np.float32)
    features = make_union(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, **options), TfidfVectorizer(token_pattern=WORD, **options))
    model = LogisticRegression(C=3, max_iter=300).fit(features.fit_transform(texts), labels)
    scores = model.decision_function(features.transform(asked))
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    columns = [k for k, c in enumerate(model.classes_) if c in allowed]
    return [model.classes_[columns[k]] for k in scores[:, columns].argmax(1)]


def fasttext(texts, labels, asked, allowed):
    """The same by the fasttext command."""
    line = lambda text: " ".join(re.findall(WORD, text.lower())) + "\n"
    with tempfile.TemporaryDirectory() as d:
        train, model = pathlib.Path(d, "train.txt"), pathlib.Path(d, "model")
        train.write_text("".join(f"__label__{l} {line(t)}" for t, l in zip(texts, labels)))
        options = dict(input=train, output=model, lr=0.5, epoch=10, dim=50, wordNgrams=2, minn=2, maxn=5, bucket=200_000, thread=1, seed=1, verbose=0)
        subprocess.run(["fasttext", "supervised"] + [str(a) for k, v in options.items() for a in (f"-{k}", v)], check=True, stderr=subprocess.DEVNULL)
        out = subprocess.run(["fasttext", "predict", f"{model}.bin", "-", "3"], input="".join(map(line, asked)), capture_output=True, text=True, check=True).stdout
    ranked = [[w.removeprefix("__label__") for w in row.split()] for row in out.split("\n")[:-1]]
    return [next((l for l in row if l in allowed), sorted(allowed)[0]) for row in ranked]


def same(text):
    """What equal texts have in common."""
    return " ".join(text.lower().split())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--only", type=lambda s: s.split(","))
    p.add_argument("--recipe", type=pathlib.Path, default=pathlib.Path("pretrained/multilingual/multilingual.toml"))
    args = p.parse_args()
    recipe = tomllib.loads(args.recipe.read_text())
    read = lambda f: tsv.read(str(args.recipe.parent / f if f.startswith("./") else args.data / f))

    dev = {d["file"]: read(d["file"]) for d in recipe["dev"]}
    apart = {same(t) for _, texts in dev.values() for t in texts}
    language, train = {}, {}
    for d in recipe["data"]:
        language[pathlib.Path(d["file"]).parent] = d["group"]
        labels, texts = read(d["file"])
        rows = [(t, d.get("label_map", {}).get(l, l)) for l, t in zip(labels, texts)]
        if len(rows) > d.get("limit", len(rows)):
            random.Random(1).shuffle(rows)
            rows = rows[:d["limit"]]
        train.setdefault(d["group"], []).extend(r for r in rows if same(r[0]) not in apart)
    for file, (gold, asked) in dev.items():
        name = file.split(".")[2] if file.startswith("./") else language[pathlib.Path(file).parent]
        if args.only and name not in args.only:
            continue
        texts, labels = zip(*train[name])
        told = {"language": name, "file": file, "n": len(gold), "trained": len(texts)}
        for method in (tfidf_lr, fasttext):
            predicted = method(texts, labels, asked, set(gold))
            told[method.__name__] = round(f1_score(gold, predicted, labels=sorted(set(gold)), average="macro"), 4)
        print(json.dumps(told), flush=True)


main()

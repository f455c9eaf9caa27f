"""Trains the baselines of pretrained/multilingual/MODEL_CARD.md, a model for each dev file of a recipe, and prints the
macro-F1 of each on that file:

    baselines.py --data CORPORA [--only ja,th] [--recipe pretrained/multilingual/multilingual.toml] [--sentiment COMMAND --model FILE]

tfidf-lr  TF-IDF of character 2-5-grams within words, and of words, with logistic regression (C = 3)
fasttext  the fasttext command with sub-words of 2 to 5 characters and word bigrams, character trigrams where words have no
          spaces between them
model     a model of ours, asked by the command sentiment

A model learns from the recipe's texts of the dev file's language, at most as many of a corpus as the recipe takes,
without those that are in a dev file. Dev files beside the recipe are made by pretrained/multilingual/aside.
"""

import argparse
import html
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import tomllib
import unicodedata

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_union

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "accuracy"))
import fasttext
import tsv

WORD = r"\w+|[^\w\s]"
UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"  # Thai, Japanese and Chinese: characters in the place of words


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


def fasttext_words(texts, labels, asked, allowed):
    """The same by the fasttext command."""
    unspaced = len(re.findall(f"[{UNSPACED}]", "".join(texts))) > sum(map(len, texts)) / 2
    line = lambda text: " ".join(re.findall(rf"[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]", text.lower()))
    with tempfile.TemporaryDirectory() as d:
        train, model = pathlib.Path(d, "train.txt"), pathlib.Path(d, "model")
        train.write_text("".join(f"__label__{l} {line(t)}\n" for t, l in zip(texts, labels)))
        fasttext.train(train, model, lr=0.5, epoch=10, dim=50, wordNgrams=3 if unspaced else 2, minn=2, maxn=5, bucket=200_000, thread=1, seed=1)
        ranked = fasttext.predict(model, map(line, asked), 3)
    return [next((l for l in row if l in allowed), sorted(allowed)[0]) for row in ranked]


def ours(command, model, file, allowed):
    """The same by a model of ours, which has one head."""
    out = subprocess.run([command, "classify", "--model", model, "--any-language", "--output", "jsonl", file],
                         capture_output=True, text=True, check=True).stdout
    probs = [json.loads(line)["sentiment"]["probs"] for line in out.splitlines()]
    return [max(sorted(allowed), key=lambda l: p[l]) for p in probs]


def same(text):
    """What equal texts have in common, whatever mentions, addresses and signs they have, as corpora.Dataset.Without has it."""
    words = [w for w in html.unescape(text).lower().split() if not w.startswith(("@", "http", "www."))]
    return "".join(c for w in words for c in w if unicodedata.category(c)[0] in "LMN") or " ".join(text.lower().split())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--only", type=lambda s: s.split(","))
    p.add_argument("--recipe", type=pathlib.Path, default=pathlib.Path("pretrained/multilingual/multilingual.toml"))
    p.add_argument("--sentiment", default="sentiment", help="the command that asks --model")
    p.add_argument("--model")
    args = p.parse_args()
    recipe = tomllib.loads(args.recipe.read_text())
    path = lambda f: str(args.recipe.parent / f if f.startswith("./") else args.data / f)
    read = lambda f: tsv.read(path(f))

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
    for rows in train.values():
        random.Random(1).shuffle(rows)  # fastText learns in this order
    for file, (gold, asked) in dev.items():
        name = file.split(".")[2] if file.startswith("./") else language[pathlib.Path(file).parent]
        if args.only and name not in args.only:
            continue
        texts, labels = zip(*train[name])
        told = {"language": name, "file": file, "n": len(gold), "trained": len(texts)}
        labelled = {"tfidf_lr": tfidf_lr(texts, labels, asked, set(gold)), "fasttext": fasttext_words(texts, labels, asked, set(gold))}
        if args.model:
            labelled["model"] = ours(args.sentiment, args.model, path(file), set(gold))
        for method, predicted in labelled.items():
            told[method] = round(f1_score(gold, predicted, labels=sorted(set(gold)), average="macro"), 4)
        print(json.dumps(told), flush=True)


main()

"""Cuts the pairs of Tatoeba into train, val and test for bench/translate:

    python bench/translate/tatoeba.py cmn-eng.tsv zh DIR

The file has an English sentence and its translation a line. All pairs of one English sentence
fall into the same part, by its SHA-256: a twentieth each into val and test. A pair of these
whose translation is also in train is left out. Writes DIR/train.en, DIR/train.zh and so on.
"""
import hashlib
import sys

file, lang, out = sys.argv[1:]
parts = {"train": [], "val": [], "test": []}
with open(file, encoding="utf-8") as f:
    for line in f:
        pair = tuple(line.rstrip("\n").split("\t"))
        parts[{0: "test", 1: "val"}.get(hashlib.sha256(pair[0].encode()).digest()[0] % 20, "train")].append(pair)
learned = {other for _, other in parts["train"]}
for name, pairs in parts.items():
    if name != "train":
        pairs = [p for p in pairs if p[1] not in learned]
    for side, text in enumerate(["en", lang]):
        with open(f"{out}/{name}.{text}", "w", encoding="utf-8") as f:
            f.writelines(p[side] + "\n" for p in pairs)
    print(name, len(pairs))

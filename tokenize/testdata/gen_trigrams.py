#!/usr/bin/env python3
"""Makes trigrams.txt, by which tokenize tells languages of Latin script apart.

    python3 gen_trigrams.py DIR >../trigrams.txt

DIR holds the vocabularies of snowball-data (BSD-3-Clause, commit ba91f32b), a
line word<TAB>stem each, as LANGUAGE.tsv.zst. Words count once each; the stop
words of ../stopwords, which are most of a short text, count for WEIGHT of all.
Needs zstd, and no Python package.
"""

import collections
import math
import pathlib
import re
import subprocess
import sys

LANGUAGES = dict(
    da="danish", de="german", en="english", es="spanish", fi="finnish", fr="french", hu="hungarian",
    it="italian", nl="dutch", no="norwegian", pt="portuguese", ro="romanian", sv="swedish", tr="turkish")
WEIGHT = 0.3  # of 0.3 to 2, and SIZE of 2000 to 8000: hardly any difference
SIZE = 5000
FLOOR = 1e-5  # the probability of a trigram that a language lacks
STEP = 0.1  # of the logarithm

here = pathlib.Path(__file__).parent


def trigrams(word):
    word = f" {word} "
    return [word[i : i + 3] for i in range(len(word) - 2)]


def letters(words):
    return [w for w in (w.replace("İ", "i").lower() for w in words) if re.fullmatch(r"[^\W\d_]+", w)]


def probabilities(lang, directory):
    path = pathlib.Path(directory) / f"{LANGUAGES[lang]}.tsv.zst"
    text = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout.decode()
    counts = collections.Counter(g for w in letters(line.split("\t")[0] for line in text.split("\n")) for g in trigrams(w))
    stop = (here.parent / "stopwords" / f"{lang}.txt").read_text().split("\n")
    common = [g for w in letters(w for line in stop if line[:1] != "#" for w in line.split()) for g in trigrams(w)]
    weight = WEIGHT * counts.total() / len(common)
    for g in common:
        counts[g] += weight
    total = counts.total()
    return {g: n / total for g, n in counts.items()}


def main(directory):
    langs = sorted(LANGUAGES)
    p = {lang: probabilities(lang, directory) for lang in langs}
    best = {g: max(p[lang].get(g, 0) for lang in langs) for lang in langs for g in p[lang]}
    keep = sorted(sorted(best), key=lambda g: -best[g])[:SIZE]
    print(f"# Made by testdata/gen_trigrams.py from the vocabularies of Snowball (BSD-3-Clause).")
    print(" ".join(langs))
    for g in sorted(keep):
        levels = (round((math.log(p[lang].get(g, 0) + FLOOR) - math.log(FLOOR)) / STEP) for lang in langs)
        print(g.replace(" ", "_") + "".join(chr(33 + q) for q in levels))


main(sys.argv[1])

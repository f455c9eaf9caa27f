"""Writes the first 400 words of every tenth text as numbers, those of the 19,998 most frequent words from 1 on and
19999 for others:  words.py imdb/train.tsv.zst >words.txt"""

import collections
import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).parents[1] / "accuracy"))
import tsv

texts = [re.findall(r"\w+|[^\w\s]", t.replace("<br />", " ").lower()) for t in tsv.read(sys.argv[1])[1]]
counts = collections.Counter(w for t in texts for w in t)
ids = {w: i for i, (w, _) in enumerate(counts.most_common(19_998), 1)}
for words in texts[::10]:
    print(*(ids.get(w, 19_999) for w in words[:400]))

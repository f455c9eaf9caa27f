"""Writes the lengths in words of every tenth text, at most 400:  lengths.py imdb/train.tsv.zst >bench/imdb-lengths.txt"""

import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).parents[1] / "accuracy"))
import tsv

_, texts = tsv.read(sys.argv[1])
for text in texts[::10]:
    print(min(400, len(re.findall(r"\w+|[^\w\s]", text.replace("<br />", " ")))))

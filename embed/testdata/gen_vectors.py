"""Writes the vector files that the tests read, with the tools that made the
formats popular. Made with gensim 4.4.0, fasttext-wheel 0.9.2 and numpy 2.4.6:

    python3 gen_vectors.py

Writes w2v.txt, w2v.bin (gensim), ft.vec, ft.bin, ft-nongram.bin,
ft-sup.bin, ft.ftz (fastText) and vectors.json, the vectors as the tools give them.
"""
import json
import os
import tempfile

import fasttext
import numpy as np
from gensim.models import KeyedVectors

WORDS = ["the", "good", "bad", "caf\u00e9", "\u4e2d\u6587", "new_york", "</s>"]
rng = np.random.default_rng(1)
kv = KeyedVectors(vector_size=5)
kv.add_vectors(WORDS, rng.normal(size=(len(WORDS), 5)).astype(np.float32))
kv.save_word2vec_format("w2v.txt", binary=False)
kv.save_word2vec_format("w2v.bin", binary=True)

TEXT = """the film was good and the music was good
the film was bad and the food was bad
a good caf\u00e9 is a good place in \u4e2d\u6587
unbelievable acting and unbelievable music in the caf\u00e9
"""
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "text")
    with open(path, "w") as f:
        f.write(TEXT * 5)
    common = dict(model="skipgram", dim=4, epoch=1, minCount=6, thread=1, verbose=0)
    m = fasttext.train_unsupervised(path, minn=2, maxn=4, bucket=50, **common)
    m.save_model("ft.bin")
    plain = fasttext.train_unsupervised(path, minn=0, maxn=0, bucket=0, **common)
    plain.save_model("ft-nongram.bin")
    labelled = os.path.join(d, "labelled")
    with open(labelled, "w") as f:
        for i, line in enumerate((TEXT * 40).splitlines()):
            f.write("__label__%d %s\n" % (i % 2, line))
    sup = fasttext.train_supervised(labelled, dim=4, epoch=1, minn=2, maxn=4, bucket=300, thread=1, verbose=0)
    sup_vectors = {w: sup.get_word_vector(w).tolist() for w in ["good", "goodness", "</s>"]}
    sup.save_model("ft-sup.bin")
    sup.quantize()
    sup.save_model("ft.ftz")
with open("ft.vec", "w") as f:
    words = m.get_words()
    f.write("%d %d\n" % (len(words), m.get_dimension()))
    for w in words:
        f.write(w + " " + " ".join("%.5g" % x for x in m.get_word_vector(w)) + " \n")

QUERIES = m.get_words() + ["unbelievably", "x", "\u00e9", "\u6587\u5b57", "goodness", "a"]
json.dump(
    {
        "ft": {w: m.get_word_vector(w).tolist() for w in QUERIES},
        "nongram": {w: plain.get_word_vector(w).tolist() for w in plain.get_words()},
        "sup": sup_vectors,
        "w2v": {w: kv[w].tolist() for w in WORDS},
    },
    open("vectors.json", "w"), ensure_ascii=False, indent=1,
)

#!/usr/bin/env python3
"""Averages the word vectors of a model with those of another that shares words with it.

    pretrained/blend.py [--all] SHARE OTHER MODEL OUT

SHARE is OTHER's: the model that the training started from, or one on its way (Wortsman et al. 2022,
Izmailov et al. 2018). With --all the LSTM and the heads are averaged as well. Everything else is MODEL's,
and so are words that OTHER does not have. Both are models in eight bits, as "sentiment model quantize"
makes them. Needs numpy.
"""
import json
import struct
import sys

import numpy as np

VECTORS = "embedding.weight"


def read(path):
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(n))
        return header, bytearray(f.read())


def array(header, data, name, dtype):
    start, end = header[name]["data_offsets"]
    return np.frombuffer(bytes(data[start:end]), dtype).reshape(header[name]["shape"])


def values(header, data, name):
    """A tensor, of eight bits and a scale for each row or of 32 bits."""
    if header[name]["dtype"] == "F32":
        return array(header, data, name, np.float32)
    return array(header, data, name, np.int8).astype(np.float32) * array(header, data, name + ".scale", np.float32)[:, None]


def put(header, data, name, value):
    """Stores a tensor as it was stored."""
    if header[name]["dtype"] != "F32":
        scale = np.abs(value).max(1) / 127
        scale[scale == 0] = 1
        put(header, data, name + ".scale", scale)
        value = np.rint(value / scale[:, None]).astype(np.int8)
    else:
        value = value.astype(np.float32)
    begin, end = header[name]["data_offsets"]
    data[begin:end] = value.tobytes()


def words(header):
    return json.loads(header["__metadata__"]["textlstm"])["vocab"]["tokens"]


def align(mine, other, header, theirs):
    """OTHER's word vectors in the order of MODEL's; those of MODEL for words that OTHER does not have."""
    at = {w: i for i, w in enumerate(words(theirs))}
    first = len(mine) - len(words(header))  # those of no words
    rows = list(range(first)) + [first + at[w] if w in at else -1 for w in words(header)]
    return np.where(np.array(rows)[:, None] < 0, mine, other[rows])


def main(share, other, model, out, every):
    header, data = read(model)
    theirs, bytes_ = read(other)
    for name in list(header):
        deep = name.startswith(("encoder.", "heads.")) and not name.endswith(".scale")
        if name == VECTORS or every and deep:
            mine, its = values(header, data, name), values(theirs, bytes_, name)
            if name == VECTORS:
                its = align(mine, its, header, theirs)
            put(header, data, name, (1 - share) * mine + share * its)
    for name in [n for n in header["__metadata__"] if n.startswith("crc32c.")]:
        del header["__metadata__"][name]  # of the old tensors; saving the model anew computes them
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(out, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    args = [a for a in sys.argv[1:] if a != "--all"]
    if len(args) != 4:
        sys.exit(__doc__)
    main(float(args[0]), *args[1:], "--all" in sys.argv)

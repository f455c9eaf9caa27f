#!/usr/bin/env python3
"""Averages the word vectors of a model with those of the model that its training started from.

    pretrained/blend.py SHARE START MODEL OUT

SHARE is START's. Everything else is MODEL's, and so are words that START does not have. Both
are models in eight bits, as "sentiment model quantize" makes them. (Wortsman et al. 2022
average all weights.) Needs numpy.
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


def vectors(header, data):
    """The word vectors [V][D], and the tokens of all but the first ones, which are no words."""
    v = array(header, data, VECTORS, np.int8).astype(np.float32) * array(header, data, VECTORS + ".scale", np.float32)[:, None]
    return v, json.loads(header["__metadata__"]["textlstm"])["vocab"]["tokens"]


def main(share, start, model, out):
    header, data = read(model)
    v, words = vectors(header, data)
    other, theirs = vectors(*read(start))
    first = len(v) - len(words)
    at = {w: i for i, w in enumerate(theirs)}
    known = [(first + i, first + at[w]) for i, w in enumerate(words) if w in at]
    mine, its = (np.array(rows) for rows in zip(*[(i, i) for i in range(first)], *known))
    v *= 1 - share
    weight = np.full((len(v), 1), 1 - share, np.float32)
    v[mine] += share * other[its]
    weight[mine] += share
    v /= weight
    scale = np.abs(v).max(1) / 127
    scale[scale == 0] = 1
    for name, values in (VECTORS, np.rint(v / scale[:, None]).astype(np.int8)), (VECTORS + ".scale", scale.astype(np.float32)):
        begin, end = header[name]["data_offsets"]
        data[begin:end] = values.tobytes()
    for name in [n for n in header["__metadata__"] if n.startswith("crc32c.")]:
        del header["__metadata__"][name]  # of the old vectors; saving the model anew computes them
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(out, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(float(sys.argv[1]), *sys.argv[2:])

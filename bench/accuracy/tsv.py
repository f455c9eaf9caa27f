"""Reads labelled text: a header line "label<TAB>text", then one row a line; .zst and .gz in place."""

import gzip
import io

import zstandard


def read(path):
    """The labels and the texts of a file."""
    if path.endswith(".zst"):
        stream = zstandard.open(path, "rt", encoding="utf-8", newline="\n")
    else:
        opener = gzip.open if path.endswith(".gz") else io.open
        stream = opener(path, "rt", encoding="utf-8", newline="\n")
    with stream:
        header = next(stream).rstrip("\n").split("\t")
        label, text = header.index("label"), header.index("text")
        rows = [line.rstrip("\n").split("\t") for line in stream]
    return [r[label] for r in rows], [r[text] for r in rows]

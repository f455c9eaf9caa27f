#!/usr/bin/env bash
# Makes what the words contests read, in PEERS:  words.sh CORPORA PEERS FILE
set -euo pipefail
[ -s "$2/$3" ] || "$2/venv/bin/python" bench/peers/words.py "$1/imdb/train.tsv.zst" >"$2/$3"

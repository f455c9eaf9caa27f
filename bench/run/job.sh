#!/usr/bin/env bash
# Makes what the job contests read:  job.sh CORPORA PEERS
# imdb-test.txt (a review a line), imdb-one.txt (the first of them), a fastText and a PyTorch model.
set -euo pipefail
corpora=$(realpath "$1") repo=$PWD
cd "$2"
texts() { venv/bin/python -c "import sys, zstandard; sys.stdout.writelines(zstandard.open(sys.argv[1], 'rt', encoding='utf-8', newline='\n'))" "$1" | tail -n +2; }
[ -s imdb-test.txt ] || texts "$corpora/imdb/test.tsv.zst" | cut -f2 >imdb-test.txt
head -n 1 imdb-test.txt >imdb-one.txt
if [ ! -s imdb.bin ]; then
	texts "$corpora/imdb/train.tsv.zst" | sed 's/^/__label__/; s/\t/ /' | shuf --random-source=imdb-test.txt >imdb-train.fasttext
	fasttext supervised -input imdb-train.fasttext -output imdb -wordNgrams 2 -dim 50 -thread 2 -verbose 0
	rm imdb-train.fasttext imdb.vec
fi
[ -s imdb.pt ] || venv/bin/python "$repo/bench/peers/torch_classify.py" -prepare "$corpora/imdb/train.tsv.zst" imdb.pt

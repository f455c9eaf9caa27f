#!/usr/bin/env bash
# Writes what the contests of translations need to PEERS/multi30k: the texts of Multi30k as
# plain text, and a German-English model that has seen them twice (two minutes, once).
#   bench/run/translate.sh CORPORA PEERS BIN
set -euo pipefail
dir=$2/multi30k
mkdir -p "$dir"
for split in train val test_2016_flickr; do
	for language in de en; do
		file=$split.$language
		[ -s "$dir/$file" ] || "$2/venv/bin/python" -c 'import sys, zstandard; sys.stdout.buffer.write(zstandard.open(sys.argv[1], "rb").read())' \
			"$1/parallel-multi30k/$file.zst" >"$dir/$file"
	done
done
[ -s "$dir/de-en.model" ] || "$3/translate" -dir "$dir" -epochs 2 -out "$dir/de-en.model"

#!/usr/bin/env bash
# Installs what the benchmarks compare with:  bench/setup.sh [DIR]
#
# DIR (default ~/.cache/textlstm-bench) gets a Python environment with PyTorch, ONNX Runtime and
# scikit-learn, the OpenBLAS timer, and what hides AVX-512 from peers. fastText and OpenBLAS are Debian's packages; without
# root, install them beforehand. PyTorch's wheel brings CUDA libraries: allow 6 GB.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/textlstm-bench}
mkdir -p "$dir"

packages=(fasttext libopenblas-dev binutils gcc libc6-dev python3-venv)
if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
	apt-get update -q
	apt-get install -q -y --no-install-recommends "${packages[@]}"
fi

[ -x "$dir/venv/bin/python" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check -r "$here/peers/requirements.txt"

gcc -O2 -o "$dir/gemm" "$here/peers/gemm.c" -lopenblas
if [ "$(uname -m)" = x86_64 ]; then
	gcc -O2 -shared -fPIC -o "$dir/avx2.so" "$here/peers/avx2.c"
	env LD_PRELOAD="$dir/avx2.so" true 2>/dev/null || "$dir/venv/bin/python" "$here/peers/hide.py" onnxruntime "$dir/avx2"
fi
echo "peers are in $dir"

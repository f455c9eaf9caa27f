"""Copies a Python package, with each CPUID instruction of its libraries replaced by UD2, which avx2.so answers.

For processors on which CPUID cannot be made to fault:

    python bench/peers/hide.py onnxruntime DIR
    AVX2_COPIES=1 PYTHONPATH=DIR LD_PRELOAD=avx2.so python ...
"""

import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys

CPUID, UD2 = b"\x0f\xa2", b"\x0f\x0b"


def hide(library):
    code = bytearray(library.read_bytes())
    sections = subprocess.run(["objdump", "-h", "-j", ".text", library], capture_output=True, text=True, check=True).stdout
    address, offset = (int(x, 16) for x in re.search(r"\.text\s+\S+\s+(\S+)\s+\S+\s+(\S+)", sections).groups())
    listing = subprocess.run(["objdump", "-d", "-j", ".text", "--no-show-raw-insn", library], capture_output=True, text=True, check=True).stdout
    found = [int(x, 16) - address + offset for x in re.findall(r"^ *([0-9a-f]+):\tcpuid", listing, re.M)]
    for at in found:
        if code[at : at + 2] != CPUID:
            sys.exit(f"{library}: no CPUID at {at:#x}")
        code[at : at + 2] = UD2
    library.write_bytes(code)
    return len(found)


def main():
    package, target = sys.argv[1], pathlib.Path(sys.argv[2])
    source = pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])
    shutil.copytree(source, target / package, dirs_exist_ok=True)
    for library in (target / package).rglob("*.so*"):
        n = hide(library)
        if n:
            print(f"{library.name}: {n} instructions")


if __name__ == "__main__":
    main()

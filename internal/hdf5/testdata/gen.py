"""Makes the files beside it with h5py:  python gen.py   (needs h5py and numpy)

plain.h5 has what the package reads; each of the others something that it refuses by name.
"""

import pathlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent


def file(name, **how):
    return h5py.File(HERE / name, "w", **how)


with file("plain.h5") as f:
    f.attrs["config"] = '{"a": "é"}'
    f.attrs["fixed"] = np.bytes_("sixteen bytes!")
    f.attrs["numbers"] = [1, 2]
    g = f.create_group("many")
    g.attrs["names"] = ["one", "two", ""]
    g.attrs["fixed_names"] = np.array([b"ab", b"c"])
    for i in range(40):  # more than one node of a tree of names
        g[f"{i}"] = np.full((2, 3), i, "f4") + np.arange(3, dtype="f4") / 4
    f["deep/er/single"] = np.float32(2.5)
    f["deep/er/double"] = np.array([1.5, -2.25])
    f["deep/er/whole"] = np.array([1, 2, 3])
    f["deep/er/half"] = np.array([1, 2], "f2")
    f["deep/er/big"] = np.array([1, 2], ">f4")
    f["deep/er/empty"] = np.zeros((0, 4), "f4")
    f["deep/soft"] = h5py.SoftLink("/many")
with file("chunked.h5") as f:
    f.create_dataset("x", data=np.zeros(8, "f4"), chunks=(4,))
with file("compressed.h5") as f:
    f.create_dataset("x", data=np.zeros(8, "f4"), compression="gzip")
with file("latest.h5", libver="latest") as f:
    f["x"] = np.zeros(8, "f4")
with file("ordered.h5") as f:
    f.create_group("g", track_order=True)["x"] = np.zeros(8, "f4")
with file("unwritten.h5") as f:
    f.create_dataset("x", (8,), "f4")

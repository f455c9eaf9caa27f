"""Writes python.safetensors, a file of the reference implementation.

Made with safetensors 0.8.0 and numpy 2.4.6:

    python3 gen_python.py
"""
import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "embedding.weight": (np.arange(12, dtype=np.float32) / 8).reshape(4, 3),
        "half": np.array([0, 1, -2, 65504, 2**-24, 0.333], dtype=np.float16),
        "double": np.array([1e300, -1e-300], dtype=np.float64),
        "tokens": np.array([-1, 2**40], dtype=np.int64),
        "ids": np.arange(5, dtype=np.int32),
        "q": np.array([[-128, 127]], dtype=np.int8),
        "bytes": np.array([0, 255, 7], dtype=np.uint8),
        "mask": np.array([True, False, True]),
        "scalar": np.array(3.5, dtype=np.float32),
        "empty": np.zeros((0, 7), dtype=np.float32),
        'odd "name"\n\u00e9\u4e2d\U0001f600': np.array([1], dtype=np.uint64),
    },
    "python.safetensors",
    metadata={"format": "pt", "note": 'quotes " \\ tab\t control \x01 \u00e9 \U0001f600'},
)

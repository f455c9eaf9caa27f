"""Opens the file named by the first argument with the reference implementation
and prints its tensors and metadata as JSON."""
import json
import sys

from safetensors import safe_open

with safe_open(sys.argv[1], framework="numpy") as f:
    print(json.dumps({
        "meta": f.metadata(),
        "tensors": {
            k: {"dtype": str(f.get_tensor(k).dtype), "shape": list(f.get_tensor(k).shape),
                "values": f.get_tensor(k).astype("float64").ravel().tolist()}
            for k in f.keys()
        },
    }))

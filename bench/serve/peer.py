"""A model that "sentiment model export --to onnx" wrote, behind FastAPI:  peer.py DIRECTORY PORT

DIRECTORY has model.onnx and row.json, what "sentiment encode" says of the one text that is asked about.
POST /classify reads {"text": ...} and runs the network on that row: reading the text itself, which
sentiment serve does too, costs this server nothing.
"""

import json
import pathlib
import sys

import fastapi
import numpy as np
import onnxruntime
import pydantic
import uvicorn

directory, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(directory / "model.onnx", options, providers=["CPUExecutionProvider"])
row = json.loads((directory / "row.json").read_text())
heads = [o.name for o in session.get_outputs() if o.name.endswith(".scores")]
app = fastapi.FastAPI()


class Request(pydantic.BaseModel):
    text: str


def softmax(scores):
    e = np.exp(scores - scores.max())
    return (e / e.sum()).tolist()


@app.get("/readyz")
def ready():
    return {"ready": True}


@app.post("/classify")
async def classify(request: Request):
    everything = {
        "ids": np.array([row["ids"]]),
        "lengths": np.array([len(row["ids"])]),
        "ngrams": np.array([row.get("ngrams", [0])]),
        "polarity": np.array([row.get("polarity", 0)], np.float32),
    }
    feed = {i.name: everything[i.name] for i in session.get_inputs()}
    return {h.removesuffix(".scores"): softmax(s[0]) for h, s in zip(heads, session.run(heads, feed))}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")

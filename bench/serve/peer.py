"""A model that "sentiment model export" wrote as ONNX, behind FastAPI:  peer.py DIRECTORY PORT

DIRECTORY has model.onnx, and answers POST /classify with {"text": ...} as sentiment serve does, one text
at a time. What the network reads of a text, the inputs by name, comes from "sentiment encode", a process
that runs beside it.
"""

import json
import pathlib
import subprocess
import sys
import threading

import fastapi
import numpy as np
import onnxruntime
import pydantic
import uvicorn

directory, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(directory / "model.onnx", options)
encoder = subprocess.Popen([sys.argv[3] if len(sys.argv) > 3 else "sentiment", "encode", directory / "model.onnx"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
one = threading.Lock()
app = fastapi.FastAPI()


class Request(pydantic.BaseModel):
    text: str


@app.get("/readyz")
def ready():
    return {"ready": True}


@app.post("/classify")
def classify(request: Request):
    with one:
        encoder.stdin.write(request.text.replace("\n", " ") + "\n")
        encoder.stdin.flush()
        inputs = json.loads(encoder.stdout.readline())
    types = {"tensor(string)": object, "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(float)": np.float32}
    feed = {i.name: np.array([inputs[i.name]], types[i.type]) for i in session.get_inputs()}
    return {o.name: v.tolist() for o, v in zip(session.get_outputs(), session.run(None, feed))}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")

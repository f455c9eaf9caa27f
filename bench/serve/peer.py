"""Another model behind FastAPI, for bench/serve/load:

    peer.py MODEL.onnx PORT   what "sentiment model export --to onnx" wrote, in ONNX Runtime. row.json beside it
                              has what "sentiment encode" says of the one text that is asked about: reading the
                              text itself, which sentiment serve does too, costs this server nothing.
    peer.py MODEL.bin PORT    a fastText model. LABELLED.txt instead of MODEL.bin trains and writes it.

POST /classify reads {"text": ...} and answers with the probabilities of the labels.
"""

import json
import pathlib
import sys

model = pathlib.Path(sys.argv[1])


def with_onnx():
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    row = json.loads((model.parent / "row.json").read_text())
    heads = [o.name for o in session.get_outputs() if o.name.endswith(".scores")]

    def softmax(scores):
        e = np.exp(scores - scores.max())
        return (e / e.sum()).tolist()

    def classify(text):
        everything = {
            "ids": np.array([row["ids"]]),
            "lengths": np.array([len(row["ids"])]),
            "ngrams": np.array([row.get("ngrams", [0])]),
            "polarity": np.array([row.get("polarity", 0)], np.float32),
        }
        feed = {i.name: everything[i.name] for i in session.get_inputs()}
        return {h.removesuffix(".scores"): softmax(s[0]) for h, s in zip(heads, session.run(heads, feed))}

    return classify


def with_fasttext():
    import fasttext

    # What lies under predict, which NumPy 2 breaks.
    predict = fasttext.load_model(str(model)).f.predict
    return lambda text: {label: p for p, label in predict(text.replace("\n", " ") + "\n", -1, 0.0, "strict")}


if model.suffix == ".txt":
    import fasttext

    # Its defaults, with pairs of words in a table of 20 MB rather than 800.
    trained = fasttext.train_supervised(str(model), wordNgrams=2, bucket=50_000, thread=1, verbose=0)
    trained.save_model(str(model.with_suffix(".bin")))
    sys.exit()

import fastapi
import pydantic
import uvicorn

answer = with_onnx() if model.suffix == ".onnx" else with_fasttext()
app = fastapi.FastAPI()


class Request(pydantic.BaseModel):
    text: str


@app.get("/readyz")
def ready():
    return {"ready": True}


@app.post("/classify")
async def classify(request: Request):
    return answer(request.text)


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)

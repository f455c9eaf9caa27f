"""Asks a server with other people's clients:  clients.py http|grpc ADDRESS TEXTS ANSWERS

ANSWERS is what "sentiment classify --output jsonl" prints of the lines of TEXTS. Every label must be
the same, and every probability the same digits. The clients for gRPC and kserve's define the same messages, so
that they cannot be in one process.
"""

import asyncio
import json
import subprocess
import sys

import numpy as np

protocol, url, texts, answers = sys.argv[1:]
if protocol == "grpc":
    import tritonclient.grpc as triton_grpc
else:
    import kserve
    import tritonclient.http as triton
    from huggingface_hub import InferenceClient

texts = [line.rstrip("\n") for line in open(texts, encoding="utf-8")]
answers = [json.loads(line, parse_float=str) for line in open(answers, encoding="utf-8")]
heads = {name: list(answers[0][name]["probs"]) for name in ("sentiment", "topic")}


def check(client, i, head, label, probs):
    """The label and the probabilities by label of text i are the command's."""
    want = answers[i][head]
    got = {k: f"{float(v):.4f}" for k, v in probs.items()}
    if label != want["label"] or got != want["probs"]:
        sys.exit(f"{client}: text {i}, {head}: {label} {got}, the command has {want}")


def with_triton(binary):
    client = triton.InferenceServerClient(url.removeprefix("http://"))
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("default", "1")
    meta = client.get_model_metadata("default")
    for o in meta["outputs"]:
        if o["name"] in heads:
            assert o["parameters"]["labels"] == heads[o["name"]], o
    text = triton.InferInput("text", [len(texts), 1], "BYTES")
    text.set_data_from_numpy(np.array([[t.encode()] for t in texts], dtype=object), binary_data=binary)
    outputs = [triton.InferRequestedOutput(n, binary_data=binary) for h in heads for n in (h, h + "_probs")]
    for compression in (None, "gzip", "deflate"):
        r = client.infer("default", [text], outputs=outputs, request_id="7", request_compression_algorithm=compression)
        assert r.get_response()["id"] == "7"
        for head, labels in heads.items():
            got, probs = r.as_numpy(head), r.as_numpy(head + "_probs")
            for i in range(len(texts)):
                label = got[i].decode() if isinstance(got[i], bytes) else got[i]
                check(f"tritonclient, binary {binary}", i, head, label, dict(zip(labels, probs[i])))
    r = client.infer("default", [text])  # all outputs
    assert r.as_numpy("topic_probs").shape == (len(texts), 4)
    try:
        client.infer("nobody", [text])
        sys.exit("tritonclient: an unknown model was answered")
    except triton.InferenceServerException as e:
        assert "no model" in str(e), e


def with_triton_grpc():
    client = triton_grpc.InferenceServerClient(url)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("default", "1")
    assert [o.name for o in client.get_model_metadata("default").outputs][:2] == ["sentiment", "sentiment_probs"]
    text = triton_grpc.InferInput("text", [len(texts), 1], "BYTES")
    text.set_data_from_numpy(np.array([[t.encode()] for t in texts], dtype=object))
    r = client.infer("default", [text], request_id="7", client_timeout=20)
    for head, labels in heads.items():
        got, probs = r.as_numpy(head), r.as_numpy(head + "_probs")
        for i in range(len(texts)):
            check("tritonclient, gRPC", i, head, got[i].decode(), dict(zip(labels, probs[i])))
    try:
        client.infer("nobody", [text])
        sys.exit("tritonclient: an unknown model was answered")
    except triton_grpc.InferenceServerException as e:
        assert "NOT_FOUND" in str(e), e


def with_kserve():
    async def ask():
        client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
        assert await client.is_server_live(url) and await client.is_server_ready(url)
        text = kserve.InferInput("text", [len(texts)], "BYTES", data=texts)
        return await client.infer(url, kserve.InferRequest(model_name="default", infer_inputs=[text]), model_name="default")

    outputs = {o.name: o for o in asyncio.run(ask()).outputs}
    for head, labels in heads.items():
        probs = outputs[head + "_probs"].as_numpy()
        for i, label in enumerate(outputs[head].data):
            check("kserve", i, head, label, dict(zip(labels, probs[i])))


def with_hugging_face():
    client = InferenceClient(model=url)
    for i, text in enumerate(texts):
        if not text:
            continue
        found = client.text_classification(text)
        assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)
        check("huggingface_hub", i, "sentiment", found[0].label, {k: next(f.score for f in found if f.label == k) for k in heads["sentiment"]})
    assert len(client.text_classification(texts[0], top_k=1)) == 1


def curl(path, body, *more):
    out = subprocess.run(["curl", "-sS", "--fail-with-body", url + path, "--data-binary", "@-", *more], input=body.encode(), capture_output=True, check=True)
    return out.stdout.decode()


def with_curl():
    got = json.loads(curl("/v1/classify", json.dumps({"texts": texts})), parse_float=str)["results"]
    lines = curl("/v1/classify", "".join(json.dumps(t) + "\n" for t in texts), "-H", "Content-Type: application/x-ndjson")
    streamed = [json.loads(line, parse_float=str) for line in lines.splitlines()]
    for i, want in enumerate(answers):
        for r in got[i], streamed[i]:
            if {**r, "id": ""} != {**want, "id": ""}:
                sys.exit(f"curl: text {i}: {r}, the command has {want}")
    predictions = json.loads(curl("/v1/models/default:predict", json.dumps({"instances": texts})))["predictions"]
    for head, labels in heads.items():
        for i, p in enumerate(predictions):
            check("curl, :predict", i, head, p[head], dict(zip(labels, p[head + "_probs"])))


clients = {
    "http": {
        "tritonclient, JSON": lambda: with_triton(False),
        "tritonclient, binary": lambda: with_triton(True),
        "kserve": with_kserve,
        "huggingface_hub": with_hugging_face,
        "curl: JSON, JSON lines, :predict": with_curl,
    },
    "grpc": {"tritonclient, gRPC": with_triton_grpc},
}
for name, ask in clients[protocol].items():
    ask()
    print(f"{name}: {len(texts)} texts, all as the command has them")

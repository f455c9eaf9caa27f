"""Classifies a file of texts, one a line, with a PyTorch BiLSTM: the whole job of `sentiment classify --lines --output jsonl`.

    torch_classify.py -prepare TRAIN.tsv.zst MODEL.pt    makes a model: 20,000 words, random weights
    torch_classify.py MODEL.pt FILE -threads N           classifies FILE to JSON lines

The work does not depend on what the weights are: embedding 100, BiLSTM 128, max-pooling. Texts are
sorted by length, so that little is padded.
"""

import argparse
import collections
import json
import re

import torch
from torch import nn


def words(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


class Net(nn.Module):
    def __init__(self, words, labels):
        super().__init__()
        self.table = nn.Embedding(words, 100)
        self.lstm = nn.LSTM(100, 128, bidirectional=True)
        self.fc = nn.Linear(256, labels)

    def forward(self, ids, lengths):
        y, _ = self.lstm(self.table(ids))
        pad = torch.arange(len(ids)).unsqueeze(1) >= lengths
        return self.fc(y.masked_fill(pad.unsqueeze(2), -torch.inf).max(0).values)


def prepare(train, path):
    import pathlib
    import sys
    sys.path.append(str(pathlib.Path(__file__).parents[1] / "accuracy"))
    import tsv
    labels, texts = tsv.read(train)
    counts = collections.Counter(w for t in texts for w in words(t))
    vocabulary = [w for w, _ in counts.most_common(19_998)]
    labels = sorted(set(labels))
    torch.manual_seed(1)
    net = Net(len(vocabulary) + 2, len(labels))  # 0 is padding, 1 unknown
    torch.save({"words": vocabulary, "labels": labels, "net": net.state_dict()}, path)


def classify(path, file, batch=64):
    model = torch.load(path, weights_only=True)
    ids = {w: i for i, w in enumerate(model["words"], 2)}
    net = Net(len(ids) + 2, len(model["labels"]))
    net.load_state_dict(model["net"])
    with open(file, encoding="utf-8") as f:
        texts = [torch.tensor([ids.get(w, 1) for w in words(line)] or [0]) for line in f]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    records = [None] * len(texts)
    with torch.inference_mode():
        for at in range(0, len(order), batch):
            rows = order[at:at + batch]
            x = nn.utils.rnn.pad_sequence([texts[i] for i in rows])
            probs = net(x, torch.tensor([len(texts[i]) for i in rows])).softmax(1).tolist()
            for i, p in zip(rows, probs):
                best = max(range(len(p)), key=p.__getitem__)
                records[i] = {"label": model["labels"][best], "prob": p[best], "probs": dict(zip(model["labels"], p))}
    for i, r in enumerate(records):
        print(json.dumps({"id": i + 1, "sentiment": r, "tokens": len(texts[i])}))


p = argparse.ArgumentParser()
p.add_argument("-prepare", action="store_true")
p.add_argument("-threads", type=int, default=1)
p.add_argument("files", nargs=2)
args = p.parse_args()
torch.set_num_threads(args.threads)
(prepare if args.prepare else classify)(*args.files)

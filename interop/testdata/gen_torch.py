"""Writes networks of PyTorch and their answers, for the tests of packages torch and onnx.

    python3 gen_torch.py DIR [TEXTS [NAME...]]

Needs torch, safetensors and, for the .onnx files, onnx and onnxscript. DIR/NAME.pt and
.safetensors are state_dicts, NAME.legacy.onnx and NAME.dynamo.onnx what the two exporters
make of the module; NAME.json says how to read them, what they answer and, for a series, the
gradient of the sum of (answer - 1)² over the rows by each tensor.
"""
import json
import pathlib
import sys
import warnings

import onnx
import safetensors.torch
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

warnings.filterwarnings("ignore")
ROWS, EMBED = 13, 6


class Net(nn.Module):
    """An embedding, an LSTM or GRU, a pooling and one or two linear layers."""
    def __init__(self, kind="LSTM", hidden=5, layers=1, bi=False, pool="last", bias=True, between=0, outputs=3, packed=False):
        super().__init__()
        self.pool, self.packed = pool, packed
        self.emb = nn.Embedding(ROWS, EMBED, padding_idx=0)
        self.rnn = getattr(nn, kind)(EMBED, hidden, layers, batch_first=True, bidirectional=bi, bias=bias)
        width = hidden * (1 + bi)
        self.hidden = nn.Linear(width, between) if between else None
        self.fc = nn.Linear(between or width, outputs)

    def forward(self, ids, lengths=None):
        x = self.emb(ids)
        if self.packed:
            x = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        y, h = self.rnn(x)
        if self.packed:
            y, _ = pad_packed_sequence(y, batch_first=True)
        h = h[0] if isinstance(h, tuple) else h
        if self.pool == "mean":
            v = y.mean(1)
        elif self.pool == "max":
            v = y.max(1).values
        elif self.rnn.bidirectional:
            v = torch.cat([h[-2], h[-1]], 1)
        elif self.pool == "slice":
            v = y[:, -1, :]
        else:
            v = h[-1]
        if self.hidden is not None:
            v = torch.relu(self.hidden(v))
        return self.fc(v)


class Stacked(nn.Module):
    """Two LSTMs of different widths."""
    def __init__(self, inputs, widths, outputs, rows=0):
        super().__init__()
        self.embedding = nn.Embedding(rows, inputs) if rows else None
        self.lstm1 = nn.LSTM(inputs, widths[0], batch_first=True)
        self.lstm2 = nn.LSTM(widths[0], widths[1], batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.dense = nn.Linear(widths[1], outputs)

    def forward(self, x):
        if self.embedding is not None:
            x = self.embedding(x)
        x, _ = self.lstm1(x)
        x, _ = self.lstm2(self.dropout(x))
        return self.dense(x[:, -1])


MODELS = {
    "lstm": lambda: Net(),
    "lstm-slice": lambda: Net(pool="slice", outputs=2),
    "bilstm": lambda: Net(bi=True),
    "lstm-3": lambda: Net(layers=3, outputs=2),
    "bilstm-2-hidden": lambda: Net(layers=2, bi=True, between=4),
    "gru": lambda: Net("GRU", hidden=7),
    "bigru-2": lambda: Net("GRU", layers=2, bi=True, hidden=4),
    "no-bias": lambda: Net(bias=False),
    "mean": lambda: Net(pool="mean", bi=True),
    "max": lambda: Net("GRU", pool="max"),
    "packed": lambda: Net(bi=True, packed=True, layers=2),
    "one-unit": lambda: Net(outputs=1),
    "widths": lambda: Stacked(EMBED, (7, 4), 3, rows=ROWS),
    "series": lambda: Stacked(1, (9, 6), 1),
}
HALF = {"lstm": torch.float16, "gru": torch.bfloat16, "lstm-3": torch.float64}


def forget_traces(path):
    """Takes the stack traces out, which name the directories of the machine."""
    m = onnx.load(path)
    for f in [m, m.graph, *m.functions]:
        del f.metadata_props[:]
        f.doc_string = ""
    for x in [*m.graph.node, *m.graph.value_info, *m.graph.input, *m.graph.output, *m.graph.initializer, *(n for f in m.functions for n in f.node)]:
        del x.metadata_props[:]
        x.doc_string = ""
    onnx.save(m, path)


def export(model, args, path, names):
    for suffix, dynamo in [("legacy", False), ("dynamo", True)]:
        out = f"{path}.{suffix}.onnx"
        dynamic = {n: ({0: "batch", 1: "time"} if n != "lengths" else {0: "batch"}) for n in names}
        try:
            if dynamo:
                shapes = tuple({k: torch.export.Dim.DYNAMIC for k in dynamic[n]} for n in names)
                torch.onnx.export(model, args, out, dynamo=True, external_data=False, input_names=names, dynamic_shapes=shapes, verbose=False)
                forget_traces(out)
            else:
                torch.onnx.export(model, args, out, dynamo=False, opset_version=17, input_names=names, dynamic_axes=dynamic)
        except Exception as e:
            print(f"{pathlib.Path(path).name}: {suffix} exporter: {str(e).splitlines()[0][:120]}", file=sys.stderr)
            pathlib.Path(out).unlink(missing_ok=True)


def main(folder, texts, names):
    for seed, (name, make) in enumerate(MODELS.items()):
        if names and name not in names:
            continue
        torch.manual_seed(seed)
        model = make().eval()
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(2)
        dtype = HALF.get(name)
        if dtype:  # the answers are those of the rounded weights
            for p in model.parameters():
                p.data = p.data.to(dtype).float()
        base = str(pathlib.Path(folder) / name)
        state = {k: v.to(dtype) if dtype else v for k, v in model.state_dict().items()}
        if name == "bilstm":  # as a training keeps it, an epoch and the optimiser beside it
            optimizer = torch.optim.Adam(model.parameters())
            torch.save({"epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": 0.5}, base + ".pt")
        else:
            torch.save(state if dtype else model.state_dict(), base + ".pt")
        safetensors.torch.save_file({k: v.contiguous() for k, v in state.items()}, base + ".safetensors")
        generator = torch.Generator().manual_seed(7)
        rows, scores = [], []
        for i in range(texts):
            n = 1 + int(torch.randint(0, 12, (), generator=generator))
            if name == "series":
                row = torch.randn(n, 1, generator=generator)
            else:
                row = torch.randint(1, ROWS, (n,), generator=generator)
            batch = (row[None], torch.tensor([n])) if name == "packed" else (row[None],)
            answer = model(*batch)[0]
            (answer - 1).square().sum().backward()
            scores.append(answer.tolist())
            rows.append(row.flatten().tolist())
        pool = getattr(model, "pool", "last").replace("slice", "last")
        case = {"pool": pool, "rows": rows, "scores": scores}
        if name == "series":
            case["gradients"] = {k: p.grad.flatten().tolist() for k, p in model.named_parameters()}
        with open(base + ".json", "w") as f:
            json.dump(case, f)
            f.write("\n")
        if name == "series":
            export(model, (torch.zeros(2, 5, 1),), base, ["values"])
        elif name == "packed":
            export(model, (torch.ones(2, 5, dtype=torch.long), torch.tensor([5, 3])), base, ["ids", "lengths"])
        else:
            export(model, (torch.ones(2, 5, dtype=torch.long),), base, ["ids"])


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5, sys.argv[3:])

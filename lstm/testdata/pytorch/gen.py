"""Makes the golden files beside it:  python gen.py   (needs torch, numpy, onnx and onnxruntime)

Weights and inputs are float32 numbers; everything is computed from them in float64, so that a
difference from these files is ours. Each file names the versions that made it.

A tensor is {"shape": [...], "data": [...]}, row-major. Files of one case hold

    config   as lstm.Config writes itself
    lengths  [B]
    weights  under PyTorch's names, gates i, f, g, o; weight_peephole_* [3][H] in the order i, f, o
    x        [T][B][I], zero after a sequence's end
    h0, c0   [L*D][B][H], where the case has initial states
    y        [T][B][D*H], zero after a sequence's end
    h_n, c_n [L*D][B][H]
    r1-r3    shaped as y, h_n and c_n; loss = sum(y*r1) + sum(h_n*r2) + sum(c_n*r3)
    grads    the loss's gradient for every weight, "x" and, with initial states, "h0" and "c0"

peephole.json is a list of such cases. train.json is described at train().
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HERE = pathlib.Path(__file__).parent
VERSIONS = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}

rng = np.random.default_rng(20240607)


def draw(*shape, scale=1.0):
    """A float64 tensor of float32 numbers with few digits."""
    return torch.tensor(np.round(rng.normal(0, scale, shape), 4).astype(np.float32)).double()


def tensor(t):
    t = t.detach()
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


def write(name, value):
    text = json.dumps(value, separators=(",", ":"))
    (HERE / name).write_text(text.replace('},"', '},\n"').replace('},{', '},\n{') + "\n")


def config(I, H, layers=1, direction="forward", peephole=False):
    return {"input_size": I, "hidden_size": H, "layers": layers, "direction": direction, "peephole": peephole}


def inputs(cfg, T, lengths, states):
    """x, and h0, c0 or None."""
    B = len(lengths)
    x = draw(T, B, cfg["input_size"])
    for b, n in enumerate(lengths):
        x[n:, b] = 0
    if not states:
        return x, None
    D = 2 if cfg["direction"] == "bidirectional" else 1
    return x, tuple(draw(cfg["layers"] * D, B, cfg["hidden_size"], scale=0.5) for _ in range(2))


def flip(x, lengths):
    """x with each sequence turned round within its own length."""
    out = torch.zeros_like(x)
    for b, n in enumerate(lengths):
        out[:n, b] = x[:n, b].flip(0)
    return out


def record(cfg, lengths, weights, x, state, y, h_n, c_n):
    r = [draw(*t.shape) for t in (y, h_n, c_n)]
    loss = sum((t * w).sum() for t, w in zip((y, h_n, c_n), r))
    leaves = dict(weights, x=x)
    if state is not None:
        leaves.update(h0=state[0], c0=state[1])
    grads = torch.autograd.grad(loss, list(leaves.values()))
    case = {"versions": VERSIONS, "config": cfg, "lengths": lengths,
            "weights": {k: tensor(v) for k, v in weights.items()}}
    case["x"] = tensor(x)
    if state is not None:
        case["h0"], case["c0"] = map(tensor, state)
    case.update(y=tensor(y), h_n=tensor(h_n), c_n=tensor(c_n))
    case.update({f"r{i + 1}": tensor(t) for i, t in enumerate(r)})
    case["loss"] = loss.item()
    case["grads"] = {k: tensor(g) for k, g in zip(leaves, grads)}
    return case


def pytorch(cfg, T, lengths, states=False):
    """One case run by nn.LSTM over packed sequences."""
    reverse = cfg["direction"] == "reverse"
    lstm = nn.LSTM(cfg["input_size"], cfg["hidden_size"], cfg["layers"],
                   bidirectional=cfg["direction"] == "bidirectional").double()
    with torch.no_grad():
        for p in lstm.parameters():
            p.copy_(draw(*p.shape, scale=0.4))
    x, state = inputs(cfg, T, lengths, states)
    for t in (x, *(state or ())):
        t.requires_grad_()
    packed = pack_padded_sequence(flip(x, lengths) if reverse else x, lengths, enforce_sorted=False)
    y, (h_n, c_n) = lstm(packed, state)
    y, _ = pad_packed_sequence(y, total_length=T)
    weights = dict(lstm.named_parameters())
    if reverse:  # nn.LSTM has no such direction: a forward one over the flipped input
        y = flip(y, lengths)
        weights = {k + "_reverse": v for k, v in weights.items()}
    return record(cfg, lengths, weights, x, state, y, h_n, c_n)


def peephole_direction(w, suffix, x, lengths, h0, c0):
    """Gers & Schmidhuber 2000, diagonal peepholes: i and f see c[t-1], o sees c[t]."""
    if suffix.endswith("_reverse"):
        y, h, c = peephole_direction({k.replace("_reverse", ""): v for k, v in w.items()},
                                     suffix.removesuffix("_reverse"), flip(x, lengths), lengths, h0, c0)
        return flip(y, lengths), h, c
    bias = w["bias_ih" + suffix] + w["bias_hh" + suffix]
    pi, pf, po = w["weight_peephole" + suffix]
    h, c, ys = h0, c0, []
    for t in range(x.shape[0]):
        live = torch.tensor([t < n for n in lengths]).unsqueeze(1)
        a = x[t] @ w["weight_ih" + suffix].T + h @ w["weight_hh" + suffix].T + bias
        ai, af, ag, ao = a.chunk(4, dim=1)
        i, f, g = torch.sigmoid(ai + pi * c), torch.sigmoid(af + pf * c), torch.tanh(ag)
        c1 = f * c + i * g
        o = torch.sigmoid(ao + po * c1)
        h1 = o * torch.tanh(c1)
        ys.append(torch.where(live, h1, 0))
        h, c = torch.where(live, h1, h), torch.where(live, c1, c)
    return torch.stack(ys), h, c


def peephole(cfg, T, lengths, states=False):
    """One case with peepholes: autograd over an explicit cell, whose outputs ONNX Runtime confirms."""
    I, H = cfg["input_size"], cfg["hidden_size"]
    suffixes = {"forward": [""], "reverse": ["_reverse"], "bidirectional": ["", "_reverse"]}[cfg["direction"]]
    D, weights = len(suffixes), {}
    for l in range(cfg["layers"]):
        for s in suffixes:
            shapes = {"weight_ih": (4 * H, I if l == 0 else D * H), "weight_hh": (4 * H, H),
                      "bias_ih": (4 * H,), "bias_hh": (4 * H,), "weight_peephole": (3, H)}
            weights.update({f"{k}_l{l}{s}": draw(*v, scale=0.4).requires_grad_() for k, v in shapes.items()})
    x, state = inputs(cfg, T, lengths, states)
    for t in (x, *(state or ())):
        t.requires_grad_()
    zero = torch.zeros(cfg["layers"] * D, len(lengths), H).double()
    h0, c0 = state or (zero, zero)
    layer, hs, cs = x, [], []
    for l in range(cfg["layers"]):
        ys = []
        for d, s in enumerate(suffixes):
            k = l * D + d
            y, h, c = peephole_direction(weights, f"_l{l}{s}", layer, lengths, h0[k], c0[k])
            ys.append(y), hs.append(h), cs.append(c)
        y = torch.cat(ys, dim=2)
        confirm(weights, [f"_l{l}{s}" for s in suffixes], cfg["direction"], layer, lengths,
                h0[l * D:(l + 1) * D], c0[l * D:(l + 1) * D], y)
        layer = y
    return record(cfg, lengths, weights, x, state, layer, torch.stack(hs), torch.stack(cs))


def confirm(w, suffixes, direction, x, lengths, h0, c0, want):
    """Fails unless ONNX Runtime's LSTM gives y for the layer (ONNX's gates are i, o, f, c; its peepholes i, o, f)."""
    def stack(name, order):
        rows = [torch.cat([w[name + s].chunk(len(order))[k] for k in order]) for s in suffixes]
        return torch.stack(rows).detach().float().numpy()
    peep = np.stack([w["weight_peephole" + s][[0, 2, 1]].detach().float().numpy().ravel() for s in suffixes])
    gates = (0, 3, 1, 2)
    feeds = {"X": x, "W": stack("weight_ih", gates), "R": stack("weight_hh", gates),
             "B": np.concatenate([stack("bias_ih", gates), stack("bias_hh", gates)], axis=1),
             "lengths": np.array(lengths, np.int32), "h0": h0, "c0": c0, "P": peep}
    feeds = {k: v.detach().float().numpy() if torch.is_tensor(v) else v for k, v in feeds.items()}
    node = onnx.helper.make_node("LSTM", list(feeds), ["Y"], hidden_size=h0.shape[2], direction=direction)
    kind = onnx.TensorProto
    graph = onnx.helper.make_graph([node], "lstm", [
        onnx.helper.make_tensor_value_info(k, kind.INT32 if k == "lengths" else kind.FLOAT, v.shape)
        for k, v in feeds.items()], [onnx.helper.make_tensor_value_info("Y", kind.FLOAT, None)])
    model = onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 14)])
    y = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)[0]  # [T][D][B][H]
    got = np.concatenate(list(y.transpose(1, 0, 2, 3)), axis=2)
    np.testing.assert_allclose(got, want.detach().numpy(), atol=2e-6)


def train():
    """Ten steps of Adam (rate 1e-2, betas 0.9 and 0.999, eps 1e-8) on one batch; the loss before each step.

    A bidirectional LSTM, its last hidden states [forward, reverse] side by side, a linear layer
    ("fc.weight" [C][2H], "fc.bias" [C]) and mean cross-entropy. bias_hh is zero and does not learn:
    with a second bias that learns the sum of the two would move at twice the rate.
    """
    I, H, C, T, lengths = 6, 8, 3, 9, [9, 4, 1, 7, 9, 5]
    cfg = config(I, H, direction="bidirectional")
    lstm, fc = nn.LSTM(I, H, bidirectional=True).double(), nn.Linear(2 * H, C).double()
    weights = {**dict(lstm.named_parameters()), "fc.weight": fc.weight, "fc.bias": fc.bias}
    with torch.no_grad():
        for k, p in weights.items():
            p.copy_(torch.zeros_like(p) if k.startswith("bias_hh") else draw(*p.shape, scale=0.3))
            p.requires_grad_(not k.startswith("bias_hh"))
    x, _ = inputs(cfg, T, lengths, False)
    labels = [0, 2, 1, 1, 0, 2]
    case = {"versions": VERSIONS, "config": cfg, "lengths": lengths, "labels": labels, "x": tensor(x),
            "weights": {k: tensor(v) for k, v in weights.items()}}
    adam = torch.optim.Adam([p for p in weights.values() if p.requires_grad], lr=1e-2)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    losses = []
    for _ in range(10):
        _, (h_n, _) = lstm(packed)
        loss = nn.functional.cross_entropy(fc(torch.cat([h_n[0], h_n[1]], dim=1)), torch.tensor(labels))
        losses.append(loss.item())
        adam.zero_grad()
        loss.backward()
        adam.step()
    case["losses"] = losses
    return case


write("forward.json", pytorch(config(3, 4), 5, [5, 5]))
write("bidirectional.json", pytorch(config(5, 3, direction="bidirectional"), 6, [6, 6, 6]))
write("stacked.json", pytorch(config(4, 5, layers=2, direction="bidirectional"), 4, [4, 4]))
write("lengths.json", pytorch(config(3, 4, layers=2, direction="bidirectional"), 7, [3, 7, 1, 5, 7]))
write("states.json", pytorch(config(3, 4, layers=2, direction="bidirectional"), 6, [2, 6, 1], states=True))
write("reverse.json", pytorch(config(4, 5, direction="reverse"), 6, [4, 1, 6], states=True))
write("wide.json", pytorch(config(11, 19, direction="bidirectional"), 5, [5, 2, 4], states=True))
write("peephole.json", [
    peephole(config(3, 4, peephole=True), 5, [5, 5]),
    peephole(config(3, 4, direction="reverse", peephole=True), 5, [2, 5, 1], states=True),
    peephole(config(4, 5, layers=2, direction="bidirectional", peephole=True), 6, [6, 1, 3, 6], states=True),
])
write("train.json", train())

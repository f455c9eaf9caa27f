"""Makes the golden files beside it:  python gen.py   (needs torch and numpy)

Weights and inputs are float32 numbers; everything is computed from them in float64, so that a
difference from these files is ours. Each file names the version that made it.

A tensor is {"shape": [...], "data": [...]}, row-major. Files of one case hold

    config   as gru.Config writes itself
    lengths  [B]
    weights  under PyTorch's names, gates r, z, n
    x        [T][B][I], zero after a sequence's end
    h0       [L*D][B][H], where the case has an initial state
    y        [T][B][D*H], zero after a sequence's end
    h_n      [L*D][B][H]
    r1, r2   shaped as y and h_n; loss = sum(y*r1) + sum(h_n*r2)
    grads    the loss's gradient for every weight, "x" and, with an initial state, "h0"

train.json is described at train().
"""

import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HERE = pathlib.Path(__file__).parent
VERSIONS = {"torch": torch.__version__}

rng = np.random.default_rng(20240608)


def draw(*shape, scale=1.0):
    """A float64 tensor of float32 numbers with few digits."""
    return torch.tensor(np.round(rng.normal(0, scale, shape), 4).astype(np.float32)).double()


def tensor(t):
    t = t.detach()
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


def write(name, value):
    text = json.dumps(value, separators=(",", ":"))
    (HERE / name).write_text(text.replace('},"', '},\n"') + "\n")


def inputs(I, T, lengths):
    x = draw(T, len(lengths), I)
    for b, n in enumerate(lengths):
        x[n:, b] = 0
    return x


def flip(x, lengths):
    """x with each sequence turned round within its own length."""
    out = torch.zeros_like(x)
    for b, n in enumerate(lengths):
        out[:n, b] = x[:n, b].flip(0)
    return out


def case(I, H, T, lengths, layers=1, direction="forward", state=False):
    """One case run by nn.GRU over packed sequences."""
    reverse, both = direction == "reverse", direction == "bidirectional"
    gru = nn.GRU(I, H, layers, bidirectional=both).double()
    with torch.no_grad():
        for p in gru.parameters():
            p.copy_(draw(*p.shape, scale=0.4))
    x = inputs(I, T, lengths).requires_grad_()
    leaves = {"x": x}
    if state:
        leaves["h0"] = draw(layers * (1 + both), len(lengths), H, scale=0.5).requires_grad_()
    packed = pack_padded_sequence(flip(x, lengths) if reverse else x, lengths, enforce_sorted=False)
    y, h_n = gru(packed, leaves.get("h0"))
    y, _ = pad_packed_sequence(y, total_length=T)
    weights = dict(gru.named_parameters())
    if reverse:  # nn.GRU has no such direction: a forward one over the flipped input
        y = flip(y, lengths)
        weights = {k + "_reverse": v for k, v in weights.items()}
    r1, r2 = draw(*y.shape), draw(*h_n.shape)
    loss = (y * r1).sum() + (h_n * r2).sum()
    wanted = {**weights, **leaves}
    grads = torch.autograd.grad(loss, list(wanted.values()))
    return {
        "versions": VERSIONS,
        "config": {"input_size": I, "hidden_size": H, "layers": layers, "direction": direction},
        "lengths": lengths,
        "weights": {k: tensor(v) for k, v in weights.items()},
        **{k: tensor(v) for k, v in leaves.items()},
        "y": tensor(y), "h_n": tensor(h_n), "r1": tensor(r1), "r2": tensor(r2),
        "loss": loss.item(),
        "grads": {k: tensor(g) for k, g in zip(wanted, grads)},
    }


def train():
    """Ten steps of Adam (rate 1e-2, betas 0.9 and 0.999, eps 1e-8) on one batch; the loss before each step.

    A bidirectional GRU, its last hidden states [forward, reverse] side by side, a linear layer
    ("fc.weight" [C][2H], "fc.bias" [C]) and mean cross-entropy.
    """
    I, H, C, T, lengths = 6, 8, 3, 9, [9, 4, 1, 7, 9, 5]
    gru, fc = nn.GRU(I, H, bidirectional=True).double(), nn.Linear(2 * H, C).double()
    weights = {**dict(gru.named_parameters()), "fc.weight": fc.weight, "fc.bias": fc.bias}
    with torch.no_grad():
        for p in weights.values():
            p.copy_(draw(*p.shape, scale=0.3))
    x = inputs(I, T, lengths)
    labels = [0, 2, 1, 1, 0, 2]
    out = {"versions": VERSIONS, "config": {"input_size": I, "hidden_size": H, "direction": "bidirectional"},
           "lengths": lengths, "labels": labels, "x": tensor(x), "weights": {k: tensor(v) for k, v in weights.items()}}
    adam = torch.optim.Adam(list(weights.values()), lr=1e-2)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    out["losses"] = []
    for _ in range(10):
        _, h_n = gru(packed)
        loss = nn.functional.cross_entropy(fc(torch.cat([h_n[0], h_n[1]], dim=1)), torch.tensor(labels))
        out["losses"].append(loss.item())
        adam.zero_grad()
        loss.backward()
        adam.step()
    return out


write("forward.json", case(3, 4, 5, [5, 5]))
write("bidirectional.json", case(5, 3, 6, [6, 6, 6], direction="bidirectional"))
write("stacked.json", case(4, 5, 4, [4, 4], layers=2, direction="bidirectional"))
write("lengths.json", case(3, 4, 7, [3, 7, 1, 5, 7], layers=2, direction="bidirectional"))
write("states.json", case(3, 4, 6, [2, 6, 1], layers=2, direction="bidirectional", state=True))
write("reverse.json", case(4, 5, 6, [4, 1, 6], direction="reverse", state=True))
write("wide.json", case(11, 19, 5, [5, 2, 4], direction="bidirectional", state=True))
write("train.json", train())

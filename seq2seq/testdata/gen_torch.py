"""Writes torch.json: weights, loss, gradients, the losses of some steps of training and
translations of small networks in PyTorch.

    pip install torch
    python gen_torch.py > torch.json
"""
import json

import torch

from seq2seq_torch import END, UNK, Seq2Seq, search

torch.set_num_threads(1)
EMBED, HIDDEN = 6, 5


def numbers(t):
    return [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]


cases = []
for name, options in {
    "general": {},
    "additive": dict(attention="additive"),
    "no feeding": dict(feeding=False, tie="none"),
    "two layers": dict(layers=2, attention="additive"),
    "gru, all tied": dict(encoder="gru", tie="all"),
}.items():
    torch.manual_seed(len(cases))
    source = target = 14
    if options.get("tie") != "all":
        source = 11
    m = Seq2Seq(source, target, EMBED, HIDDEN, **options)
    m.init()
    for p in m.parameters():
        if p.requires_grad:
            p.data += 0.3 * torch.randn_like(p)
    weights = {n: numbers(p) for n, p in m.named()}

    def draw(n, pieces):
        return torch.randint(UNK, pieces, (n,)).clamp(min=END + 1).tolist()

    batch = [(draw(a, source) + [END], draw(b, target)) for a, b in [(3, 4), (5, 1), (1, 6), (4, 4)]]
    sources, targets = [torch.tensor(s) for s, _ in batch], [torch.tensor(t) for _, t in batch]
    smoothing = 0.1
    loss = m.loss(sources, targets, smoothing)
    loss.backward()
    gradients = {n: numbers(p.grad) for n, p in m.named()}
    translations = []
    for o in [dict(beam=1), dict(beam=3, best=3), dict(beam=5, best=2, length=0.6, coverage=0.2)]:
        for s, _ in batch:
            found = search(m, s, **o)
            translations.append(dict(search=o, source=s, ids=[h[0] for h in found], logs=[h[1] for h in found], scores=[h[2] for h in found]))
    learned = [p for _, p in m.named()]
    optimizer = torch.optim.Adam(learned, lr=0.01)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        l = m.loss(sources, targets, smoothing)
        l.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        losses.append(l.item())
    cases.append(dict(name=name, options=options, source=source, target=target, smoothing=smoothing,
                      weights=weights, batch=batch, loss=loss.item(), gradients=gradients, losses=losses,
                      translations=translations))
print(json.dumps(dict(torch=torch.__version__, embed=EMBED, hidden=HIDDEN, cases=cases), separators=(",", ":")))

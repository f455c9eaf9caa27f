"""Writes torch.json, the answers of PyTorch that nn's tests compare with.

    python3 gen_torch.py > torch.json

Needs torch only. Inputs are float32 numbers, the arithmetic is float64.
"""

import json
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
gen = torch.Generator().manual_seed(20)


def rand(*shape):
    """Normal draws that float32 represents exactly."""
    return torch.randn(*shape, generator=gen).float().double()


def flat(x):
    return x.detach().reshape(-1).tolist()


def dense():
    n, i, o = 5, 4, 3
    layer = torch.nn.Linear(i, o)
    with torch.no_grad():
        layer.weight.copy_(rand(o, i))
        layer.bias.copy_(rand(o))
    x, dy = rand(n, i).requires_grad_(), rand(n, o)
    y = layer(x)
    y.backward(dy)
    return dict(n=n, **{"in": i}, out=o, weight=flat(layer.weight), bias=flat(layer.bias), x=flat(x), y=flat(y),
                dy=flat(dy), dx=flat(x.grad), dweight=flat(layer.weight.grad), dbias=flat(layer.bias.grad))


def losses():
    B, C = 6, 4
    logits = 2 * rand(B, C)
    labels = torch.tensor([0, 3, -1, 1, 3, 2])
    soft = torch.softmax(rand(B, C), 1).float().double()
    multi = (rand(B, C) > 0).double()
    weights = rand(B).abs()
    label_weights = rand(C).abs()
    positive = rand(C).abs()
    allowed = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 0]]).bool()

    cases = []

    def case(name, loss, fn, labels=None, values=None, weights=None, allowed=None):
        x = logits.clone().requires_grad_()
        y = fn(x)
        y.backward()
        t = {}
        if labels is not None:
            t["Labels"] = labels.tolist()
        if values is not None:
            t["Values"] = flat(values)
        if weights is not None:
            t["Weights"] = weights.tolist()
        if allowed is not None:
            t["Allowed"] = allowed.tolist()
        cases.append(dict(name=name, config=loss, targets=t, loss=y.item(), dlogits=flat(x.grad)))

    def ce(**kw):
        return lambda x: F.cross_entropy(x, labels, ignore_index=-1, **kw)

    case("cross-entropy", {}, ce(), labels)
    case("label weights", dict(label_weights=label_weights.tolist()), ce(weight=label_weights), labels)
    case("smoothing", dict(smoothing=0.1), ce(label_smoothing=0.1), labels)
    case("smoothing and label weights", dict(smoothing=0.2, label_weights=label_weights.tolist()),
         ce(label_smoothing=0.2, weight=label_weights), labels)

    keep = labels >= 0

    def weighted(x):
        each = F.cross_entropy(x, labels, ignore_index=-1, reduction="none")
        return (each * weights)[keep].sum() / weights[keep].sum()

    case("example weights", {}, weighted, labels, weights=weights)
    case("distribution as target", {}, lambda x: F.cross_entropy(x, soft), values=soft)
    case("distribution, smoothing", dict(smoothing=0.3), lambda x: F.cross_entropy(x, soft, label_smoothing=0.3), values=soft)
    case("allowed labels", {}, lambda x: F.cross_entropy(x.masked_fill(~allowed, -torch.inf), labels, ignore_index=-1), labels,
         allowed=allowed)

    def focal(x):
        logp = F.log_softmax(x[keep], 1).gather(1, labels[keep, None])[:, 0]
        return (-((1 - logp.exp()) ** 2) * logp).mean()

    case("focal", dict(gamma=2), focal, labels)

    def focal_smooth(x):
        logp = F.log_softmax(x[keep], 1)
        q = 0.9 * F.one_hot(labels[keep], C) + 0.1 / C
        return (-q * (1 - logp.exp()) ** 0.5 * logp).sum(1).mean()

    case("focal, smoothing", dict(gamma=0.5, smoothing=0.1), focal_smooth, labels)

    bce = "binary-cross-entropy"
    case(bce, dict(kind=bce), lambda x: F.binary_cross_entropy_with_logits(x, multi), values=multi)
    case("positive weights", dict(kind=bce, positive_weights=positive.tolist()),
         lambda x: F.binary_cross_entropy_with_logits(x, multi, pos_weight=positive), values=multi)
    case("binary, label and example weights", dict(kind=bce, label_weights=label_weights.tolist()),
         lambda x: F.binary_cross_entropy_with_logits(x, multi, weight=weights[:, None] * label_weights, reduction="sum")
         / (weights.sum() * label_weights.sum()), values=multi, weights=weights)
    case("binary, smoothing", dict(kind=bce, smoothing=0.2),
         lambda x: F.binary_cross_entropy_with_logits(x, 0.8 * multi + 0.1), values=multi)

    def binary_focal(x):
        p = torch.sigmoid(x)
        each = -multi * (1 - p) ** 2 * p.log() - (1 - multi) * p**2 * (1 - p).log()
        return each.mean()

    case("binary focal", dict(kind=bce, gamma=2), binary_focal, values=multi)
    case("squared-error", dict(kind="squared-error"), lambda x: F.mse_loss(x, soft), values=soft)
    case("squared error of labels", dict(kind="squared-error"),
         lambda x: F.mse_loss(x[keep], F.one_hot(labels[keep], C).double()), labels)
    return dict(B=B, C=C, logits=flat(logits), cases=cases)


def pool():
    """Three texts: sequences 0 and 2 together, 1 empty, 3 alone."""
    D, A = 6, 4
    lengths, groups = [3, 0, 4, 2], [0, 1, 0, 2]
    seqs = [rand(n, D).requires_grad_() for n in lengths]
    w, b, v = rand(A, D).requires_grad_(), rand(A).requires_grad_(), rand(A).requires_grad_()
    out = []
    for g in range(3):
        h = torch.cat([s for s, at in zip(seqs, groups) if at == g])
        if len(h) == 0:
            out.append(torch.zeros(4 * D))
            continue
        last = torch.cat([h[-1, : D // 2], h[0, D // 2:]])
        alpha = torch.softmax(torch.tanh(h @ w.T + b) @ v, 0)
        out.append(torch.cat([alpha @ h, last, h.mean(0), h.max(0).values]))
    y = torch.stack(out)
    dy = rand(*y.shape)
    y.backward(dy)
    return dict(size=D, hidden=A, lengths=lengths, groups=groups, kinds=["attention", "last", "mean", "max"],
                rows=[flat(s) for s in seqs], weight=flat(w), bias=flat(b), context=flat(v), pooled=flat(y), dpooled=flat(dy),
                drows=[flat(s.grad) if len(s) else [] for s in seqs], dweight=flat(w.grad), dbias=flat(b.grad), dcontext=flat(v.grad))


def optimizers():
    rows, width, steps, lr = 3, 2, 10, 0.05
    start = rand(rows, width)
    grads = [rand(rows, width) for _ in range(steps)]
    touched = [[t % 3, (t + 1) % 3] if t % 2 else [t % 3] for t in range(steps)]
    cases = []

    def case(name, config, make, sparse=False):
        w = start.clone().requires_grad_()
        opt = make([w])
        path = []
        for g, rows_ in zip(grads, touched):
            w.grad = g.clone()
            if sparse:
                w.grad = torch.sparse_coo_tensor(torch.tensor([rows_]), g[rows_], g.shape).coalesce()
            opt.step()
            path.append(flat(w))
        cases.append(dict(name=name, config=config, sparse=sparse, path=path))

    o = torch.optim
    case("sgd", dict(kind="sgd"), lambda p: o.SGD(p, lr))
    case("sgd, momentum", dict(kind="sgd", momentum=0.9), lambda p: o.SGD(p, lr, momentum=0.9))
    case("sgd, nesterov", dict(kind="sgd", momentum=0.9, nesterov=True), lambda p: o.SGD(p, lr, momentum=0.9, nesterov=True))
    case("sgd, decay", dict(kind="sgd", weight_decay=0.1), lambda p: o.SGD(p, lr, weight_decay=0.1))
    case("adam", {}, lambda p: o.Adam(p, lr))
    case("adam, betas", dict(beta1=0.7, beta2=0.99, eps=1e-4), lambda p: o.Adam(p, lr, betas=(0.7, 0.99), eps=1e-4))
    case("adamw", dict(weight_decay=0.1), lambda p: o.AdamW(p, lr, weight_decay=0.1))
    case("adam, sparse", {}, lambda p: o.SparseAdam(p, lr), sparse=True)
    case("rmsprop", dict(kind="rmsprop"), lambda p: o.RMSprop(p, lr))
    case("rmsprop, momentum", dict(kind="rmsprop", alpha=0.9, momentum=0.5), lambda p: o.RMSprop(p, lr, alpha=0.9, momentum=0.5))
    return dict(shape=[rows, width], lr=lr, start=flat(start), grads=[flat(g) for g in grads], touched=touched, cases=cases)


def schedules():
    total, rate = 20, 0.1
    cases = []

    def case(name, schedule, make):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], rate)
        sched = make(opt)
        path = []
        for _ in range(total):
            path.append(opt.param_groups[0]["lr"])
            opt.step()
            if len(path) < total:
                sched.step()
        cases.append(dict(name=name, schedule=schedule, path=path))

    s = torch.optim.lr_scheduler
    case("one-cycle", dict(kind="one-cycle", rate=rate), lambda o: s.OneCycleLR(o, rate, total_steps=total))
    case("one-cycle, own shape", dict(kind="one-cycle", rate=rate, warmup=0.5, start=0.2, final=0.002),
         lambda o: s.OneCycleLR(o, rate, total_steps=total, pct_start=0.5, div_factor=5, final_div_factor=100))
    case("cosine", dict(kind="cosine", rate=rate, final=0.1), lambda o: s.CosineAnnealingLR(o, total - 1, eta_min=rate / 10))
    case("linear", dict(kind="linear", rate=rate, final=0.1), lambda o: s.LinearLR(o, 1, 0.1, total - 1))
    case("step", dict(kind="step", rate=rate, gamma=0.5, every=0.25), lambda o: s.StepLR(o, total // 4, 0.5))
    case("constant", dict(rate=rate), lambda o: s.ConstantLR(o, 1))
    return dict(total=total, cases=cases)


json.dump(dict(torch=torch.__version__, dense=dense(), losses=losses(), pool=pool(), optimizers=optimizers(), schedules=schedules()),
          sys.stdout, indent=None, separators=(",", ":"))
print()

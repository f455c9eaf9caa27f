"""The network of package seq2seq in PyTorch: what gen_torch.py takes goldens from, and
what bench/translate compares with."""
import math

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD, UNK, BEGIN, END = 0, 1, 2, 3


class Seq2Seq(nn.Module):
    def __init__(self, source, target, embed=256, hidden=256, layers=1, attention="general", feeding=True,
                 tie="output", encoder="lstm", dropout=0.0):
        super().__init__()
        self.hidden, self.layers, self.kind, self.feeding = hidden, layers, attention, feeding
        self.target = nn.Embedding(target, embed)
        self.source = self.target if tie == "all" else nn.Embedding(source, embed)
        self.encoder = {"lstm": nn.LSTM, "gru": nn.GRU}[encoder](
            embed, hidden, layers, bidirectional=True, dropout=dropout if layers > 1 else 0)
        self.bridge = nn.Linear(2 * hidden, 2 * layers * hidden)
        width = 2 * embed if feeding else embed
        self.decoder = nn.ModuleList([nn.LSTMCell(width if l == 0 else hidden, hidden) for l in range(layers)])
        self.keys = nn.Linear(2 * hidden, hidden, bias=attention == "additive")
        if attention == "additive":
            self.query = nn.Linear(hidden, hidden, bias=False)
            self.context = nn.Parameter(torch.empty(hidden))
        self.attend_output = nn.Linear(3 * hidden, embed)
        self.output = nn.Linear(embed, target)
        if tie != "none":
            self.output.weight = self.target.weight
        self.drop = nn.Dropout(dropout)
        # The two biases of an LSTM are one with us.
        lstms = list(self.decoder) + ([self.encoder] if encoder == "lstm" else [])
        for m in lstms:
            for name, p in m.named_parameters():
                if name.startswith("bias_hh"):
                    p.data.zero_()
                    p.requires_grad_(False)

    def init(self):
        """Draws the weights from the distributions that the package draws from."""
        for e in {self.source, self.target}:
            nn.init.normal_(e.weight, std=0.1)
        if self.output.weight is not self.target.weight:
            nn.init.uniform_(self.output.weight, -0.1, 0.1)
        nn.init.zeros_(self.output.bias)
        for m in [self.encoder, *self.decoder]:
            H = self.hidden
            for name, p in m.named_parameters():
                if "weight" in name:
                    for gate in p.data.split(H):
                        if "weight_hh" in name:
                            nn.init.orthogonal_(gate)
                        else:
                            a = math.sqrt(6 / (gate.shape[1] + H))
                            nn.init.uniform_(gate, -a, a)
                else:
                    nn.init.zeros_(p)
                    if "bias_ih" in name and p.shape[0] == 4 * H:
                        p.data[H:2 * H] = 1
        if self.kind == "additive":
            nn.init.uniform_(self.context, -1 / math.sqrt(H), 1 / math.sqrt(H))

    def named(self):
        """The learned parameters under the names of the package, in its order."""
        out = []
        if self.source is not self.target:
            out.append(("source.embedding.weight", self.source.weight))
        lstm = isinstance(self.encoder, nn.LSTM)
        for name, p in self.encoder.named_parameters():
            if p.requires_grad:
                out.append(("encoder." + (name.replace("bias_ih", "bias") if lstm else name), p))
        out += [("bridge.weight", self.bridge.weight), ("bridge.bias", self.bridge.bias),
                ("target.embedding.weight", self.target.weight)]
        for l, cell in enumerate(self.decoder):
            for name, p in cell.named_parameters():
                if p.requires_grad:
                    out.append((f"decoder.{name.replace('bias_ih', 'bias')}_l{l}", p))
        out.append(("attention.keys.weight", self.keys.weight))
        if self.kind == "additive":
            out += [("attention.keys.bias", self.keys.bias), ("attention.query.weight", self.query.weight),
                    ("attention.context", self.context)]
        out += [("attention.output.weight", self.attend_output.weight), ("attention.output.bias", self.attend_output.bias)]
        if self.output.weight is not self.target.weight:
            out.append(("output.weight", self.output.weight))
        return out + [("output.bias", self.output.bias)]

    def read(self, sources):
        """sources: list of id tensors with their END. Returns memory [B][S][2H], keys, mask, states."""
        lengths = torch.tensor([len(s) for s in sources])
        x = self.drop(self.source(pad_sequence(sources)))
        y, final = self.encoder(pack_padded_sequence(x, lengths, enforce_sorted=False))
        memory = pad_packed_sequence(y)[0].transpose(0, 1)
        h = final[0] if isinstance(self.encoder, nn.LSTM) else final
        bridged = torch.tanh(self.bridge(torch.cat([h[-2], h[-1]], 1)))
        parts = bridged.split(self.hidden, 1)
        states = [(parts[l], parts[self.layers + l]) for l in range(self.layers)]
        mask = torch.arange(memory.shape[1])[None, :] >= lengths[:, None]
        return memory, self.keys(memory), mask, states

    def attend(self, s, memory, keys, mask):
        if self.kind == "general":
            scores = torch.bmm(keys, s.unsqueeze(2)).squeeze(2)
        else:
            scores = torch.tanh(keys + self.query(s).unsqueeze(1)) @ self.context
        w = torch.softmax(scores.masked_fill(mask, -math.inf), 1)
        c = torch.bmm(w.unsqueeze(1), memory).squeeze(1)
        return torch.tanh(self.attend_output(torch.cat([c, s], 1))), w

    def step(self, x, states):
        new = []
        for l, cell in enumerate(self.decoder):
            if l > 0:
                x = self.drop(x)
            x, c = cell(x, states[l])
            new.append((x, c))
        return x, new

    def answers(self, sources, targets):
        """What attention gives, [rows][E], and the true pieces, step by step, of sequences in
        order of descending length of the target; rows that have ended take no part."""
        order = sorted(range(len(targets)), key=lambda b: -len(targets[b]))
        sources, targets = [sources[b] for b in order], [targets[b] for b in order]
        memory, keys, mask, states = self.read(sources)
        lengths = [len(t) + 1 for t in targets]
        inputs = pad_sequence([torch.cat([torch.tensor([BEGIN]), t]) for t in targets])
        wanted = pad_sequence([torch.cat([t, torch.tensor([END])]) for t in targets])
        x = self.drop(self.target(inputs))
        a = torch.zeros(len(targets), x.shape[2])
        outs, true = [], []
        n = len(targets)
        for t in range(lengths[0]):
            while lengths[n - 1] <= t:
                n -= 1
            if n < a.shape[0]:
                a, memory, keys, mask = a[:n], memory[:n], keys[:n], mask[:n]
                states = [(h[:n], c[:n]) for h, c in states]
            i = torch.cat([x[t, :n], a], 1) if self.feeding else x[t, :n]
            s, states = self.step(i, states)
            a, _ = self.attend(s, memory, keys, mask)
            outs.append(a)
            true.append(wanted[t, :n])
        return self.drop(torch.cat(outs)), torch.cat(true)

    def loss(self, sources, targets, smoothing=0.0):
        a, true = self.answers(sources, targets)
        return nn.functional.cross_entropy(self.output(a), true, label_smoothing=smoothing)


def search(m, source, beam=5, best=1, length=1.0, coverage=0.0):
    """The search of the package for one text, as its documentation says it: hypotheses as
    (ids, log probability, score), the best first."""
    with torch.no_grad():
        memory, keys, mask, states = m.read([torch.tensor(source)])
        most = 2 * len(source) + 10
        live = [([], 0.0, [(h[0], c[0]) for h, c in states], torch.zeros(m.target.weight.shape[1]), torch.zeros(len(source)))]
        finished = []
        for t in range(most):
            found = []
            for row, (ids, log, states, a, paid) in enumerate(live):
                x = m.target(torch.tensor([ids[-1] if ids else BEGIN]))
                if m.feeding:
                    x = torch.cat([x, a[None]], 1)
                s, new = m.step(x, [(h[None], c[None]) for h, c in states])
                a, w = m.attend(s, memory, keys, mask)
                logs = torch.log_softmax(m.output(a)[0], 0)
                logs[[PAD, BEGIN] + ([] if UNK in source else [UNK])] = -math.inf
                for id, l in enumerate(logs.tolist()):
                    found.append((-(log + l), row, id, [(h[0], c[0]) for h, c in new], a[0], paid + w[0]))
            found.sort(key=lambda f: f[:3])
            live_before, live = live, []
            for cost, row, id, new, a, paid in found[:beam]:
                ids = live_before[row][0] + [id]
                if id == END or t + 1 == most:
                    score = -cost / ((5 + len(ids)) / 6) ** length
                    score += coverage * sum(math.log(min(p, 1)) for p in paid.tolist())
                    finished.append((ids, -cost, score))
                else:
                    live.append((ids, -cost, new, a, paid))
            finished.sort(key=lambda f: -f[2])
            if not live or len(finished) >= best and all(h[1] / ((5 + most) / 6) ** length <= finished[best - 1][2] for h in live):
                break
        return finished[:best]

"""A bidirectional LSTM in PyTorch as tutorials write it, with random word vectors: the method pytorch of baselines.py."""

import collections
import copy

import numpy as np
import torch
from torch import nn

LONGEST = 400  # words of a text that are read
VOCABULARY = 30_000
BATCH = 32


class Net(nn.Module):
    def __init__(self, words, labels, dropout):
        super().__init__()
        self.table = nn.Embedding(words, 100, padding_idx=0)
        self.lstm = nn.LSTM(100, 128, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(256, labels)

    def forward(self, ids):
        y, _ = self.lstm(self.dropout(self.table(ids)))
        y = y.masked_fill((ids == 0).unsqueeze(2), -torch.inf).max(0).values
        return self.out(self.dropout(y))


class TorchLSTM:
    """Adam with a rate of .001; a tenth of the texts chooses the epoch, and ends the training when three have not been better."""

    def __init__(self, words, seed, dropout, epochs=30):
        self.words, self.seed, self.dropout, self.epochs = words, seed, dropout, epochs

    def encode(self, texts):
        return [[self.ids.get(w, 1) for w in self.words(t)[:LONGEST]] or [1] for t in texts]

    def batches(self, rows, lengths, rng=None):
        """Rows of like lengths together; in an order drawn by rng."""
        order = np.array(rows)
        if rng is not None:
            rng.shuffle(order)
        large = len(order) if rng is None else 50 * BATCH
        groups = []
        for at in range(0, len(order), large):
            part = sorted(order[at:at + large], key=lambda i: lengths[i])
            groups += [part[k:k + BATCH] for k in range(0, len(part), BATCH)]
        if rng is not None:
            groups = [groups[k] for k in rng.permutation(len(groups))]
        return groups

    def pad(self, ids):
        return nn.utils.rnn.pad_sequence([torch.tensor(i) for i in ids])

    def fit(self, texts, labels):
        torch.manual_seed(self.seed)
        torch.set_flush_denormal(True)
        torch.set_num_threads(1)  # processor time is what counts
        rng = np.random.default_rng(self.seed)
        counts = collections.Counter(w for t in texts for w in self.words(t))
        self.ids = {w: i for i, (w, n) in enumerate(counts.most_common(VOCABULARY), 2) if n > 1}  # 0 is padding, 1 unknown
        self.labels = sorted(set(labels))
        gold = torch.tensor([self.labels.index(l) for l in labels])
        ids = self.encode(texts)
        lengths = [len(i) for i in ids]
        rows = rng.permutation(len(texts))
        dev, train = rows[:len(rows) // 10], rows[len(rows) // 10:]
        net = self.net = Net(len(self.ids) + 2, len(self.labels), self.dropout)
        adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
        best, since = -1, 0
        for _ in range(self.epochs):
            net.train()
            for batch in self.batches(train, lengths, rng):
                adam.zero_grad()
                nn.functional.cross_entropy(net(self.pad([ids[i] for i in batch])), gold[batch]).backward()
                nn.utils.clip_grad_norm_(net.parameters(), 5)
                adam.step()
            right = sum(a == labels[i] for i, a in zip(dev, self.answers([ids[i] for i in dev])))
            since += 1
            if right > best:
                best, since, weights = right, 0, copy.deepcopy(net.state_dict())
            if since == 3:
                break
        net.load_state_dict(weights)

    def answers(self, ids):
        self.net.eval()
        found = [None] * len(ids)
        with torch.inference_mode():
            for batch in self.batches(range(len(ids)), [len(i) for i in ids]):
                for i, k in zip(batch, self.net(self.pad([ids[i] for i in batch])).argmax(1).tolist()):
                    found[i] = self.labels[k]
        return found

    def predict(self, texts):
        return self.answers(self.encode(texts))

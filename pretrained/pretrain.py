#!/usr/bin/env python3
"""Trains a language model on a GPU, with the settings and words of `sentiment pretrain --export`:

    sentiment pretrain --export --text reviews.csv --exclude test.tsv --config language.toml --out reviews.words
    pretrained/pretrain.py reviews.words reviews.lm

The file is one of package lm: train --init and model quantize read it. The model, the loss and the schedule are those of
package lm; random numbers and rounding are not, and a batch has pieces of one length. Needs torch, numpy and safetensors
(made with 2.11, 2.5 and 0.8).
"""

import json
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file

KEY = "textlstm.lm"
FIRST = 2  # the first id of a word; before it are padding and the unknown word
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Texts:
    """Words on the device, those before and after each, and the pieces to read by their length."""

    def __init__(self, ids, lengths, aside, chunk):
        ids, lengths = ids.long(), lengths.long()
        starts = lengths.cumsum(0) - lengths
        following, preceding = ids.roll(-1), ids.roll(1)
        begins = starts[lengths > 0]
        preceding[begins] = 0
        following[begins - 1] = 0  # of the first text it is the last word of all
        self.ids = ids.to(DEVICE)
        self.beside = following.to(DEVICE), preceding.to(DEVICE)  # what is below FIRST is not predicted

        many = (lengths + chunk - 1) // chunk * (lengths > 1)
        text = torch.repeat_interleave(torch.arange(len(lengths)), many)
        place = torch.arange(len(text)) - (many.cumsum(0) - many)[text]
        begin = starts[text] + chunk * place
        length = (lengths[text] - chunk * place).clamp(max=chunk)
        self.train, self.dev = (
            {int(n): begin[(aside[text] == a) & (length == n)] for n in length[aside[text] == a].unique()}
            for a in (0, 1)
        )

    @staticmethod
    def batches(pieces, tokens, generator=None):
        """Lists (length, starts) of about so many words each, shuffled if there is a generator."""
        out = []
        for length, starts in pieces.items():
            if generator is not None:
                starts = starts[torch.randperm(len(starts), generator=generator)]
            count = max(1, round(len(starts) * length / tokens))
            out += [(length, s.to(DEVICE)) for s in starts.chunk(count)]
        order = range(len(out)) if generator is None else torch.randperm(len(out), generator=generator).tolist()
        return [out[i] for i in order]


class Sampler:
    """Draws words without replacement, by count^0.75, with the logarithm of the chance of each to be drawn."""

    def __init__(self, ids, size, samples):
        p = torch.bincount(ids, minlength=size).double().pow(0.75)
        p[:FIRST] = 0
        p /= p.sum()
        self.samples = samples = min(samples, int((p > 0).sum()))
        low, high = 1.0, 1e12  # the number of tries that gives so many different words
        for _ in range(100):
            tries = math.sqrt(low * high)
            enough = -torch.expm1(tries * torch.log1p(-p)).sum() >= samples
            low, high = (low, tries) if enough else (tries, high)
        chance = -torch.expm1(high * torch.log1p(-p))
        self.log_chance = chance.clamp(min=1e-30).log().float().to(DEVICE)
        self.p = p.float().to(DEVICE)

    def draw(self):
        words = (self.p / torch.empty_like(self.p).exponential_()).topk(self.samples).indices
        # One column more takes the place of the true word's own where that is not in the sample.
        at = torch.full_like(self.p, self.samples, dtype=torch.long)
        at[words] = torch.arange(self.samples, device=DEVICE)
        offset = torch.cat([-self.log_chance[words], self.p.new_full((1,), -1e4)])
        return torch.cat([words, words[:1]]), offset, at


class LanguageModel(torch.nn.Module):
    def __init__(self, cfg, size):
        super().__init__()
        D, H = cfg["embed"], cfg["lstm"]["hidden_size"]
        self.H, self.dropouts = H, (cfg["lstm"].get("input_dropout", 0), cfg.get("dropout", 0))
        self.embedding = torch.nn.Parameter(torch.randn(size, D) * 0.1)
        self.encoder = torch.nn.LSTM(D, H, bidirectional=True)
        self.output = torch.nn.ModuleList([torch.nn.Linear(H, D), torch.nn.Linear(H, D)])  # next, previous
        self.bias = torch.nn.Parameter(torch.zeros(size))
        for suffix in ("", "_reverse"):
            one, other = (getattr(self.encoder, f"bias_{b}_l0{suffix}") for b in ("ih", "hh"))
            torch.nn.init.zeros_(one)
            torch.nn.init.zeros_(other)
            one.data[H : 2 * H] = 1  # the forget gate
            other.requires_grad = False  # textlstm has one bias

    def predictions(self, texts, length, starts):
        """Yields the projected states and the words beside them, by direction."""
        at = starts + torch.arange(length, device=DEVICE)[:, None]
        inputs, states = self.dropouts
        x = F.dropout(F.embedding(texts.ids[at], self.embedding), inputs, self.training)
        y = F.dropout(self.encoder(x)[0], states, self.training)
        for d, words in enumerate(texts.beside):
            yield self.output[d](y[..., d * self.H : (d + 1) * self.H]).flatten(0, 1), words[at].flatten()

    def loss(self, texts, length, starts, sampler):
        sample, offset, at = sampler.draw()
        total = count = 0
        for u, words in self.predictions(texts, length, starts):
            others = torch.addmm(self.bias[sample] + offset, u, self.embedding[sample].t())
            others.scatter_(1, at[words][:, None], -1e4)
            true = (u * self.embedding[words]).sum(1) + self.bias[words] - sampler.log_chance[words]
            known = words >= FIRST
            total = total + ((torch.logaddexp(true, others.logsumexp(1)) - true) * known).sum()
            count = count + known.sum()
        return total / count.clamp(min=1)

    @torch.no_grad()
    def perplexity(self, texts):
        self.eval()
        sums, counts = [0, 0], [0, 0]
        for length, starts in texts.batches(texts.dev, 4096):
            for d, (u, words) in enumerate(self.predictions(texts, length, starts)):
                known = words >= FIRST
                scores = F.linear(u[known], self.embedding[FIRST:], self.bias[FIRST:])
                sums[d] += float(F.cross_entropy(scores, words[known] - FIRST, reduction="sum"))
                counts[d] += int(known.sum())
        self.train()
        return [math.exp(s / max(n, 1)) for s, n in zip(sums, counts)]

    def tensors(self):
        """The weights under the names of package lm."""
        w = dict(self.named_parameters())
        t = {"embedding.weight": self.embedding, "output.bias": self.bias[:, None]}
        for d, (suffix, word) in enumerate((("", "next"), ("_reverse", "previous"))):
            for name in ("weight_ih_l0", "weight_hh_l0"):
                t["encoder." + name + suffix] = w["encoder." + name + suffix]
            t["encoder.bias_l0" + suffix] = w["encoder.bias_ih_l0" + suffix]
            t[f"output.{word}.weight"] = w[f"output.{d}.weight"]
            t[f"output.{word}.bias"] = w[f"output.{d}.bias"]
        return {name: v.detach().float().cpu().contiguous() for name, v in t.items()}


def rate(schedule, progress):
    """One cycle, as nn.Schedule has it."""
    warmup = schedule["warmup"]
    if progress < warmup:
        low, x = schedule["start"], progress / warmup
    else:
        low, x = schedule["final"], (1 - progress) / (1 - warmup)
    return schedule["rate"] * (low + (1 - low) * (1 - math.cos(math.pi * x)) / 2)


def main(source, target):
    with safe_open(source, "pt") as f:
        meta = f.metadata()
        ids, lengths, aside = (f.get_tensor(name) for name in ("ids", "lengths", "aside"))
    description = json.loads(meta[KEY])
    cfg = description["config"]
    if cfg["schedule"]["kind"] != "one-cycle" or cfg["lstm"].get("direction") != "bidirectional":
        sys.exit("pretrain.py: want schedule.kind one-cycle and lstm.direction bidirectional")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(cfg.get("seed", 0))
    generator = torch.Generator().manual_seed(cfg.get("seed", 0))
    texts = Texts(ids, lengths, aside, cfg["chunk"])
    size = FIRST + len(description["vocab"]["tokens"])
    sampler = Sampler(ids, size, cfg["samples"])
    model = LanguageModel(cfg, size).to(DEVICE)
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(weights, fused=DEVICE == "cuda")
    step, began = 0, time.time()
    for epoch in range(cfg["epochs"]):
        batches = texts.batches(texts.train, cfg["batch_tokens"], generator)
        losses = torch.zeros((), device=DEVICE)
        for length, starts in batches:
            for group in optimizer.param_groups:
                group["lr"] = rate(cfg["schedule"], step / (len(batches) * cfg["epochs"]))
            optimizer.zero_grad(set_to_none=True)
            loss = model.loss(texts, length, starts, sampler)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, cfg["clip_norm"])
            optimizer.step()
            losses += loss.detach()
            step += 1
        following, preceding = model.perplexity(texts)
        print(f"epoch {epoch + 1}/{cfg['epochs']}  loss {losses.item() / len(batches):.4f}",
              f" perplexity of the next word {following:.1f}  of the previous word {preceding:.1f}",
              f" {time.time() - began:.0f} s", flush=True)
        save_file(model.tensors(), target, {KEY: meta[KEY]})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

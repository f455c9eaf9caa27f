"""bench/translate in PyTorch: the same network, pieces, batches and search.

    pip install torch sacrebleu
    python bench/translate/seq2seq_torch.py -dir DATA -pieces-from MODEL -train-seconds 300 -out torch.pt
    python bench/translate/seq2seq_torch.py -dir DATA -pieces-from MODEL -model torch.pt
    python bench/translate/seq2seq_torch.py -dir DATA -pieces-from MODEL -seconds 30

MODEL is a file of package seq2seq: its vocabularies and merges cut the texts, so that both
programs learn from the same pieces. The last form times training alone.
"""
import argparse
import json
import math
import os
import random
import struct
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../seq2seq/testdata"))
from seq2seq_torch import BEGIN, END, PAD, UNK, Seq2Seq  # noqa: E402

p = argparse.ArgumentParser(prefix_chars="-")
for name, kind, value in [("dir", str, "."), ("from", str, "de"), ("to", str, "en"), ("pieces-from", str, None), ("embed", int, 256),
                          ("hidden", int, 256), ("layers", int, 1), ("batch", int, 3000), ("dropout", float, 0.3), ("rate", float, 0.002),
                          ("attention", str, "general"), ("epochs", int, 10), ("seed", int, 1), ("seconds", float, 0),
                          ("train-seconds", float, 0), ("cpu-seconds", float, 0), ("out", str, ""), ("model", str, ""),
                          ("split", str, "test_2016_flickr"), ("beam", int, 5), ("texts", int, 32), ("threads", int, 2)]:
    p.add_argument("-" + name, type=kind, default=value)
a = p.parse_args()
torch.set_num_threads(a.threads)
torch.set_flush_denormal(True)
torch.manual_seed(a.seed)

with open(a.pieces_from, "rb") as f:
    header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
d = json.loads(header["__metadata__"]["textlstm.seq2seq"])


class Language:
    """Pieces as package tokenize/bpe makes them, of words that `pieces` of the package gives: the
    words themselves are cut by a regular expression that does what the pipeline words does
    for these texts, near enough; the goldens of the package hold the exact rules."""

    def __init__(self, pieces):
        self.tokens = ["<pad>", "<unk>"] + pieces["vocab"]["tokens"]
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.rank = {tuple(line.split(" ")): i for i, line in enumerate(pieces["merges"].splitlines()[1:])}
        self.known = {}

    def word(self, w):
        if w not in self.known:
            parts = list(w)
            while len(parts) > 1:
                rank, at = min((self.rank.get(pair, math.inf), i) for i, pair in enumerate(zip(parts, parts[1:])))
                if rank == math.inf:
                    break
                pair, merged, i = (parts[at], parts[at + 1]), [], 0
                while i < len(parts):
                    if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
                        merged.append(pair[0] + pair[1])
                        i += 2
                    else:
                        merged.append(parts[i])
                        i += 1
                parts = merged
            self.known[w] = [self.ids.get(x, UNK) for x in parts]
        return self.known[w]

    def encode(self, text):
        import re
        ids = []
        for m in re.finditer(r"\s*(\w+|[^\w\s])", text):
            w = m.group(1)
            ids += self.word("\u2581" + w if m.start(1) > m.start() or m.start() == 0 else w)
        return ids

    def decode(self, ids):
        return "".join(self.tokens[i] for i in ids if i > END).replace("\u2581", " ").strip()


source = Language(d["source"])
target = Language(d.get("target") or d["source"])


def read(split, lang):
    with open(f"{a.dir}/{split}.{lang}", encoding="utf-8") as f:
        return f.read().removesuffix("\n").split("\n")


def network():
    m = Seq2Seq(len(source.tokens), len(target.tokens), a.embed, a.hidden, a.layers, a.attention, dropout=a.dropout,
                tie="all" if d["config"].get("shared") else "output")
    m.init()
    return m


def batches(pairs, r):
    """Those of loop.ByLength."""
    order = list(range(len(pairs)))
    r.shuffle(order)
    size = lambda i: len(pairs[i][0]) + len(pairs[i][1]) + 1  # noqa: E731
    out = []
    most = a.batch // 8 + 1
    for start in range(0, len(order), most * 50):
        part = sorted(order[start:start + most * 50], key=size, reverse=True)
        batch, n = [], 0
        for i in part:
            if batch and (len(batch) == most or n + size(i) > a.batch):
                out.append(batch)
                batch, n = [], 0
            batch.append(i)
            n += size(i)
        out.append(batch)
    r.shuffle(out)
    return out


def one_cycle(share, rate):
    """nn.OneCycle, by the share of the training that is done."""
    if share <= 0.3:
        return rate * (1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * share / 0.3)) / 2)
    return rate * (1e-4 / 25 + (1 - 1e-4 / 25) * (1 + math.cos(math.pi * (share - 0.3) / 0.7)) / 2)


def translate(m, texts, beam):
    """Batched beam search; the hypotheses of texts that are done leave the batch."""
    m.eval()
    out = [None] * len(texts)
    ids = [source.encode(t) + [END] for t in texts]
    order = sorted(range(len(texts)), key=lambda i: -len(ids[i]))
    penalty = lambda n: (5 + n) / 6  # noqa: E731
    with torch.inference_mode():
        for at in range(0, len(order), a.texts):
            part = order[at:at + a.texts]
            memory, keys, mask, states = m.read([torch.tensor(ids[i]) for i in part])
            expand = lambda x: x.repeat_interleave(beam, 0)  # noqa: E731
            memory, keys, mask = expand(memory), expand(keys), expand(mask)
            states = [(expand(h), expand(c)) for h, c in states]
            texts_left = list(part)
            n = len(part)
            logs = torch.full((n, beam), -math.inf)
            logs[:, 0] = 0
            feed = torch.zeros(n * beam, m.target.weight.shape[1])
            last = torch.full((n * beam,), BEGIN)
            history = [[[] for _ in range(beam)] for _ in part]
            finished = [[] for _ in part]
            ended = [0] * n
            V = len(target.tokens)
            t = 0
            while texts_left:
                x = m.target(last)
                s, states = m.step(torch.cat([x, feed], 1) if m.feeding else x, states)
                feed, _ = m.attend(s, memory, keys, mask)
                scores = torch.log_softmax(m.output(feed), 1)
                scores[:, PAD] = scores[:, BEGIN] = scores[:, UNK] = -math.inf
                n = len(texts_left)
                best, where = (scores.view(n, beam, V) + logs.unsqueeze(2)).view(n, -1).topk(beam, 1)
                rows, pieces = where // V, where % V
                logs = best.clone()
                t += 1
                keep = []
                best_list, rows_list, pieces_list = best.tolist(), rows.tolist(), pieces.tolist()
                for i in range(n):
                    most = 2 * len(ids[texts_left[i]]) + 10
                    new = []
                    for k in range(beam):
                        h = history[i][rows_list[i][k]]
                        l = best_list[i][k]
                        if l == -math.inf:
                            new.append(h)
                            continue
                        h = h + [pieces_list[i][k]]
                        new.append(h)
                        if h[-1] == END or t >= most:
                            finished[i].append((l / penalty(t), h))
                            logs[i, k] = -math.inf
                            ended[i] += 1
                    history[i] = new
                    top = max((f[0] for f in finished[i]), default=-math.inf)
                    alive = [l for k, l in enumerate(best_list[i]) if new[k] and new[k][-1] != END and l != -math.inf]
                    if ended[i] >= beam or not alive or t >= most or finished[i] and max(alive) / penalty(most) <= top:
                        out[texts_left[i]] = target.decode(max(finished[i], key=lambda f: f[0])[1])
                    else:
                        keep.append(i)
                index = (torch.arange(n).unsqueeze(1) * beam + rows)
                if len(keep) < n:
                    index, logs, pieces = index[keep], logs[keep], pieces[keep]
                    texts_left = [texts_left[i] for i in keep]
                    history, finished, ended = [history[i] for i in keep], [finished[i] for i in keep], [ended[i] for i in keep]
                    same = (torch.tensor(keep, dtype=torch.long).unsqueeze(1) * beam + torch.arange(beam)).view(-1)
                    memory, keys, mask = memory[same], keys[same], mask[same]
                index = index.view(-1)
                states = [(h[index], c[index]) for h, c in states]
                feed, last = feed[index], pieces.reshape(-1)
    return out


def main():
    sources, refs = read(a.split, a.__dict__["from"]), read(a.split, a.to)
    if a.model:
        m = network()
        if a.model.endswith(".pt"):
            m.load_state_dict(torch.load(a.model))
        else:  # a model of ours
            from safetensors.torch import load_file
            tensors = load_file(a.model)
            with torch.no_grad():
                for name, q in m.named():
                    q.copy_(tensors[name])
        translate(m, sources[:50], a.beam)
        start, cpu = time.time(), time.process_time()
        hyps = translate(m, sources, a.beam)
        took, cpu = time.time() - start, time.process_time() - cpu
        import sacrebleu
        print(json.dumps(dict(torch=torch.__version__, sentences_per_s=len(sources) / took, sentences_per_cpu_s=len(sources) / cpu,
                              bleu=sacrebleu.corpus_bleu(hyps, [refs]).score,
                              chrf=sacrebleu.corpus_chrf(hyps, [refs]).score)))
        return
    pairs = [(source.encode(x) + [END], target.encode(y)) for x, y in zip(read("train", a.__dict__["from"]), read("train", a.to))]
    pairs = [(torch.tensor(x), torch.tensor(y)) for x, y in pairs if len(x) <= 100 and 0 < len(y) <= 100]
    m = network()
    m.train()
    learned = [q for _, q in m.named()]
    optimizer = torch.optim.Adam(learned, lr=a.rate, fused=True)
    r = random.Random(a.seed)
    steps, done, pieces, start, cpu = 0, 0.0, 0, time.time(), time.process_time()
    first = None
    total = a.epochs * len(batches(pairs, random.Random(0)))
    epoch = 0
    while done < 1:
        for batch in batches(pairs, r):
            if a.cpu_seconds:
                done = (time.process_time() - cpu) / a.cpu_seconds
            elif a.train_seconds:
                done = (time.time() - start) / a.train_seconds
            else:
                done = steps / total
            if done >= 1:
                break
            for g in optimizer.param_groups:
                g["lr"] = one_cycle(done, a.rate)
            optimizer.zero_grad(set_to_none=True)
            loss = m.loss([pairs[i][0] for i in batch], [pairs[i][1] for i in batch], 0.1)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            steps += 1
            pieces += sum(len(pairs[i][0]) + len(pairs[i][1]) + 1 for i in batch)
            if steps == 3:
                first, before, cpu_before = time.time(), pieces, time.process_time()
            if a.seconds and steps > 3 and time.time() - first > a.seconds:
                print(json.dumps(dict(torch=torch.__version__, tokens_per_s=(pieces - before) / (time.time() - first),
                                      tokens_per_cpu_s=(pieces - before) / (time.process_time() - cpu_before), loss=loss.item(), steps=steps)))
                return
        epoch += 1
        print(f"{time.time() - start:.0f} s, {time.process_time() - cpu:.0f} s of CPU, epoch {epoch}: loss {loss.item():.3f}", file=sys.stderr)
    torch.save(m.state_dict(), a.out)
    print(json.dumps(dict(steps=steps, epochs=steps * a.epochs / total, cpu_seconds=time.process_time() - cpu)))


main()

"""Times PyTorch on the net of bench/throughput; the same flags, and the choices below."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import lstmbench


class Net(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.packed, self.variable = args.packed, bool(args.lengths or args.words)
        self.table = nn.Embedding(lstmbench.VOCABULARY, args.input, sparse=args.adam == "sparse")
        self.lstm = nn.LSTM(args.input, args.hidden, args.layers, bidirectional=args.bidirectional)
        self.fc = nn.Linear(args.hidden * (1 + args.bidirectional), lstmbench.LABELS)

    def forward(self, ids, lengths):
        x = self.table(ids)  # [T][B][I]
        if self.packed:
            y, _ = self.lstm(pack_padded_sequence(x, lengths, enforce_sorted=False))
            y, _ = pad_packed_sequence(y, padding_value=-torch.inf)
        else:
            y, _ = self.lstm(x)
            if self.variable:
                pad = torch.arange(len(ids)).unsqueeze(1) >= lengths
                y = y.masked_fill(pad.unsqueeze(2), -torch.inf)
        return self.fc(y.max(0).values)


def main():
    p = lstmbench.flags()
    p.add_argument("-packed", action="store_true", help="pack the sequences, so that padding costs nothing")
    p.add_argument("-adam", choices=["default", "fused", "sparse"], default="fused",
                   help="sparse: SparseAdam for the embedding and fused Adam for the rest")
    p.add_argument("-cuda", action="store_true", help="train on the GPU, by cuDNN; the optimiser is the fused Adam")
    args = p.parse_args()
    place = "cuda" if args.cuda else "cpu"
    torch.set_flush_denormal(True)  # gradients that die out over padding would else cost thrice the time
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    net = Net(args).to(place)
    if args.adam == "sparse":
        rest = [q for name, q in net.named_parameters() if name != "table.weight"]
        optimisers = [torch.optim.SparseAdam([net.table.weight]), torch.optim.Adam(rest, fused=True)]
    else:
        optimisers = [torch.optim.Adam(net.parameters(), fused=args.adam == "fused" or None)]

    def train(ids, lengths, labels):
        for o in optimisers:
            o.zero_grad()
        logits = net(torch.from_numpy(ids).to(place), torch.from_numpy(lengths))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(labels).to(place))
        loss.backward()
        for o in optimisers:
            o.step()
        loss.item()  # waits for the GPU, as who watches a training does

    @torch.inference_mode()
    def infer(ids, lengths, _):
        net(torch.from_numpy(ids).to(place), torch.from_numpy(lengths)).softmax(1).cpu()

    net.train(args.mode == "train")
    lstmbench.measure(args, train if args.mode == "train" else infer, torch=f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")


main()

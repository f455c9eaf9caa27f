"""The fasttext command: supervised training, and the labels of texts."""

import subprocess


def train(file, model, **options):
    """Trains MODEL.bin on a file of lines "__label__a __label__b words"."""
    options = dict(input=file, output=model, verbose=0, **options)
    subprocess.run(["fasttext", "supervised"] + [str(a) for k, v in options.items() for a in (f"-{k}", v)],
                   check=True, stderr=subprocess.DEVNULL)


def predict(model, lines, *most):
    """The labels of each line, the likeliest first: at most k, with a probability of at least p."""
    out = subprocess.run(["fasttext", "predict", f"{model}.bin", "-", *map(str, most)], input="".join(l + "\n" for l in lines),
                         capture_output=True, text=True, check=True).stdout
    return [[label.removeprefix("__label__") for label in row.split()] for row in out.split("\n")[:-1]]

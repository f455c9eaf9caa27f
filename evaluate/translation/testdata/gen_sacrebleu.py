"""Writes sacrebleu.json: figures of sacreBLEU for texts that are hard to tokenise.

    pip install sacrebleu==2.6.0
    python gen_sacrebleu.py > sacrebleu.json
"""
import json
import random

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

texts = [
    "The cat is on the mat.", "There is a cat on the mat", "Hello, world!", "It's 3.14 - not 3,141 or 1-2.",
    "a&quot;b&amp;lt; <skipped>x", "U.S. (e.g.) $5.00/unit", "Ein Mann, der [etwas] anstarrt.", "Größe: 10–20 km²", "日本語の文です。", "",
    "one", "one two", "one two three", "one two three four", "tab\tand nbsp\u00a0here \u001c x", "don't stop-words 1990-2000 {x}~y`z^", "end.\n",
    "dash-\nbreak new\nline", ".5 and 5. and .,. ,", "A B c D e", "&gt;&gt; 100% #1 @me",
]
r = random.Random(1)
cases = []


def case(name, hyps, refs, lowercase=False, characters=False):
    bleu = BLEU(lowercase=lowercase, tokenize="char" if characters else "13a").corpus_score(hyps, refs)
    chrf = CHRF(lowercase=lowercase).corpus_score(hyps, refs)
    cases.append(dict(name=name, translations=hyps, references=refs, lowercase=lowercase, characters=characters,
                      bleu=bleu.score, precisions=bleu.precisions, brevity=bleu.bp,
                      tokens=bleu.sys_len, reference_tokens=bleu.ref_len, chrf=chrf.score))


def noisy(s):
    words = s.split(" ")
    for _ in range(r.randrange(3)):
        i = r.randrange(len(words))
        words[i] = r.choice(["", "the", "cat", words[i].upper(), words[i][::-1]])
    return " ".join(words)


case("same", texts, [texts])
case("noisy", [noisy(t) for t in texts], [texts])
case("two sets", [noisy(t) for t in texts], [[noisy(t) for t in texts], texts])
case("lower case", [noisy(t) for t in texts], [texts], lowercase=True)
case("characters", [noisy(t) for t in texts], [texts], characters=True)
case("nothing right", ["x y z"], [["a b c d"]])
case("no translation", [""], [["a b c"]])
case("no reference", ["a b c"], [[""]])
case("short", ["the cat"], [["the cat sat"]])
case("no pair", ["the dog sat here now"], [["here the now cat sat"]])
case("long", ["the the the the the the the"], [["the cat is on the mat"]])
for i in range(10):
    n = r.randrange(1, 6)
    refs = [r.choice(texts) for _ in range(n)]
    case(f"random {i}", [noisy(t) for t in refs], [refs])

tokenizer = Tokenizer13a()
print(json.dumps(dict(sacrebleu=sacrebleu.__version__, cases=cases,
                      tokens=[[t, tokenizer(t)] for t in texts]), ensure_ascii=False, indent=1))

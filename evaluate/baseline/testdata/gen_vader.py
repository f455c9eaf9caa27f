"""Writes vader.jsonl: sentences and what vaderSentiment 3.3.2 makes of them.

    pip install vaderSentiment==3.3.2 && python gen_vader.py > vader.jsonl

A third of the sentences are written by hand, the rest put together at random
from what the rules look for. One JSON list a line: text, compound, neg, neu, pos.
"""
import json
import random

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

WRITTEN = """
This is a good day.
This is a good day!
This is a good day!!
This is a good day!!!!!!
This is a GOOD day.
THIS IS A GOOD DAY.
Is this a good day?
Is this a good day??
Is this a good day???
Is this a good day?????
What?! A good day?!?!
This is a very good day.
This is a VERY good day.
This is a very GOOD day.
This is kind of a good day.
The soup was kind of good.
The soup was sort of terrible, sort of.
The soup was only just enough to be good.
It was kinda good and kinda bad.
I am not happy.
I am never so happy.
I have never been this happy.
Never this happy again, never so sad again.
Without doubt a great goal.
Without a doubt a great goal.
Without any love it is a great goal.
I don't like it.
I dont like it at all.
Nobody wouldn't love it.
It isn't bad, it isn't good.
It wasn't very funny.
There is no joy in it.
No, I love it.
No joy no hope no laughter.
Neither good nor bad.
no war or hatred
no big war nor hatred
No.
no
The least funny joke of all.
At least it is funny.
At the very least it is funny.
Least interesting.
Least loved is the winner, at least good.
The food was good but the service was terrible.
The food was terrible, but the service was good.
but good
good but
But good and good but good and bad but bad.
Good good good but good good bad bad.
good great good but great good great
It was fine. BUT it was awful.
She is the bomb.
That goal was the shit!
What a bad ass of a referee.
What a badass.
We waited at the bus stop, happy.
Oh yeah right, a wonderful plan.
It felt like the kiss of death to the party.
A dessert to die for.
With a beating heart he won.
He has the upper hand and will break a leg.
:) :-) :( :-( ;) :D :P <3 </3 xD
I came :( and left :)
so so sad :'(
lol that was funny, rofl
wtf is this crap, smh
😀
I love it 😍😍😍
nice😂one
😭 but 😀
☺️ and ☺ are two
💔💔 over 💋
Catch the emoji 💘 and 💋 and 😁!
👍🏽 thanks
It costs $5, is 100% safe and e-mail@example.com is free.
"Great"... (wonderful) [awful] {sad} *happy*
--great-- ..bad.. 'ugly'
don't!!! stop!!! (the) love?
A GREAT film, A bad ONE.
MOST AMAZING thing, LEAST amazing person.
I'm EXTREMELY happy and extremely HAPPY.
The extremely bad, hardly good, barely alive dog.
He was hardly ever less than great.
It was almost perfect and slightly marred.
HARDLY good. hardly GOOD.
incredibly, utterly, totally bad
Not very, very, very good.
not so not so good
Rarely good, seldom bad, despite all fun.
I cannot recommend this enough.
Nothing is wrong here, nothing at all.
Nowhere near good.
It ain't no good.
Can't complain, won't argue, shan't cry.
uh-uh, not good
not a b c good
not a b good
not a good
very a b c good
very a b good
very a good
VERY a b good
the
   

a b c
Only neutral words stand in this sentence about a table.
Sie ist glücklich, très heureuse, muy feliz.
ΑΓΑΠΗ ΣΟΦΟΣ good
İstanbul is GOOD, ǅ is good
ⅣⅨ good
ａｗｅｓｏｍｅ good
good\u00a0bad\u2003ugly\u3000great\u0085fine
good\u001fbad\u001cgreat
well-meaning but ill-advised
A half-hearted, so-so, ho-hum affair.
kind of
kind of good
so kind of you
so very kind of you, of course
sort-of good, kind-of bad, kindof sad, sortof glad
too bad, so sad
bad :-|
no no no no good
no one likes it, no way
the good, the bad, the ugly
The movie was friggin' awesome!!!
FRIGGIN AWESOME
I like to hate Michael Bay films, but I couldn't fault this one
Its kind of funny how the least kind of us is kind
""".strip("\n").split("\n")

RATED = "good bad great terrible love hate happy sad win loss fun crap sucks lol :) :( :D no kind fine death hope ugly ok hell amazing war".split()
DEGREE = "very extremely so hardly kinda barely slightly most less totally uber kind-of".split()
NEGATION = "not never don't isn't without nor none rarely cannot despite haven't".split()
OTHER = "the a film was it today they but but of doubt this least at or nor yeah right bus stop kiss to die for the bomb ass heart beating just enough sort of kind of".split()
MARKS = ["", "", "", "", ".", ",", "!", "!!", "?", "??", "...", "!!!!!", "?!?!", "\""]
EMOJI = "😀😭😍💔☺👍🎉".strip()


def word(r):
    w = r.choice(r.choice([RATED, RATED, DEGREE, NEGATION, OTHER, OTHER]))
    k = r.random()
    if k < 0.12:
        w = w.upper()
    elif k < 0.2:
        w = w.capitalize()
    elif k < 0.23:
        w = w + r.choice(EMOJI)
    elif k < 0.25:
        w = r.choice(EMOJI)
    if r.random() < 0.2:
        w += r.choice(MARKS)
    return w


def main():
    v = SentimentIntensityAnalyzer()
    r = random.Random(2014)
    texts = WRITTEN + ["tabs\tand\nlines\r\nare good", "good\n\n\nbut bad"]
    while len(texts) < 600:
        texts.append(" ".join(word(r) for _ in range(r.randint(1, 14))))
    for t in texts:
        s = v.polarity_scores(t)
        print(json.dumps([t, s["compound"], s["neg"], s["neu"], s["pos"]], ensure_ascii=False))


main()

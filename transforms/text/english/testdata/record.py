"""Records what the reference does with handmade texts and with single characters.

    pip install spacy==3.8.18 "datatrove[io]==0.10.1"
    python record.py

Writes edges.jsonl, exceptions.jsonl and characters.jsonl beside this file. The
texts were made for this test and are free to use; what is recorded are facts
about them. Use Python 3.11: its Unicode version decides the character classes.
"""
import hashlib
import json
import os

from datatrove.utils.text import PUNCTUATION, PUNCTUATION_SET, TERMINAL_PUNCTUATION, simplify_text
from datatrove.utils.word_tokenizers import load_word_tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
TOK = load_word_tokenizer("eng")

TEXTS = [
    "", " ", "\n", "  \n ", "a", ".", "One.\nTwo.\n", "One.  Two.", " One. Two. ", "One.\u00a0Two.\u3000Three.",
    "Is it?! Yes... No. \"Quite.\" (So.) He left.\" She stayed.",
    "Wait... what?! 'No.' 'Yes!' ... ok. ?! . ! Fine",
    "He said. And then\x85she\u2028left\x1cit\x0bthere.\x1fEnd",
    "I'm you're he'll she'd've it's we've they'd that'll who's there're y'all how'd'y o'clock ma'am c'mon let's",
    "Im youre hell shell shed id Id well were its ill whore cannot Cannot CANNOT gonna Gotta GONNA dont Dont DON'T don't didn't",
    "I\u2019m don\u2019t it\u2019s \u2018tis \u2018s rock\u2019n\u2019roll dogs\u2019 doin\u2019 lovin' nothin",
    "(I'm) well-I'm [don't] \"can't\", cannot. cannot, (cannot) gonna! it's; It's: that's.) a.m.) 10a.m. 11pm, 13pm 10AM 7am.",
    "U.S. U.S.A. USA. U. A. AB. aB. Ab. b. z. ä. Mr. Mr Dr.) Ph.D. Ph.D e.g. e.g., i.e. etc. vs. v.s. St.Louis No.5 Inc.,",
    "5km 5km. 10kg, 3m/s 20% 20%. 5\u00b0C. 5\u00b0F 90\u00b0. 3\u00b5g 100KB 5KM 2nd 3T 4тб 4тбكم 4км² 7كم 12in. 6ft 1.5m",
    "$5 5$ US$5 5US$ C$3 A$4 USD5 €7 7€ £3.50 ¥100 ₿1 50฿ 5¢ -5 +5 +a 5+ a+ 5+3 5-3 5*3 5^3 5--3 a-b a--b a---b a----b a—b a——b a–b a~b",
    "a,b a,1 1,2 a.B a.b A.b a..b a...b a…b a……b …… ……… .. ... .... a.'B' x:y x<y x>y x=y x/y 1/2 1/a a/1 :a a: <a> =a a=",
    "http://example.com https://a.b.co.uk/path?x=1#y. (http://foo.com/bar) www.foo.org, foo@bar.com mailto:x@y.de lower.upper foo.Bar file.txt",
    "192.168.1.1 8.8.8.8 8.8.8.8:53 10.0.0.1 127.0.0.1 172.15.0.1 172.16.0.1 172.32.0.1 169.254.1.1 224.1.1.1 223.1.1.254 1.1.1.255 1.2.3 01.2.3.4",
    "example.com:80 example.com:8 example.com:123456 example.com:80/x example.com:80x a_b.com -a.com a-.com _a.com a..com .com a.c a.co a.c1 x@a.co @a.co a@ a@b",
    "ftp://u:p@h.io:2121/x://y a+b://c.de 1://c.de x://c.de xx://c.de://d.ef xx://@c.de éé://c.de ü.de 例え.テスト a.例え 8.8.8.8/é?x=1 x.co?y x.co#z",
    ":) :-) :( ;-) (: =D xD <3 </3 :/ ^_^ -_- o.O 0.0 @_@ (._.) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*> ಠ_ಠ :)) :)))) :-)x x:) (:) ;) :). :D!",
    "x-a. x-a x-e.g. 1-o.O ._. . _ . x-a. _. a . m . and / or and/or and/or. w/o w/o, well-and/or x-it's x-'s",
    "'' ''' '\"' \"\" ``a'' \u201cHi,\u201d \u201eHallo\u201c \u00abBonjour\u00bb 「こんにちは」。《書》 〈a〉 ⟦b⟧ [a] {b} (c) <d> #tag @user _x_ *y* &amp; a&b §5 %x x%",
    "😀 hi😀 😀😀 a😀b 👍🏽 🇬🇧 ☺️ © a© ®b ™ ° → ✓ ♥ \u2022 a\u2022b \u2022a \u00b7 a\u00b7b a\u00b7 1\u00b72 ½ ² x² 🫠 🛝 \U0001f6dc \u2bff \u32ff",
    "Ελλάδα. ΟΔΟΣ ΣΑΣ Σ ΑΣ. ΑΣ' ΑΣ'Β Σ' ΑΣ\u0301 ΑΣ\u0301Β İstanbul IĞDIR ß ẞ ǅ ﬁ Ꭰ ꭰ Ω K Å",
    "Москва. Это так. М. МВ. мой.дом Мой.Дом दिल्ली। यह है। قال. هل؟ نعم۔ 中文。是的。中文.中文 한국어. ไทย 日本語、です!",
    "1.5 1,5 1.5.6 1..5 1.a ٣٫٤ ٣.٤ 1.٤ २०२० １２ 1/2 x1y 0 00 000.000 5⎖5 5،5 ５．５ \U00011f50\U0001d7d8",
    "a\u0301 \u0301 a \u0301 b é ñ ệ Å ﷺ 각 \u1100\u1161 \u0344 \u0958 a\u0327\u0301 q\u0307\u0323 \u302e\u1baa \u1baa\u302e a\u200bb a\u200db a\ufeffb \ufffd",
    "|$17.56||1|\n|$15.37||2599|\n_a_b-c--d—e…f\u2018g\u2019h\x00i\x01j\x7fk\x85l\u00a0m",
    "unspaced,text;with:marks!and?more.Then(some)[brackets]{here}and\"quotes\"'too'`x`",
    "C++ C++. C# c++ A++ \\n \\t \\\") <space> — – - -- a— —a –a a– 'twas 'Cause 'cos 'em 'll 'nuff 'bout ol' ol em ll",
    "the\tcat\r\nsat  on   the\u2003mat .  And . Then ,  so\n\n\n.\n",
    "Σ" * 3 + "a" + "'" * 5 + "Σ", "(" * 40 + "a.b" + ")" * 40, "." * 50, "a." * 40, "-" * 30 + "a", "'s" * 20, "5km" * 12, "ab" * 40 + ".",
]


def sents(text):
    ends = [b for _, b in TOK.span_tokenize(text)]
    return [text[a:b] for a, b in zip([0] + ends[:-1], ends[:-1] + [len(text)])]


def dump(name, rows):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        for row in rows:
            f.write(json.dumps(row, ensure_ascii=True) + "\n")


def digest(parts):
    h = hashlib.sha256()
    for p in parts:
        h.update(p.encode() + b"\xff")
    return h.hexdigest()[:16]


def edges():
    for t in TEXTS:
        yield {"text": t, "words": TOK.word_tokenize(t), "sentences": sents(t), "simplified": simplify_text(t)}


def exceptions():
    for s in sorted(TOK.tokenizer.tokenizer.rules):
        if not s.isspace():
            yield {"text": s, "words": TOK.word_tokenize(s)}


def characters():
    """One row for 1,024 characters: digests of the words, the sentences, the
    normalised text and the yes-or-no properties."""
    size = 1024
    for lo in list(range(0, 0x20000, size)) + [0xE0000]:
        words, ends, simple, props = [], [], [], []
        for c in map(chr, range(lo, lo + size)):
            if 0xD800 <= ord(c) < 0xE000:
                continue
            text = f"a{c}b {c}1 A{c}. 5{c} Ab.{c} {c}.Ab x{c}-y {c}"
            words += TOK.word_tokenize(text)
            ends += sents(f"a.{c}b. {c} d")
            simple.append(simplify_text(f"A{c}b AΣ{c}B 1.{c} {c}"))
            props.append("".join(str(int(x)) for x in (c.isspace(), c.isalpha(), c in PUNCTUATION, c in TERMINAL_PUNCTUATION, c in PUNCTUATION_SET)))
        yield {"first": lo, "words": digest(words), "sentences": digest(ends), "simplified": digest(simple), "properties": digest(props)}


if __name__ == "__main__":
    dump("edges.jsonl", edges())
    dump("exceptions.jsonl", exceptions())
    dump("characters.jsonl", characters())

"""
What a language model says is kept sentence by sentence, and only where the evidence bears it.

A sentence goes when it names a symbol, file, number, version or proper name that the evidence does not have; when it
carries a link, an image, a mention, HTML or a command; and when it judges, which is not the model's part: severities
and verdicts come from the analysis. Where it speaks of several findings it goes when it makes one the cause of another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

import msgspec

LONGEST_SENTENCE = 50
"""Words."""

_CODE = re.compile(r"`([^`\n]+)`")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=\S)")
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|etc|vs)\.(?=\s+[^A-Z])")
_MARKUP = re.compile(r"://|\bwww\.|\]\(|!\[|<[a-zA-Z/!]|\[[^\]]*\]:|&#?\w+;|\bmailto:|\bjavascript:", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w.])@\w")
_JUDGEMENT = re.compile(
    r"""\b(?: severit\w* | critical\w* | blocker | catastroph\w* | trivial\w* | harmless | negligible | cosmetic
      | (?:low|medium|high|minor|major)[ -](?:severity|risk|priority|impact) | urgent\w* | safely
      | (?:is|are|be|seems?|looks?|perfectly|totally|completely)\ (?:safe|fine|ok|okay|correct|acceptable|secure)
      | approv\w+ | lgtm | merg(?:e|ed|ing)\b | false[ -]positives? | ignor(?:e|ed|ing) | dismiss\w* | suppress\w*
      | no\ (?:\w+\ )?(?:issues?|problems?|risks?|findings?|concerns?|danger|harm|impact|need)
      | not\ an?\ (?:real\ )?(?:bug|issue|problem|risk) | reviewed\ by | signed\ off
      | vulnerab\w+ | exploit\w* | malicious\w* | CVE | static\ analysis | the\ evidence
      | (?:previous|prior|above|system)\ (?:instruction|prompt)s? | instruct\w+ | as\ an\ ai | language\ model )\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Verdicts, and talk about the talk."""
_PRAISE = re.compile(
    r"""(?<!would\ )(?<!could\ )(?<!can\ )(?<!should\ )(?<!may\ )(?<!might\ )(?<!to\ )(?<!will\ )(?<!not\ )
    \b(?: reduc(?:es|ed|ing) | improv(?:es|ed|ing|ements?) | optimi[sz](?:es|ed|ing|ations?) | enhanc(?:es|ed|ing)
      | ensur(?:es|ed|ing) | prevent(?:s|ed|ing) | avoid(?:s|ed|ing) | eliminat(?:es|ed|ing) | efficient(?:ly)? | faster
      | minimi[sz](?:es|ed|ing) )\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""That something got better, of code in which something was found: `reduces queries`; but not `would reduce them`."""
_CAUSE = re.compile(
    r"""\b(?: because | since | therefore | thus | hence | consequently | so\ that | as\ a\ (?:result|consequence)
      | caus(?:es?|ed|ing) | due\ to | owing\ to | le(?:ads?|d)\ to | results?\ in | resulting | trigger(?:s|ed|ing)?
      | mak(?:es|ing) | amplif\w+ | worsen\w* | aggravat\w+ | compound(?:s|ed|ing) | depend(?:s|ed|ing)? )\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""That one thing brings about another."""
_REFERS_BACK = re.compile(r"(?:this|that|these|those|it|its|they|their|such|which|both)\b", re.IGNORECASE)
"""How a sentence begins that hangs on the one before it, and goes with it."""
_SLASHED = re.compile(r"(?<![\w`.])/\w[\w./{}<>:*-]*")
_WORD = re.compile(r"[\w$][\w$]*(?:(?:::|->|\.|/|\\|-)[\w$]+)*(?:\(\))?|#\d+")
_LINE = re.compile(r"^(\d+): |\.\w+:(\d+)\b", re.MULTILINE)
"""The number of a line in the evidence: before a line of code, or after a path."""
_LINE_SAID = re.compile(r"\blines?\s+(\d+)\b|(?<=\w):(\d+)\b", re.IGNORECASE)
"""The number of a line as a sentence says it: `line 12`, `views.py:12`."""
_PIECE = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)
_ABBREVIATIONS = frozenset({"e.g", "i.e", "etc", "vs", "n+1", "and/or", "read/write"})
_GENERAL = frozenset(
    {"api", "cpu", "crud", "csv", "db", "dto", "http", "https", "i", "i/o", "id", "ids", "io", "json", "n", "ok", "orm"}
    | {"php", "python", "ram", "sql", "ui", "url", "xml"}
)
"""Capitals that name nothing in particular."""
_OPENERS = frozenset(
    """
    a after all also although an and any are as at because before both but by can could did do does during each
    even every few first for from had has have here how however if in instead is it its latency like many may
    memory might more most no none not of on once one only or other otherwise over performance queries query
    requests response several should since so some still such than that the their then there therefore these
    they this those though thus to under until users was we were what when where which while who why will with
    within without would you
    """.split()  # noqa: SIM905  # a column of words would hide what this file does
)
"""Words that open a sentence with a capital, and name nothing; the evidence's own come to them."""
_SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {word: str(number) for number, word in enumerate(_SMALL, start=2)} | {
    **dict.fromkeys(("twice", "double", "doubles"), "2"),
    **dict.fromkeys(("thrice", "triple", "triples"), "3"),
    **dict.fromkeys(("dozen", "dozens"), "12"),
    **dict.fromkeys(("half", "halves"), "50"),
    **dict.fromkeys(("hundred", "hundreds"), "100"),
    **dict.fromkeys(("thousand", "thousands"), "1000"),
    **dict.fromkeys(("million", "millions"), "1000000"),
    "twenty": "20",
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
}
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//|--\s|\*\s|/\*|<!--|\{#).*$", re.MULTILINE)
_QUOTED_WORDS = re.compile(r"""(["'])(?:(?!\1).)*\s(?:(?!\1).)*\1""")


class Ground(msgspec.Struct, frozen=True):
    """What sentences may speak of."""

    text: str
    """The evidence, on one line each; paths and routes must occur in it as they are."""
    words: frozenset[str]
    """Lower-case pieces of its names."""
    numbers: frozenset[str]
    lines: frozenset[str]
    """Numbers of lines, which count nothing."""
    is_one: bool
    """Whether it is of one finding, within which a sentence may say what brings about what."""


class Kept(msgspec.Struct, frozen=True):
    """What was kept of a text."""

    text: str = ""
    kept: int = 0
    dropped: int = 0

    @property
    def holds(self) -> bool:
        """Whether enough is left to stand for itself: something, and not less than went."""
        return bool(self.kept) and self.kept >= self.dropped


def ground(
    evidence: Iterable[str], general: Iterable[str] = (), numbers: Iterable[int] = (), *, is_one: bool = True
) -> Ground:
    """
    Args:
        evidence: Texts whose names, paths and numbers may be said. Comments and quoted sentences in code ground
            nothing: they are the author's words, not facts.
        general: Texts that lend their words only, such as a rule's page: its numbers are examples, and so is code such
            as `order.customer`, which lends none.
        numbers: Further numbers that may be said, such as how many findings there are.
        is_one: See `Ground`.
    """
    text = unicodedata.normalize("NFKC", "\n".join(_facts(piece) for piece in evidence))
    words = frozenset(word.lower() for word in _PIECE.findall("\n".join((text, *map(_without_examples, general)))))
    counting = re.findall(r"\d+", _LINE.sub(" ", text))
    lines = frozenset(number for pair in _LINE.findall(text) for number in pair if number)
    return Ground(text.lower(), words, frozenset({"1", *counting, *map(str, numbers)}), lines, is_one)


def keep(text: str, on: Ground, most: int) -> Kept:
    """
    The sentences of a text that its ground bears.

    Args:
        text: What the model said.
        on: What it was told.
        most: How many sentences are kept at most; the rest is too long, not wrong.
    """
    kept: list[str] = []
    dropped = 0
    follows_on = False
    for sentence in sentences(text):
        if not bears(on, sentence) or (follows_on and _REFERS_BACK.match(sentence)):
            dropped += 1
            follows_on = True
            continue
        follows_on = False
        if len(kept) < most and sentence not in kept:
            kept.append(sentence if sentence.endswith((".", "!", "?", ")", '"')) else f"{sentence}.")
    return Kept(" ".join(kept), len(kept), dropped)


def sentences(text: str) -> tuple[str, ...]:
    """A text's sentences as plain lines: no blocks of code, no headings, no list marks, nothing that is not seen."""
    text = "".join(char for char in text if char == "\n" or unicodedata.category(char)[0] != "C")
    text = re.sub(r"^(?:```|~~~).*?(?:^(?:```|~~~)[^\n]*$|\Z)", "", text, flags=re.DOTALL | re.MULTILINE)
    found: list[str] = []
    for line in text.splitlines():
        line = re.sub(r"^\s*(?:[-*+>]\s+|\d+[.)]\s+)+", "", line).strip()
        if line and not line.startswith(("#", "|", "---", "===")):
            line = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", line)
            found += (part.strip() for part in _split(line) if re.search(r"\w", part))
    return tuple(found)


def _split(line: str) -> Iterator[str]:
    """Split at the ends of sentences that are not inside code: "`a. b` c. D" has two."""
    codes: list[str] = []

    def put_away(match: re.Match[str]) -> str:
        codes.append(match[0])
        return f"\x00{len(codes) - 1}\x00"

    line = _ABBREVIATED.sub(put_away, _CODE.sub(put_away, line))
    for part in _SENTENCE_END.split(line):
        yield re.sub(r"\x00(\d+)\x00", lambda match: codes[int(match[1])], part)


def bears(on: Ground, sentence: str) -> bool:
    """Whether everything that a sentence names is in the evidence, and it brings nothing that steers or judges."""
    sentence = unicodedata.normalize("NFKC", sentence)
    prose = _CODE.sub(" ` ", sentence)
    if len(sentence.split()) > LONGEST_SENTENCE or "`" in _CODE.sub("", sentence):
        return False
    if _MARKUP.search(sentence) or any(p.search(prose) for p in (_MENTION, _JUDGEMENT, _PRAISE)):
        return False
    if not on.is_one and _CAUSE.search(prose):
        return False
    return all(_is_borne(code, on) for code in _CODE.findall(sentence)) and _prose_is_borne(prose, on)


def _is_borne(code: str, on: Ground) -> bool:
    """Whether code occurs in the evidence as it stands, or is put together from names that do."""
    code = code.strip().lower()
    if code.removesuffix("()") in on.text and not code.isdigit():
        return True
    if re.search(r"[;|&<>$`]|\s/\w|--|^\W", code) or "/" in code or re.search(r"\.\w{1,5}:\d", code):
        return False  # a command, or a path that is none of the evidence
    return all(_piece_is_borne(piece, on) for piece in _PIECE.findall(code))


def _piece_is_borne(piece: str, on: Ground) -> bool:
    return piece in on.numbers if piece.isdigit() else piece.lower() in on.words


def _prose_is_borne(prose: str, on: Ground) -> bool:
    if any(slashed[0].lower().rstrip(".:") not in on.text for slashed in _SLASHED.finditer(prose)):
        return False
    if any((said[1] or said[2]) not in on.lines for said in _LINE_SAID.finditer(prose)):
        return False
    first = True
    prose = _LINE_SAID.sub(" line ", prose)
    for match in _WORD.finditer(prose):
        word = match[0]
        if not _word_is_borne(word, on, opens=first):
            return False
        first = False
    return True


def _word_is_borne(word: str, on: Ground, *, opens: bool) -> bool:
    """Whether a word of prose is an everyday one, or borne by the evidence."""
    plain = word.lower().removesuffix("()")
    if plain in _ABBREVIATIONS or plain in _GENERAL:
        return True
    if word.startswith("#"):
        return False
    if plain in _NUMBERS:
        return _NUMBERS[plain] in on.numbers or plain in on.words
    pieces = _PIECE.findall(word)
    is_name = (
        re.search(r"[\d_$\\]|::|->|\w\.\w|\w/\w|\(\)", word) is not None
        or re.search(r"[a-z][A-Z]|[A-Z]{2}", word) is not None
        or not word.isascii()
    )
    if is_name:
        is_path = "." in plain or "/" in plain
        return (not is_path or plain in on.text) and all(_piece_is_borne(piece, on) for piece in pieces)
    if word[0].isupper():
        return (opens and _opens(plain, on)) or all(_piece_is_borne(piece, on) for piece in pieces)
    return True


def _opens(word: str, on: Ground) -> bool:
    """Whether a word has its capital from its place only: `Loading …`, but not `Redis …`."""
    stems = {word, *(word.removesuffix(ending) for ending in ("s", "es", "d", "ed", "ing"))}
    return word in _OPENERS or any(stem in on.words or f"{stem}e" in on.words for stem in stems)


def _without_examples(text: str) -> str:
    return _CODE.sub(lambda code: "" if re.search(r"\w\.\w", code[1]) else code[0], text)


def _facts(text: str) -> str:
    """Evidence without comments and without quoted sentences."""
    return _QUOTED_WORDS.sub('""', _COMMENT.sub("", text))

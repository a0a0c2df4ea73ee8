"""
Secret values are taken out of texts before they are sent, logged or stored.

Names stay, and code still parses: only what stands inside a literal, or in a comment, is replaced, and lines stay
lines:

    API_KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"   →   API_KEY = "REDACTED"
    "postgres://app:hunter2@db/shop"               →   "postgres://app:REDACTED@db/shop"

A value counts as secret by its own look (the tokens of well-known services, private keys, long random text) or by the
name that it is given to. In doubt it goes: an explanation does without it.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import math
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar, cast

import msgspec

from analyzers.findings import Finding

HIDDEN = "REDACTED"
"""What stands for a value; an identifier, so that it is one word in any language."""

_LEFT_OUT = frozenset({"IPPublicDetector", "PrivateKeyDetector"})
"""An address is no secret; of a private key the other finds the head only."""
_PIECE, _OVERLAP = 2000, 400
"""Characters of a line that the detectors look at together: some are slow on very long ones."""
_NAMES = frozenset({"fingerprint", "base", "head", "rule", "definitions"})
"""Fields of the vocabulary that hold names only, of revisions, rules and what models declare."""
_T = TypeVar("_T")
_Stretch: TypeAlias = tuple[int, int]
"""From a character to an exclusive end."""

_NAME = r"""
    (?<![\w.-]) [\w.-]{0,60}?
    (?: passw(?:or)?d | passwd | passphrase | passwort | contrase[nñ]a | pwd | secret | token | credential | bearer
      | api[_-]?key | authori[sz]ation | connection[_-]?string | pepper
      | (?<![a-z])(?: dsn | salt | otp | pin )(?![a-z])
      | (?: access | account | admin | app | auth | client | crypto? | encrypt(?:ion)? | license | master
          | priv(?:ate)? | rsa | security | service | session | shared | sign(?:ing|ature)? | storage | webhook
        ) [_-]? (?: key | pass ) )
    [\w-]{0,60}
"""
"""A name that tells; bounded, as everything here is, so that no text of an author's makes it slow."""
_GIVEN = re.compile(
    _NAME
    + r"""
    (?: \[ \d* \] | ["'\])] ){0,3} \s*
    (?: : \s* [\w.\[\] |?]{1,40}? \s* = | => | := | -> | [=!]={1,2} | [=:] )
    (?: \s* (?: [\w.]+ \( )? \s* ) (?: @|[bBrRuUfF]{1,2} )?
    (?P<quote>(?P<long>\"{3}|'{3})|["'`])
    (?P<value> (?: \\. | (?!(?P=quote)) (?(long)[^\\]|[^\\\n]) ){1,5000} ) (?P=quote)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""A name and the literal that it is given: `password = "…"`, `'token' => '…'`, `secret: str = Field("…")`."""
_PASSED = re.compile(
    _NAME + r"""["'] \s* , \s* (?P<quote>["']) (?P<value> (?: \\. | (?!(?P=quote)) [^\\\n] )+ ) (?P=quote)""",
    re.VERBOSE | re.IGNORECASE,
)
"""`getenv("DB_PASSWORD", "…")`; and also `fields = ("password", "email")`, whose second is a name."""
_COMPARED = re.compile(
    r"""(?P<quote>["'])(?P<value>(?:\\.|(?!(?P=quote))[^\\\n])+)(?P=quote)\s*[!=]={1,2}\s*""" + _NAME,
    re.VERBOSE | re.IGNORECASE,
)
_SAID = re.compile(
    _NAME + r"""["'`]? \s* (?: [=:] | \bis\b )+ \s* ["'`]? (?P<value> [^\s"'`,;]{4,} )""", re.VERBOSE | re.IGNORECASE
)
"""In a comment or a description: `password: hunter2`."""
_HEADER = re.compile(r"\b(?:Bearer|Basic|Token)\s+(?P<value>[A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
_IN_URL = re.compile(r"\b[a-z][\w+.-]{0,30}://[^\s/:@\"'`]*:(?P<value>[^\s/@\"'`]+)@", re.IGNORECASE)
_USER_IN_URL = re.compile(r"\bhttps?://(?P<value>[^\s/:@\"'`]{8,})@")
"""The key of a Sentry DSN."""
_IN_QUERY = re.compile(
    r"[?&;][\w-]{0,40}?(?:sig|signature|token|key|secret|password|pwd)=(?P<value>[^&\s\"'`;]{4,})", re.IGNORECASE
)
_IN_PAIRS = re.compile(
    r"(?:\b(?:password|pwd|accountkey|sharedaccesskey|sharedsecretkey|secret)\s*=\s*)(?P<value>[^;\"'`\s]{2,})",
    re.IGNORECASE,
)
"""Of a connection string: `Server=db;Password=…;`. Only looked for inside literals."""
_HOOK = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/)(?P<value>[\w/@.-]+)"
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?P<value>.*?)(?:-----END|\Z|(?=[\"']\s*[,;)\n]))"
    r"|PuTTY-User-Key-File-\d:(?P<putty>.*?)(?:Private-MAC|\Z)",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"""(?x) (?<![\w/]) (?P<value>
      (?: gh[pousr] | github_pat | gl(?:pat|dt|rt|soat|ptt|ft|imt|agent|cbt) | gl(?:sa|c) | sk | rk | whsec | hf | npm
        | pypi | do[opr]_v1 | shp(?:at|ca|pa|ss) | xox[abeoprs] | xapp | sq0(?:atp|csp|idp) | lin_api | figd | pat | nfp
        | sntry[su] | rubygems | dckr_pat | ntn | phx | eyJ | r8 | gsk | pplx | xai | tvly | PMAK | NRAK | NRJS
        | AGE-SECRET-KEY | AKCp | EAAA | ya29 | hv[sb] | dp\.(?:pt|st|ct) | SG | 1// )
      [_.-]? [\w+/=.~-]{16,500}
    | A(?:KIA|SIA|GPA|IDA|ROA|NPA) [A-Z0-9]{16} | AIza [\w-]{30,} | (?:AC|SK) [0-9a-f]{32}
    | \d{8,10}:[\w-]{35} | [MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,} | [0-9a-f]{32}-us\d{1,2} )"""
)
"""Tokens that say what they are: a service's prefix, then something long."""
_LITERAL = re.compile(r"""(?P<quote>["'`])(?P<value>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)""")
_RANDOM = re.compile(r"[\w+/.~$!@%^&*-]{20,}={0,2}")
"""Without a `=` inside: what stands before it is a name."""
_HEX = re.compile(r"(?i)(?:0x)?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12,}")
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|--|\*|/\*|<!--|;)\s?(?P<text>.*)$")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*|[{<%$].*[}>%sd)]|\*+|\.+|None|null|true|false", re.DOTALL)
"""What stands where a secret would: the name of a variable, a template's hole."""
_WORDS_ONLY = re.compile(r"[A-Za-z_]+(?:[ ./:-][A-Za-z_]+)*")


def redacted(text: str, *, is_code: bool = True, known: Iterable[str] = ()) -> str:
    """
    The text without secret values, line for line.

    Args:
        text: Code, or words.
        is_code: Whether what is not in a literal or a comment are names, which stay.
        known: Values that were found elsewhere, and count as secret here too.
    """
    return _without(text, sorted(_secret_stretches(text, is_code, tuple(known))))


def values(texts: Iterable[str]) -> frozenset[str]:
    """The secret values of some code that are long enough to be known again elsewhere."""
    found = (text[start:end] for text in texts for start, end in _secret_stretches(text, True, ()))
    return frozenset(
        line.strip() for value in found for line in value.splitlines() if len(line.strip()) >= 8 and HIDDEN not in line
    )


def cleaned(value: _T, known: Iterable[str] = ()) -> _T:
    """
    A value of the vocabulary (a review, a finding) with every text in it redacted. A verified fix goes as a whole where
    its text holds a secret: what is offered for one click must be exactly what was verified.
    """
    return cast(_T, _cleaned(value, tuple(known)))


def _cleaned(value: Any, known: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return redacted(value, known=known)
    if isinstance(value, tuple):
        return tuple(_cleaned(item, known) for item in value)
    if not isinstance(value, msgspec.Struct):
        return value
    changes = {}
    for name in value.__struct_fields__:
        old = getattr(value, name)
        new = old if name in _NAMES else _cleaned(old, known)
        if new != old:
            changes[name] = new
    if isinstance(value, Finding) and "fix" in changes:
        changes["fix"] = None
    return msgspec.structs.replace(value, **changes) if changes else value


def _without(text: str, stretches: Iterable[_Stretch]) -> str:
    """The text with each stretch replaced; the line ends in it stay."""
    parts, at = [], 0
    for start, end in stretches:
        if end <= at:
            continue
        start = max(start, at)
        parts += [text[at:start], "\n".join(HIDDEN if line.strip() else line for line in text[start:end].split("\n"))]
        at = end
    return "".join((*parts, text[at:]))


def _secret_stretches(text: str, is_code: bool, known: tuple[str, ...]) -> Iterator[_Stretch]:
    """Where secret values stand, in no order; they may overlap."""
    yield from _known(text, known)
    for match in _KEY_BLOCK.finditer(text):
        yield match.span("value") if match["value"] is not None else match.span("putty")
    for match in _GIVEN.finditer(text):
        if not _PLACEHOLDER.fullmatch(match["value"]):
            yield match.span("value")
    for pattern in (_PASSED, _COMPARED):
        for match in pattern.finditer(text):
            if not _WORDS_ONLY.fullmatch(match["value"]) and not _PLACEHOLDER.fullmatch(match["value"]):
                yield match.span("value")
    for pattern in (_IN_URL, _USER_IN_URL, _IN_QUERY, _HOOK):
        for match in pattern.finditer(text):
            if not _PLACEHOLDER.fullmatch(match["value"]):
                yield match.span("value")
    for match in itertools.chain(_HEADER.finditer(text), _TOKEN.finditer(text)):
        if _is_random(match["value"], least=3.0):
            yield match.span("value")
    for match in _LITERAL.finditer(text):
        yield from _in_literal(match)
    for line in re.finditer(r".+", text):
        yield from _in_line(line[0], line.start(), is_code)


def _known(text: str, known: tuple[str, ...]) -> Iterator[_Stretch]:
    for value in known:
        at = text.find(value)
        while at >= 0:
            yield at, at + len(value)
            at = text.find(value, at + 1)


def _in_literal(literal: re.Match[str]) -> Iterator[_Stretch]:
    value, start = literal["value"], literal.start("value")
    for match in _IN_PAIRS.finditer(value):
        if not _PLACEHOLDER.fullmatch(match["value"]):
            yield start + match.start("value"), start + match.end("value")
    for match in itertools.chain(_RANDOM.finditer(value), _HEX.finditer(value)):
        if _HEX.fullmatch(match[0]) or _is_random(match[0]):
            yield start + match.start(), start + match.end()


def _in_line(line: str, start: int, is_code: bool) -> Iterator[_Stretch]:
    for at in range(0, len(line), _PIECE - _OVERLAP):
        piece = line[at : at + _PIECE]
        for value in _told_by_detectors(piece):
            for stretch in _known(piece, (value,)):
                yield start + at + stretch[0], start + at + stretch[1]
    comment = _COMMENT.search(line)
    if is_code and comment is None:
        return
    begin = comment.start("text") if is_code and comment is not None else 0
    for match in _SAID.finditer(line, begin):
        if _is_mixed(match["value"]) and not _PLACEHOLDER.fullmatch(match["value"]):
            yield start + match.start("value"), start + match.end("value")
    for match in _RANDOM.finditer(line, begin):
        if _is_random(match[0]):
            yield start + match.start(), start + match.end()


def _told_by_detectors(line: str) -> Iterator[str]:
    for detect in _detectors():
        yield from (value for value in detect(line) if len(value) >= 8 and not _PLACEHOLDER.fullmatch(value))


@functools.cache
def _detectors() -> tuple[Callable[[str], Iterable[str]], ...]:
    """
    The detectors of well-known tokens of `detect-secrets`, which never ask the network here.

    Its keyword and entropy detectors have no place: ours know where a literal begins and ends.
    """
    from detect_secrets import plugins
    from detect_secrets.plugins.base import RegexBasedDetector

    for module in pkgutil.iter_modules(plugins.__path__):
        importlib.import_module(f"{plugins.__name__}.{module.name}")
    kinds = sorted(RegexBasedDetector.__subclasses__(), key=lambda kind: kind.__name__)
    return tuple(kind().analyze_string for kind in kinds if kind.__name__ not in _LEFT_OUT)


def _is_mixed(value: str) -> bool:
    """Whether it is more than words: letters with digits or other signs."""
    return bool(re.search(r"[A-Za-z]", value) and re.search(r"[^A-Za-z_./:()\s-]", value)) or value.isdecimal()


def _is_random(value: str, least: float = 3.7) -> bool:
    """Whether a text without spaces looks drawn by lot: digits among letters, few signs again. `least` is in bits."""
    if len(re.findall(r"\d", value)) < 2 or not re.search(r"[A-Za-z]", value):
        return False
    counts = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return entropy >= least and not re.fullmatch(r"[\w-]*\d{4}-\d\d-\d\d[\w:.+-]*", value)

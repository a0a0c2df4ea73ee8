"""
Syntax colours: the lines of a file as HTML, with one short class for each kind of token.
"""

from __future__ import annotations

import functools

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType, is_token_subtype

from bot.review.wording import lines_of_text, visible

LONGEST = 400_000
"""Characters; a longer file is shown without colours."""

_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (String, "s"),
    (Number, "m"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Function, "f"),
    (Name.Class, "t"),
    (Name.Decorator, "d"),
    (Name.Builtin, "b"),
    (Name.Tag, "k"),
    (Name.Attribute, "f"),
)


@functools.lru_cache(maxsize=1024)
def coloured(path: str, text: str) -> tuple[Markup, ...]:
    """
    The lines of a file, as `lines_of_text` counts them.

    Args:
        path: Tells the language.
        text: The whole file, so that a text of several lines has its colour in each of them.
    """
    lexer = _lexer(path)
    if lexer is None or len(text) > LONGEST:
        return tuple(escape(visible(line)) for line in lines_of_text(text))
    lines: list[list[str]] = [[]]
    for token, value in lexer.get_tokens(text):
        name = _class_of(token)
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part := part.removesuffix("\r"):
                shown = escape(visible(part))
                lines[-1].append(f'<span class="{name}">{shown}</span>' if name else shown)
    return tuple(Markup("").join(map(Markup, parts)) for parts in lines[: len(lines_of_text(text))])


@functools.cache
def _class_of(token: _TokenType) -> str:
    return next((name for kind, name in _CLASSES if is_token_subtype(token, kind)), "")


@functools.lru_cache(maxsize=256)
def _lexer(path: str) -> Lexer | None:
    found = find_lexer_class_for_filename(path.rpartition("/")[2])
    return None if found is None or found is TextLexer else found(stripnl=False, ensurenl=False)

"""
The Markdown of a comment as HTML, close to how GitHub shows it.

A person may write a comment anew, so the Markdown is not trusted: of HTML only the few tags that our own comments use
come through, without attributes. Links lead out by http(s) only; images are not loaded.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from bot.web.colours import coloured

_OURS = re.compile(r"<(/?(?:details|summary|sub|sup|b|i|em|strong|code|br))>|<!--.*?-->|[^<]+|<", re.DOTALL)


def render(markdown: str) -> Markup:
    """A comment as HTML."""
    return Markup(_markdown().render(markdown))


@functools.cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).disable("image")
    parser.add_render_rule("html_block", _html)
    parser.add_render_rule("html_inline", _html)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("link_open", _link)
    return parser


def _html(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """HTML in a comment: our tags as they are, comments not at all, everything else as text."""
    return "".join(_piece(match) for match in _OURS.finditer(tokens[index].content))


def _piece(match: re.Match[str]) -> str:
    if match[1]:
        return match[0]
    return "" if match[0].startswith("<!--") else str(escape(match[0]))


def _fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    kind = token.info.strip().partition(" ")[0]
    if kind in ("suggestion", "diff"):
        return _diff(token.content, suggested=kind == "suggestion")
    lines = coloured(f"x.{_EXTENSIONS.get(kind, kind)}", token.content)
    return f'<pre class="code">{Markup(chr(10)).join(lines)}</pre>\n'


def _diff(content: str, *, suggested: bool) -> str:
    lines = content.removesuffix("\n").split("\n")
    kinds = {"+": "added", "-": "removed"}
    rows = (
        f'<span class="row {"added" if suggested else kinds.get(line[:1], "kept")}">{escape(line) or " "}</span>'
        for line in lines
    )
    title = '<span class="title">Suggested change</span>' if suggested else ""
    return f'<pre class="code">{title}{"".join(rows)}</pre>\n'


def _link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    target = str(token.attrGet("href") or "")
    if not re.match(r"https?://", target):
        token.attrSet("href", "#")
    token.attrSet("rel", "noreferrer noopener")
    return str(renderer.renderToken(tokens, index, options, env))


_EXTENSIONS = {"python": "py", "typescript": "ts", "javascript": "js", "csharp": "cs", "toml": "toml", "shell": "sh"}
"""Of languages that are not named by their extension."""

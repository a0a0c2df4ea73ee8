"""
Templates, filled.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import importlib.resources
import secrets
import urllib.parse
from collections.abc import Mapping

import jinja2
from markupsafe import Markup, escape

from analyzers.findings import Cost
from bot.review.wording import named, pieces, plural, visible, where
from bot.web.desk import review_path

STATIC = importlib.resources.files(__name__.rpartition(".")[0]) / "static"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT = "%Y-%m-%d %H:%M UTC"


def filled(template: str, **values: object) -> str:
    """A template's text for these values; one that is missing raises."""
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bot.web"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters |= {
        "prose": prose,
        "where": where,
        "named": named,
        "visible": visible,
        "plural": plural,
        "moment": lambda at: at.strftime(_MOMENT) if at is not None else "",
        "short": lambda commit: commit[:7] if len(commit) == 40 else commit,
        "cost": _cost,
        "ago": ago,
        "span": span,
    }
    environment.globals |= {"static": static, "address": review_path, "new_act": lambda: secrets.token_urlsafe(12)}
    return environment


def prose(message: str) -> Markup:
    """A message as HTML: what stands in backticks is code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if is_code else escape(piece)
        for piece, is_code in pieces(visible(message))
    )


def span(time: dt.timedelta | None) -> str:
    """How long something took, in its largest unit: `3 h`."""
    return "" if time is None else ago(_EPOCH, _EPOCH + time)


def ago(at: dt.datetime | None, now: dt.datetime) -> str:
    """How long ago something was: `3 h`, `2 d`."""
    if at is None:
        return ""
    minutes = max(int((now - at).total_seconds()) // 60, 0)
    for size, unit in ((24 * 60, "d"), (60, "h")):
        if minutes >= size:
            return f"{minutes // size} {unit}"
    return f"{minutes} min"


@functools.cache
def static(name: str) -> str:
    """The address of a file of ours, with what changes when the file does."""
    content = (STATIC / name).read_bytes()
    return f"/static/{name}?{hashlib.sha256(content).hexdigest()[:12]}"


def query(values: Mapping[str, str]) -> str:
    """`?a=b`, without what is empty."""
    said = {name: value for name, value in values.items() if value}
    return f"?{urllib.parse.urlencode(said)}" if said else ""


def _cost(cost: Cost | None, other: Cost | None, absent: str) -> str:
    return absent if cost is None else visible(cost.beside(other))

"""
What a request brings: who sends it, and the form that they sent.
"""

from __future__ import annotations

import urllib.parse
from typing import Annotated, TypeAlias, cast

from fastapi import Depends, HTTPException, Request

from bot.web.forms import Form
from bot.web.sessions import Session, is_same
from bot.web.site import Site

LARGEST_FORM = 256 * 1024
"""Bytes: an edited comment, encoded."""


def site_of(request: Request) -> Site:
    """The site that a request is for."""
    return cast(Site, request.app.state.site)


At: TypeAlias = Annotated[Site, Depends(site_of)]


def signed_in(request: Request, site: At) -> Session:
    """
    Who sends a request.

    Raises:
        HTTPException: 401, nobody is signed in.
    """
    person = site.sessions.read(request.cookies.get(site.sessions.cookie))
    if person is None:
        raise HTTPException(401, "You are not signed in.")
    return person


Signed: TypeAlias = Annotated[Session, Depends(signed_in)]


async def form_of(request: Request, person: Signed) -> Form:
    """
    The form of a request, sent from a page that this session was shown.

    Raises:
        HTTPException: It is none, is too large, or comes from elsewhere.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form is expected.")
    text = (await _body(request)).decode("utf-8", "replace")
    try:
        form = Form(urllib.parse.parse_qs(text, max_num_fields=50))
    except ValueError as exc:
        raise HTTPException(413, "This form has too many fields.") from exc
    if not is_same(form["form"], person.form):
        raise HTTPException(403, "This form is not from this session; load the page again.")
    return form


Sent: TypeAlias = Annotated[Form, Depends(form_of)]


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_FORM:
            raise HTTPException(413, "This form is too large.")
        parts.append(part)
    return b"".join(parts)

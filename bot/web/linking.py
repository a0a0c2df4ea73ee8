"""
Which account in Slack is whose: a person who is signed in says that the one in a link is theirs.

Whoever is linked decides in Slack in this person's name, so a link of somebody else must not be confirmed by accident:
the page says whose it is, and nothing happens before its form is sent.
"""

from __future__ import annotations

from typing import Protocol

from fastapi import FastAPI, HTTPException, Response

from bot.review.wording import plural
from bot.web.requests import At, Sent, Signed
from bot.web.sessions import Session
from bot.web.site import Site

NO_LINK = "This link is too old, or was changed: press the button in Slack again."


class Links(Protocol):
    """Where it is kept, and what a link says."""

    def name(self, token: str) -> str | None:
        """Whose account a link is about, `@name`; None when it is forged or too old."""

    def link(self, token: str, login: str) -> bool:
        """Note that the account of a link is somebody's at GitHub; whether the link still holds."""

    def unlink(self, login: str) -> int:
        """Forget all accounts of somebody; how many there were."""


def link_path(token: str) -> str:
    """Where a link leads, from the desk's root."""
    return f"/slack/link/{token}"


def add(app: FastAPI, links: Links) -> None:
    """Have people link their accounts in Slack."""

    @app.get(link_path("{token}"))
    def ask(site: At, person: Signed, token: str) -> Response:
        name = links.name(token)
        if name is None:
            raise HTTPException(403, NO_LINK)
        return _page(site, person, name=name, token=token, said="")

    @app.post(link_path("{token}"))
    def link(site: At, person: Signed, form: Sent, token: str) -> Response:
        name = links.name(token)
        if name is None or not links.link(token, person.login):
            raise HTTPException(403, NO_LINK)
        return _page(site, person, name=name, token="", said=f"{name} in Slack decides as {person.login} from now on.")

    @app.post("/slack/unlink")
    def unlink(site: At, person: Signed, form: Sent) -> Response:
        count = links.unlink(person.login)
        said = f"Nobody in Slack decides as {person.login} any more; {plural(count, 'account')} did."
        return _page(site, person, name="", token="", said=said)


def _page(site: Site, person: Session, **values: object) -> Response:
    return site.page("link.html", person, **values)

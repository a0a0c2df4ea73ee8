"""
The signing desk on one's own machine: `review --web` and `demo --web`.
"""

from __future__ import annotations

import getpass
import secrets
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from analyzers.change import Change
    from bot.review.records import Found, Suppressions

WebOption = Annotated[
    bool, typer.Option("--web", help="Show the review as web pages on this machine, to sign, edit and dismiss.")
]
PortOption = Annotated[
    int, typer.Option("--port", help="The port of the pages; by default a free one.", min=0, max=65535)
]
ADDRESS = "127.0.0.1"


def serve(change: Change, found: Found, suppressions: Suppressions, repository: str, title: str, port: int) -> None:
    """
    Show a review as web pages, until it is interrupted. What is decided there is forgotten then.

    Args:
        change: What was reviewed.
        found: What came of it.
        suppressions: What its base suppresses.
        repository: What the repository is called.
        title: What the change is called.
        port: Where to listen; 0 for any.
    """
    import uvicorn

    from bot.storage.store import Store
    from bot.web import application
    from bot.web import local as web
    from bot.web.access import Everything
    from bot.web.desk import review_path
    from bot.web.sessions import Sessions
    from bot.web.site import Site
    from bot.workflow import local

    with (
        tempfile.TemporaryDirectory(prefix="countersign-") as folder,
        Store.open(f"sqlite:///{Path(folder) / 'desk.sqlite3'}") as store,
        socket.create_server((ADDRESS, port)) as listener,
    ):
        who, pull = _user(), f"local/{repository}"
        desk = local.desk(store, change, found, suppressions, pull, title, who)
        bound = listener.getsockname()[1]
        sessions = Sessions(secrets.token_hex(32), cookie=f"countersign-{bound}", is_secure=False)
        hosts = frozenset({f"{ADDRESS}:{bound}", f"localhost:{bound}"})
        app = application.create(Site(desk, Everything(), sessions, hosts, is_local=True))
        key = secrets.token_urlsafe(24)
        web.sign_in(app, sessions, key, who, review_path(pull, 1))
        typer.echo(f"countersign: open http://{ADDRESS}:{bound}/enter/{key} (Ctrl-C ends it)", err=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        server.run(sockets=[listener])


def _user() -> str:
    """Who uses this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "you"

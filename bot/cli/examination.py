"""
What `countersign doctor` looks at: one function for each thing that can be wrong, and what to do about it.

GitHub and Slack are asked through what is handed in, so that nothing here knows how.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from bot import settings
from bot.errors import CountersignError
from bot.github.manifest import CALLBACK
from bot.settings import FILE_VARIABLE, Settings
from bot.slack.endpoint import PATH
from bot.storage import migrations
from bot.storage.database import Database

OLDEST_GIT = (2, 31)
"""The first that takes its configuration from the environment, where no process list shows it."""
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
SKEW = dt.timedelta(seconds=30)
"""GitHub refuses tokens that were made in its future; a minute is what they are dated back."""
ROOM = 1024**3
"""Bytes on disk below which it is worth a word."""

_READING = frozenset({"channels:history", "groups:history"})
"""Scopes with which a message is found again whose answer was lost."""
# https://docs.slack.dev/reference/methods/conversations.history#errors
_CURES: Mapping[str, str] = {
    "channel_not_found": "{team} has no such channel, or it is private and the app is not in it: /invite @{app} there",
    "not_in_channel": "/invite @{app} there",
    "is_archived": "unarchive it, or name another",
}

State = Literal["ok", "note", "wrong"]


class Observation(msgspec.Struct, frozen=True):
    """What was looked at and how it is."""

    state: State
    about: str
    says: str
    """How it is; of what is not well, also what to do."""


class Installed(msgspec.Struct, frozen=True):
    """One installation of the App that does not have what it needs."""

    account: str
    lacks: tuple[str, ...]


class AtGitHub(msgspec.Struct, frozen=True):
    """The App as GitHub knows it."""

    name: str
    lacking_permissions: tuple[str, ...] = ()
    lacking_events: tuple[str, ...] = ()
    installations: int = 0
    lacking: tuple[Installed, ...] = ()


class AtSlack(msgspec.Struct, frozen=True):
    """The app as Slack knows it."""

    name: str
    team: str
    scopes: frozenset[str]
    closed: Mapping[str, str] = {}
    """Slack's code for each channel that the app can't read."""


class Ask(Protocol):
    """What is asked of GitHub and of Slack; each may raise a `CountersignError`."""

    def time(self, read: Settings) -> dt.datetime:
        """GitHub's clock."""

    def app(self, read: Settings) -> AtGitHub:
        """The App at GitHub."""

    def slack(self, read: Settings) -> AtSlack:
        """The app in Slack, and the channels that are told."""


def examine(
    read: Settings, environment: Mapping[str, str], file: Path | None, ask: Ask, now: Callable[[], dt.datetime]
) -> Iterator[Observation]:
    """
    Look at everything that the service needs, the nearest first.

    Args:
        read: The settings.
        environment: The variables that they were read from.
        file: The settings file that was named by an option.
        ask: Asks GitHub and Slack.
        now: This host's clock, UTC.
    """
    yield from _settings(read, environment, file)
    yield from _folder(read.cache_dir)
    yield from _database(read, now)
    yield from _git()
    yield from _github(read, ask, now)
    yield from _slack(read, ask)


def _settings(read: Settings, environment: Mapping[str, str], file: Path | None) -> Iterator[Observation]:
    missing = read.missing()
    if missing:
        yield Observation("wrong", "settings", f"set {', '.join(missing)}: `countersign init` tells where from")
    for name, meant in settings.unknown(environment):
        hint = f"; did you mean {meant}?" if meant else "; remove it"
        yield Observation("wrong", "settings", f"{name} is no setting{hint}")
    yield from _desk(read)
    named = file or (Path(environment[FILE_VARIABLE]).expanduser() if environment.get(FILE_VARIABLE) else None)
    if named is not None and os.name == "posix" and named.stat().st_mode & 0o077:
        yield Observation("note", "settings", f"others on this host may read {named}: chmod 600 {named}")
    for name, value in read.shown():
        yield Observation("ok", "settings", f"{name}: {value}")


def _desk(read: Settings) -> Iterator[Observation]:
    try:
        url = read.desk_url
    except CountersignError as exc:
        yield Observation("wrong", "signing desk", str(exc))
        return
    if not url:
        yield Observation("ok", "signing desk", "none; COUNTERSIGN_WEB_URL and the App's client id and secret make one")
    elif not url.startswith("https:"):
        yield Observation("note", "signing desk", f"{url}: sessions go over the network unencrypted; use https")
    else:
        yield Observation("ok", "signing desk", f"{url}, to which GitHub sends people back at {url}{CALLBACK}")


def _folder(folder: Path) -> Iterator[Observation]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        yield Observation("wrong", "data directory", f"{folder}: {exc.strerror}; set COUNTERSIGN_DATA_DIR to another")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Observation("wrong", "data directory", f"{folder} cannot be written: make it the service's own")
    elif free < ROOM:
        yield Observation("note", "data directory", f"{folder} has {free // 1024**2} MB left: make room for clones")
    else:
        yield Observation("ok", "data directory", f"{folder}, {free // 1024**3} GB free")


def _database(read: Settings, now: Callable[[], dt.datetime]) -> Iterator[Observation]:
    try:
        database = Database(read.database, now)
    except CountersignError as exc:
        yield Observation("wrong", "database", f"{exc}; see COUNTERSIGN_DATABASE_URL")
        return
    try:
        state = migrations.state(database)
        skew = abs(database.its_time() - now())
    except CountersignError as exc:
        yield Observation("wrong", "database", f"{exc}; see COUNTERSIGN_DATABASE_URL")
        return
    finally:
        database.close()
    kind = database.engine.dialect.name
    match state:
        case "current":
            yield Observation("ok", "database", f"{kind}, its tables are up to date")
        case "behind":
            yield Observation("ok", "database", f"{kind}; its tables are brought up to date when the service starts")
        case "newer":
            yield Observation("wrong", "database", f"{kind}, written by a newer version: install that version")
    if skew > SKEW:
        yield Observation("wrong", "clock", f"it differs by {_seconds(skew)} from the database's: set both by NTP")


def _git() -> Iterator[Observation]:
    try:
        said = subprocess.run(("git", "--version"), capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        yield Observation("wrong", "git", "it cannot be run: install it")
        return
    found = re.search(r"(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < OLDEST_GIT:
        yield Observation(
            "wrong", "git", f"{said.strip()} is too old: install {OLDEST_GIT[0]}.{OLDEST_GIT[1]} or newer"
        )
    else:
        yield Observation("ok", "git", said.strip())


def _github(read: Settings, ask: Ask, now: Callable[[], dt.datetime]) -> Iterator[Observation]:
    if read.github_app_id is None or read.github_private_key is None:
        yield Observation("wrong", "GitHub", "it is not asked before the App's id and private key are set")
        return
    try:
        skew = abs(ask.time(read) - now())
        if skew > SKEW:
            yield Observation("wrong", "clock", f"it differs by {_seconds(skew)} from GitHub's: set it by NTP")
        app = ask.app(read)
    except CountersignError as exc:
        yield Observation("wrong", "GitHub", f"{exc} See COUNTERSIGN_GITHUB_APP_ID, _PRIVATE_KEY and _API_URL")
        return
    yield Observation("ok", "GitHub", f"{read.github_api_url} knows the App {app.name}")
    if app.lacking_permissions:
        wanted = ", ".join(app.lacking_permissions)
        yield Observation("wrong", "GitHub", f"give the App these permissions in its settings: {wanted}")
    if app.lacking_events:
        yield Observation("wrong", "GitHub", f"subscribe the App to these events: {', '.join(app.lacking_events)}")
    for installation in app.lacking:
        lacks = ", ".join(installation.lacks)
        yield Observation("wrong", "GitHub", f"{installation.account} has not accepted what the App asks for: {lacks}")
    if not app.installations:
        yield Observation("note", "GitHub", "the App is not installed anywhere: install it on a repository")
    else:
        yield Observation("ok", "GitHub", f"installed for {app.installations} account(s)")


def _slack(read: Settings, ask: Ask) -> Iterator[Observation]:
    if not read.channels:
        yield Observation("ok", "Slack", "it is told nothing; COUNTERSIGN_SLACK_CHANNEL or _CHANNELS says where")
        return
    if all(channel.webhook is not None for channel in read.channels):
        yield Observation("ok", "Slack", "told through webhooks, without buttons; `countersign digest` tries them")
        return
    yield from _signing(read)
    if read.slack_bot_token is None:
        yield Observation("wrong", "Slack", "set COUNTERSIGN_SLACK_BOT_TOKEN: the app's page has it, and installs it")
        return
    try:
        app = ask.slack(read)
    except CountersignError as exc:
        yield Observation("wrong", "Slack", f"{exc}; see COUNTERSIGN_SLACK_BOT_TOKEN and _API_URL")
        return
    yield Observation("ok", "Slack", f"{app.team} knows the app {app.name}")
    if "chat:write" not in app.scopes:
        yield Observation("wrong", "Slack", "give the app the bot scope chat:write, and install it again")
    if app.scopes.isdisjoint(_READING):
        says = "without channels:history (groups:history in private channels) a message may be posted twice"
        yield Observation("note", "Slack", f"{says}: give the app the scope, and install it again")
    for channel in (channel.id for channel in read.channels if channel.webhook is None):
        code = app.closed.get(channel)
        if code is None:
            yield Observation("ok", "Slack", f"the app is in {channel}")
        elif code != "missing_scope":
            cure = _CURES.get(code, "see what Slack says of this code")
            yield Observation("wrong", "Slack", f"{channel}: {code}: {cure.format(app=app.name, team=app.team)}")
        elif not app.scopes.isdisjoint(_READING):
            yield Observation("note", "Slack", f"{channel} is private: give the app the scope groups:history")


def _signing(read: Settings) -> Iterator[Observation]:
    """How people decide in Slack."""
    if read.slack_signing_secret is None:
        says = "nothing can be decided there: set COUNTERSIGN_SLACK_SIGNING_SECRET, which is on the app's page"
        yield Observation("note", "Slack", says)
        return
    if not re.fullmatch(r"[0-9a-f]{32}", read.slack_signing_secret.reveal()):
        says = "COUNTERSIGN_SLACK_SIGNING_SECRET is no signing secret, which has 32 hexadecimal digits: copy it again"
        yield Observation("wrong", "Slack", says)
    try:
        url = read.desk_url
    except CountersignError:  # `_desk` has told
        return
    if url:
        says = f"it sends what people press to {url}{PATH}: set that as the Request URL of the app's Interactivity"
        yield Observation("ok", "Slack", says)
    else:
        says = "nobody can say which GitHub account is theirs, and so nobody decides: set up the signing desk"
        yield Observation("note", "Slack", says)


def _seconds(time: dt.timedelta) -> str:
    return f"{time.total_seconds():.0f} s"

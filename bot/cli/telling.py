"""
`countersign digest`: what waits and what happened, as Slack is told, now or on trial.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import service
from bot.cli.service import SettingsOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.settings import Settings, SlackChannel

TRIES = 5
"""How often a message is posted that Slack has no time for."""
_PERIOD = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": dt.timedelta(hours=1), "d": dt.timedelta(days=1), "w": dt.timedelta(weeks=1)}


def digest(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Post nothing: print the blocks as JSON, and to the error output as text.")
    ] = False,
    channel: Annotated[
        str | None, typer.Option(help="The id of a channel; by default all that the settings name.")
    ] = None,
    since: Annotated[str, typer.Option(help="How far back: 12h, 7d, 2w.")] = "7d",
    settings_file: SettingsOption = None,
) -> None:
    """
    Tell Slack what waits for a signature and what happened lately; nothing where there is nothing to say.

    A dry run needs the database alone.
    """
    from bot.errors import UsageError

    read = service.read(settings_file)
    match = _PERIOD.fullmatch(since)
    if match is None or not int(match[1]):
        raise UsageError(f"--since {since} is no period; it is like 12h, 7d or 2w")
    period = int(match[1]) * _UNITS[match[2]]
    channels = _channels(read, channel, dry_run)
    if dry_run:
        _print(read, channels, period)
    else:
        _post(read, channels, period)


def _channels(read: Settings, wanted: str | None, dry_run: bool) -> tuple[SlackChannel, ...]:
    """The channels to tell; on trial, one that hears of everything where none is set."""
    from bot.errors import SettingsError
    from bot.settings import SlackChannel

    if wanted is not None:
        known = tuple(channel for channel in read.channels if wanted in (channel.id, channel.name))
        return known or (SlackChannel(id=wanted),)
    if not read.channels and not dry_run:
        raise SettingsError(
            "there is no channel to post to: set COUNTERSIGN_SLACK_CHANNEL or COUNTERSIGN_SLACK_CHANNELS"
        )
    return read.channels or (SlackChannel(id="everything"),)


def _print(read: Settings, channels: tuple[SlackChannel, ...], period: dt.timedelta) -> None:
    import msgspec

    from bot.slack import blocks
    from bot.workflow import slacking
    from bot.workflow.service import Team

    team = Team.of(read)
    now = dt.datetime.now(dt.UTC)
    shown: list[dict[str, Any]] = []
    with service.store(read) as store:
        for channel in channels:
            message = slacking.digest_of(store, channel, team.place(channel, read.desk_url), now, period)
            said = "Nothing to say.\n" if message is None else blocks.readable(message)
            typer.echo(f"── {channel.name} ──\n\n{said}", err=True)
            shown.append({"channel": channel.name, **({} if message is None else msgspec.to_builtins(message))})
    sys.stdout.write(json.dumps({"digests": shown}, indent=2, ensure_ascii=False) + "\n")


def _post(read: Settings, channels: tuple[SlackChannel, ...], period: dt.timedelta) -> None:
    from bot.errors import SettingsError
    from bot.workflow import slacking
    from bot.workflow.service import Team

    if read.slack_bot_token is None and any(channel.webhook is None for channel in channels):
        raise SettingsError("to post to a channel, set COUNTERSIGN_SLACK_BOT_TOKEN; or an incoming webhook")
    team = Team.of(read)
    now = dt.datetime.now(dt.UTC)
    with service.store(read) as store:
        for channel in channels:
            message = slacking.digest_of(store, channel, team.place(channel, read.desk_url), now, period)
            if message is None:
                typer.echo(f"{channel.name}: nothing to say")
                continue
            due = f"{now.isoformat()} by hand"
            _patiently(lambda: slacking.post_digest(store, team, channel, due, message))  # noqa: B023
            typer.echo(f"{channel.name}: posted")


def _patiently(post: Callable[[], None]) -> None:
    """Post, and when Slack wants to wait, wait."""
    from bot.slack.errors import Limited

    for left in reversed(range(TRIES)):
        try:
            return post()
        except Limited as exc:
            if not left:
                raise
            time.sleep(max((exc.until - dt.datetime.now(dt.UTC)).total_seconds(), 0))
    raise AssertionError("the last try returns or raises")

"""
What the steps work with.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Self

from bot.github.checkout import Checkouts
from bot.github.client import Client, GitHub
from bot.llm.writer import Writer
from bot.review.drafts import PullRequest
from bot.settings import Settings, SlackChannel
from bot.slack.client import Slack
from bot.slack.messages import Place
from bot.storage.store import Store
from bot.web.desk import review_path
from bot.workflow.engine import Engine

CHECK = "Countersign"
"""The name of the check run."""


@dataclasses.dataclass(frozen=True)
class Team:
    """A workspace and what is told there."""

    slack: Slack
    channels: tuple[SlackChannel, ...]
    signing_secret: str = ""
    """What Slack signs with; without it nothing is decided there."""

    def channel(self, name: str) -> SlackChannel | None:
        """A channel by its name; None when it is not told anything any more."""
        return next((channel for channel in self.channels if channel.name == name), None)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings say."""
        token, secret = settings.slack_bot_token, settings.slack_signing_secret
        return cls(
            Slack(token.reveal() if token else "", api_url=settings.slack_api_url, ca_file=settings.ca_file),
            settings.channels,
            secret.reveal() if secret is not None else "",
        )

    def place(self, channel: SlackChannel, desk_url: str) -> Place:
        """Where a channel's links lead, and whether it has buttons; the address is empty where there is no desk."""
        has_buttons = bool(self.signing_secret) and channel.webhook is None
        return Place(lambda pull: page_for(pull, desk_url), has_buttons)


@dataclasses.dataclass(frozen=True)
class Service:
    """The store, GitHub, the cache of clones, the engine, a team to tell and a language model."""

    store: Store
    github: GitHub
    checkouts: Checkouts
    engine: Engine
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    commands_per_hour: int = 60
    """Comments with commands that are heard from one person."""
    desk_url: str = ""
    """Where the signing desk is, without a slash at its end; empty where there is none."""
    slack: Team | None = None
    """Where a team is told how reviews stand; None for nowhere."""
    writer: Writer | None = None
    """Puts findings into a language model's words; None where no model is set up."""
    is_private: bool = False
    """Whether the model sees no code."""

    def client(self, pull: PullRequest) -> Client:
        """The client of a pull request's installation."""
        return self.github.installation(pull.installation)

    def desk_page(self, pull: PullRequest) -> str | None:
        """Where a person reads the drafts of a pull request and decides; None where there is no desk."""
        return self.desk_url + review_path(pull.repository, pull.number) if self.desk_url else None


def page_for(pull: PullRequest, desk_url: str) -> str:
    """Where a person decides on a pull request: on the desk, or on GitHub where there is none."""
    if desk_url:
        return desk_url + review_path(pull.repository, pull.number)
    return f"{pull.repository_url}/pull/{pull.number}"

"""
The door to what the service remembers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bot.storage import migrations
from bot.storage.commands import Commands
from bot.storage.database import Database, utc_now
from bot.storage.decisions import Decisions
from bot.storage.deliveries import Deliveries
from bot.storage.digests import Digests
from bot.storage.drafts import Drafts
from bot.storage.outcomes import Outcomes
from bot.storage.pending import PendingPullRequests
from bot.storage.prose import Answers, Ledger, Summaries
from bot.storage.pull_requests import PullRequests
from bot.storage.repositories import Repositories
from bot.storage.reviews import Reviews
from bot.storage.slack import Slack
from bot.storage.suppressions import FileSuppressions
from bot.storage.workers import Workers


class Store:
    """
    All rooms of one database. May be shared between threads; each process opens its own.

    Every method raises `StorageError` when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        """
        Args:
            database: One whose tables are up to date; `open` sees to that.
        """
        self._database = database
        self.deliveries = Deliveries(database)
        self.repositories = Repositories(database)
        self.pull_requests = PullRequests(database)
        self.reviews = Reviews(database)
        self.drafts = Drafts(database)
        self.decisions = Decisions(database)
        self.outcomes = Outcomes(database)
        self.suppressions = FileSuppressions(database)
        self.pending = PendingPullRequests(database)
        self.commands = Commands(database)
        self.answers = Answers(database)
        self.ledger = Ledger(database)
        self.summaries = Summaries(database)
        self.workers = Workers(database)
        self.digests = Digests(database)
        self.slack = Slack(database)

    @classmethod
    def open(cls, url: str, clock: Callable[[], dt.datetime] = utc_now) -> Self:
        """
        Open a database and bring its tables up to date; several processes may do so at once.

        Args:
            url: `sqlite:///FILE` or `postgresql://…`.
            clock: Tells the time in UTC.
        """
        database = Database(url, clock)
        try:
            migrations.upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

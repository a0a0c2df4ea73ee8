"""
What can go wrong with Slack.

    SlackError
    ├── Limited         too many calls; says when the next one may come
    ├── Unavailable     no answer, or none that can be understood
    └── Refused         Slack says no; says with which code
"""

from __future__ import annotations

import datetime as dt

from bot.errors import CountersignError


class SlackError(CountersignError):
    """Slack did not do what it was asked for."""


class Limited(SlackError):
    """Slack wants no more calls for a while."""

    def __init__(self, method: str, until: dt.datetime) -> None:
        super().__init__(f"Slack takes no more calls of {method} until {until:%H:%M:%S} UTC")
        self.until = until
        """UTC."""


class Unavailable(SlackError):
    """There was no answer; what was asked for may have been done all the same."""


class Refused(SlackError):
    """Slack refused, and will again."""

    def __init__(self, method: str, code: str, details: str = "") -> None:
        super().__init__(f"Slack refused {method}: {code}{f' ({details})' if details else ''}")
        self.code = code
        """`channel_not_found`, `missing_scope`, …"""

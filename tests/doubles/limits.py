"""
How often may be asked: GitHub's primary limit by the hour, and its secondary one for writes by the minute.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.doubles import refusals
from tests.doubles.access import Caller

HOUR, MINUTE = 3600, 60


@dataclass
class _Window:
    started: float
    used: int = 0
    writes: deque[float] = field(default_factory=deque)


@dataclass
class Limits:
    """Counts the requests of each installation, App and person."""

    per_hour: int = 5000
    writes_per_minute: int = 80
    # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    clock: Callable[[], float] = time.time
    _windows: dict[object, _Window] = field(default_factory=dict)

    def count(self, caller: Caller, *, writes: bool) -> dict[str, str]:
        """
        Returns:
            The headers that tell how much is left.

        Raises:
            Refusal: a limit is exceeded.
        """
        now = self.clock()
        key = (caller.account.id, caller.installation.id if caller.installation else None)
        window = self._windows.setdefault(key, _Window(now))
        if now - window.started >= HOUR:
            window.started, window.used = now, 0
        reset = int(window.started + HOUR)
        if window.used >= self.per_hour:
            raise refusals.primary_limit(reset)
        window.used += 1
        while window.writes and now - window.writes[0] >= MINUTE:
            window.writes.popleft()
        if writes and len(window.writes) >= self.writes_per_minute:
            raise refusals.secondary_limit(int(window.writes[0] + MINUTE - now) + 1)
        if writes:
            window.writes.append(now)
        return {
            "x-ratelimit-limit": str(self.per_hour),
            "x-ratelimit-remaining": str(self.per_hour - window.used),
            "x-ratelimit-used": str(window.used),
            "x-ratelimit-reset": str(reset),
            "x-ratelimit-resource": "core",
        }

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
    _windows: dict[tuple[int, int | None], _Window] = field(default_factory=dict)

    def standing(self, caller: Caller) -> dict[str, int]:
        """How much is left; asking costs nothing."""
        window = self._windows.get(_key(caller)) or _Window(self.clock())
        used, reset = window.used, int(window.started + HOUR)
        return {"limit": self.per_hour, "remaining": self.per_hour - used, "used": used, "reset": reset}

    def count(self, caller: Caller, *, writes: bool) -> dict[str, str]:
        """
        Returns:
            The headers that tell how much is left.

        Raises:
            Refusal: a limit is exceeded.
        """
        now = self.clock()
        window = self._windows.setdefault(_key(caller), _Window(now))
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
        standing = self.standing(caller).items()
        return {f"x-ratelimit-{name}": str(value) for name, value in standing} | {"x-ratelimit-resource": "core"}


def _key(caller: Caller) -> tuple[int, int | None]:
    return caller.account.id, caller.installation.id if caller.installation else None

"""
How fast one installation may be asked.

GitHub wants writes a second apart and at most 80 a minute, and no call at all while a limit holds.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import threading

BURST = 20
"""Writes that may go out at once: what a review needs. With one a second after them, no minute has more than 80."""
WRITES_PER_SECOND = 1.0


class Pace:
    """The calls of one installation; times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._allowed = float(BURST)
        self._counted_at = 0.0
        self._blocked_until = 0.0

    def blocked(self, now: float) -> float:
        """Seconds for which a limit still holds; 0 when there is none."""
        with self._lock:
            return max(self._blocked_until - now, 0.0)

    def block(self, seconds: float, now: float) -> None:
        """No call for so many seconds; a limit that holds longer stays."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, now + seconds)

    def take(self, now: float, patience: float) -> float:
        """
        The seconds after which one more write may go out.

        Args:
            now: The time.
            patience: A write that would have to wait longer is not counted: it has to be asked for again.
        """
        with self._lock:
            passed = max(now - self._counted_at, 0.0)
            allowed = min(self._allowed + passed * WRITES_PER_SECOND, BURST) - 1
            wait = max(-allowed, 0.0) / WRITES_PER_SECOND
            if wait <= patience:
                self._allowed, self._counted_at = allowed, now
            return wait

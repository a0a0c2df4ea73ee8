"""
Failures to order: what goes wrong at the n-th call of an operation.
"""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass, field

from tests.doubles.refusals import Refusal


@dataclass(frozen=True)
class Fault:
    """What happens instead of the right answer, or after it."""

    refusal: Refusal | None = None
    """Answered instead; nothing takes effect."""
    breaks: bool = False
    """The connection is closed without an answer."""
    late: bool = False
    """The request takes effect first; then the connection breaks, or the refusal is answered."""
    seconds: float = 0
    """How long the answer is held back."""


BROKEN = Fault(breaks=True)
"""The connection breaks before anything took effect."""
LOST = Fault(breaks=True, late=True)
"""The request takes effect and its answer is lost."""


def refused(refusal: Refusal) -> Fault:
    return Fault(refusal)


def slow(seconds: float) -> Fault:
    return Fault(seconds=seconds)


@dataclass
class _Ordered:
    pattern: str
    fault: Fault
    calls: range
    """Which of the calls still to come, counted from 0."""
    seen: int = 0


@dataclass
class Faults:
    """The failures still to come; a failure happens to the calls that it was ordered for and to no other."""

    _ordered: list[_Ordered] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def order(self, operation: str, fault: Fault | Refusal, *, nth: int = 1, times: int = 1) -> None:
        """
        Args:
            operation: an operation's id, `graphql` for a question, `graphql:` and a mutation's name, `git`, or a
                pattern of these such as `checks/*`, `graphql*` or `*`.
            nth: the first call that it happens to, from now on; 1 is the next one.
            times: to how many calls in a row.
        """
        fault = Fault(fault) if isinstance(fault, Refusal) else fault
        with self._lock:
            self._ordered.append(_Ordered(operation, fault, range(nth - 1, nth - 1 + times)))

    def clear(self) -> None:
        with self._lock:
            self._ordered.clear()

    def next(self, operation: str) -> Fault | None:
        """What happens to this call; each order counts the calls it matches."""
        happening = None
        with self._lock:
            for ordered in self._ordered:
                if fnmatch.fnmatchcase(operation, ordered.pattern):
                    if ordered.seen in ordered.calls and happening is None:
                        happening = ordered.fault
                    ordered.seen += 1
            self._ordered = [ordered for ordered in self._ordered if ordered.seen < ordered.calls.stop]
        return happening

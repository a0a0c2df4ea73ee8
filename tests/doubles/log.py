"""
What was asked of the double, in the order in which it came.
"""

from __future__ import annotations

import fnmatch
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """One request and what became of it."""

    operation: str
    """An operation's id; `graphql`, with the mutation's name after a colon; `git`; `unknown`."""
    method: str
    path: str
    query: dict[str, str]
    body: Any
    login: str | None = None
    """Who asked; None where no credentials were good."""
    status: int | None = None
    """What was answered; None where the connection was broken."""
    took_effect: bool = False
    """It was carried out, whether or not the answer arrived."""
    at: float = field(default_factory=time.time)

    @property
    def writes(self) -> bool:
        """It changes what people see; asking for a token does not."""
        if self.operation.startswith(("apps/", "git")):
            return False
        if self.operation.startswith("graphql"):
            return ":" in self.operation
        return self.method != "GET"


class Log:
    """All requests; the answers of `of` and `writes` are lists of their own."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._lock = threading.Lock()

    def add(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def __iter__(self) -> Iterator[Request]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)

    def of(self, operation: str) -> list[Request]:
        """The requests of an operation, or of a pattern such as `checks/*`."""
        return [request for request in self if fnmatch.fnmatchcase(request.operation, operation)]

    def writes(self) -> list[Request]:
        """What took effect and is visible to people."""
        return [request for request in self if request.writes and request.took_effect]

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()

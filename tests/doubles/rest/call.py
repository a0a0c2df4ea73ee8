"""
What a handler is given, and what it may give back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.doubles import refusals
from tests.doubles.access import Access, Caller
from tests.doubles.hooks import Event
from tests.doubles.limits import Limits
from tests.doubles.shapes import Shapes
from tests.doubles.world import Account, PullRequest, Repository, World

BODY_LIMIT = 65_536
"""The characters that a comment's body may have."""


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    body: Any
    status: int = 200


@dataclass(frozen=True)
class Listing:
    """Items of which one page is shown."""

    items: Sequence[Any]
    shape: Callable[[Any], Any]
    key: str | None = None
    """Where the list stands within an object with a `total_count`."""


@dataclass
class Call:
    """One request, judged good: its parameters and body are as described."""

    world: World
    shapes: Shapes
    access: Access
    limits: Limits
    caller: Caller
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any
    events: list[Event] = field(default_factory=list)
    """What Apps are told once it is done."""

    @property
    def by_app(self) -> bool:
        return self.caller.installation is not None

    @property
    def repository(self) -> Repository:
        """
        Raises:
            Refusal: there is none, or it is not for the caller to see.
        """
        found = self.world.repository(f"{self.path['owner']}/{self.path['repo']}")
        if found is None or not (self.caller.app or self.caller.sees(found)):
            raise refusals.not_found()
        return found

    @property
    def pull(self) -> PullRequest:
        number = self.path["pull_number"] if "pull_number" in self.path else self.path["issue_number"]
        found = self.repository.pulls.get(number)
        if found is None:
            raise refusals.not_found()
        return found

    def account(self, login: str) -> Account:
        found = self.world.accounts.get(login.lower())
        if found is None:
            raise refusals.not_found()
        return found

    def tell(self, name: str, action: str, **parts: Any) -> None:
        """Say what happened in this repository."""
        self.events.append(Event(name, action, self.repository, self.caller.account, parts))


Handler = Callable[[Call], Answer | Listing]


def check_length(resource: str, body: str) -> str:
    """
    Raises:
        Refusal: the text is blank or too long.
    """
    if not body.strip():
        raise refusals.Refusal(
            422, "Validation Failed", ({"resource": resource, "code": "missing_field", "field": "body"},)
        )
    if len(body) > BODY_LIMIT:
        raise refusals.validation_failed(resource, "body", f"body is too long (maximum is {BODY_LIMIT} characters)")
    return body

"""
Pull requests and drafts to tell of.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from analyzers.findings import Confidence, Finding, Severity, Step
from analyzers.span import Place, Span
from bot.review.digest import Fixed, History, Reviewed
from bot.review.drafts import Draft, DraftState, PullRequest

NOW = dt.datetime(2025, 3, 10, 8, tzinfo=dt.UTC)
HOSTILE = "`x`*y* <!channel> <https://evil.example|click> & ~z~ \u202e\0 @here"


def pull_request(number: int = 12, **changes: object) -> PullRequest:
    made = PullRequest(
        id=number,
        installation=7,
        repository="acme/shop",
        number=number,
        clone_url="https://github.example/acme/shop.git",
        title="List orders with their customers",
        author="ada",
        head="a" * 40,
        head_repository="acme/shop",
        base_ref="main",
        base="b" * 40,
    )
    return msgspec.structs.replace(made, **changes)


def draft(
    id_: int,
    *,
    of: int = 12,
    severity: Severity = Severity.HIGH,
    message: str = "`Order.customer` is queried once per `order`",
    path: str = "shop/orders/views.py",
    state: DraftState = "waiting",
    asked: tuple[str, ...] = (),
    age: dt.timedelta = dt.timedelta(hours=5),
) -> Draft:
    place = Place(path, Span(id_, 4, id_, 9))
    finding = Finding(
        rule="query-in-loop",
        category="nplusone",
        message=message,
        advice="Load it before the loop.",
        severity=severity,
        confidence=Confidence.CERTAIN,
        place=place,
        trace=(Step(place, "queries"),),
        fingerprint=f"cs1:query-in-loop:{id_}",
    )
    return Draft(
        id=id_,
        pull_request=of,
        number=id_,
        fingerprint=finding.fingerprint,
        finding=finding,
        head="a" * 40,
        state=state,
        asked=asked,
        made_at=NOW - age,
    )


WAITING: Sequence[tuple[PullRequest, tuple[Draft, ...]]] = (
    (
        pull_request(12, ai=("Claude (trailer of 1a2b3c4)",)),
        (
            draft(1, severity=Severity.MEDIUM, age=dt.timedelta(days=3), asked=("@acme/backend",)),
            draft(2, severity=Severity.CRITICAL, path="payments/views.py", asked=("@acme/payments", "@grace")),
            draft(3),
            draft(4),
        ),
    ),
    (pull_request(9, repository="acme/api", title=HOSTILE), (draft(5, of=9, message=HOSTILE, path="a`b<c>.py"),)),
)

HISTORY = History(
    reviewed=(
        Reviewed(WAITING[0][0], (Fixed("cs1:a:1", "shop/a.py", Severity.HIGH, ("@acme/backend",)),)),
        Reviewed(WAITING[1][0], ()),
        Reviewed(pull_request(13), (Fixed("cs1:a:1", "shop/a.py", Severity.HIGH, ("@acme/backend",)),)),
    ),
    made=tuple((pull, each) for pull, drafts in WAITING for each in drafts),
    decided=(
        (pull_request(13), draft(20, of=13), "sign"),
        (pull_request(13), draft(21, of=13), "sign"),
        (pull_request(13), draft(22, of=13), "dismiss"),
    ),
)

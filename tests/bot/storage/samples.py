"""
Pull requests, findings and decisions to keep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec

from analyzers.findings import Confidence, Finding, Severity, Step
from analyzers.fingerprint import fingerprint
from analyzers.span import Place, Span
from bot.review.drafts import Action, Category, Decision, Draft, PullRequest
from bot.review.records import Dismissal
from bot.storage.store import Store

PULL_REQUEST = PullRequest(
    id=0,
    installation=7,
    repository="acme/shop",
    number=12,
    clone_url="https://github.example/acme/shop.git",
    title="Totals 🧾 \0 and \ud800",
    author="ada",
    head="a" * 40,
    head_repository="ada/shop",
    base_ref="main",
    base="b" * 40,
    ai=("Copilot (trailer)",),
)
AT = dt.datetime(2025, 3, 1, 12, 30, 0, 123456, tzinfo=dt.UTC)


def finding(name: str, line: int = 3) -> Finding:
    place = Place("shop/views.py", Span(line, 4, line, 9))
    return Finding(
        rule="query-in-loop",
        category="nplusone",
        message=f"`{name}` is queried once per `order`",
        advice="Load it before the loop.",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        place=place,
        trace=(Step(place, "queries `" + name + "`"),),
        fingerprint=fingerprint("query-in-loop", "shop/views.py::orders", (name,)),
    )


def draft(name: str, head: str = PULL_REQUEST.head) -> Draft:
    """One that is not kept yet."""
    of = finding(name)
    return Draft(id=0, pull_request=0, number=0, fingerprint=of.fingerprint, finding=of, head=head)


def decision(
    about: Draft, action: Action, who: str = "bob", category: Category | None = None, reason: str = ""
) -> Decision:
    return Decision(about.id, action, who, "comment", about.head, AT, category, reason)


def drafted(store: Store, *names: str, pull_request: PullRequest = PULL_REQUEST) -> tuple[Draft, ...]:
    """Keep a pull request and bring its drafts to exactly these names at its head; all of its drafts."""
    kept = store.pull_requests.save(pull_request)
    wanted = {finding(name).fingerprint: draft(name, kept.head) for name in names}

    def change(known: tuple[Draft, ...], dismissed: Mapping[str, Dismissal]) -> Iterable[Draft]:
        fingerprints = {each.fingerprint for each in known}
        for each in known:
            new = wanted.get(each.fingerprint)
            if new is None:
                yield msgspec.structs.replace(each, state="gone")
            else:
                yield msgspec.structs.replace(each, state="waiting", head=new.head, finding=new.finding)
        yield from (new for key, new in wanted.items() if key not in fingerprints)

    drafts = store.drafts.reconcile(kept.id, kept.head, change)
    assert drafts is not None
    return drafts

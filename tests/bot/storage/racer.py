"""
One of several processes that write to the same pull request: `python -m tests.bot.storage.racer URL NAME ROUNDS`.

It says when it is ready, waits for a line, and opens the store, which makes the tables if no other was faster. In each
round it adds a draft of its own and one that all add, decides on the first of them, and takes part in an act that all
take part in. Prints, as JSON, how often it was the first to record something.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping

from bot.review.drafts import Draft
from bot.review.records import Delivery, Dismissal
from bot.storage.store import Store
from tests.bot.storage.samples import AT, PULL_REQUEST, decision, draft

SHARED = "shared"


def main(url: str, name: str, rounds: int) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    first = {"delivery": 0, "command": 0}
    with Store.open(url) as store:
        kept = store.pull_requests.save(PULL_REQUEST)
        store.reviews.queue(kept.id)
        for number in range(rounds):
            add(store, kept.id, f"{name}-{number}")
            drafts = add(store, kept.id, SHARED)
            one = drafts[0]
            store.decisions.record(kept.id, [decision(one, "dismiss" if number % 2 else "sign", who=name)])
            store.decisions.record(kept.id, [decision(one, "edit", reason="Once.")], key=f"comment:{number}")
            delivery = Delivery(id=f"d{number}", event="ping", payload=b"{}", received_at=AT)
            first["delivery"] += len(store.deliveries.record([delivery]))
            first["command"] += store.commands.mark_handled(f"comment:{number}")
            store.workers.beat(name)
    sys.stdout.write(json.dumps(first))


def add(store: Store, pull_request: int, name: str) -> tuple[Draft, ...]:
    """Add a draft unless it is there; all drafts."""
    new = draft(name)

    def change(known: tuple[Draft, ...], dismissed: Mapping[str, Dismissal]) -> Iterable[Draft]:
        if all(each.fingerprint != new.fingerprint for each in known):
            yield new

    drafts = store.drafts.reconcile(pull_request, PULL_REQUEST.head, change)
    assert drafts is not None
    return drafts


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

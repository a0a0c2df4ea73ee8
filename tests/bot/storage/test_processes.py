"""
Several processes write at once, on one SQLite file as on PostgreSQL: nothing is doubled, nothing is lost.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bot.storage.store import Store
from tests.bot.storage.samples import PULL_REQUEST

ROOT = Path(__file__).parents[3]
RACERS = ("ada", "bob", "cyd", "dan")
ROUNDS = 6


def race(url: str) -> list[dict[str, int]]:
    """Start all racers on an empty database at the same moment; what each of them says."""
    processes = [
        subprocess.Popen(
            (sys.executable, "-m", "tests.bot.storage.racer", url, name, str(ROUNDS)),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in RACERS
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in processes]
    assert [errors for _, errors in said] == [""] * len(RACERS)
    return [json.loads(output) for output, _ in said]


def test_nothing_is_doubled_or_lost(url: str) -> None:
    """One set of tables, one pull request, numbers without gaps or doubles, every decision, one batch for each act."""
    said = race(url)
    assert sum((Counter(each) for each in said), Counter()) == {"delivery": ROUNDS, "command": ROUNDS}
    with Store.open(url) as store:
        kept = store.pull_requests.find(PULL_REQUEST.repository, PULL_REQUEST.number)
        assert kept is not None
        assert [review.attempt for review in store.reviews.of(kept.id)] == [1]
        drafts = store.drafts.of(kept.id)
        assert [draft.number for draft in drafts] == list(range(1, len(RACERS) * ROUNDS + 2))
        assert len({draft.fingerprint for draft in drafts}) == len(drafts)
        decisions = store.decisions.of(kept.id)
        edits = [decision for decision in decisions if decision.action == "edit"]
        assert len(edits) == ROUNDS
        mine = Counter(decision.who for decision in decisions if decision.action != "edit")
        assert mine == dict.fromkeys(RACERS, ROUNDS)
        assert len(store.decisions.unpublished()) == ROUNDS * (len(RACERS) + 1)
        last = next(decision for decision in reversed(decisions) if decision.action != "edit")
        assert drafts[0].state == {"sign": "signed", "dismiss": "dismissed"}[last.action]
        assert len(store.decisions.dismissals(kept.id)) == (last.action == "dismiss")
        assert tuple(worker.id for worker in store.workers.all()) == RACERS

"""
Much of everything: the pages stay quick, and count right.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from analyzers.change import ChangedFile, Hunk
from bot.review.records import Found
from bot.storage.store import Store
from bot.web import queue, reviewed
from bot.web.desk import Shown
from tests.bot.web.many import Clock, crowd, fill
from tests.bot.web.running import STRANGER, WRITER, Running, Shop

REVIEWS = 2_000
LINES = 3_000


class Watch:
    """Seconds of this process, so that what others do on the machine counts less."""

    def __enter__(self) -> Self:
        self._start = time.process_time()
        self.seconds = 0.0
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._start


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/desk.sqlite3", clock) as opened:
        yield opened


def test_a_long_queue(store: Store, clock: Clock, found: Found) -> None:
    """The queue of 2,000 reviews with 6,000 drafts takes 2 s at most, worst and oldest first, 50 on a page."""
    crowd(store, clock, found, REVIEWS)
    with Watch() as watch:
        pending = store.pending.all()
        page = queue.page(pending, {"severity": "high", "page": "2"}, clock.time)
    print(f"{REVIEWS} reviews: {watch.seconds:.2f} s")
    assert len(pending) == REVIEWS
    assert page.total == REVIEWS * 3 // 4
    ages = [entry.age for entry in page.entries]
    assert (len(ages), ages) == (queue.PER_PAGE, sorted(ages, reverse=True))
    assert watch.seconds < 2


def test_a_long_diff(running: Running) -> None:
    """A diff of 3,000 lines takes 3 s at most when it is seen first, and half a second from then on."""
    pull = running.desk.find("acme/shop", 1)
    assert pull is not None
    shown = running.desk.shown(pull)
    assert shown is not None
    view = _long(shown)
    with Watch() as first:
        text = running.render(reviewed.page(view))
    with Watch() as again:
        running.render(reviewed.page(view))
    print(f"{LINES} lines: {first.seconds:.2f} s, again {again.seconds:.2f} s")
    assert text.count('<tr class="added">') >= LINES
    assert first.seconds < 3
    assert again.seconds < 1


def _long(shown: Shown) -> Shown:
    """A review with thirty more files of a hundred new lines."""
    import msgspec

    body = '    total = sum(row["price"] for row in rows if row["paid"])  # what came in\n'
    added = {
        f"reports/part_{number}.py": f"def report_{number}(rows):\n" + body * (LINES // 30 - 1) for number in range(30)
    }
    files = tuple(ChangedFile(path, "added", path, (Hunk(0, 0, 1, LINES // 30),)) for path in added)
    texts = {**shown.texts, **{("head", path): text for path, text in added.items()}}
    found = msgspec.structs.replace(shown.found, files=(*shown.found.files, *files))
    return msgspec.structs.replace(shown, found=found, texts=texts)


def test_insights(shop: Shop, store: Store, clock: Clock, found: Found) -> None:
    """What was decided is counted, a rule that is mostly dismissed is named, and each draft is a line of the CSV."""
    fill(store, clock, found, 40)
    clock.time += dt.timedelta(days=1)
    with Running(shop, store, clock) as running:
        grace = running.person(WRITER)
        text = grace.read("/insights?weeks=4")
        assert "write-in-loop = &#34;off&#34;" in text
        assert '<span>write-in-loop</span> <span class="count">20 dismissed, 10 undecided</span>' in text
        assert '<rect class="dismissed" x="0' in text
        lines = list(csv.DictReader(io.StringIO(grace.read("/insights.csv?weeks=4"))))
        assert len(lines) == 40 * 3 + len(running.drafts())
        decided = [line["decided"] for line in lines]
        assert (decided.count("signed"), decided.count("dismissed")) == (60, 20)
        assert 'Dismissed <span class="count">20</span>' in grace.read("/suppressions")
        some = grace.read("/suppressions?repository=acme/service-1")
        assert some.count('value="undo"') == len(re.findall(r">acme/service-1#\d+<", some)) == 2
        mallory = running.person(STRANGER)
        assert "Nothing was told" in mallory.read("/insights")
        assert "Nothing is dismissed." in mallory.read("/suppressions")
        assert len(mallory.read("/insights.csv").splitlines()) == 1

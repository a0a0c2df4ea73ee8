"""
Deliveries are kept together, before they are answered, and begun after that.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Sequence

import pytest

from bot.errors import StorageError
from bot.review.records import Delivery
from bot.workflow.intake import Intake


def delivery(id_: str) -> Delivery:
    return Delivery(id_, "pull_request", b"{}", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


class Disk:
    """Keeps deliveries as slowly as it is told to; it may fail."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.is_free = threading.Event()
        self.problem: StorageError | None = None

    def keep(self, deliveries: Sequence[Delivery]) -> None:
        assert self.is_free.wait(10)
        if self.problem is not None:
            raise self.problem
        self.written.append([each.id for each in deliveries])


def test_all_that_came_meanwhile_is_written_at_once() -> None:
    """The first is written alone, the others together; none returns before it was, and all are begun in their order."""
    disk, begun = Disk(), list[str]()
    intake = Intake(disk.keep, lambda kept: begun.append(kept.id))

    async def run() -> None:
        first = asyncio.create_task(intake.take(delivery("0")))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(intake.take(delivery(str(number)))) for number in range(1, 20)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in (first, *others))
        assert begun == []
        disk.is_free.set()
        await asyncio.gather(first, *others)

    asyncio.run(run())
    intake.stop()
    assert disk.written == [["0"], [str(number) for number in range(1, 20)]]
    assert begun == [str(number) for number in range(20)]


def test_what_is_not_kept_is_said_to_all_and_not_begun() -> None:
    """Who waits is told of the failure; the next ones are kept."""
    disk, begun = Disk(), list[str]()
    disk.is_free.set()
    intake = Intake(disk.keep, lambda kept: begun.append(kept.id))

    async def run() -> None:
        disk.problem = StorageError("full")
        told = await asyncio.gather(*(intake.take(delivery(id_)) for id_ in "ab"), return_exceptions=True)
        assert told == [disk.problem] * 2
        disk.problem = None
        await intake.take(delivery("c"))

    asyncio.run(run())
    intake.stop()
    assert (disk.written, begun) == ([["c"]], ["c"])


def test_who_hangs_up_is_served_all_the_same() -> None:
    """A sender that went away before the answer does not take the others with it."""
    disk, begun = Disk(), list[str]()
    intake = Intake(disk.keep, lambda kept: begun.append(kept.id))

    async def run() -> None:
        gone, stays = (asyncio.create_task(intake.take(delivery(id_))) for id_ in "ab")
        await asyncio.sleep(0.05)
        gone.cancel()
        disk.is_free.set()
        await stays
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(run())
    intake.stop()
    assert begun == ["a", "b"]


def test_a_delivery_that_cannot_be_begun_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    """It was kept, so that a sweep begins it."""
    disk, begun = Disk(), list[str]()
    disk.is_free.set()

    def begin(kept: Delivery) -> None:
        if kept.id == "a":
            raise StorageError("locked")
        begun.append(kept.id)

    intake = Intake(disk.keep, begin)

    async def run() -> None:
        for id_ in "ab":
            await intake.take(delivery(id_))

    asyncio.run(run())
    intake.stop()
    assert begun == ["b"]

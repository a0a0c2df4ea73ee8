"""
Deliveries are kept before they are answered, and begun after that.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog
from starlette.concurrency import run_in_threadpool

from bot.review.records import Delivery

_log = structlog.get_logger()


class _Taken(NamedTuple):
    """A delivery on its way."""

    delivery: Delivery
    kept: asyncio.Future[None]
    context: contextvars.Context
    """Of its request, in whose trace its work belongs."""


class Intake:
    """
    Keeps deliveries, as many at once as came while the last ones were written: all of them wait for the disk once.

    What was kept and not begun, because the process died in between, is found by the first sweep of the next.
    """

    def __init__(self, keep: Callable[[Sequence[Delivery]], object], begin: Callable[[Delivery], None]) -> None:
        """
        Args:
            keep: Makes deliveries durable, all or none.
            begin: Has a delivery that was kept handled.
        """
        self._keep = keep
        self._begin = begin
        self._waiting: list[_Taken] = []
        self._writing: asyncio.Task[None] | None = None
        self._kept = queue.SimpleQueue[_Taken | None]()
        self._thread = threading.Thread(target=self._begin_all, name="intake", daemon=True)
        self._thread.start()

    async def take(self, delivery: Delivery) -> None:
        """Keep a delivery; when this returns, it will be handled. Raises what `keep` does."""
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append(_Taken(delivery, kept, contextvars.copy_context()))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await kept

    def stop(self) -> None:
        """Begin what was kept, and end."""
        self._kept.put(None)
        self._thread.join()

    async def _write(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            problem = None
            try:
                await run_in_threadpool(self._keep, [each.delivery for each in taken])
            except Exception as exc:  # noqa: BLE001  # it is handed to whoever waits
                problem = exc
            for each in taken:
                if problem is None:
                    self._kept.put(each)
                if each.kept.done():  # whoever sent it has gone
                    continue
                if problem is None:
                    each.kept.set_result(None)
                else:
                    each.kept.set_exception(problem)

    def _begin_all(self) -> None:
        while (taken := self._kept.get()) is not None:
            try:
                taken.context.run(self._begin, taken.delivery)
            except Exception:  # noqa: BLE001  # it was kept, and a sweep begins it
                _log.exception("a delivery was not begun", delivery=taken.delivery.id)

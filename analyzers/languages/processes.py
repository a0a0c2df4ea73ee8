"""
Lowering many files at once, on all cores.

A file that takes its process down with it becomes a `Failed`; the others are lowered. Which process lowers what makes
no difference to the results.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from multiprocessing import get_context

from analyzers.languages.lowering import Failed, Job, Outcome, lower

BATCH = 512 * 1024
"""Bytes of text that travel to a process at a time: enough to hide the journey, few enough to share the work evenly."""


def lower_on_all_cores(jobs: Iterable[Job], processes: int | None = None) -> Iterator[list[Outcome]]:
    """
    Lower files in several processes; here, where none can be started.

    The results come in any order. When a process crashes, the files that were under way are tried again one by one.
    """
    count = processes or _cores()
    batches = _batches(jobs)
    suspects: list[Job] = []
    for batch in batches:
        executor = _start(count)
        if executor is None:
            yield from map(_lower_all, chain([batch], batches))
            break
        with executor:
            pending: dict[Future[list[Outcome]], list[Job]] = {}
            waiting: list[Job] | None = batch
            try:
                while waiting is not None or pending:
                    while waiting is not None and len(pending) < 2 * count:
                        pending[executor.submit(_lower_all, waiting)] = waiting
                        waiting = next(batches, None)
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        yield future.result()
                        del pending[future]
            except BrokenProcessPool:
                suspects += [job for jobs in (*pending.values(), waiting or []) for job in jobs]
    yield from _lower_suspects(suspects)


def _lower_suspects(jobs: Iterable[Job]) -> Iterator[list[Outcome]]:
    """Lower files one by one in a process that is replaced when it crashes; the last one given is then the culprit."""
    executor: ProcessPoolExecutor | None = None
    for job in jobs:
        executor = executor or _start(1)
        if executor is None:
            yield [Failed(job.blob, job.front_end.key, "no process could be started to read it")]
            continue
        try:
            yield executor.submit(_lower_all, [job]).result()
        except BrokenProcessPool:
            executor.shutdown()
            executor = None
            yield [Failed(job.blob, job.front_end.key, "the process that read it crashed", crashed=True)]
    if executor is not None:
        executor.shutdown()


def _cores() -> int:
    """How many processes this one may use at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(count: int) -> ProcessPoolExecutor | None:
    """Start processes; None where the platform has none, or where they end at once (an unguarded main module)."""
    try:
        executor = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
        executor.submit(_lower_all, []).result()
    except (BrokenProcessPool, ImportError, OSError):
        return None
    return executor


def _lower_all(jobs: list[Job]) -> list[Outcome]:
    return [lower(job) for job in jobs]


def _batches(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    batch: list[Job] = []
    size = 0
    for job in jobs:
        batch.append(job)
        size += len(job.text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

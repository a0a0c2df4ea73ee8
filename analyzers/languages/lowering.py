"""
Lowering many files at once, on all cores, whatever they hold.

A file that a front end cannot lower, even one that takes the process down with it, becomes a `Failed` with its reason;
the others are lowered. Which process lowers what makes no difference to the results.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeAlias

import msgspec

from analyzers import ir
from analyzers.change import BlobId
from analyzers.languages import FrontEnd

BATCH = 512 * 1024
"""Bytes of text that travel to a process at a time: enough to hide the journey, few enough to share the work evenly."""


class Job(msgspec.Struct, frozen=True):
    """A file to lower."""

    blob: BlobId
    front_end: FrontEnd
    text: bytes


class Lowered(msgspec.Struct, frozen=True):
    """What is kept of a file."""

    blob: BlobId
    key: str
    """The front end's key."""
    words: bytes
    outline: bytes
    module: bytes
    diagnostics: int
    """How many parts could not be parsed."""


class Failed(msgspec.Struct, frozen=True):
    """A file that could not be lowered, and why."""

    blob: BlobId
    key: str
    reason: str
    crashed: bool = False
    """Whether it ended the process: it must not be tried again in ours."""


Outcome: TypeAlias = Lowered | Failed

_encoder = msgspec.msgpack.Encoder()


def lower(job: Job) -> Outcome:
    """Lower one file in this process."""
    try:
        module = job.front_end.lower(job.text)
        return Lowered(
            blob=job.blob,
            key=job.front_end.key,
            words=words(job.text),
            outline=_encoder.encode(outline(module)),
            module=_encoder.encode(module),
            diagnostics=len(module.diagnostics),
        )
    except Exception as exc:  # noqa: BLE001  (whatever a front end does costs its file, which the review then names)
        return Failed(job.blob, job.front_end.key, f"its lowering failed: {type(exc).__name__}: {exc}")


def lower_here(jobs: Iterable[Job]) -> Iterator[list[Outcome]]:
    """Lower files one by one in this process, each result as soon as it is there."""
    for job in jobs:
        yield [lower(job)]


def lower_on_all_cores(jobs: Iterable[Job], processes: int | None = None) -> Iterator[list[Outcome]]:
    """
    Lower files in several processes; here, where none can be started.

    The results come in any order. When a process crashes, the files that were under way are tried again one by one.
    """
    count = processes or len(
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    batches = _batches(jobs)
    suspects: list[Job] = []
    for batch in batches:
        executor = _start(count)
        if executor is None:
            yield [lower(job) for job in batch]
            continue
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


# --- what is kept -----------------------------------------------------------------------------------------------------


def outline(module: ir.Module) -> ir.Module:
    """
    A module without the bodies of its functions.

    `def total(self, rate=0): return self.net * rate` becomes `def total(self, rate=0):` with an empty body. Fields,
    imports and the statements of the top level stay.
    """
    return msgspec.structs.replace(
        module,
        classes=tuple(_bare_class(inner) for inner in module.classes),
        functions=tuple(_bare_function(function) for function in module.functions),
    )


def _bare_class(definition: ir.Class) -> ir.Class:
    return msgspec.structs.replace(
        definition,
        classes=tuple(_bare_class(inner) for inner in definition.classes),
        methods=tuple(_bare_function(function) for function in definition.methods),
    )


def _bare_function(function: ir.Function) -> ir.Function:
    return msgspec.structs.replace(function, body=())


_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


def words(text: bytes) -> bytes:
    """
    The ASCII words of a text, sorted, each between newlines; `b"\\nname\\n"` is in it when the text says `name`.

    Look-ups count with their parts: `customer__name` also says `customer` and `name`.
    """
    found = set(_WORD.findall(text))
    found.update(part for word in tuple(found) if b"__" in word for part in word.split(b"__") if part)
    return b"\n%s\n" % b"\n".join(sorted(found))


def needles(word: str) -> Iterator[bytes]:
    """
    What to look for in `words` to find a word: `größe` is looked for as `gr` and `e`, between newlines each.

    A text that says the word holds all of them, so that nothing is missed; it may hold them without saying the word.
    """
    for part in _WORD.findall(word.encode(errors="surrogatepass")):
        yield b"\n%s\n" % part

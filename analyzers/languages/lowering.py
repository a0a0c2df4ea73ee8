"""
Lowering one file: what is kept of it, whatever it holds.

A file that a front end cannot lower becomes a `Failed` with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from analyzers import ir
from analyzers.change import BlobId
from analyzers.languages import FrontEnd


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
    The ASCII words of a text, sorted, one a line.

    Look-ups count with their parts: `customer__name` also says `customer` and `name`.
    """
    found = set(_WORD.findall(text))
    found.update(part for word in tuple(found) if b"__" in word for part in word.split(b"__") if part)
    return b"\n%s\n" % b"\n".join(sorted(found))


def parts(word: str) -> list[bytes]:
    """
    What to look for in `words` to find a word: `größe` is looked for as `gr` and `e`.

    A text that says the word says all of them, so that nothing is missed; it may say them without saying the word.
    """
    return _WORD.findall(word.encode(errors="surrogatepass"))

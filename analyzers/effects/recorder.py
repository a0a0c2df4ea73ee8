"""
Notes what a run does: its effects, the loops and calls that are running, the files that had a part in it.
"""

from __future__ import annotations

from collections.abc import Callable as Function
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from analyzers import ir
from analyzers.effects.frame import Frame
from analyzers.effects.quote import describe
from analyzers.effects.tree import Count, Effect, How, Leave, Loop, Query
from analyzers.effects.values import Object
from analyzers.findings import Confidence
from analyzers.relation import Path
from analyzers.span import Place, Span

STEPS = 60_000
"""Expressions evaluated for one entry point. A list view with nested serializers needs some thousands."""


RESERVE = 15_000
"""Steps for coming to an end: with fewer left no call is followed, so that what is running is still told to its end."""


class OutOfStepsError(Exception):
    """The bound on steps was met."""


class Collecting:
    """Collects effects apart from those around it; a generator would take twice the time."""

    __slots__ = ("outer", "recorder")

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def __enter__(self) -> list[Effect]:
        self.outer, self.recorder.sink = self.recorder.sink, []
        return self.recorder.sink

    def __exit__(self, *error: object) -> None:
        self.recorder.sink = self.outer


class _Remembered(NamedTuple):
    """What running something did, that does the same whenever it is run."""

    effects: tuple[Effect, ...]
    visited: set[str]
    touched: set[str]


class Recorder:
    """What is noted of one run after the other."""

    def __init__(self) -> None:
        self._loops = 0
        self._remembered: dict[object, _Remembered] = {}
        self._entered: dict[str, int] = {}
        """How many loops were running when a function of the stack was entered first."""
        self.begin()

    def begin(self) -> None:
        """Begin a run: nothing was noted of it yet."""
        self.active: list[tuple[int, Count]] = []
        """Loops that are running, outermost first."""
        self.sink: list[Effect] = []
        self.stack: list[str] = []
        """Ids of functions that are running."""
        self.cuts = 0
        """How many calls were not followed, being too deep or running already."""
        self.visited: set[str] = set()
        """Ids of every function whose body was run."""
        self.touched: set[str] = set()
        """Paths of the files whose text had a part in it."""
        self.mapped: set[str] = set()
        """Ids of models of which every row was read: where there is an identity map, their keys are free."""
        self.singletons: dict[tuple[str, str], Object] = {}
        """What modules made when they were imported, by path and name: one for all who name it."""
        self.confidence = Confidence.CERTAIN
        """How the calls that lead here were resolved, at the weakest."""
        self.reader = ""
        """Who reads rows without saying so, such as "serializer"; empty for code that is written."""
        self.steps = STEPS
        """Steps that are left."""
        self.tired = False
        """Whether a call was not followed because few steps were left."""

    @property
    def loops(self) -> tuple[int, ...]:
        """Ids of the loops that are running."""
        return tuple(loop for loop, _ in self.active)

    def may_enter(self, activation: str) -> bool:
        """
        Whether a function may run that perhaps is running: once more, where it calls itself for each of several rows.

            def walk(node):
                for child in node.children.all():  # a query for each child: seen when `walk` runs for one
                    walk(child)
        """
        if activation not in self.stack:
            self._entered[activation] = len(self.active)
            return True
        return self.stack.count(activation) == 1 and len(self.active) > self._entered[activation]

    def remember(self, key: object, place: Place, run: Function[[], object]) -> None:
        """
        Run what hangs on its key alone; when it is met again, its effects are known.

        Only outside of loops, which would repeat its effects in other ways; what does nothing does nothing anywhere.

        Args:
            key: None where it hangs on more, and is run in any case.
            place: Where it is called, which its effects tell.
            run: Runs it.
        """
        known = self._remembered.get(key) or (self._remembered.get((key, place)) if not self.active else None)
        if known is None:
            around, cuts = (self.visited, self.touched), self.cuts
            self.visited, self.touched = set(), set()
            try:
                with self.collecting() as effects:
                    run()
            finally:
                known = _Remembered(tuple(effects), self.visited, self.touched)
                self.visited, self.touched = around
            if key is not None and self.cuts == cuts and not (effects and self.active):
                self._remembered[(key, place) if effects else key] = known
        self.sink.extend(known.effects)
        self.visited |= known.visited
        self.touched |= known.touched

    def collecting(self) -> Collecting:
        """Collect effects apart."""
        return Collecting(self)

    def query(
        self,
        frame: Frame,
        node: ir.Node,
        *,
        how: How,
        text: str = "",
        write: bool = False,
        model: str = "",
        relation: str = "",
        confidence: Confidence = Confidence.CERTAIN,
        created: tuple[int, ...] | None = None,
        source: Place | None = None,
        missing: Path = (),
        library: str = "",
        via: tuple[Place, ...] = (),
        declared: Place | None = None,
        trips: int = 1,
    ) -> None:
        """Note a round trip. `created` names the loops that repeat it, when not all do."""
        repeats = None if created is None else frozenset(created)
        self.sink.append(
            Query(
                frame.at(node.span), frame.symbol, text or describe(node), how, write, model, relation,
                min(confidence, self.confidence), repeats, source, missing, library, self.reader, via, declared,
                trips,
            )
        )  # fmt: skip

    def leave(self, frame: Frame, node: ir.Node, kind: str, confidence: Confidence = Confidence.CERTAIN) -> None:
        """Note that something leaves the process."""
        place = frame.at(node.span)
        self.sink.append(Leave(place, frame.symbol, describe(node), kind, min(confidence, self.confidence)))

    @contextmanager
    def loop(self, frame: Frame, span: Span, over: str, count: Count, reader: str = "") -> Iterator[None]:
        """Run the body once for every element."""
        self._loops += 1
        self.active.append((self._loops, count))
        number = self._loops
        with self.collecting() as body:
            try:
                yield
            finally:
                self.active.pop()
        if body:
            self.sink.append(Loop(number, frame.at(span), frame.symbol, over, count, reader, tuple(body)))

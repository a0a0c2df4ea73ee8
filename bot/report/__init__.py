"""
The surfaces of a review: one file each, all of them pure renderers of one `Report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, get_args

import msgspec

from analyzers import paths
from analyzers.catalogue import Rule
from analyzers.change import Tree
from analyzers.findings import Consequence, Finding, Skipped, State
from bot.review.explain import RiskSummary
from bot.review.outcome import Outcome
from bot.review.wording import lines_of_text

LinesOf: TypeAlias = Callable[[str, State], Sequence[str]]
"""From a path and a finding's state to the lines of that file, on the side of the change where the finding stands."""

_NO_PROGRAM = frozenset(get_args(paths.Reason))


class Report(msgspec.Struct, frozen=True):
    """What every surface renders."""

    outcome: Outcome
    rules: Mapping[str, Rule]
    """Rules by id, sorted."""
    lines_of: LinesOf
    everything: bool = False
    """Whether what is usually only counted is listed too: standing and uncertain findings."""
    risk: RiskSummary | None = None
    """Prose on what the change means; None where none was asked for."""

    def title(self, finding: Finding) -> str:
        """The title of a finding's rule, or its id where it has no page."""
        rule = self.rules.get(finding.rule)
        return rule.title if rule is not None else finding.rule

    @property
    def changed_consequences(self) -> tuple[Consequence, ...]:
        """The entry points for which the change makes a difference."""
        return tuple(row for row in self.outcome.review.consequences if row.changed)

    @property
    def gaps(self) -> tuple[Skipped, ...]:
        """What was not analysed although the review should have covered it."""
        return tuple(item for item in self._skipped if item.reason not in _NO_PROGRAM)

    @property
    def left_out(self) -> str:
        """What is no part of the program, counted by reason: `1 generated, 2 test`; empty when there is none."""
        counts = Counter(item.reason for item in self._skipped if item.reason in _NO_PROGRAM)
        return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))

    @property
    def _skipped(self) -> tuple[Skipped, ...]:
        skipped = self.outcome.review.skipped
        return skipped if self.outcome.is_scan else tuple(item for item in skipped if item.changed)

    @property
    def is_complete(self) -> bool:
        """Whether everything that the review should have covered was analysed; without that, silence proves nothing."""
        return not self.outcome.review.failures and not self.gaps


def lines_in(head: Tree, base: Tree | None = None) -> LinesOf:
    """The lines of a change's files: of the base for what was fixed, of the head for the rest."""
    read: dict[tuple[str, bool], Sequence[str]] = {}

    def lines_of(path: str, state: State) -> Sequence[str]:
        from_base = state == "fixed" and base is not None
        key = (path, from_base)
        if key not in read:
            tree = base if from_base and base is not None else head
            blob = tree.entries.get(path)
            content = tree.read(blob) if blob is not None else None
            read[key] = () if content is None else lines_of_text(content.decode("utf-8", "replace"))
        return read[key]

    return lines_of

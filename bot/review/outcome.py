"""
What is said of a review: which findings are posted, which are inline comments, and whether it fails.

Every surface renders one `Outcome`, so that all of them show the same findings with the same counts.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from analyzers.findings import Confidence, Finding, Review, Severity
from bot.review.configuration import Configuration


class Outcome(msgspec.Struct, frozen=True):
    """A review, sorted into what is said and what is only counted. Each part keeps the review's order."""

    review: Review
    is_scan: bool
    """Whether a whole tree was looked at: then what stands is what is said."""
    posted: tuple[Finding, ...] = ()
    """Introduced by the change (in a scan: standing), counted and sure enough."""
    fixed: tuple[Finding, ...] = ()
    standing: tuple[Finding, ...] = ()
    """What stood before the change; empty in a scan."""
    uncertain: tuple[Finding, ...] = ()
    """Below the least confidence that is reported."""
    suppressed: tuple[Finding, ...] = ()
    """Not counted, each with its reason."""
    failing: tuple[Finding, ...] = ()
    """Those of `posted` that make the review fail."""
    max_inline: int = 5

    @property
    def inline(self) -> tuple[Finding, ...]:
        """The findings that become inline comments: the first of `posted`, which are the worst."""
        return self.posted[: self.max_inline]

    @property
    def overflow(self) -> tuple[Finding, ...]:
        """The findings that are listed in the summary only."""
        return self.posted[self.max_inline :]


def judge(
    review: Review,
    configuration_for: Callable[[str], Configuration],
    *,
    is_scan: bool = False,
    fail_on: Severity | None = None,
    min_confidence: Confidence | None = None,
) -> Outcome:
    """
    Sort a review's findings by what its configuration says of their files.

    Args:
        review: What the engine found.
        configuration_for: From a path to the configuration that governs it; the empty path is the root.
        is_scan: Whether a whole tree was looked at, not a change.
        fail_on: Instead of the configured severity.
        min_confidence: Instead of the configured confidence.
    """

    def sure(finding: Finding) -> bool:
        least = configuration_for(finding.place.path).min_confidence if min_confidence is None else min_confidence
        return finding.confidence >= least

    def fails(finding: Finding) -> bool:
        least = configuration_for(finding.place.path).fail_on if fail_on is None else fail_on
        return finding.severity >= least

    said = review.standing if is_scan else review.introduced
    counted = tuple(finding for finding in said if finding.suppressed is None)
    posted = tuple(finding for finding in counted if sure(finding))
    return Outcome(
        review=review,
        is_scan=is_scan,
        posted=posted,
        fixed=tuple(finding for finding in review.fixed if finding.suppressed is None and sure(finding)),
        standing=()
        if is_scan
        else tuple(finding for finding in review.standing if finding.suppressed is None and sure(finding)),
        uncertain=tuple(finding for finding in counted if not sure(finding)),
        suppressed=tuple(finding for finding in said if finding.suppressed is not None),
        failing=tuple(finding for finding in posted if fails(finding)),
        max_inline=configuration_for("").max_inline,
    )

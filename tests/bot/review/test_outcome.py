from __future__ import annotations

import msgspec

from analyzers.findings import Confidence, Severity
from bot.review.configuration import Configuration
from bot.review.outcome import judge
from tests.bot.report import sample


def default(path: str) -> Configuration:
    return Configuration()


def test_sorted_into_parts() -> None:
    """Every introduced finding is posted, uncertain or suppressed; only what reaches the threshold fails."""
    outcome = judge(sample.REVIEW, default)
    assert outcome.posted == (sample.QUERY, sample.SERIALIZER, sample.HOSTILE)
    assert outcome.uncertain == (sample.UNCERTAIN,)
    assert outcome.suppressed == (sample.SUPPRESSED,)
    assert outcome.failing == (sample.QUERY, sample.SERIALIZER)
    assert (outcome.fixed, outcome.standing) == ((sample.FIXED,), (sample.STANDING,))


def test_thresholds_of_the_command_line_win() -> None:
    """What was asked for holds, whatever is configured."""
    outcome = judge(sample.REVIEW, default, fail_on=Severity.CRITICAL, min_confidence=Confidence.POSSIBLE)
    assert outcome.uncertain == outcome.failing == ()
    assert sample.UNCERTAIN in outcome.posted


def test_thresholds_by_path() -> None:
    """Each finding is held against the configuration of its own file."""
    strict = Configuration(fail_on=Severity.CRITICAL, min_confidence=Confidence.CERTAIN)
    outcome = judge(sample.REVIEW, lambda path: strict if path.startswith("orders/") else Configuration())
    assert outcome.posted == (sample.QUERY, sample.HOSTILE)
    assert outcome.failing == ()


def test_scan() -> None:
    """A scan says what stands."""
    outcome = judge(sample.REVIEW, default, is_scan=True)
    assert outcome.posted == outcome.failing == (sample.STANDING,)
    assert outcome.standing == ()


def test_inline_limit() -> None:
    """The first findings are inline comments, the others are listed."""
    outcome = msgspec.structs.replace(judge(sample.REVIEW, default), max_inline=1)
    assert outcome.inline == (sample.QUERY,)
    assert outcome.overflow == (sample.SERIALIZER, sample.HOSTILE)

from __future__ import annotations

from bot.github.pace import BURST, Pace


def test_at_most_80_writes_a_minute() -> None:
    """A burst goes out at once, then one a second: never more than 80 in a minute."""
    pace = Pace()
    now, sent = 1000.0, []
    for _ in range(200):
        now += pace.take(now, 1000.0)
        sent.append(now)
    assert sent[BURST - 1] == 1000.0
    assert sent[BURST] == 1001.0
    for start in sent:
        assert sum(start <= moment < start + 60 for moment in sent) <= 80


def test_a_pause_gives_back() -> None:
    """Whoever waited may write at once again, but no more than the burst."""
    pace = Pace()
    assert [pace.take(1000.0, 10.0) for _ in range(BURST + 1)] == [0.0] * BURST + [1.0]
    assert [pace.take(5000.0, 10.0) for _ in range(BURST + 1)] == [0.0] * BURST + [1.0]


def test_patience() -> None:
    """A write that would wait too long is not counted: those that follow wait no longer for it."""
    pace = Pace()
    waits = [pace.take(1000.0, 2.0) for _ in range(BURST + 5)]
    assert waits == [0.0] * BURST + [1.0, 2.0, 3.0, 3.0, 3.0]
    assert pace.take(1001.0, 2.0) == 2.0


def test_a_limit_holds() -> None:
    """The longest of several limits counts, until it is over."""
    pace = Pace()
    assert pace.blocked(1000.0) == 0.0
    pace.block(60.0, 1000.0)
    pace.block(5.0, 1001.0)
    assert pace.blocked(1001.0) == 59.0
    assert pace.blocked(1060.0) == 0.0

"""
What findings and consequences say of themselves.
"""

from __future__ import annotations

from analyzers.findings import Cost


def test_a_cost_is_told_in_words() -> None:
    assert str(Cost(2)) == "2"
    assert str(Cost(2, (("line", 1), ("order", 3)))) == "2 + 1 per line + 3 per order"


def test_a_cost_beside_another_leaves_out_what_both_have() -> None:
    """An entry point with twenty loops of which the change touches one is told in a line."""
    before, after = Cost(2, (("line", 1), ("order", 3))), Cost(2, (("line", 1), ("order", 4), ("user", 1)))
    assert before.beside(after) == "2 + … + 3 per order"
    assert after.beside(before) == "2 + … + 4 per order + 1 per user"

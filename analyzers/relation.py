"""
Relations between models as steps that a path takes: what a query has to name to load them along with its rows.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Hop(msgspec.Struct, frozen=True, order=True):
    """One relation, read on rows of one model."""

    owner: str
    """`path::qualname` of the model whose rows it is read on."""
    name: str
    target: str = ""
    """`path::qualname` of the model that it leads to; empty where that differs from row to row or is not known."""
    many: bool = False
    """Whether it leads to any number of rows."""


Path: TypeAlias = tuple[Hop, ...]
"""Hops from the rows of a query, the first one first."""


def dotted(path: Path) -> str:
    """The names along a path: `lines.product`."""
    return ".".join(hop.name for hop in path)


def is_joinable(path: Path) -> bool:
    """Whether each hop leads to one row of a known table, so that a join can bring it along."""
    return all(hop.target and not hop.many for hop in path)


def longest(paths: frozenset[Path]) -> list[Path]:
    """The paths that no other one leads through, sorted: who loads `lines.product` loads `lines`."""
    return sorted(
        path for path in paths if not any(len(path) < len(other) and other[: len(path)] == path for other in paths)
    )

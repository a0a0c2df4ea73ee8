"""
What comes with the rows of a query.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzers.span import Place


class Loads:
    """
    What comes with the rows of a query: relation paths, dotted, each with all its prefixes.

    `attributes` maps a path to the relation that was stored under another name (`Prefetch(to_attr=...)`).
    `only` holds the columns when others were left out.
    """

    __slots__ = ("attributes", "left_out", "only", "own", "paths")

    def __init__(
        self,
        paths: Iterable[str] = (),
        attributes: Iterable[tuple[str, str]] = (),
        only: frozenset[str] | None = None,
        left_out: Iterable[str] = (),
        own: Iterable[tuple[str, Place]] = (),
    ) -> None:
        self.paths = frozenset(paths)
        self.attributes = frozenset(attributes)
        self.only = only
        self.left_out = frozenset(left_out)
        """Columns that the query left out by name."""
        self.own = frozenset(own)
        """(path, place) of relations that are loaded by a query set of their own."""

    def restricted(self, columns: frozenset[str]) -> Loads:
        """With these columns only."""
        return Loads(self.paths, self.attributes, columns, self.left_out, self.own)

    def without(self, columns: Iterable[str]) -> Loads:
        """With these columns left out."""
        return Loads(self.paths, self.attributes, self.only, self.left_out | set(columns), self.own)

    def queried(self, path: str, place: Place) -> Loads:
        """With a relation that is loaded by a query set of its own."""
        return Loads(self.paths, self.attributes, self.only, self.left_out, self.own | {(path, place)})

    def lacks(self, column: str) -> bool:
        """Whether a column was left out."""
        return column in self.left_out or (self.only is not None and column not in self.only)

    def own_query(self, path: str) -> Place | None:
        """Where the query set of its own stands that loads a relation."""
        return next((place for known, place in sorted(self.own) if known == path), None)

    def plus(self, *paths: str) -> Loads:
        """With these paths and their prefixes."""
        every = set(self.paths)
        for path in paths:
            parts = path.split(".")
            every.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return Loads(every, self.attributes, self.only, self.left_out, self.own)

    def joined(self, prefix: str, other: Loads) -> Loads:
        """With what another query loads, under a relation of this one."""
        paths = self.plus(prefix).paths | {f"{prefix}.{path}" for path in other.paths}
        attributes = self.attributes | {(f"{prefix}.{a}", b) for a, b in other.attributes}
        own = self.own | {(f"{prefix}.{path}", place) for path, place in other.own}
        return Loads(paths, attributes, self.only, self.left_out, own)

    def stored(self, prefix: str, relation: str, other: Loads) -> Loads:
        """With a relation stored as an attribute."""
        paths = self.paths | {prefix} | {f"{prefix}.{path}" for path in other.paths}
        return Loads(paths, self.attributes | {(prefix, relation)}, self.only, self.left_out, self.own)

    def under(self, name: str) -> Loads:
        """What comes with the rows of one relation."""
        prefix = f"{name}."
        return Loads(
            (path.removeprefix(prefix) for path in self.paths if path.startswith(prefix)),
            ((path.removeprefix(prefix), relation) for path, relation in self.attributes if path.startswith(prefix)),
            own=((path.removeprefix(prefix), place) for path, place in self.own if path.startswith(prefix)),
        )

    def meet(self, other: Loads) -> Loads:
        """What holds on both ways."""
        only = self.only if other.only is None else other.only if self.only is None else self.only & other.only
        return Loads(
            self.paths & other.paths,
            self.attributes & other.attributes,
            only,
            self.left_out | other.left_out,
            self.own & other.own,
        )

    @property
    def key(self) -> tuple[object, ...]:
        """For comparing."""
        return (self.paths, self.attributes, self.only, self.left_out, self.own)


NO_LOADS = Loads()

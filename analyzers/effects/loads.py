"""
What comes with the rows of a query.
"""

from __future__ import annotations

import msgspec

from analyzers.span import Place


class Loads(msgspec.Struct, frozen=True):
    """What comes with the rows of a query: relations, and which columns of their own."""

    paths: frozenset[str] = frozenset()
    """Paths of relations, dotted, each with all its prefixes."""
    apart: frozenset[str] = frozenset()
    """Of the paths those that take a query of their own, where the others come with a join."""
    attributes: frozenset[tuple[str, str]] = frozenset()
    """(path, relation) of relations that are stored under another name (`Prefetch(to_attr=...)`)."""
    only: frozenset[str] | None = None
    """The columns when others were left out."""
    left_out: frozenset[str] = frozenset()
    """Columns that the query left out by name."""
    own: frozenset[tuple[str, Place]] = frozenset()
    """(path, place) of relations that are loaded by a query set that is written there."""

    def restricted(self, columns: frozenset[str]) -> Loads:
        """With these columns only."""
        return msgspec.structs.replace(self, only=columns)

    def without(self, columns: frozenset[str]) -> Loads:
        """With these columns left out."""
        return msgspec.structs.replace(self, left_out=self.left_out | columns)

    def queried(self, path: str, place: Place) -> Loads:
        """With a relation that is loaded by a query set written there."""
        return msgspec.structs.replace(self, own=self.own | {(path, place)})

    def lacks(self, column: str) -> bool:
        """Whether a column was left out."""
        return column in self.left_out or (self.only is not None and column not in self.only)

    def own_query(self, path: str) -> Place | None:
        """Where the query set stands that loads a relation, if one is written."""
        return next((place for known, place in sorted(self.own) if known == path), None)

    def plus(self, *paths: str, apart: bool = False) -> Loads:
        """
        With these paths and their prefixes.

        Args:
            paths: Dotted.
            apart: Whether each relation that is new takes a query of its own.
        """
        every = self.paths.union(*map(prefixes, paths))
        return msgspec.structs.replace(self, paths=every, apart=self.apart | (every - self.paths if apart else set()))

    def joined(self, prefix: str, other: Loads) -> Loads:
        """With what another query loads, under a relation that is among these."""
        return msgspec.structs.replace(
            self,
            paths=self.paths | {f"{prefix}.{path}" for path in other.paths},
            apart=self.apart | {f"{prefix}.{path}" for path in other.apart},
            attributes=self.attributes | {(f"{prefix}.{path}", relation) for path, relation in other.attributes},
            own=self.own | {(f"{prefix}.{path}", place) for path, place in other.own},
        )

    def stored(self, prefix: str, relation: str, other: Loads) -> Loads:
        """With a relation that another query loads, stored as an attribute."""
        return msgspec.structs.replace(
            self,
            paths=self.paths | {prefix} | {f"{prefix}.{path}" for path in other.paths},
            apart=self.apart | {prefix} | {f"{prefix}.{path}" for path in other.apart},
            attributes=self.attributes | {(prefix, relation)},
        )

    def also(self, other: Loads) -> Loads:
        """With the relations of both."""
        return msgspec.structs.replace(self, paths=self.paths | other.paths, apart=self.apart | other.apart)

    def under(self, name: str) -> Loads:
        """What comes with the rows of one relation."""
        prefix = f"{name}."
        return Loads(
            _below(prefix, self.paths),
            _below(prefix, self.apart),
            frozenset([(p.removeprefix(prefix), relation) for p, relation in self.attributes if p.startswith(prefix)]),
            own=frozenset([(p.removeprefix(prefix), place) for p, place in self.own if p.startswith(prefix)]),
        )

    def meet(self, other: Loads) -> Loads:
        """What holds on both ways."""
        only = self.only if other.only is None else other.only if self.only is None else self.only & other.only
        return Loads(
            self.paths & other.paths,
            self.apart & other.apart,
            self.attributes & other.attributes,
            only,
            self.left_out | other.left_out,
            self.own & other.own,
        )


def prefixes(path: str) -> list[str]:
    """The paths that lead to one, itself last: "lines" and "lines.product"."""
    parts = path.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _below(prefix: str, paths: frozenset[str]) -> frozenset[str]:
    return frozenset([path.removeprefix(prefix) for path in paths if path.startswith(prefix)])


NO_LOADS = Loads()

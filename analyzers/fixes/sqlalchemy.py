"""
Writes SQLAlchemy's eager loads, in `select(…)`, `session.query(…)` and Flask-SQLAlchemy's `Model.query`.

    select(Order).where(Order.open)  →  select(Order).where(Order.open).options(joinedload(Order.customer))

A relation to one comes by a join, one to many by a second query (`selectinload`), so that the rows stay as many as they
were. Every hop names its class, as the file itself calls it: `selectinload(Customer.orders).selectinload(Order.lines)`.
Where the file has no name for a class, it is imported along with its neighbours, or no fix is written: an import of a
further module might close a cycle.

https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import libcst as cst

from analyzers.fixes import ClassNamed, Load, python
from analyzers.relation import Hop, Path, is_joinable, longest
from analyzers.span import Span

_BUILD = frozenset(
    {
        "distinct", "execution_options", "filter", "filter_by", "group_by", "having", "join", "limit", "offset",
        "options", "order_by", "outerjoin", "params", "populate_existing", "slice", "where", "with_for_update",
    }
)  # fmt: skip
"""Methods that give a query for the same rows."""

_RUN = frozenset(
    {
        "all", "first", "first_or_404", "fetchall", "get", "get_or_404", "one", "one_or_404", "one_or_none", "paginate",
        "scalar_one", "scalar_one_or_none", "scalars", "unique",
    }
)  # fmt: skip
"""Methods that run it, or go on with its result: the load goes before them."""

_TAKE = frozenset({"exec", "execute", "paginate", "scalar", "scalars", "stream", "stream_scalars"})
"""Methods of a session that run the query which they are given."""


def load(content: bytes, span: Span, paths: frozenset[Path], class_named: ClassNamed) -> Load | None:
    """As `Writer` says."""
    found = python.find(content, span)
    if found is None:
        return None
    query = _query(found.expression)
    if query is None:
        return None
    methods = found.methods()
    if "yield_per" in methods:
        return (
            None  # https://docs.sqlalchemy.org/en/20/orm/queryguide/api.html#fetching-large-result-sets-with-yield-per
        )
    names = _Names(found.module, class_named, list(_entities(query)))
    loaded, longer, new = query, list[str](), list[str]()
    for path in longest(paths):
        hops = _hops(path, names, join="with_for_update" not in methods)
        if hops is None:
            return None
        gone_on = _gone_on(loaded, hops)
        if gone_on is not None:
            loaded, option = gone_on
            longer.append(option)
        else:
            (first, attribute), *more = hops
            new.append(f"{names.loader(first)}({attribute}){_text(more)}")
    if new:
        arguments = [cst.Arg(cst.parse_expression(option)) for option in new]
        loaded = python.called(loaded, "options", arguments, on_line=found.is_commented(query))
    return Load(found.replaced(query, loaded), f".options({', '.join(longer + new)})", frozenset(names.imports))


def _query(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The query in an expression that builds or runs one: the longest chain of calls that only build."""
    match node:
        case cst.Attribute(attr=cst.Name(value="query")) if python.dotted(node):
            return node
        case cst.Call() if list(_selected(node)):
            return node
        case cst.Call(func=cst.Attribute(value=receiver, attr=cst.Name(value=name))):
            if name in _BUILD:
                return node if _query(receiver) is receiver else None
            query = _query(receiver) if name in _RUN else None
            if query is None and name in _TAKE and node.args:
                return _query(node.args[0].value)
            return query
    return None


def _selected(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """What `select(…)` and `session.query(…)` select."""
    match node.func:
        case cst.Name(value="select") | cst.Attribute(attr=cst.Name(value="select" | "query")):
            yield from (argument.value for argument in node.args if not argument.star and argument.keyword is None)


def _entities(query: cst.BaseExpression) -> Iterator[str]:
    """The dotted names of what a query selects: `Order` of `select(Order)` and of `Order.query`."""
    node = query
    while True:
        match node:
            case cst.Attribute():
                yield python.dotted(node.value)
                return
            case cst.Call(func=function):
                if selected := list(_selected(node)):
                    yield from filter(None, map(python.dotted, selected))
                    return
                assert isinstance(function, cst.Attribute)
                node = function.value
            case _:
                return


_Hops: TypeAlias = list[tuple[str, str]]
"""An option: (loader, attribute) for each of its hops, as in `selectinload(Order.lines).joinedload(Line.product)`."""


def _hops(path: Path, names: _Names, *, join: bool) -> _Hops | None:
    """The option that loads a path, or None where a class has no name in the file."""
    hops = []
    for place, hop in enumerate(path):
        # Rows of an outer join can't be locked, and a join along a collection would multiply the rows.
        loader = "joinedload" if join and is_joinable((hop,)) else "selectinload"
        owner = names.other(hop) if place else names.entity(hop)
        if not owner:
            return None
        hops.append((loader, f"{owner}.{hop.name}"))
    return hops


def _gone_on(query: cst.BaseExpression, hops: _Hops) -> tuple[cst.BaseExpression, str] | None:
    """The query with an option made longer, and that option, if it has one that leads part of the way."""
    for call in _options_of(query):
        for argument in call.args:
            known = _known_hops(argument.value)
            if known and known == [attribute for _, attribute in hops[: len(known)]]:
                longer = python.text(argument.value) + _text(hops[len(known) :])
                changed = query.deep_replace(argument, argument.with_changes(value=cst.parse_expression(longer)))
                assert isinstance(changed, cst.BaseExpression)
                return changed, longer
    return None


def _text(hops: _Hops) -> str:
    return "".join(f".{loader}({attribute})" for loader, attribute in hops)


def _options_of(query: cst.BaseExpression) -> Iterator[cst.Call]:
    """The calls of `.options(…)` along a chain, last one first."""
    while isinstance(query, cst.Call) and isinstance(query.func, cst.Attribute):
        if query.func.attr.value == "options":
            yield query
        query = query.func.value


def _known_hops(option: cst.BaseExpression) -> list[str]:
    """The attributes that an option names, hop by hop; nothing for one that is no plain chain of loaders."""
    attributes: list[str] = []
    while True:
        match option:
            case cst.Call(func=cst.Attribute(value=before), args=[cst.Arg(value=attribute, keyword=None)]):
                attributes.insert(0, python.dotted(attribute))
                if python.dotted(before):  # `orm.joinedload(…)`
                    return attributes
                option = before
            case cst.Call(func=cst.Name(), args=[cst.Arg(value=attribute, keyword=None)]):
                return [python.dotted(attribute), *attributes]
            case _:
                return []


class _Names:
    """How a file calls what an option mentions, and what it has to import for that."""

    def __init__(self, module: cst.Module, class_named: ClassNamed, entities: list[str]) -> None:
        self._imported = list(python.imports(module))
        self._class_named = class_named
        self._entities = entities
        self.imports: set[tuple[str, str]] = set()

    def loader(self, name: str) -> str:
        """A function of `sqlalchemy.orm`."""
        for one in self._imported:
            if (one.module, one.name) == ("sqlalchemy.orm", name):
                return one.alias
            if (one.module, one.name) == ("sqlalchemy", "orm"):
                return f"{one.alias}.{name}"
        self.imports.add(("sqlalchemy.orm", name))
        return name

    def entity(self, hop: Hop) -> str:
        """The class whose rows are queried, as the query calls it; empty when it does not select just this class."""
        name = hop.owner.rpartition("::")[2].rpartition(".")[2]
        for entity in self._entities:
            meant = self._class_named(entity)
            if meant == hop.owner or (not meant and (entity == "cls" or entity.rpartition(".")[2] == name)):
                return entity
        return ""

    def other(self, hop: Hop) -> str:
        """Any other class; empty when the file has no name for it and can't get one by a longer import."""
        path, _, qualname = hop.owner.partition("::")
        beside = [f"{entity.rpartition('.')[0]}.{qualname}" for entity in self._entities if "." in entity]
        for name in (qualname, *(one.alias for one in self._imported), *beside):
            if self._class_named(name) == hop.owner:
                return name
        if self._class_named(qualname) or "." in qualname:
            return ""
        for one in self._imported:
            if self._class_named(one.alias).partition("::")[0] == path:
                self.imports.add((one.module, qualname))
                return qualname
        return ""

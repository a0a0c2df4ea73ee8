"""
The models that findings speak of: what their classes declare, for whoever explains a finding.

A finding names a model by its name only. Where a tree has several of that name, one of them is meant if it alone has
the relation that the finding names, or lies in a file of its trace; otherwise none is shown: unknown is quiet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

import msgspec

from analyzers.findings import Definition, Finding, Member
from analyzers.program.orm import Orm
from analyzers.program.symbols import ClassSymbol
from analyzers.span import Place, Span


def definitions_of(findings: Iterable[Finding], orm: Orm) -> tuple[Definition, ...]:
    """The models of the findings that count, and those to which a relation in question leads."""
    concerned: dict[str, list[str]] = {}
    symbols: dict[str, ClassSymbol] = {}
    for finding in findings:
        if finding.suppressed is None:
            for symbol in _models(finding, orm):
                symbols[symbol.id] = symbol
                concerned.setdefault(symbol.id, []).append(finding.fingerprint)
    return tuple(
        Definition(symbol.name, _place(symbol, symbol.node.name_span), _members(symbol, orm), tuple(concerned[id_]))
        for id_, symbol in symbols.items()
    )


def _models(finding: Finding, orm: Orm) -> Iterator[ClassSymbol]:
    """The owner of the relation in question and the model that it leads to; else the model that is queried."""
    owner_name, _, name = finding.subject.partition(".")
    owner = _named(owner_name, name, finding, orm) if name.isidentifier() else None
    if owner is None:
        queried = _named(finding.model, "", finding, orm)
        yield from () if queried is None else (queried,)
        return
    yield owner
    model = orm.model(owner)
    relation = orm.relation(model, name) if model is not None else None
    if relation is not None and relation.target is not None and relation.target is not owner:
        yield relation.target


def _named(name: str, relation: str, finding: Finding, orm: Orm) -> ClassSymbol | None:
    """The model of a name that a finding means, with that relation if one is named; None where that is not clear."""
    if not name:
        return None
    found = [symbol for symbol in orm.program.classes_named(name) if orm.is_model_like(symbol)]
    if relation:
        models = ((symbol, orm.model(symbol)) for symbol in found)
        found = [symbol for symbol, model in models if model is not None and orm.relation(model, relation) is not None]
    if len(found) > 1:
        paths = {finding.place.path, *(step.place.path for step in finding.trace)}
        found = [symbol for symbol in found if symbol.module.path in paths]
    return found[0] if len(found) == 1 else None


def _members(symbol: ClassSymbol, orm: Orm) -> tuple[Member, ...]:
    model = orm.model(symbol)
    relations = model.relations if model is not None else {}
    members: dict[str, Member] = {}
    for owner in reversed(symbol.ancestors()):
        for name, span in _declared(owner, relations):
            member, relation = Member(name, _place(owner, span)), relations.get(name)
            if relation is not None:
                leads_to = relation.target.name if relation.target is not None else ""
                number: Literal["one", "many"] = "many" if relation.many else "one"
                member = msgspec.structs.replace(member, relation=number, leads_to=leads_to)
            members[name] = member
    return tuple(sorted(members.values(), key=lambda member: (member.place.path, member.place.span)))


def _declared(owner: ClassSymbol, relations: Collection[str]) -> Iterator[tuple[str, Span]]:
    """The fields of a class, those of classes in it (Django's `Meta`), and its methods that give relations."""
    for field in owner.node.fields:
        yield field.name, field.span
    for inner in owner.node.classes:
        for field in inner.fields:
            yield f"{inner.name}.{field.name}", field.span
    for method in owner.node.methods:
        if method.name in relations:
            yield method.name, method.span


def _place(owner: ClassSymbol, span: Span) -> Place:
    return Place(owner.module.path, span)

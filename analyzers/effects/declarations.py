"""
What modules and classes declare: the values of their variables and fields.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Machine
from analyzers.effects.values import (
    UNKNOWN,
    Choice,
    Class,
    Column,
    Const,
    Group,
    Items,
    Module,
    Object,
    Value,
)
from analyzers.program.symbols import ClassSymbol, ModuleSymbol, Variable


def variable(it: Machine, symbol: Variable) -> Value:
    """The value of a variable of a module."""
    key = (symbol.module.path, symbol.name)
    value: Value | None = it.singletons.get(key)
    if value is None:
        with it.collecting():  # what runs when a module is imported runs once
            value = _declared(it, symbol.module, None, symbol.name, symbol.value)
        if isinstance(value, Object):
            value.created = ()
            it.singletons[key] = value
    return value


def field_value(it: Machine, owner: ClassSymbol, field: ir.Field) -> Value:
    """The value of a class's field that has one."""
    assert field.value is not None
    return _declared(it, owner.module, owner, field.name, field.value)


def _declared(it: Machine, module: ModuleSymbol, owner: ClassSymbol | None, name: str, node: ir.Expr) -> Value:
    """The value of what a module or class declares: plain data is evaluated once, and given as a copy."""
    key = (owner.id if owner is not None else module.path, name)
    known = it.data.get(key)
    if known is not None:
        it.touched.add(module.path)
        return _copied(known)
    it.data[key] = UNKNOWN  # what refers to itself ends here
    with it.collecting() as effects:
        try:
            value = it.evaluate(node, Frame(module, None, owner))
        finally:
            del it.data[key]
    it.sink.extend(effects)
    if not effects and type(value) is not Value and _is_data(value):
        it.data[key] = value
        return _copied(value)
    return value


def _is_data(value: Value) -> bool:
    """Whether a value is made of constants, classes and collections of them."""
    match value:
        case Group():
            return all(_is_data(item) for item in value.items)
        case Choice():
            return all(_is_data(item) for item in value.values)
        case Items():
            return _is_data(value.element) and all(_is_data(item) for item in (value.mapping or {}).values())
    return type(value) is Value or isinstance(value, (Const, Class, Module, Column))


def _copied(value: Value) -> Value:
    """Plain data that can be changed without changing where it came from."""
    return Items(value.element, value.count, mapping=value.mapping) if isinstance(value, Items) else value


def is_filled_later(module: ModuleSymbol, value: ir.Expr) -> bool:
    """Whether a property's value says nothing of what it holds when it is read: PHP's `private array $rows = []`."""
    empty = isinstance(value, ir.Collection) and not value.items
    return module.host == "php" and (empty or (isinstance(value, ir.Constant) and value.value is None))

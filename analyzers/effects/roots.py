"""
Runs a root and gives its effects: the door between the interpreter and the checks.
"""

from __future__ import annotations

import re

import msgspec

from analyzers import ir
from analyzers.effects import eager_loads, readers, templates
from analyzers.effects.frame import Frame
from analyzers.effects.interpreter import Interpreter
from analyzers.effects.recorder import STEPS, OutOfStepsError
from analyzers.effects.stack import with_room
from analyzers.effects.tree import Count, Sequence
from analyzers.effects.values import UNKNOWN, Callable, Const, Items, Object, QuerySet, Row, Value, choices, join
from analyzers.findings import Confidence
from analyzers.program.entries import Entries, Root, response_model
from analyzers.program.orm import ModelInfo, Orm
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, External, FunctionSymbol

HINTED = frozenset({"select_related", "prefetch_related"})
"""Keywords of a hint that name relations."""


class EntryEffects(msgspec.Struct, frozen=True):
    """What a root does."""

    root: Root
    effects: Sequence
    visited: frozenset[str]
    """Ids of the functions that were run."""
    touched: frozenset[str]
    """Paths of the files whose text had a part in it."""
    failure: str = ""
    """Why it was not run to its end; empty when it was."""


def _may_change(value: Value) -> bool:
    """Whether what a constructor sets may be something else later: an empty collection, which other methods fill."""
    return (isinstance(value, Items) and type(value.element) is Value) or isinstance(value, Const)


class Runner:
    """Runs roots of one program."""

    def __init__(self, program: Program, entries: Entries, orm: Orm) -> None:
        self.program = program
        self.entries = entries
        self.orm = orm
        self.interpreter = Interpreter(program, self.orm)
        self.left: int | None = None
        """Steps that may still be taken in all; None for no bound."""
        self.always: frozenset[str] = frozenset()
        """Paths of files whose functions are run whatever was spent."""

    def run(self, root: Root) -> EntryEffects:
        """Run a root with arguments of which only annotations and names tell something. Never raises."""
        it = self.interpreter
        if self.left is not None and self.left <= 0 and root.function.module.path not in self.always:
            failure = f"`{root.label}` was not analysed: the bound on the work of one review was met before"
            return EntryEffects(root, (), frozenset(), frozenset(), failure)
        it.begin()
        if root.owner is not None:
            it.touched |= {ancestor.module.path for ancestor in root.owner.ancestors()}
        failure = ""
        try:
            self._run(root)
        except OutOfStepsError:
            it.tired = True
        except RecursionError:
            failure = f"`{root.label}` was not analysed: its code is nested too deeply"
        except Exception as error:  # noqa: BLE001  # a fault of ours in one function leaves the others
            failure = f"`{root.label}` was not analysed: {type(error).__name__}: {error}"
        if it.tired and not failure:
            failure = f"`{root.label}` was analysed in part: it takes more than {STEPS} steps"
        if self.left is not None:
            self.left -= STEPS - max(it.steps, 0)
        return EntryEffects(root, tuple(it.sink), frozenset(it.visited), frozenset(it.touched), failure)

    @with_room
    def _run(self, root: Root) -> None:
        it = self.interpreter
        function = root.function
        owner = root.owner or function.owner
        frame = Frame(owner.module if owner is not None else function.module, None)
        span = owner.node.name_span if owner is not None and function.module.is_stub else function.node.name_span
        node = ir.Evaluate(span, ir.Constant(span, None))
        if root.kind == "resolver" and root.owner is not None:
            self._resolver(root, root.owner, frame)
            return
        serialized = self._serialized_model(root)
        if serialized is not None:
            with it.loop(
                Frame(function.module, function),
                function.node.name_span,
                serialized.symbol.name.lower(),
                Count.ROWS,
                "serializer",
            ):
                row = Row(serialized, it.loops, None, assumed=Confidence.POSSIBLE)
                assert root.owner is not None
                it.call_function(Callable(function, Object(root.owner)), (row,), {}, frame, node)
            return
        bound = self._instance(root, frame, node)
        skip = 1 if bound is not None else 0
        arguments = {
            p.name: self._argument(p, function, root.kind)
            for p in function.full.params[skip:]
            if p.kind in ("plain", "keyword")
        }
        arguments = {name: value for name, value in arguments.items() if value is not None}
        known = {name: value for name, value in arguments.items() if value is not None}
        value = it.call_function(Callable(function, bound), (), known, frame, node)
        if root.kind == "route" and function.module.host == "php":
            it.read_appended(value, Frame(function.module, function), function.node)
        elif root.kind in ("route", "resolver"):
            annotation = response_model(function.module, function)
            readers.read_response(it, value, annotation, Frame(function.module, function), function.node)
            for name in self.entries.templates_of(root):
                templates.render(it, Const(name.value), value, Frame(function.module, function), name)
        readers.consume(it, value, Frame(function.module, function), function.node)

    def _instance(self, root: Root, frame: Frame, node: ir.Node) -> Value | None:
        function = root.function
        owner = root.owner or function.owner
        if owner is None or "staticmethod" in function.decorator_names():
            return None
        if "classmethod" in function.decorator_names():
            from analyzers.effects.values import Class

            return Class(owner)
        model = self.orm.model(owner)
        if model is not None:
            return Row(model, (), None, assumed=Confidence.POSSIBLE)
        if self.orm.query_set_framework(owner) is not None:
            for candidate in self.program.modules_mentioning(owner.name):
                for symbol in candidate.every_class():
                    used = any(
                        field.value is not None
                        and owner.name in {n.id for n in ir.walk(field.value) if isinstance(n, ir.Name)}
                        for field in symbol.node.fields
                    )
                    found = self.orm.model(symbol) if used else None
                    if found is not None:
                        return QuerySet(found, (), None, cls=owner, assumed=Confidence.LIKELY)
        return self._made(owner, root, frame, node)

    def _made(self, owner: ClassSymbol, root: Root, frame: Frame, node: ir.Node) -> Value:
        """An instance as its constructor leaves it, given what the names and types of its parameters tell."""
        it = self.interpreter
        constructor = owner.method("__construct" if owner.module.host == "php" else "__init__")
        if constructor is None or constructor.module.is_stub or constructor is root.function:
            return Object(owner)
        if owner.module.host == "php":
            made = it.instantiate(owner, (), {}, frame, node)  # by the container, from its types
        else:
            given = {p.name: self._argument(p, constructor, root.kind) for p in constructor.full.params[1:]}
            known = {name: value for name, value in given.items() if value is not None}
            with it.collecting():
                made = it.instantiate(owner, (), known, frame, node)
        if root.kind == "function" and isinstance(made, Object):
            made.attributes = {name: value for name, value in made.attributes.items() if not _may_change(value)}
        return made

    def _argument(self, parameter: ir.Parameter, function: FunctionSymbol, kind: str) -> Value | None:
        it = self.interpreter
        known = it.annotated(parameter.annotation, function.module)
        if isinstance(known, Row) and kind == "route" and known.model.framework.language == "php":
            known.assumed = Confidence.LIKELY  # bound by the route: fetched by its key, without relations
        if known is not None or parameter.annotation is not None:
            return known
        return self._by_name(parameter.name)

    def _by_name(self, name: str) -> Value | None:
        """`order` is likely a row of the only model `Order`, `orders` several of them."""
        symbol = self._model_called(name)
        if symbol is not None:
            return Row(symbol, (), None, assumed=Confidence.POSSIBLE)
        if name.endswith("s"):
            symbol = self._model_called(name[:-1])
            if symbol is not None:
                return Items(Row(symbol, (), None, assumed=Confidence.POSSIBLE), Count.ROWS)
        return None

    def _model_called(self, name: str) -> ModelInfo | None:
        if not re.fullmatch(r"[a-z][a-z_]{2,}", name):
            return None
        camel = "".join(part.capitalize() for part in name.split("_"))
        found = [c for c in self.program.classes_named(camel) if self.orm.is_model_like(c)]
        return self.orm.model(found[0]) if len(found) == 1 else None

    def _serialized_model(self, root: Root) -> ModelInfo | None:
        """The model whose rows a serializer's own method is given."""
        function, owner = root.function, root.owner or root.function.owner
        if root.kind != "function" or owner is None or len(function.node.params) != 2:
            return None
        if not any(a.name == "BaseSerializer" and a.module.is_stub for a in owner.ancestors()):
            return None
        if function.name != "to_representation" and not function.name.startswith("get_"):
            return None
        meta = owner.inner("Meta")
        field = meta.field("model") if meta is not None else None
        found = self.program.class_of(field[0].module, field[1].value) if field is not None else None
        return self.orm.model(found) if isinstance(found, ClassSymbol) else None

    def _resolver(self, root: Root, owner: ClassSymbol, frame: Frame) -> None:
        it = self.interpreter
        model_class = self.entries.resolver_model(owner)
        model = self.orm.model(model_class) if model_class is not None else None
        function = root.function
        node = ir.Evaluate(function.node.name_span, ir.Constant(function.node.name_span, None))
        scope = Frame(function.module, function)
        listings = self.entries.listings(owner) if model is None else []
        if model is None and not listings:
            value = it.call_function(Callable(function), (self._given(owner, frame, node),), {}, frame, node)
            readers.read_response(it, value, function.node.returns, scope, function.node)
            readers.consume(it, value, scope, function.node)
            return
        listed: Value = UNKNOWN
        for resolver in listings:
            if resolver is not None:
                with it.collecting():  # the list's own queries are told where the list is the root
                    listed = join(listed, it.call_function(Callable(resolver), (UNKNOWN,), {}, frame, node))
                    it.iterate(listed, scope, ir.Name(function.node.name_span, "rows"))
        name = model.symbol.name.lower() if model is not None else owner.name.lower()
        with it.loop(scope, function.node.name_span, name, Count.ROWS, "resolver"):
            row = Row(model, it.loops, None) if model is not None else it.element(listed)
            if isinstance(row, Row):
                row.loads = row.loads.plus(
                    *(eager_loads.path_of(it, text, row.model) for text in self._hinted(function))
                )
            value = it.call_function(Callable(function), (row,), {}, frame, node)
            readers.read_response(it, value, function.node.returns, scope, function.node)
            readers.consume(it, value, scope, function.node)

    def _given(self, owner: ClassSymbol, frame: Frame, node: ir.Node) -> Value:
        """The one object of a type that the resolvers of other types give."""
        it = self.interpreter
        given: Value = UNKNOWN
        with it.collecting():  # their own queries are told where they are the root
            for resolver in self.entries.givers(owner):
                given = join(given, it.call_function(Callable(resolver), (UNKNOWN,), {}, frame, node))
        return next((part for part in choices(given) if isinstance(part, (Row, Object))), UNKNOWN)

    def _hinted(self, resolver: FunctionSymbol) -> list[str]:
        """The relations that an optimizer is told to load with a resolver's parent."""
        hints = {hint for framework in self.program.frameworks.all for hint in framework.hints}
        found: list[str] = []
        for decorator in resolver.node.decorators:
            symbol = self.program.class_of(resolver.module, decorator)
            if isinstance(decorator, ir.Call) and isinstance(symbol, External) and symbol.dotted in hints:
                for keyword in decorator.keywords:
                    if keyword.name in HINTED:
                        found += readers.constant_texts(keyword.value) or ()
        return found

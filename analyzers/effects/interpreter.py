"""
The abstract interpreter: runs a function over abstract values and notes what it does.

Statements and expressions are here. What calls do is in `calls`, what rows and query sets do in `rows`, what reads rows
without saying so (serializers, admin lists, response models) in `readers`, templates in `templates`.

A loop's body is run once, for an element that stands for all. Branches are run one after the other and joined. A call
splices in the callee's effects with what the caller knows of the arguments. The number of steps is bounded, so every
program ends; where the bound was met is recorded, never hidden.
"""

from __future__ import annotations

from collections.abc import Callable as Function
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from analyzers import ir
from analyzers.effects import builtin, calls, counts, rows, templates
from analyzers.effects.tree import Branch, Count, Deferred, Effect, How, Leave, Loop, Query, Sequence, Transaction
from analyzers.effects.values import (
    UNKNOWN,
    Anonymous,
    Callable,
    Choice,
    Class,
    Column,
    Const,
    Group,
    Items,
    Module,
    Object,
    Outside,
    QuerySet,
    Row,
    Super,
    Value,
    choices,
    join,
)
from analyzers.findings import Confidence
from analyzers.program.orm import Orm
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, External, FunctionSymbol, ModuleSymbol, Symbol, Variable
from analyzers.program.wiring import Wiring
from analyzers.relation import Path
from analyzers.span import Place, Span

STEPS = 60_000
"""Expressions evaluated for one entry point. A list view with nested serializers needs some thousands."""
TEXT = 60
"""Characters of code quoted in a message."""


class OutOfStepsError(Exception):
    """The bound on steps was met."""


class Frame:
    """One activation of a function, template or module."""

    __slots__ = ("closure", "function", "instance", "module", "names", "owner", "returns", "site", "yields")

    def __init__(
        self,
        module: ModuleSymbol,
        function: FunctionSymbol | None,
        owner: ClassSymbol | None = None,
        instance: Value | None = None,
        closure: Frame | None = None,
    ) -> None:
        self.module = module
        self.function = function
        self.owner = owner
        """The class whose text holds the function: where `super()` starts."""
        self.instance = instance
        self.closure = closure
        self.site: tuple[Place, str] | None = closure.site if closure is not None else None
        """For the code of a stub: where, and in which function, the tree's own code calls it."""
        self.names: dict[str, Value] = {}
        self.returns: list[Value] = []
        self.yields: list[tuple[Value, Count]] = []

    @property
    def symbol(self) -> str:
        """`path::qualname`, for findings."""
        if self.site is not None:
            return self.site[1]
        return self.function.id if self.function is not None else f"{self.module.path}::"

    def at(self, span: Span) -> Place:
        """The place of a part of its text, in a file that a reader can open."""
        return self.site[0] if self.site is not None else Place(self.module.path, span)

    def find(self, name: str) -> Value | None:
        """A local name, here or in an enclosing function."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.closure
        return None


class Collecting:
    """Collects effects apart from those around it; a generator would take twice the time."""

    __slots__ = ("it", "outer")

    def __init__(self, it: Interpreter) -> None:
        self.it = it

    def __enter__(self) -> list[Effect]:
        self.outer, self.it.sink = self.it.sink, []
        return self.it.sink

    def __exit__(self, *error: object) -> None:
        self.it.sink = self.outer


class _Remembered(NamedTuple):
    """What running something did, that does the same whenever it is run."""

    effects: tuple[Effect, ...]
    visited: set[str]
    touched: set[str]


class Interpreter:
    """Runs functions of one program."""

    def __init__(self, program: Program, orm: Orm) -> None:
        self.program = program
        self.orm = orm
        self.frameworks = program.frameworks
        self.wiring = Wiring(program)
        self.active: list[tuple[int, Count]] = []
        """Loops that are running, outermost first."""
        self.sink: list[Effect] = []
        self.stack: list[str] = []
        """Ids of functions that are running."""
        self._entered: dict[str, int] = {}
        self.cuts = 0
        """How many calls were not followed, being too deep or running already."""
        self._remembered: dict[object, _Remembered] = {}
        """How many loops were running when a function of the stack was entered first."""
        self.visited: set[str] = set()
        """Ids of every function whose body was run."""
        self.touched: set[str] = set()
        """Paths of the files whose text had a part in it."""
        self.mapped: set[str] = set()
        """Ids of models of which every row was read: where there is an identity map, their keys are free."""
        self.confidence = Confidence.CERTAIN
        """How the calls that lead here were resolved, at the weakest."""
        self.reader = ""
        self.steps = STEPS
        self._loops = 0
        self._data: dict[tuple[str, str], Value] = {}
        """Plain data that modules and classes declare, by their place and its name."""
        self._receivers: dict[str, list[FunctionSymbol]] = {}
        self._unique: dict[str, FunctionSymbol | None] = {}
        self._templates: dict[str, list[str]] | None = None

    # --- look-ups that are kept -------------------------------------------------------------------------------------

    def unique_method(self, name: str) -> FunctionSymbol | None:
        """The only method of this name in the tree, or None when there are several or too many files mention it."""
        if name not in self._unique:
            found: list[FunctionSymbol] = []
            paths = self.program.snapshot.mentioning((name,))
            if len(paths) <= calls.UNIQUE:
                for module in map(self.program.module, paths):
                    if module is not None and not module.is_template:
                        found += [c.methods[name] for c in module.every_class() if name in c.methods]
            self._unique[name] = found[0] if len(found) == 1 else None
        return self._unique[name]

    def receivers(self, model: ClassSymbol, method: str) -> list[FunctionSymbol]:
        """The functions of the tree that are called when a row of a model is saved."""
        if method != "save":
            return []
        if model.id not in self._receivers:
            self._receivers[model.id] = []
            signals = {dotted.rpartition(".")[2] for f in self.frameworks.all for dotted in f.signals}
            decorators = {dotted.rpartition(".")[2] for f in self.frameworks.all for dotted in f.receivers}
            found: list[FunctionSymbol] = []
            modules = {m.path: m for s in sorted(signals) for m in self.program.modules_mentioning(s, model.name)}
            for path in sorted(modules):
                found += [
                    function
                    for function in modules[path].functions.values()
                    if any(
                        self._connects(d, modules[path], model, signals, decorators) for d in function.node.decorators
                    )
                ]
            self._receivers[model.id] = found
        return self._receivers[model.id]

    def _connects(
        self, decorator: ir.Expr, module: ModuleSymbol, model: ClassSymbol, signals: set[str], decorators: set[str]
    ) -> bool:
        if (
            not isinstance(decorator, ir.Call)
            or (ir.dotted(decorator.callee) or "").rpartition(".")[2] not in decorators
        ):
            return False
        names = {n.id for a in decorator.arguments for n in ir.walk(a) if isinstance(n, ir.Name)}
        names |= {n.name for a in decorator.arguments for n in ir.walk(a) if isinstance(n, ir.Attribute)}
        sender = next((k.value for k in decorator.keywords if k.name == "sender"), None)
        return bool(names & signals) and sender is not None and self.program.class_of(module, sender) is model

    def is_component(self, symbol: ClassSymbol) -> bool:
        """Whether the views that a class renders see its properties as variables."""
        bases = {ancestor.dotted for ancestor in symbol.mro()[1:]}
        return any(base in framework.components for framework in self.frameworks.all for base in bases)

    def template_paths(self, name: str) -> list[str]:
        """Paths of the templates of a name, the likeliest first."""
        if self._templates is None:
            self._templates = {}
            for path in self.program.snapshot.paths:
                places = [(path.find(folder), folder) for folder in templates.FOLDERS if folder in path]
                if places and not path.endswith(".py"):
                    place, folder = min(places)
                    self._templates.setdefault(path[place + len(folder) :], []).append(path)
        found = next((self._templates[key] for key in templates.file_names(name) if key in self._templates), [])
        return sorted(found, key=lambda path: (len(path), path))

    # --- effects ------------------------------------------------------------------------------------------------------

    @property
    def loops(self) -> tuple[int, ...]:
        """Ids of the loops that are running."""
        return tuple(loop for loop, _ in self.active)

    def may_enter(self, activation: str) -> bool:
        """
        Whether a function may run that perhaps is running: once more, where it calls itself for each of several rows.

            def walk(node):
                for child in node.children.all():  # a query for each child: seen when `walk` runs for one
                    walk(child)
        """
        if activation not in self.stack:
            self._entered[activation] = len(self.active)
            return True
        return self.stack.count(activation) == 1 and len(self.active) > self._entered[activation]

    def remember(self, key: object, place: Place, run: Function[[], object]) -> None:
        """
        Run what hangs on its key alone; when it is met again, its effects are known.

        Only outside of loops, which would repeat its effects in other ways; what does nothing does nothing anywhere.

        Args:
            key: None where it hangs on more, and is run in any case.
            place: Where it is called, which its effects tell.
            run: Runs it.
        """
        known = self._remembered.get(key) or (self._remembered.get((key, place)) if not self.active else None)
        if known is None:
            around, cuts = (self.visited, self.touched), self.cuts
            self.visited, self.touched = set(), set()
            try:
                with self.collecting() as effects:
                    run()
            finally:
                known = _Remembered(tuple(effects), self.visited, self.touched)
                self.visited, self.touched = around
            if key is not None and self.cuts == cuts and not (effects and self.active):
                self._remembered[(key, place) if effects else key] = known
        self.sink.extend(known.effects)
        self.visited |= known.visited
        self.touched |= known.touched

    def collecting(self) -> Collecting:
        """Collect effects apart."""
        return Collecting(self)

    def query(
        self,
        frame: Frame,
        node: ir.Node,
        *,
        how: How,
        text: str = "",
        write: bool = False,
        model: str = "",
        relation: str = "",
        confidence: Confidence = Confidence.CERTAIN,
        created: tuple[int, ...] | None = None,
        source: Place | None = None,
        missing: Path = (),
        library: str = "",
        via: tuple[Place, ...] = (),
        declared: Place | None = None,
    ) -> None:
        """Note a round trip. `created` names the loops that repeat it, when not all do."""
        repeats = None if created is None else frozenset(created)
        self.sink.append(
            Query(
                frame.at(node.span), frame.symbol, text or describe(node), how, write, model, relation,
                min(confidence, self.confidence), repeats, source, missing, library, self.reader, via, declared,
            )
        )  # fmt: skip

    def leave(self, frame: Frame, node: ir.Node, kind: str, confidence: Confidence = Confidence.CERTAIN) -> None:
        """Note that something leaves the process."""
        place = frame.at(node.span)
        self.sink.append(Leave(place, frame.symbol, describe(node), kind, min(confidence, self.confidence)))

    @contextmanager
    def loop(self, frame: Frame, span: Span, over: str, count: Count, reader: str = "") -> Iterator[None]:
        """Run the body once for every element."""
        self._loops += 1
        self.active.append((self._loops, count))
        number = self._loops
        with self.collecting() as body:
            try:
                yield
            finally:
                self.active.pop()
        if body:
            self.sink.append(Loop(number, frame.at(span), frame.symbol, over, count, reader, tuple(body)))

    # --- statements ---------------------------------------------------------------------------------------------------

    def block(self, body: tuple[ir.Stmt, ...], frame: Frame) -> bool:
        """Run statements; whether they always leave the block (return, raise, break, continue)."""
        for place, statement in enumerate(body):
            if self.statement(statement, frame):
                return True
            memo = counts.memo_passed(statement, body[place + 1 :]) if isinstance(statement, ir.If) else None
            if memo is not None:
                with self.collecting() as effects:
                    leaves = self.block(body[place + 1 :], frame)
                self.sink.extend(self._once(memo, effects, frame))
                return leaves
        return False

    def statement(self, node: ir.Stmt, frame: Frame) -> bool:
        """Run one statement; whether it always leaves."""
        match node:
            case ir.Assign():
                self._assign(node, frame)
            case ir.Evaluate():
                self.evaluate(node.value, frame)
            case ir.Return():
                frame.returns.append(self.evaluate(node.value, frame) if node.value is not None else Const(None))
                return True
            case ir.Raise():
                if node.value is not None:
                    self.evaluate(node.value, frame)
                return True
            case ir.If():
                return self._if(node, frame)
            case ir.For():
                self._for(node, frame)
            case ir.While():
                with self.loop(frame, node.test.span, describe(node.test), Count.FEW):
                    self.evaluate(node.test, frame)
                    self.block(node.body, frame)
            case ir.Try():
                return self._try(node, frame)
            case ir.With():
                return self._with(node, frame)
            case ir.Break() | ir.Continue():
                return True
            case ir.Define():
                self._define(node, frame)
            case ir.Import():
                symbol = self.program.imported(frame.module, node)
                frame.names[node.alias] = self.of_symbol(symbol) if symbol is not None else UNKNOWN
            case ir.Delete():
                pass
        return False

    def _assign(self, node: ir.Assign, frame: Frame) -> None:
        if node.value is None:
            return
        value = self.evaluate(node.value, frame)
        if node.annotation is not None and type(value) is Value:
            value = self.annotated(node.annotation, frame.module) or value
        for target in node.targets:
            if node.operator is not None:
                known = self.evaluate(target, frame) if isinstance(target, ir.Name) else UNKNOWN
                value = join(known, value)
            self.bind(target, value, frame)

    def bind(self, target: ir.Expr, value: Value, frame: Frame) -> None:
        """Give a target a value."""
        match target:
            case ir.Name():
                frame.names[target.id] = value
            case ir.Collection():
                items = value.items if isinstance(value, Group) and len(value.items) == len(target.items) else None
                for place, item in enumerate(target.items):
                    part = items[place] if items is not None else self.element(value)
                    self.bind(item, part, frame)
            case ir.Spread():
                self.bind(target.value, value, frame)
            case ir.Attribute() | ir.Lookup():
                for owner in choices(self.evaluate(target.value, frame)):
                    if isinstance(owner, (Row, Object)):
                        owner.attributes[target.name] = value
            case ir.Subscript():
                owner = self.evaluate(target.value, frame)
                key = self.evaluate(target.key, frame)
                if isinstance(owner, Items):
                    self.put(owner, value, key)
            case _:
                self.evaluate(target, frame)

    def put(self, items: Items, value: Value, key: Value | None = None) -> None:
        """Add an element to a collection in memory."""
        if items.mapping is not None and isinstance(key, Const) and isinstance(key.value, (str, int)):
            items.mapping[key.value] = value
        items.element = join(items.element, value)
        for _, count in self.active:
            items.count = max(items.count, count)

    def _if(self, node: ir.If, frame: Frame) -> bool:
        known = truth(self.evaluate(node.test, frame))
        if known is not None:
            return self.block(node.then if known else node.other, frame)
        before = dict(frame.names)
        with self.collecting() as then:
            then_leaves = self.block(node.then, frame)
        after_then, frame.names = frame.names, before
        with self.collecting() as other:
            other_leaves = self.block(node.other, frame)
        memo = counts.memo_filled(node)
        if memo is not None:
            then = self._once(memo, then, frame)
        if then or other:
            self.sink.append(Branch((tuple(then), tuple(other))))
        if then_leaves and other_leaves:
            return True
        if other_leaves:
            frame.names = after_then
        elif not then_leaves:
            frame.names = joined(after_then, frame.names)
        return False

    def _once(self, memo: str, effects: list[Effect], frame: Frame) -> list[Effect]:
        """Effects that run once for each memo: the loops in which there is another one repeat them still."""
        name, dot, _ = memo.partition(".")
        owner = frame.find(name) if dot else None
        if isinstance(owner, Row) or (isinstance(owner, Object) and name not in ("self", "cls")):
            return [rows.once(effect, frozenset(owner.created)) for effect in effects]
        if dot and name not in ("self", "cls"):
            return effects
        return [rows.once(effect) for effect in effects]

    def _for(self, node: ir.For, frame: Frame) -> None:
        self.for_each(
            node.iterable, node.target, frame, lambda: self.block(node.body, frame),
            short=counts.ends_early(node.body), reader="template" if frame.module.is_template else "",
        )  # fmt: skip
        self.block(node.other, frame)

    def for_each(
        self,
        iterable: ir.Expr,
        target: ir.Expr,
        frame: Frame,
        body: Function[[], object],
        *,
        short: bool = False,
        reader: str = "",
    ) -> None:
        """Run a body for each element of an expression."""
        value = self.evaluate(iterable, frame)
        before = dict(frame.names)
        name = describe(target)
        for part in choices(value):
            count = (
                Count.FEW if short else min(self.iterate(part, frame, iterable), counts.limit(iterable, target, frame))
            )
            with self.loop(frame, iterable.span, name, count, reader):
                self.bind(target, self.element(part), frame)
                body()
        frame.names = joined(frame.names, before)

    def iterate(self, value: Value, frame: Frame, node: ir.Expr) -> Count:
        """Run what going through a value runs, and say how many elements there are."""
        match value:
            case QuerySet():
                rows.run(self, value, frame, node)
                return Count.FEW if value.short else Count.ROWS
            case Items():
                return value.count
            case Group() | Const() | Class():
                return Count.FEW
            case Object():
                method = value.symbol.method("__iter__")
                if method is not None:
                    inner = calls.call_function(self, Callable(method, value), (), {}, frame, node)
                    value.attributes["__iterated__"] = inner
                    return self.iterate(inner, frame, node)
        return Count.UNKNOWN

    def element(self, value: Value) -> Value:
        """One element of a value, made now: in each iteration of the running loops it is another."""
        match value:
            case QuerySet():
                return rows.element(self, value)
            case Items():
                return self.fresh(value.element)
            case Group():
                result: Value = UNKNOWN
                for item in value.items:
                    result = join(result, item)
                return result
            case Object() if "__iterated__" in value.attributes:
                return self.element(value.attributes["__iterated__"])
        return UNKNOWN

    def fresh(self, value: Value) -> Value:
        """The same for the loops that are running now; what was loaded stays loaded."""
        match value:
            case Row():
                return rows.again(value, self.loops)
            case Group():
                return Group(tuple(self.fresh(item) for item in value.items))
        return value

    def _try(self, node: ir.Try, frame: Frame) -> bool:
        before = dict(frame.names)
        leaves = self.block(node.body, frame)
        if not leaves:
            leaves = self.block(node.other, frame)
        after = frame.names
        every = leaves
        for handler in node.handlers:
            frame.names = joined(dict(after), before)
            if handler.name is not None:
                frame.names[handler.name] = UNKNOWN
            with self.collecting() as effects:
                handled = self.block(handler.body, frame)
            if effects:
                self.sink.append(Branch((tuple(effects), ())))
            if not handled:
                after = joined(after, frame.names) if not leaves else frame.names
            every = every and handled
        frame.names = after
        return self.block(node.final, frame) or every

    def _with(self, node: ir.With, frame: Frame) -> bool:
        place: Place | None = None
        for item in node.items:
            value = self.evaluate(item.context, frame)
            callee = item.context.callee if isinstance(item.context, ir.Call) else item.context
            dotted = self.dotted(callee, frame)
            if dotted and any(dotted in framework.transactions for framework in self.frameworks.all):
                place = Place(frame.module.path, item.context.span)
            if item.target is not None:
                self.bind(item.target, value, frame)
        if place is None:
            return self.block(node.body, frame)
        with self.collecting() as body:
            leaves = self.block(node.body, frame)
        if body:
            self.sink.append(Transaction(place, tuple(body)))
        return leaves

    def _define(self, node: ir.Define, frame: Frame) -> None:
        if isinstance(node.definition, ir.Function):
            symbol = FunctionSymbol(frame.module, node.definition, frame.owner, full=True)
            frame.names[node.definition.name] = Callable(symbol, closure=frame)
        else:
            frame.names[node.definition.name] = Class(ClassSymbol(frame.module, node.definition, full=True))

    # --- expressions --------------------------------------------------------------------------------------------------

    def evaluate(self, node: ir.Expr, frame: Frame) -> Value:
        """
        The value of an expression.

        Raises:
            OutOfStepsError: When the bound on steps is met.
        """
        self.steps -= 1
        if self.steps < 0:
            raise OutOfStepsError
        self.touched.add(frame.module.path)
        if type(node) is ir.Name:  # the four that make up most of any program
            return self.name(node.id, frame)
        if type(node) is ir.Constant:
            return Const(node.value)
        if type(node) is ir.Attribute:
            return self.attribute_of(self.evaluate(node.value, frame), node.name, frame, node)
        if type(node) is ir.Call:
            return calls.call(self, node, frame)
        match node:
            case ir.Lookup():
                return templates.look_up(self, self.evaluate(node.value, frame), node, frame)
            case ir.Subscript():
                return self._subscript(node, frame)
            case ir.Collection():
                return self._collection(node, frame)
            case ir.Comprehension():
                return self._comprehension(node, frame)
            case ir.Conditional():
                return self._conditional(node, frame)
            case ir.Operation():
                return self._operation(node, frame)
            case ir.Template():
                values = [self.evaluate(part, frame) for part in node.parts]
                for value, part in zip(values, node.parts, strict=True):
                    calls.print_value(self, value, frame, part)
                return text_of(values)
            case ir.Lambda():
                return Anonymous(node, frame)
            case ir.Await() | ir.Spread():
                return self.evaluate(node.value, frame)
            case ir.Yield():
                value = self.evaluate(node.value, frame) if node.value is not None else UNKNOWN
                count = max((count for _, count in self.active), default=Count.FEW)
                if node.every:
                    count = max(count, self.iterate(value, frame, node))
                    value = self.element(value)
                frame.yields.append((value, count))
                return UNKNOWN
            case ir.Binding():
                value = self.evaluate(node.value, frame)
                self.bind(node.target, value, frame)
                return value
            case ir.Slice():
                for end in (node.start, node.stop):
                    if end is not None:
                        self.evaluate(end, frame)
        return UNKNOWN

    def name(self, name: str, frame: Frame) -> Value:
        """What a bare name stands for."""
        found = frame.find(name)
        return found if found is not None else self.global_name(name, frame)

    def global_name(self, name: str, frame: Frame) -> Value:
        """What a bare name stands for that is no variable of a function."""
        if name == "cls":
            return calls.own_class(frame)
        symbol = self.program.lookup(frame.module, name)
        if symbol is not None:
            return self.of_symbol(symbol)
        return Outside(name)

    def of_symbol(self, symbol: Symbol) -> Value:
        """The value of a symbol."""
        match symbol:
            case ClassSymbol():
                return Class(symbol)
            case FunctionSymbol():
                return Callable(symbol)
            case External():
                return Outside(symbol.dotted)
            case ModuleSymbol():
                return Module(symbol)
            case Variable():
                return self._variable(symbol)

    def _variable(self, symbol: Variable) -> Value:
        with self.collecting():  # what runs when a module is imported runs once
            return self._declared(symbol.module, None, symbol.name, symbol.value)

    def _field(self, owner: ClassSymbol, field: ir.Field) -> Value:
        """The value of a class's field that has one."""
        assert field.value is not None
        return self._declared(owner.module, owner, field.name, field.value)

    def _declared(self, module: ModuleSymbol, owner: ClassSymbol | None, name: str, node: ir.Expr) -> Value:
        """The value of what a module or class declares: plain data is evaluated once, and given as a copy."""
        key = (owner.id if owner is not None else module.path, name)
        known = self._data.get(key)
        if known is not None:
            self.touched.add(module.path)
            return _copied(known)
        self._data[key] = UNKNOWN  # what refers to itself ends here
        with self.collecting() as effects:
            try:
                value = self.evaluate(node, Frame(module, None, owner))
            finally:
                del self._data[key]
        self.sink.extend(effects)
        if not effects and type(value) is not Value and _is_data(value):
            self._data[key] = value
            return _copied(value)
        return value

    def dotted(self, node: ir.Expr, frame: Frame) -> str | None:
        """The full dotted name of something outside the tree, or None."""
        value = self.evaluate(node, frame) if ir.dotted(node) else UNKNOWN
        return value.dotted if isinstance(value, Outside) else None

    def attribute_of(self, value: Value, name: str, frame: Frame, node: ir.Node) -> Value:
        """What reading an attribute gives, with what it runs."""
        result: Value | None = None
        for part in choices(value):
            found = self._attribute(part, name, frame, node)
            result = found if result is None else join(result, found)
        return result if result is not None else UNKNOWN

    def _attribute(self, value: Value, name: str, frame: Frame, node: ir.Node) -> Value:
        match value:
            case Row():
                return rows.read(self, value, name, frame, node)
            case QuerySet():
                return rows.set_attribute(self, value, name, frame, node)
            case Object():
                return self._object_attribute(value, name, frame, node)
            case Class():
                return self._class_attribute(value, name, frame, node)
            case Module():
                symbol = self.program.member(value.symbol, name)
                return self.of_symbol(symbol) if symbol is not None else UNKNOWN
            case Super():
                return self._super_attribute(value, name, frame, node)
            case Outside() if not isinstance(value.receiver, Items):
                return self.of_symbol(self.program.external(f"{value.dotted}.{name}")) if "." not in name else UNKNOWN
            case Items() if value.mapping is not None and name in value.mapping:
                return value.mapping[name]
            case Items() if frame.module.host == "php" and name in builtin.PHP_PER_ELEMENT:
                return Outside(name, value)  # `$orders->each->archive()`, `$orders->map->customer`
            case Outside() if isinstance(value.receiver, Items):
                return builtin.each_attribute(self, value, name, frame, node)
            case Group():  # `result.Order` of `select(Order, Customer)`
                return next(
                    (part for part in value.items if isinstance(part, Row) and part.model.symbol.name == name), UNKNOWN
                )
        return UNKNOWN

    def _object_attribute(self, value: Object, name: str, frame: Frame, node: ir.Node) -> Value:
        if name in value.attributes:
            return value.attributes[name]
        if name == "__class__":
            return Class(value.symbol)
        method = value.symbol.method(name)
        if method is not None:
            return calls.bind_method(self, method, value, frame, node)
        field = value.symbol.field(name)
        if field is not None and field[1].value is not None and not _is_filled_later(field[0].module, field[1].value):
            return self._field(*field)
        if field is not None and field[1].annotation is not None:
            return self.annotated(field[1].annotation, field[0].module) or UNKNOWN
        computed = rows.named_accessor(value.symbol, name, "Property") if frame.module.host == "php" else None
        if computed is not None:
            return calls.call_function(self, Callable(computed, value), (), {}, frame, node)
        magic = value.symbol.method("__get")
        if magic is not None and f"{magic.id} of {value.symbol.id}" not in self.stack:
            return calls.call_function(self, Callable(magic, value), (Const(name),), {}, frame, node)
        return UNKNOWN

    def _class_attribute(self, value: Class, name: str, frame: Frame, node: ir.Node) -> Value:
        model = self.orm.model(value.symbol)
        if model is not None:
            starts, cls = self.orm.manager_class(model, name)
            if starts:
                return rows.start(self, model, cls, frame, node)
        if name == "class":  # PHP's `Order::class`
            return value
        method = value.symbol.method(name)
        if method is not None:
            return calls.of_class(method, value)
        inner = value.symbol.inner(name)
        if inner is not None:
            return Class(inner)
        if model is not None:
            return Column(model, name)
        field = value.symbol.field(name)
        if field is not None and field[1].value is not None:
            return self._field(*field)
        return UNKNOWN

    def _super_attribute(self, value: Super, name: str, frame: Frame, node: ir.Node) -> Value:
        instance = value.instance
        symbol = instance.symbol if isinstance(instance, (Object, Class)) else None
        if isinstance(instance, Row):
            symbol = instance.model.symbol
        elif isinstance(instance, QuerySet):
            symbol = instance.cls
        if symbol is None:
            return UNKNOWN
        mro = symbol.mro()
        start = mro.index(value.after) + 1 if value.after in mro else 1
        for ancestor in mro[start:]:
            if isinstance(ancestor, ClassSymbol):
                if name in ancestor.methods:
                    return calls.bind_method(self, ancestor.methods[name], instance, frame, node)
                if name in ancestor.fields and ancestor.fields[name].value is not None:
                    return self._field(ancestor, ancestor.fields[name])
        if isinstance(instance, (Row, QuerySet)):
            return Outside(f"super.{name}", instance)
        return UNKNOWN

    def _subscript(self, node: ir.Subscript, frame: Frame) -> Value:
        value = self.evaluate(node.value, frame)
        key = self.evaluate(node.key, frame)
        result: Value | None = None
        for part in choices(value):
            found = self._item(part, key, node, frame)
            result = found if result is None else join(result, found)
        return result or UNKNOWN

    def _item(self, value: Value, key: Value, node: ir.Subscript, frame: Frame) -> Value:
        match value:
            case QuerySet() if isinstance(node.key, ir.Slice):
                return rows.slice_of(self, value, frame, node)
            case QuerySet():
                rows.run(self, value, frame, node)
                return rows.element(self, value)
            case Items() if isinstance(node.key, ir.Slice):
                return value
            case Items():
                if value.mapping is not None and isinstance(key, Const) and key.value in value.mapping:
                    return value.mapping[key.value]
                return value.element
            case Group():
                if (
                    isinstance(key, Const)
                    and isinstance(key.value, int)
                    and -len(value.items) <= key.value < len(value.items)
                ):
                    return value.items[key.value]
                return value if isinstance(node.key, ir.Slice) else self.element(value)
            case Class():
                return value
            case Outside() if isinstance(key, Class) and value.dotted.rpartition(".")[2] in counts.COLLECTIONS:
                return key  # `list[Order]`, written as a value
        return UNKNOWN

    def _collection(self, node: ir.Collection, frame: Frame) -> Value:
        values = [self.evaluate(item, frame) for item in node.items]
        if node.kind == "dict":
            items = Items(UNKNOWN, Count.FEW, mapping={})
            for key, value, item in zip(node.keys, values, node.items, strict=True):
                if key is None or isinstance(item, ir.Spread):
                    if isinstance(value, Items) and value.mapping is not None and items.mapping is not None:
                        items.mapping.update(value.mapping)
                    items.element = join(items.element, self.element(value))
                else:
                    self.put(items, value, self.evaluate(key, frame))
            items.count = Count.FEW
            return items
        if any(isinstance(item, ir.Spread) for item in node.items) or not values:
            result = Items(UNKNOWN, Count.FEW)
            for item, value in zip(node.items, values, strict=True):
                if isinstance(item, ir.Spread):
                    result.count = max(result.count, self.iterate(value, frame, item))
                    value = self.element(value)
                result.element = join(result.element, value)
            return result
        return Group(tuple(values))

    def _comprehension(self, node: ir.Comprehension, frame: Frame) -> Value:
        inner = Frame(frame.module, frame.function, frame.owner, frame.instance, frame)
        inner.yields = frame.yields
        result = Items(UNKNOWN, Count.FEW)

        def clause(place: int) -> None:
            if place == len(node.clauses):
                if node.key is not None:
                    self.evaluate(node.key, inner)
                result.element = join(result.element, self.evaluate(node.element, inner))
                result.count = max([result.count, *(count for _, count in self.active[depth:])])
                return
            here = node.clauses[place]

            def body() -> None:
                for condition in here.conditions:
                    self.evaluate(condition, inner)
                clause(place + 1)

            self.for_each(here.iterable, here.target, inner, body)

        depth = len(self.active)
        clause(0)
        return result

    def _conditional(self, node: ir.Conditional, frame: Frame) -> Value:
        known = truth(self.evaluate(node.test, frame))
        if known is not None:
            return self.evaluate(node.then if known else node.other, frame)
        with self.collecting() as then:
            one = self.evaluate(node.then, frame)
        with self.collecting() as otherwise:
            other = self.evaluate(node.other, frame)
        if then or otherwise:
            self.sink.append(Branch((tuple(then), tuple(otherwise))))
        return join(one, other)

    def _operation(self, node: ir.Operation, frame: Frame) -> Value:
        values = [self.evaluate(operand, frame) for operand in node.operands]
        operator = node.operator
        if operator in ("or", "and", "??"):
            return self._either(operator, values)
        if operator in ("is", "is not", "==", "!=") and len(values) == 2:
            return self._compared(operator, values[0], values[1])
        if operator == "not":
            known = truth(values[0])
            return UNKNOWN if known is None else Const(not known)
        if operator in ("in", "not in") and isinstance(values[-1], QuerySet):
            rows.run(self, values[-1], frame, node)
        if operator == "%" and isinstance(values[0], Const) and isinstance(values[0].value, str):
            holes = values[1].items if isinstance(values[1], Group) else (values[1],)
            return formatted(values[0].value, holes)
        if operator == "+" and isinstance(values[0], Const) and isinstance(values[0].value, str):
            return text_of(values)
        if operator in ("+", "|") and any(isinstance(value, (QuerySet, Items, Group)) for value in values):
            return join(values[0], values[-1])
        return UNKNOWN

    def _either(self, operator: str, values: list[Value]) -> Value:
        """What `a or b` or `a and b` gives: the first operand that decides, or else the last."""
        result: Value | None = None
        for place, value in enumerate(values):
            known = truth(value)
            is_last = place == len(values) - 1
            if known is not None and known == (operator == "and") and not is_last:
                continue  # decides nothing
            if operator == "and" and known is None and not is_last:
                value = UNKNOWN  # only when it is empty
            result = value if result is None else join(result, value)
            if known is not None:
                break
        return UNKNOWN if result is None else result

    def _compared(self, operator: str, one: Value, other: Value) -> Value:
        equal = operator in ("is", "==")
        if isinstance(one, Const) and isinstance(other, Const):
            return Const((one.value == other.value) == equal, sure=one.sure and other.sure)
        if (
            isinstance(other, Const)
            and other.value is None
            and isinstance(one, (QuerySet, Class, Callable, Object, Group))
        ):
            return Const(not equal)
        if isinstance(one, Class) and isinstance(other, Class):
            return Const((one.symbol is other.symbol) == equal)
        return UNKNOWN

    # --- types --------------------------------------------------------------------------------------------------------

    def annotated(self, annotation: ir.Expr | None, module: ModuleSymbol) -> Value | None:
        """
        What an annotation tells of a value whose origin is not known: its rows may have come with anything.
        """
        if isinstance(annotation, ir.Operation) and annotation.operator == "|":
            parts = [self.annotated(part, module) for part in annotation.operands]
            return next((part for part in parts if part is not None), None)
        if isinstance(annotation, ir.Subscript):
            return self._annotated_generic(annotation, module)
        symbol = self.program.class_of(module, annotation) if annotation is not None else None
        if not isinstance(symbol, ClassSymbol):
            return None
        model = self.orm.model(symbol)
        if model is not None:
            return Row(model, self.loops, None, assumed=Confidence.POSSIBLE)
        return Object(symbol, self.loops)

    def _annotated_generic(self, annotation: ir.Subscript, module: ModuleSymbol) -> Value | None:
        name = (ir.dotted(annotation.value) or "").rpartition(".")[2]
        key = annotation.key
        parts = key.items if isinstance(key, ir.Collection) else (key,)
        if not parts:  # `tuple[()]`
            return None
        if name in ("Optional", "Annotated", "Union", "Type", "Awaitable", "Coroutine"):
            found = self.annotated(parts[-1] if name == "Coroutine" else parts[0], module)
            return found if name != "Type" else None
        inner = self.annotated(parts[-1] if name in ("dict", "Dict", "Mapping") else parts[0], module)
        if name.endswith(("QuerySet", "Manager", "Query")) and isinstance(inner, Row):
            return QuerySet(inner.model, self.loops, None, assumed=Confidence.POSSIBLE)
        if name in counts.COLLECTIONS and inner is not None:
            return Items(inner, Count.ROWS if isinstance(inner, Row) else Count.UNKNOWN)
        return self.annotated(annotation.value, module)


def truth(value: Value) -> bool | None:
    """Whether a test is known to hold or to fail."""
    known = {bool(part.value) if isinstance(part, Const) and part.sure else None for part in choices(value)}
    return known.pop() if len(known) == 1 else None


def text_of(parts: list[Value]) -> Value:
    """Texts put together, when all of them are known."""
    if all(isinstance(part, Const) for part in parts):
        return Const("".join(str(part.value) for part in parts if isinstance(part, Const)))
    return UNKNOWN


def formatted(text: str, holes: tuple[Value, ...]) -> Value:
    """`"%s/list.html" % name`, when its holes are plain and what fills them is known."""
    literal = text.split("%s")
    if len(literal) != len(holes) + 1 or any("%" in part for part in literal):
        return UNKNOWN
    parts: list[Value] = [Const(literal[0])]
    for hole, rest in zip(holes, literal[1:], strict=True):
        parts += [hole, Const(rest)]
    return text_of(parts)


def _is_filled_later(module: ModuleSymbol, value: ir.Expr) -> bool:
    """Whether a property's value says nothing of what it holds when it is read: PHP's `private array $rows = []`."""
    empty = isinstance(value, ir.Collection) and not value.items
    return module.host == "php" and (empty or (isinstance(value, ir.Constant) and value.value is None))


def joined(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    """Names after one of two ways; a name that only one way binds may hold that."""
    names = dict(one)
    for name, value in other.items():
        names[name] = join(names[name], value) if name in names else value
    return names


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


def describe(node: ir.Node) -> str:
    """The code of an expression as a reader would quote it, shortened."""
    text = _text(node)
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def _text(node: ir.Node | None) -> str:
    match node:
        case ir.Name():
            return node.id
        case ir.Attribute() | ir.Lookup():
            return f"{_text(node.value)}.{node.name}"
        case ir.Call():
            name = _text(node.callee)
            if name.startswith("filter:") or name == "print":
                return _text(node.arguments[0]) if node.arguments else name
            return f"{name}({'…' if node.arguments or node.keywords else ''})"
        case ir.Subscript():
            return f"{_text(node.value)}[…]"
        case ir.Collection():
            return ", ".join(_text(item) for item in node.items) if node.kind == "tuple" else "…"
        case ir.Constant():
            return repr(node.value)
        case ir.Await():
            return _text(node.value)
        case ir.Function() | ir.Class() | ir.Field():
            return node.name
    return "…"


__all__ = ["Deferred", "Frame", "Interpreter", "OutOfStepsError", "Sequence", "describe", "joined"]

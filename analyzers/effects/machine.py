"""
What the rooms of the interpreter know of one another: to run code is one thing in many parts that need each other.

Each part is a module of functions whose first parameter is the machine; `interpreter` puts them together. So the parts
depend on this page and not on each other: a row that is read calls a property, whose body is statements, which read
rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable as Function
from typing import TypeAlias

from analyzers import ir
from analyzers.effects.frame import Frame
from analyzers.effects.lookups import Lookups
from analyzers.effects.recorder import Recorder
from analyzers.effects.tree import Count
from analyzers.effects.values import Callable, Items, Value
from analyzers.program.orm import Orm
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol, Symbol
from analyzers.program.wiring import Wiring

Arguments: TypeAlias = tuple[Value, ...]
Keywords: TypeAlias = dict[str, Value]


class Machine(Recorder, ABC):
    """Runs code of one program, and notes what it does."""

    def __init__(self, program: Program, orm: Orm) -> None:
        super().__init__()
        self.program = program
        self.orm = orm
        self.frameworks = program.frameworks
        self.wiring = Wiring(program)
        self.lookups = Lookups(program)
        self.data: dict[tuple[str, str], Value] = {}
        """Plain data that modules and classes declare, by their place and its name."""

    # --- statements -------------------------------------------------------------------------------------------------

    @abstractmethod
    def block(self, body: tuple[ir.Stmt, ...], frame: Frame) -> bool:
        """Run statements; whether they always leave the block (return, raise, break, continue)."""

    @abstractmethod
    def bind(self, target: ir.Expr, value: Value, frame: Frame) -> None:
        """Give a target a value."""

    @abstractmethod
    def put(self, items: Items, value: Value, key: Value | None = None) -> None:
        """Add an element to a collection in memory."""

    @abstractmethod
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

    @abstractmethod
    def iterate(self, value: Value, frame: Frame, node: ir.Expr) -> Count:
        """Run what going through a value runs, and say how many elements there are."""

    @abstractmethod
    def element(self, value: Value) -> Value:
        """One element of a value, made now: in each iteration of the running loops it is another."""

    # --- expressions ------------------------------------------------------------------------------------------------

    @abstractmethod
    def evaluate(self, node: ir.Expr, frame: Frame) -> Value:
        """
        The value of an expression.

        Raises:
            OutOfStepsError: When the bound on steps is met.
        """

    @abstractmethod
    def global_name(self, name: str, frame: Frame) -> Value:
        """What a bare name stands for that is no variable of a function."""

    @abstractmethod
    def of_symbol(self, symbol: Symbol) -> Value:
        """The value of a symbol."""

    @abstractmethod
    def dotted(self, node: ir.Expr, frame: Frame) -> str | None:
        """The full dotted name of something outside the tree, or None."""

    @abstractmethod
    def attribute_of(self, value: Value, name: str, frame: Frame, node: ir.Node) -> Value:
        """What reading an attribute gives, with what it runs."""

    @abstractmethod
    def annotated(self, annotation: ir.Expr | None, module: ModuleSymbol) -> Value | None:
        """What an annotation tells of a value whose origin is not known: its rows may have come with anything."""

    # --- calls ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def evaluate_arguments(self, node: ir.Call, frame: Frame) -> tuple[Arguments, Keywords]:
        """The values of a call's arguments, `*` and `**` spread as far as they are known."""

    @abstractmethod
    def call_value(
        self,
        value: Value,
        arguments: Arguments,
        keywords: Keywords,
        frame: Frame,
        node: ir.Node,
        receiver: Value | None = None,
    ) -> Value:
        """Call a value."""

    @abstractmethod
    def call_method(
        self,
        receiver: Value,
        callee: ir.Attribute | ir.Lookup,
        arguments: Arguments,
        keywords: Keywords,
        frame: Frame,
        node: ir.Call,
    ) -> Value:
        """Call `receiver.name(...)`."""

    @abstractmethod
    def call_function(
        self, target: Callable, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
    ) -> Value:
        """Run a function of the tree with these arguments and splice in its effects."""

    @abstractmethod
    def bind_method(self, method: FunctionSymbol, instance: Value, frame: Frame, node: ir.Node) -> Value:
        """A method of an instance; a property is called at once."""

    @abstractmethod
    def instantiate(
        self, symbol: ClassSymbol, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
    ) -> Value:
        """A new instance of a class of the tree."""

    @abstractmethod
    def print_value(self, value: Value, frame: Frame, node: ir.Node) -> None:
        """Turn a value into text: a row's `__str__` is called."""

    @abstractmethod
    def read_appended(self, value: Value, frame: Frame, node: ir.Node, depth: int = 0) -> None:
        """What turning models into an array reads besides their columns."""

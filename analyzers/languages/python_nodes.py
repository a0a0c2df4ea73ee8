"""
Python's syntax tree as its lowering reads it: kinds by number, parts without noise, places, and what is broken.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple, TypeVar

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Point, Range

from analyzers import ir
from analyzers.languages.python_text import Text
from analyzers.span import Span

DEEPEST = 150
"""How many constructs may lie inside each other: more than people write, less than a recursion stands."""
MOST_DIAGNOSTICS = 20
"""Diagnostics of one file; the first ones say what there is to say."""

_LANGUAGE = Language(tree_sitter_python.language())
_KINDS: dict[str, set[int]] = {}
for _number in range(_LANGUAGE.node_kind_count):
    if _LANGUAGE.node_kind_is_named(_number):
        _KINDS.setdefault(_LANGUAGE.node_kind_for_id(_number) or "", set()).add(_number)

_T = TypeVar("_T")


def kinds(*names: str) -> frozenset[int]:
    """
    The numbers of the grammar's nodes that have one of these names; a name may have several.

    Raises:
        KeyError: When the grammar has no such node.
    """
    return frozenset(number for name in names for number in _KINDS[name])


def by_kind(readers: dict[str, _T]) -> dict[int, _T]:
    """What reads a node, by the node's number; a key may name several kinds of nodes."""
    return {number: reader for names, reader in readers.items() for number in kinds(*names.split())}


ERROR = 0xFFFF
"""The number of what could not be parsed."""
NOISE = kinds("comment", "line_continuation") | {ERROR}
_BLOCK = kinds("block")
_DEFINITION = re.compile(r"^(?:(?:async\s+)?def\b|class\b|@)", re.MULTILINE)


class Anatomy(NamedTuple):
    """The parts of a compound statement."""

    heads: list[Node]
    """What stands before the block."""
    block: Node | None
    clauses: list[Node]
    """What stands after it."""


class Nodes:
    """The syntax tree of one file."""

    def __init__(self, text: Text) -> None:
        self.text = text.text
        self.place = text.span
        self.offset = text.offset
        self.diagnostics: list[ir.Diagnostic] = []
        self._file = text

    def parse(self) -> list[Node]:
        """
        Parse the file into parts whose children are the statements of the top level, and report what is broken.

        There is one part, unless an error has swallowed definitions: they are parsed again on their own.
        """
        found: list[Node] = []
        start = 0
        while True:
            root = self._parse(start, len(self.text))
            cut = self._swallowed(root) if root.has_error and len(found) < MOST_DIAGNOSTICS else None
            if cut is not None:
                root = self._parse(start, cut)
                start = cut
            if root.has_error:
                self._report_errors(root)
            found.append(root)
            if cut is None:
                return found

    def parse_expression(self, start: int, end: int) -> Node | None:
        """Parse an expression between two offsets; None where there is none."""
        root = self._parse(start, end)
        statements = root.named_children
        if root.has_error or len(statements) != 1 or statements[0].type != "expression_statement":
            return None
        found = statements[0].named_children
        return found[0] if len(found) == 1 else None

    def _parse(self, start: int, end: int) -> Node:
        first = self.place(start, end)
        begin, stop = Point(first.line - 1, first.column), Point(first.end_line - 1, first.end_column)
        parser = Parser(_LANGUAGE, included_ranges=[Range(begin, stop, start, end)])
        return parser.parse(self._file.plain).root_node

    def _swallowed(self, root: Node) -> int | None:
        """
        Where the first definition of the top level starts that an error has made a part of something else.

            def view(request):
                orders = filter(    an error that goes on to the end of the file
            def after(): ...        swallowed
        """
        definitions = [found.start() for found in _DEFINITION.finditer(self.text, root.start_byte)]
        for top in root.children:
            is_whole = top.type.endswith(("_statement", "_definition", "comment"))
            if top.has_error or (root.is_error and not is_whole):
                own = top.named_children[-1] if top.type == "decorated_definition" else top
                end = root.end_byte if root.is_error else top.end_byte
                index = bisect_right(definitions, own.start_byte)
                if index < len(definitions) and definitions[index] < end:
                    return definitions[index]
        return None

    def span(self, node: Node) -> Span:
        """Where a node stands."""
        return self.place(node.start_byte, node.end_byte)

    def source(self, node: Node) -> str:
        """The text of a node."""
        return self.text[node.start_byte : node.end_byte]

    def parts(self, node: Node) -> list[Node]:
        """The named children of a node, without comments and what could not be parsed."""
        return [child for child in node.named_children if child.kind_id not in NOISE]

    def pair(self, node: Node) -> list[Node]:
        """The parts of a node that mostly has two: one look at their number spares a look at each."""
        parts = node.named_children
        return parts if len(parts) == 2 else self.parts(node)

    def anatomy(self, node: Node) -> Anatomy:
        """Take a compound statement apart."""
        heads: list[Node] = []
        clauses: list[Node] = []
        block = None
        for child in node.named_children:
            kind = child.kind_id
            if kind in NOISE:
                continue
            if kind in _BLOCK:
                block = child
            elif block is None:
                heads.append(child)
            else:
                clauses.append(child)
        return Anatomy(heads, block, clauses)

    def report(self, message: str, node: Node) -> None:
        """Say that a part of the file is not lowered."""
        self.diagnostics.append(ir.Diagnostic(message, self.span(node)))

    def _report_errors(self, root: Node) -> None:
        """Report the outermost errors and the tokens that are missing, in the order of the text."""
        stack = [root]
        while stack and len(self.diagnostics) < MOST_DIAGNOSTICS:
            node = stack.pop()
            if node.is_error:
                line = self.source(node).strip().partition("\n")[0]
                self.report(f"cannot parse `{line[:40]}`", node)
            elif node.is_missing:
                self.report(f"`{node.type}` is missing", node)
            else:
                stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)

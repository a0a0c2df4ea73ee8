"""
Python text for the fix-makers: parsing that cannot end the process, the expression at a place, imports.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

import libcst as cst
import msgspec
import tree_sitter_python
from libcst.metadata import CodePosition, CodeRange, MetadataWrapper, PositionProvider
from tree_sitter import Language, Parser

from analyzers.span import Span

_LANGUAGE = Language(tree_sitter_python.language())
_DEEPEST = 150


class Found(msgspec.Struct, frozen=True):
    """An expression of a file."""

    module: cst.Module
    positions: Mapping[cst.CSTNode, CodeRange]
    """Every node of the file, and where it is."""
    expression: cst.BaseExpression

    def replaced(self, node: cst.BaseExpression, other: cst.BaseExpression) -> bytes:
        """The file with another expression in the place of one of it."""
        return _bytes(self.module.deep_replace(node, other))

    def is_commented(self, node: cst.CSTNode) -> bool:
        """Whether a comment follows a node on its last line."""
        end = self.positions[node].end
        line = self.module.code.split("\n")[end.line - 1]
        return line[end.column :].lstrip(" \t),").startswith("#")

    def methods(self) -> frozenset[str]:
        """
        The names of methods that the file calls.

        A query may be handed on, so that what does not go together with a load need not stand in the same chain.
        """
        return frozenset(
            node.func.attr.value
            for node in self.positions
            if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)
        )


def find(content: bytes, span: Span) -> Found | None:
    """The expression at a place, or None where the file can't be parsed or there is none."""
    module = parse(content)
    if module is None:
        return None
    wanted = CodeRange(CodePosition(span.line, span.column), CodePosition(span.end_line, span.end_column))
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    found = (node for node, where in positions.items() if where == wanted and isinstance(node, cst.BaseExpression))
    expression = next(found, None)
    return None if expression is None else Found(module, positions, expression)


def parse(content: bytes) -> cst.Module | None:
    """The file, or None where it can't be parsed."""
    if _is_deep(content):
        return None
    try:
        return cst.parse_module(content)
    except (cst.ParserSyntaxError, SyntaxError, RecursionError):
        return None


def _is_deep(content: bytes) -> bool:
    """
    Whether constructs lie deeper inside each other than people write.

    libcst's parser is a recursion without a limit: `a + a + …` of ten thousand terms ends the process.
    """
    cursor = Parser(_LANGUAGE).parse(content).walk()
    depth = 0
    while depth <= _DEEPEST:
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            depth -= 1
    return True


def text(node: cst.CSTNode) -> str:
    """A node as it is written."""
    return cst.Module([]).code_for_node(node)


def dotted(node: cst.CSTNode | None) -> str:
    """`shop.models` as text; empty for what is no dotted name."""
    match node:
        case cst.Name():
            return node.value
        case cst.Attribute():
            before = dotted(node.value)
            return f"{before}.{node.attr.value}" if before else ""
    return ""


def methods_along(node: cst.BaseExpression) -> Iterator[str]:
    """The names along a chain of calls and attributes, last one first."""
    while True:
        match node:
            case cst.Call():
                node = node.func
            case cst.Subscript():
                node = node.value
            case cst.Attribute():
                yield node.attr.value
                node = node.value
            case _:
                return


def called(node: cst.BaseExpression, method: str, arguments: Sequence[cst.Arg], *, on_line: bool) -> cst.Call:
    """`node.method(arguments)`, on the same line or else as the call before it: on a line of its own, if that is."""
    dot = cst.Dot()
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and not on_line:
        dot = _without_comment(node.func.dot)
    function = cst.Attribute(node.with_changes(lpar=[], rpar=[]), cst.Name(method), dot)
    return cst.Call(function, arguments, lpar=node.lpar, rpar=node.rpar)


def _without_comment(dot: cst.Dot) -> cst.Dot:
    """A dot that starts a line, without the comment at the end of the line before."""
    space = dot.whitespace_before
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return dot
    end = cst.TrailingWhitespace(newline=space.first_line.newline)
    return dot.with_changes(whitespace_before=space.with_changes(first_line=end, empty_lines=[]))


# --- imports ----------------------------------------------------------------------------------------------------------


class Imported(msgspec.Struct, frozen=True):
    """A name that `from module import name as alias` binds at the top level of a file."""

    module: str
    """As it is written, with its leading dots."""
    name: str
    alias: str


def imports(module: cst.Module) -> Iterator[Imported]:
    """Yield what the top level of a file imports by name."""
    for _, node in _statements(module):
        if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
            for alias in node.names:
                yield Imported(_module_of(node), dotted(alias.name), alias.evaluated_alias or dotted(alias.name))


def with_import(content: bytes, path: str, module: str, name: str) -> bytes | None:
    """
    The file with `from module import name`: as a name more of a statement that is there, else as a line more.

    The line follows the last import of the same library, or else the last import that is not the program's own. What
    shares a folder's name with the file's path is its own.
    """
    tree = parse(content)
    if tree is None:
        return None
    library = module.partition(".")[0]
    own = {"", *path.split("/")}
    same = foreign = first_own = None
    is_standard = False
    for line, node in _statements(tree):
        written = _module_of(node)
        root = written.partition(".")[0]
        if isinstance(node, cst.ImportFrom) and written == module and not isinstance(node.names, cst.ImportStar):
            if any(dotted(alias.name) == name and alias.asname is None for alias in node.names):
                return content
            longer = _with_name(node, name)
            if longer is not None:
                return _bytes(tree.deep_replace(node, longer))
        if root == library:
            same = line
        elif root not in own:
            foreign, is_standard = line, root in sys.stdlib_module_names
        elif first_own is None:
            first_own = line
    if not library:
        return None
    new = cst.ensure_type(
        cst.parse_statement(f"from {module} import {name}", config=tree.config_for_parsing), cst.SimpleStatementLine
    )
    gap = cst.EmptyLine(indent=False)
    if same is not None:
        return _inserted(tree, same, [same, new])
    if foreign is not None:
        return _inserted(tree, foreign, [foreign, new.with_changes(leading_lines=[gap] if is_standard else [])])
    if first_own is not None:
        comments = [line for line in first_own.leading_lines if line.comment is not None]
        space = [line for line in first_own.leading_lines if line.comment is None]
        follows = first_own.with_changes(leading_lines=[gap, *comments])
        return _inserted(tree, first_own, [new.with_changes(leading_lines=space), follows])
    return None


def _inserted(tree: cst.Module, line: cst.SimpleStatementLine, lines: Sequence[cst.SimpleStatementLine]) -> bytes:
    """The file with other lines in the place of one."""
    place = next(place for place, node in enumerate(tree.body) if node is line)
    return tree.with_changes(body=[*tree.body[:place], *lines, *tree.body[place + 1 :]]).bytes


def _bytes(module: object) -> bytes:
    assert isinstance(module, cst.Module)
    return module.bytes


def _statements(module: cst.Module) -> Iterator[tuple[cst.SimpleStatementLine, cst.Import | cst.ImportFrom]]:
    """The imports of the top level that hold for the whole file: no conditional ones."""
    for line in module.body:
        if isinstance(line, cst.SimpleStatementLine):
            for node in line.body:
                if isinstance(node, (cst.Import, cst.ImportFrom)) and _module_of(node) != "__future__":
                    yield line, node


def _module_of(node: cst.Import | cst.ImportFrom) -> str:
    if isinstance(node, cst.Import):
        return dotted(node.names[0].name)
    return "." * len(node.relative) + dotted(node.module)


def _with_name(node: cst.ImportFrom, name: str) -> cst.ImportFrom | None:
    """
    The statement with one name more: in its place where the names are sorted, else at the end.

    None where a comment stands between the names, since it belongs to one of them.
    """
    assert not isinstance(node.names, cst.ImportStar)
    names = list(node.names)
    if any("#" in text(alias) for alias in names):
        return None
    known = [dotted(alias.name) for alias in names]
    order = next((key for key in (_by_kind, str.lower) if known == sorted(known, key=key)), None)
    place = len(names) if order is None else sum(1 for one in known if order(one) < order(name))
    between = names[0].comma if len(names) > 1 else _separator(node)
    new = cst.ImportAlias(cst.Name(name), comma=between)
    if place == len(names):
        new = new.with_changes(comma=names[-1].comma)
        names[-1] = names[-1].with_changes(comma=between)
    names.insert(place, new)
    return node.with_changes(names=names)


def _by_kind(name: str) -> str:
    """Sorts constants before classes before functions: https://docs.astral.sh/ruff/settings/#lint_isort_order-by-type."""
    return f"{0 if name.isupper() else 1 if name[:1].isupper() else 2}{name}"


def _separator(node: cst.ImportFrom) -> cst.Comma:
    """The comma after a name: on a line of its own where the first name is."""
    space: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace(" ")
    if node.lpar is not None and isinstance(node.lpar.whitespace_after, cst.ParenthesizedWhitespace):
        space = node.lpar.whitespace_after
    return cst.Comma(whitespace_after=space)

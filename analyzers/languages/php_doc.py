"""
Types that PHP code gives in its doc comments, as annotations.

    /** @var Collection<int, Order>|null $orders */     {"orders": Subscript(Name("Collection"), Name("Order"))}
    /** @return \\App\\Order[] */                       Subscript(Name("array"), Attribute(Name("App"), "Order"))
"""

from __future__ import annotations

import re
from typing import NamedTuple

from analyzers import ir
from analyzers.span import Span

PRIMITIVES = frozenset(
    {
        "array", "array-key", "bool", "boolean", "callable", "class-string", "double", "false", "float", "int",
        "integer", "iterable", "key-of", "list", "mixed", "negative-int", "never", "non-empty-array",
        "non-empty-list", "non-empty-string", "null", "numeric", "object", "positive-int", "resource", "scalar",
        "string", "true", "value-of", "void",
    }
)  # fmt: skip
"""Types that name no class."""
VAGUE = frozenset({"array", "iterable", "list", "mixed", "object", "non-empty-array", "non-empty-list"})
"""Types of which a doc comment can say more."""
_OWN = frozenset({"self", "static", "$this"})
_DEEPEST = 8
_LONGEST = 4000
"""Characters of an `array{...}`, so that comments are read in linear time."""
_LONGEST_NAME = 100
"""Segments of a qualified name that are kept."""

_TAG = re.compile(r"@(?:phpstan-|psalm-)?(var|param|return)[ \t]+")
_VARIABLE = re.compile(r"[ \t]*&?(?:\.\.\.)?\$(\w+)")
_WORD = re.compile(r"\s*(\$this|\\?[^\W\d][\w\-]*(?:\\\w+)*)")


class Doc(NamedTuple):
    """The types that one doc comment gives."""

    variables: dict[str, ir.Expr]
    """By `@var T $name`."""
    params: dict[str, ir.Expr]
    own: ir.Expr | None
    """By `@var T` without a name: the type of what follows."""
    returns: ir.Expr | None


NOTHING = Doc({}, {}, None, None)


def read(comment: str, span: Span, owner: str) -> Doc:
    """
    Read a doc comment.

    Args:
        comment: Its text, from `/**` on.
        span: Given to every annotation.
        owner: The name of the class around it, for `self` and `static`; empty outside of classes.
    """
    if "@" not in comment:
        return NOTHING
    variables: dict[str, ir.Expr] = {}
    params: dict[str, ir.Expr] = {}
    own = returns = None
    for tag in _TAG.finditer(comment):
        reader = _Reader(comment, tag.end(), span, owner)
        annotation = reader.union()
        if annotation is None:
            continue
        name = _VARIABLE.match(comment, reader.place)
        if tag[1] == "return":
            returns = returns or annotation
        elif name is None:
            own = own or annotation
        else:
            (variables if tag[1] == "var" else params).setdefault(name[1], annotation)
    return Doc(variables, params, own, returns)


def merge(native: ir.Expr | None, documented: ir.Expr | None) -> ir.Expr | None:
    """
    The annotation that says more.

    `array` with `Order[]` is `array[Order]`; `Collection` with `Order[]` is `Collection[Order]`; `Order` stays.
    """
    if native is None or documented is None:
        return native or documented
    name = ir.dotted(native)
    if isinstance(native, ir.Name) and native.id in VAGUE:
        return documented
    if isinstance(documented, ir.Subscript) and name is not None:
        origin = ir.dotted(documented.value) or ""
        if origin.rpartition(".")[2] == name.rpartition(".")[2] or origin in VAGUE:
            return ir.Subscript(documented.span, native, documented.key)
    return native


def chain(text: str, span: Span) -> ir.Expr:
    """A qualified name, leading `\\` or not, as a chain of attributes."""
    first, *rest = text.strip("\\").split("\\")
    expr: ir.Expr = ir.Name(span, first)
    for part in rest[:_LONGEST_NAME]:
        expr = ir.Attribute(span, expr, part)
    return expr


class _Reader:
    """Reads one type from left to right."""

    def __init__(self, text: str, place: int, span: Span, owner: str) -> None:
        self._text = text
        self.place = place
        self._span = span
        self._owner = owner
        self._depth = 0

    def union(self) -> ir.Expr | None:
        """
        The alternative that says most: one with elements, else a class, else a primitive; None where nothing is known.

        `Collection|Order[]`, as it was written before generics, is a collection of orders.
        """
        self._depth += 1
        parts = [self._array()]
        while self._skip("|&"):
            parts.append(self._array())
        self._depth -= 1
        known = [part for part in parts if part is not None]
        element = next((part for part in known if isinstance(part, ir.Subscript)), None)
        classes = [part for part in known if not (isinstance(part, ir.Name) and part.id in PRIMITIVES)]
        bare = next((part for part in classes if not isinstance(part, ir.Subscript)), None)
        if element is not None:
            return merge(bare, element) if ir.dotted(element.value) in VAGUE else element
        return bare or next(iter(known), None)

    def _array(self) -> ir.Expr | None:
        part = self._one()
        for _ in range(_DEEPEST):
            if not self._text.startswith("[]", self.place):
                break
            self.place += 2
            part = ir.Subscript(self._span, ir.Name(self._span, "array"), part) if part is not None else None
        return part

    def _one(self) -> ir.Expr | None:
        self._skip("?")
        if self._depth > _DEEPEST:
            return None
        if self._skip("("):
            part = self.union()
            self._skip(")")
            return part
        word = _WORD.match(self._text, self.place)
        if word is None:
            return None
        self.place = word.end()
        name = word[1]
        if name in _OWN:
            origin: ir.Expr | None = ir.Name(self._span, self._owner) if self._owner else None
        elif name.lower() in ("null", "void", "mixed", "never"):
            origin = None
        else:
            origin = chain(name.lower() if name.lower() in PRIMITIVES else name, self._span)
        if self._text.startswith("{", self.place):
            self._jump("{", "}")
            return origin
        if not self._skip("<", spaces=False):
            return origin
        arguments = [self.union()]
        while self._skip(","):
            arguments.append(self.union())
        self._skip(">")
        element = next((part for part in arguments if part is not None and not _is_primitive(part)), None)
        return ir.Subscript(self._span, origin, element) if origin is not None and element is not None else origin

    def _skip(self, signs: str, *, spaces: bool = True) -> bool:
        place = self.place
        while spaces and place < len(self._text) and self._text[place] in " \t":
            place += 1
        found = place < len(self._text) and self._text[place] in signs
        if found:
            self.place = place + 1
        return found

    def _jump(self, opening: str, closing: str) -> None:
        """Past the shape of an `array{id: int}`."""
        depth = 0
        end = min(self.place + _LONGEST, len(self._text))
        for place in range(self.place, end):
            depth += (self._text[place] == opening) - (self._text[place] == closing)
            if depth == 0:
                self.place = place + 1
                return
        self.place = end


def _is_primitive(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Name) and expr.id in PRIMITIVES

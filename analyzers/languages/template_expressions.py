"""
The expressions inside a template's tags and variables, Django's and Jinja's, as IR.

    {{ order.total|add:2 }}         Call(Name("filter:add"), (Lookup(Name("order"), "total"), Constant(2)))
    {{ order.lines()[0] ~ "!" }}    Operation(".", (Subscript(Call(Lookup(...)), Constant(0)), Constant("!")))
    {% if user is not defined %}    Operation("not", (Call(Name("test:defined"), (Name("user"),)),))
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

from analyzers import ir
from analyzers.languages.template_scan import Dialect, Lines
from analyzers.span import Span

T = TypeVar("T")

DEEPEST = 60
"""How many nodes of an expression may lie inside each other: more than people write, less than a recursion stands."""
DEEPEST_BRACKETS = 20
"""How many brackets may: each costs the reader itself several calls."""


class Unreadable(Exception):
    """An expression that the dialect does not allow. Never leaves the front end."""


class Token(NamedTuple):
    """A word of an expression, as offsets in the template."""

    kind: str
    """"text", "number", "lookup" (`.name`, `.0`), "name", "sign", or "end"."""
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w))
      | (?P<lookup>\.\s*\w+)
      | (?P<name>\w+)
      | (?P<sign>//|\*\*|[=!<>]=|\S)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "none": None}
_CONSTANTS |= {word.capitalize(): value for word, value in _CONSTANTS.items()}

_COMPARISONS = dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in"), 4)
_NOT = 3
"""How strongly each operator binds; `not` stands between `and` and the comparisons."""
_DJANGO_LEVELS = {"or": 1, "and": 2, "is": 4, "is not": 4, **_COMPARISONS}
_JINJA_LEVELS = {"or": 1, "and": 2, "+": 5, "-": 5, "~": 6, "*": 7, "/": 7, "//": 7, "%": 7, "**": 8, **_COMPARISONS}
_NAMES_IN_THE_IR = {"~": "."}
_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else"})


class Arguments(NamedTuple):
    """What stands between a tag's name and its end, where the tag is like a call."""

    positional: tuple[ir.Expr, ...]
    keywords: tuple[ir.Keyword, ...]
    target: ir.Name | None
    """The variable after `as`."""


class Expressions:
    """
    Reads the arguments of one tag, or one variable, from left to right.

    Every method that reads raises `Unreadable` where the dialect allows nothing of the kind; what was read before stays
    read.
    """

    def __init__(self, text: str, lines: Lines, dialect: Dialect, start: int, end: int) -> None:
        self._lines = lines
        self._django = dialect == "django"
        self._levels = _DJANGO_LEVELS if self._django else _JINJA_LEVELS
        self._tokens = [
            Token(str(found.lastgroup), found[0], found.start(), found.end())
            for found in _TOKEN.finditer(text, start, end)
        ]
        self._tokens.append(Token("end", "", end, end))
        self._index = 0
        self._depth = 0

    # --- tokens -------------------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._index]

    @property
    def following(self) -> Token:
        """The token after the next one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    @property
    def left(self) -> int:
        """How many tokens are still to be read."""
        return len(self._tokens) - 1 - self._index

    def take(self) -> Token:
        """Read one token; at the end, the end again."""
        token = self.token
        if token.kind != "end":
            self._index += 1
        return token

    def skip(self, *words: str) -> bool:
        """Read the next token if it is one of these names or signs."""
        found = self.token.kind in ("name", "sign") and self.token.text in words
        if found:
            self._index += 1
        return found

    def expect(self, word: str) -> Token:
        """Read this very name or sign."""
        token = self.token
        if not self.skip(word):
            raise Unreadable(f"`{word}` was expected")
        return token

    def name(self) -> ir.Name:
        """Read a name that is no literal."""
        if self.token.kind != "name":
            raise Unreadable("a name was expected")
        token = self.take()
        return ir.Name(self._lines.span(token.start, token.end), token.text)

    def finish(self) -> None:
        """Hold that everything was read."""
        if self.left:
            raise Unreadable(f"`{self.token.text}` was not expected")

    def span_from(self, start: int) -> Span:
        """From an offset to the end of what was read last."""
        return self._lines.span(start, max(start, self._tokens[self._index - 1].end if self._index else start))

    def _nested(self, read: Callable[[], T]) -> T:
        """Read something inside something of its kind."""
        if self._depth == DEEPEST_BRACKETS:
            raise Unreadable("the expression is nested too deeply")
        self._depth += 1
        result = read()
        self._depth -= 1
        return result

    # --- expressions --------------------------------------------------------------------------------------------------

    def whole(self) -> ir.Expr:
        """The one expression that fills everything left."""
        value = self.expression() if self._django else self.items()
        self.finish()
        return value

    def items(self) -> ir.Expr:
        """An expression, or several with commas between them: a tuple without its parentheses."""
        start = self.token.start
        items = [self.expression()]
        tuple_ = False
        while self.skip(","):
            tuple_ = True
            if not self.left or self.token.text in (")", "]"):
                break
            items.append(self.expression())
        return ir.Collection(self.span_from(start), "tuple", tuple(items)) if tuple_ else items[0]

    def expression(self) -> ir.Expr:
        """An expression with everything that the dialect has."""
        start = self.token.start
        value = self.condition()
        if self._django or not self.skip("if"):
            return value
        test = self.condition()
        if self.skip("else"):
            other = self._nested(self.expression)
        else:
            end = test.span
            other = ir.Constant(Span(end.end_line, end.end_column, end.end_line, end.end_column), None)
        return self._shallow(ir.Conditional(self.span_from(start), test, value, other), start)

    def condition(self) -> ir.Expr:
        """An expression without the inline `if`, as it stands after `in` in `{% for x in xs if x.good %}`."""
        start = self.token.start
        return self._shallow(self._operation(1), start)

    def _shallow(self, value: ir.Expr, start: int) -> ir.Expr:
        """The value itself, unless its nodes lie too deep inside each other."""
        if self._depth == 0 and self.token.start - start > DEEPEST and _height(value) > DEEPEST:
            raise Unreadable("the expression is nested too deeply")
        return value

    def _operation(self, floor: int) -> ir.Expr:
        """Operands joined by operators that bind at least as strongly as `floor`."""
        start = self.token.start
        value: ir.Expr
        if floor <= _NOT and self.skip("not"):
            operand = self._nested(partial(self._operation, _NOT))
            value = ir.Operation(self.span_from(start), "not", (operand,))
        else:
            value = self.operand()
        joined: str | None = None
        while (operator := self._operator()) is not None and self._levels[operator] >= floor:
            self._index += len(operator.split())
            right = self._operation(self._levels[operator] + 1)
            before = value.operands if isinstance(value, ir.Operation) and joined == operator else (value,)
            value = ir.Operation(self.span_from(start), _NAMES_IN_THE_IR.get(operator, operator), (*before, right))
            joined = operator
        return value

    def _operator(self) -> str | None:
        """The operator that comes next, of two words perhaps (`not in`); it is not read yet."""
        token = self.token
        if token.kind not in ("name", "sign"):
            return None
        both = f"{token.text} {self.following.text}"
        if both in self._levels:
            return both
        return token.text if token.text in self._levels else None

    def operand(self, *, filters: bool = True) -> ir.Expr:
        """A literal or variable with its attributes, calls, subscripts, filters and tests."""
        start = self.token.start
        value = self._primary()
        while True:
            token = self.token
            if token.kind == "lookup":
                self.take()
                value = ir.Lookup(self.span_from(start), value, token.text[1:].strip())
            elif token.text == "(" and (not self._django or (isinstance(value, ir.Name) and value.id == "_")):
                positional, keywords = self._nested(self._call_arguments)
                value = ir.Call(self.span_from(start), value, positional, keywords)
            elif token.text == "[" and not self._django:
                key = self._nested(self._key)
                value = ir.Subscript(self.span_from(start), value, key)
            elif token.text == "|" and filters:
                self.take()
                value = self.filter(value, start)
            elif token.text == "is" and filters and not self._django:
                value = self._test(value, start)
            else:
                return self._shallow(value, start)

    def filter(self, value: ir.Expr, start: int) -> ir.Expr:
        """What the filter that is named next makes of a value that starts at an offset; the bar was read."""
        name_start = self.token.start
        name = self.name().id
        while self.token.kind == "lookup":
            name += self.take().text
        callee = ir.Name(self.span_from(name_start), f"filter:{name}")
        positional: tuple[ir.Expr, ...] = ()
        keywords: tuple[ir.Keyword, ...] = ()
        if self._django and self.skip(":"):
            positional = (self.operand(filters=False),)
        elif not self._django and self.token.text == "(":
            positional, keywords = self._nested(self._call_arguments)
        return ir.Call(self.span_from(start), callee, (value, *positional), keywords)

    def _test(self, value: ir.Expr, start: int) -> ir.Expr:
        """`value is defined`, `value is not divisibleby 3`."""
        self.expect("is")
        negated = self.skip("not")
        name = self.name()
        callee = ir.Name(name.span, f"test:{name.id}")
        positional: tuple[ir.Expr, ...] = ()
        keywords: tuple[ir.Keyword, ...] = ()
        token = self.token
        if token.text == "(":
            positional, keywords = self._nested(self._call_arguments)
        elif token.kind in ("text", "number") or (token.kind == "name" and token.text not in {*_WORDS, "recursive"}):
            positional = (self._nested(partial(self.operand, filters=False)),)
        call = ir.Call(self.span_from(start), callee, (value, *positional), keywords)
        return ir.Operation(call.span, "not", (call,)) if negated else call

    def _primary(self) -> ir.Expr:
        """A literal, a variable, or something in brackets."""
        token = self.token
        if token.kind == "text":
            return self._text_literal()
        if token.kind == "number":
            self.take()
            return ir.Constant(self.span_from(token.start), _number(token.text))
        if token.kind == "name" and token.text not in _WORDS:
            if token.text in _CONSTANTS:
                self.take()
                return ir.Constant(self.span_from(token.start), _CONSTANTS[token.text])
            return self.name()
        if token.text in ("-", "+"):
            self.take()
            value = self._nested(partial(self.operand, filters=False))
            if isinstance(value, ir.Constant) and isinstance(value.value, (int, float)):
                return ir.Constant(self.span_from(token.start), -value.value if token.text == "-" else value.value)
            return ir.Operation(self.span_from(token.start), token.text, (value,))
        if not self._django and token.text in ("(", "[", "{"):
            return self._nested(self._bracketed)
        raise Unreadable(f"`{token.text}` was not expected" if token.text else "an expression was expected")

    def _text_literal(self) -> ir.Constant:
        """A text in quotes; inside brackets Jinja joins neighbours, as Python does."""
        start = self.token.start
        text = _unquoted(self.take().text)
        while self._depth and not self._django and self.token.kind == "text":
            text += _unquoted(self.take().text)
        return ir.Constant(self.span_from(start), text)

    def _bracketed(self) -> ir.Expr:
        """A group, tuple, list or mapping."""
        start = self.token.start
        opening = self.take().text
        if opening == "(":
            if self.skip(")"):
                return ir.Collection(self.span_from(start), "tuple", ())
            value = self.items()
            self.expect(")")
            return value
        items: list[ir.Expr] = []
        keys: list[ir.Expr | None] = []
        closing = "]" if opening == "[" else "}"
        while not self.skip(closing):
            item = self.expression()
            if opening == "{":
                self.expect(":")
                keys.append(item)
                item = self.expression()
            items.append(item)
            if not self.skip(","):
                self.expect(closing)
                break
        return ir.Collection(self.span_from(start), "list" if opening == "[" else "dict", tuple(items), tuple(keys))

    def _key(self) -> ir.Expr:
        """`[key]`, `[start:stop:step]`; the step says nothing about which rows are read."""
        self.expect("[")
        start = self.token.start
        first = None if self.token.text == ":" else self.items()
        if first is not None and self.skip("]"):
            return first
        self.expect(":")
        second = None if self.token.text in (":", "]") else self.expression()
        key = ir.Slice(self.span_from(start), first, second)
        if self.skip(":") and self.token.text != "]":
            self.expression()
        self.expect("]")
        return key

    def _call_arguments(self) -> tuple[tuple[ir.Expr, ...], tuple[ir.Keyword, ...]]:
        """`(a, *b, c=d, **e)`."""
        positional: list[ir.Expr] = []
        keywords: list[ir.Keyword] = []
        self.expect("(")
        while not self.skip(")"):
            start = self.token.start
            if self.skip("**"):
                keywords.append(ir.Keyword(None, self.expression()))
            elif self.skip("*"):
                value = self.expression()
                positional.append(ir.Spread(self.span_from(start), value))
            elif self.at_keyword():
                keywords.append(self.keyword())
            else:
                positional.append(self.expression())
            if not self.skip(","):
                self.expect(")")
                break
        return tuple(positional), tuple(keywords)

    # --- the parts of tags --------------------------------------------------------------------------------------------

    def at_keyword(self) -> bool:
        """Whether `name=` comes next."""
        return self.token.kind == "name" and self.following.text == "="

    def keyword(self) -> ir.Keyword:
        """`name=value`."""
        name = self.take().text
        self.expect("=")
        return ir.Keyword(name, self.argument())

    def argument(self) -> ir.Expr:
        """One argument of a tag: Django's are parted by white space, so no operator can stand in one."""
        return self.operand() if self._django else self.expression()

    def binding(self) -> ir.Assign:
        """`a=b`, or Django's older `b as a`."""
        start = self.token.start
        if self.at_keyword():
            name = self.name()
            self.expect("=")
            value = self.argument()
        else:
            value = self.argument()
            self.expect("as")
            name = self.name()
        return ir.Assign(self.span_from(start), (name,), value)

    def target(self) -> ir.Expr:
        """What a loop or `set` assigns to: a name, an attribute of a namespace, or a tuple of such."""
        start = self.token.start
        items = [self._one_target()]
        is_tuple = False
        while self.skip(","):
            is_tuple = True
            if self.token.text == "(" or (self.token.kind == "name" and self.token.text != "in"):
                items.append(self._one_target())
        return ir.Collection(self.span_from(start), "tuple", tuple(items)) if is_tuple else items[0]

    def _one_target(self) -> ir.Expr:
        start = self.token.start
        if self.skip("("):
            inner = self._nested(self.target)
            self.expect(")")
            return inner
        value: ir.Expr = self.name()
        while self.token.kind == "lookup":
            name = self.take().text[1:].strip()
            value = ir.Attribute(self.span_from(start), value, name)
        return value

    def parameters(self) -> tuple[ir.Parameter, ...]:
        """`(a, b=1)`, as a macro declares them."""
        found: list[ir.Parameter] = []
        self.expect("(")
        while not self.skip(")"):
            start = self.token.start
            name = self.name()
            default = self.expression() if self.skip("=") else None
            found.append(ir.Parameter(name.id, "plain", None, default, self.span_from(start)))
            if not self.skip(","):
                self.expect(")")
                break
        return tuple(found)

    def arguments(self) -> Arguments:
        """
        Everything left, as the arguments of a call.

        A tag of somebody else's may have a syntax of its own (`{% get_comments for order by date %}`), so that what is
        no expression is passed over, up to the next white space.
        """
        positional: list[ir.Expr] = []
        keywords: list[ir.Keyword] = []
        target: ir.Name | None = None
        while self.left:
            if self.left == 2 and self.token.text == "as" and self.following.kind == "name":
                self.take()
                target = self.name()
            elif not self.skip(","):
                begin = self._index
                try:
                    if self.at_keyword():
                        keywords.append(self.keyword())
                    else:
                        positional.append(self.argument())
                except Unreadable:
                    self._pass_over(begin)
        return Arguments(tuple(positional), tuple(keywords), target)

    def _pass_over(self, begin: int) -> None:
        """Read to the next white space after the token at an index."""
        self._index, self._depth = begin, 0
        end = self.take().end
        while self.left and self.token.start == end:
            end = self.take().end


def _height(value: ir.Node) -> int:
    """How many nodes lie inside each other at most."""
    highest, level = 0, [value]
    while level:
        highest += 1
        level = [child for node in level for child in ir.children(node)]
    return highest


def _number(text: str) -> int | float:
    """A literal number; one that no machine word holds is a float."""
    plain = text.replace("_", "")
    return int(plain) if plain.isdecimal() and len(plain) <= 18 else float(plain)


def _unquoted(text: str) -> str:
    """A literal without its quotes and escapes."""
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), text[1:-1])

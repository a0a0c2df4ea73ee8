"""
What a change reaches: from changed functions, classes and templates to the entry points that run them.

Callers are found by name: the index of words tells which files hold it, their IR tells which functions do. That finds
too many, never too few for plain code; running the entry points then shows what is really reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from analyzers import ir
from analyzers.change import ChangedFile
from analyzers.frameworks import Relation
from analyzers.program.entries import Entries, Root
from analyzers.program.orm import Orm
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol
from analyzers.span import Span

FILES = 60
"""Files that may mention a name before it is too common to follow by itself."""
NEAR = 25
"""Of a common name, the nearest files that are followed."""
LEVELS = 5
"""Callers of callers that are followed."""
FUNCTIONS = 120
"""Functions that are followed in all."""
GENERIC_VIEWS = {"list": "ListView", "detail": "DetailView", "form": "UpdateView"}
"""Django's views whose templates are named after the model, by the last part of that name."""
COMMON = frozenset(
    [
        "all",
        "any",
        "apply",
        "clean",
        "close",
        "copy",
        "count",
        "create",
        "data",
        "delete",
        "dispatch",
        "exists",
        "execute",
        "filter",
        "first",
        "form_valid",
        "format",
        "get",
        "get_queryset",
        "get_context_data",
        "get_object",
        "handle",
        "id",
        "items",
        "key",
        "keys",
        "last",
        "list",
        "main",
        "name",
        "next",
        "perform",
        "post",
        "put",
        "query",
        "render",
        "request",
        "resolve",
        "retrieve",
        "run",
        "save",
        "send",
        "set",
        "setup",
        "start",
        "status",
        "title",
        "type",
        "update",
        "url",
        "user",
        "value",
        "values",
    ]
)


HEIRS = 4
"""Subclasses on which an inherited method is run."""
CALLERS = 12
"""Plain callers of one function that are followed."""
REPEATING = (ir.For, ir.While, ir.Comprehension, ir.Lambda)
"""What may run its inside for each of several."""
OPTIONS = frozenset(["Meta", "Config", "Media", "Params"])
"""Nested classes that speak of the class around them."""
DECLARATIVE = frozenset(["abstract", "base_manager_name", "default_manager_name", "proxy"])
"""What the `Meta` of a model says of its queries; all else there is for the database or for people."""


class Changed(msgspec.Struct, frozen=True):
    """A function or class whose text a change touches."""

    symbol: FunctionSymbol | ClassSymbol
    names: tuple[str, ...]
    """What the rest of the program calls it by: its name, or the relations of a model that changed."""


class Reach:
    """Follows callers in one program."""

    def __init__(self, program: Program, entries: Entries, orm: Orm) -> None:
        self.program = program
        self.entries = entries
        self.orm = orm
        self._used: dict[str, dict[str, frozenset[str]]] = {}
        self._families: dict[ClassSymbol, frozenset[ClassSymbol] | None] = {}

    def changed(self, files: Iterable[ChangedFile], side: str, other: Program) -> list[Changed]:
        """
        The functions and classes that a change touches, on the "old" or the "new" side; `other` is the other side's.

        A function of which only comments, layout or place changed is not among them.
        """
        found: list[Changed] = []
        for file in files:
            module = self.program.module(file.path if side == "new" else file.old_path)
            if module is None or file.status == ("deleted" if side == "new" else "added"):
                continue
            lines = _lines(file, side)
            before = other.module(file.old_path if side == "new" else file.path)
            known = {f.node.qualname: f for f in before.every_function()} if before is not None else {}
            functions = [
                function
                for function in module.every_function()
                if _touches(function.node.span, lines)
                and not (
                    function.node.qualname in known and ir.alike(function.full, known[function.node.qualname].full)
                )
            ]
            functions += self._users_of_names(module, lines)
            found.extend(Changed(function, (called(function),)) for function in functions)
            for symbol in module.classes.values():
                found.extend(self._changed_class(symbol, lines))
        return found

    def _changed_class(self, symbol: ClassSymbol, lines: list[tuple[int, int]]) -> Iterator[Changed]:
        """What is touched of a class and of the classes in it, besides their methods."""
        if not _touches(symbol.node.span, lines):
            return
        fields = [field for field in symbol.node.fields if _touches(field.span, lines)]
        whole = Changed(symbol, (symbol.name,))
        is_model = self.orm.is_model_like(symbol)
        if _touches(_header(symbol), lines) or (fields and not is_model):
            yield whole
        elif fields:
            declared = [self.orm.declared(symbol.module, field) for field in fields]
            if None in declared:
                yield whole
            else:
                names = [
                    _accessors(symbol, f) for f, d in zip(fields, declared, strict=True) if isinstance(d, Relation)
                ]
                if names:
                    yield Changed(symbol, tuple(sorted(set().union(*names))))
        for inner in symbol.classes.values():
            for changed in self._changed_class(inner, lines):
                if changed.symbol is not inner or inner.name not in OPTIONS:
                    yield changed
                elif not is_model or any(f.name in DECLARATIVE and _touches(f.span, lines) for f in inner.node.fields):
                    yield whole

    def _users_of_names(self, module: ModuleSymbol, lines: list[tuple[int, int]]) -> list[FunctionSymbol]:
        """Functions that use a variable or an import of their module on these lines."""
        names = {node.alias for node in module.outline.imports if _touches(node.span, lines)}
        for statement in module.outline.body:
            if isinstance(statement, ir.Assign) and _touches(statement.span, lines):
                names |= {target.id for target in statement.targets if isinstance(target, ir.Name)}
        return [function for function in module.every_function() if names & self.words(function)] if names else []

    def roots(self, changed: Iterable[Changed]) -> list[tuple[Root, int]]:
        """
        Entry points and functions that may reach what changed, each with the calls that lie between.
        """
        seen: dict[str, int] = {}
        roots: dict[str, Root] = {}
        queue = [(item.symbol, item.names, 0) for item in changed]
        for symbol, names, level in queue:
            if symbol.id in seen or len(seen) >= FUNCTIONS:
                continue
            seen[symbol.id] = level
            roots |= {entry.id: entry for entry in self._entries_of(symbol) if entry.id not in roots}
            root = self.entries.of_function(symbol) if isinstance(symbol, FunctionSymbol) else None
            if root is not None:
                roots.setdefault(root.id, root)
                roots |= {heir.id: heir for heir in self._on_heirs(root) if heir.id not in roots}
            if level < LEVELS and (root is None or root.kind == "function"):
                for name in names:
                    users = [user for user in self.users(symbol, name) if user.id not in seen]
                    queue.extend((user, (called(user),), level + 1) for user in self._chosen(users, name))
        return [(root, seen.get(root.function.id, 0)) for root in roots.values()]

    def _on_heirs(self, root: Root) -> list[Root]:
        """A method on the subclasses that inherit it and have members of their own that it uses: it is made of both."""
        method, owner = root.function, root.function.owner
        if root.kind != "function" or owner is None:
            return []
        words = self.words(method)
        heirs = [
            heir
            for heir in self._subclasses(owner)
            if heir.method(method.name) is method and not words.isdisjoint((*heir.methods, *heir.fields))
        ]
        return [self.entries.of_function(method, heir) for heir in heirs[:HEIRS]]

    def _chosen(self, users: list[FunctionSymbol | ClassSymbol], name: str) -> list[FunctionSymbol | ClassSymbol]:
        """
        Of very many users of a name those that can make a difference: entry points, and whoever says it in a loop.

        Thirty handlers that hand on to one sender show the same of the sender as the first dozen of them.
        """
        if len(users) <= CALLERS:
            return users
        kept = [user for user in users if isinstance(user, ClassSymbol) or self._matters(user, name)]
        return [*kept, *(user for user in users if user not in kept)][: max(CALLERS, len(kept))]

    def _matters(self, user: FunctionSymbol, name: str) -> bool:
        if self.entries.of_function(user).kind != "function":
            return True
        loops = (node for node in ir.walk(user.full) if isinstance(node, REPEATING))
        return any(
            (isinstance(node, ir.Name) and node.id == name) or (isinstance(node, ir.Attribute) and node.name == name)
            for loop in loops
            for node in ir.walk(loop)
        )

    def _entries_of(self, symbol: FunctionSymbol | ClassSymbol) -> list[Root]:
        if isinstance(symbol, FunctionSymbol):
            if symbol.owner is None:
                return []
            owner = symbol.owner
            listed = [r for kind in self.entries.listed_types(symbol) for r in self.entries.of_class(kind)]
            return [
                *listed,
                *self.entries.of_class(owner),
                *(r for sub in self._subclasses(owner) for r in self.entries.of_class(sub)),
            ]
        return self.entries.of_class(symbol)

    def _subclasses(self, symbol: ClassSymbol) -> list[ClassSymbol]:
        if len(self.program.snapshot.mentioning((symbol.name,))) > FILES:
            return []
        return self.program.subclasses(symbol)

    def users(self, symbol: FunctionSymbol | ClassSymbol, name: str) -> list[FunctionSymbol | ClassSymbol]:
        """Functions and classes whose text uses a symbol by this name, sorted by path."""
        if isinstance(symbol, FunctionSymbol) and symbol.module.is_template:
            return self._users_of_template(symbol.module)
        if isinstance(symbol, FunctionSymbol):
            if symbol.owner is not None and (
                symbol.name.startswith("__") or symbol.name in COMMON or self._is_reader(symbol)
            ):
                return [symbol.owner]
        found: list[FunctionSymbol | ClassSymbol] = []
        owner = symbol.owner.name if isinstance(symbol, FunctionSymbol) and symbol.owner is not None else ""
        for path in self._files((name,), symbol.module.path, owner):
            module = self.program.module(path)
            if module is None or not (name != symbol.name or self._may_mean(module, symbol)):
                continue
            users = (f for f in module.every_function() if name in self.words(f) and f is not symbol)
            found.extend(f for f in users if self._may_call(f, symbol, name))
            found.extend(c for c in module.every_class() if c is not symbol and name in self.class_words(c))
        if isinstance(symbol, FunctionSymbol) and symbol.owner is not None and not found:
            found.append(symbol.owner)
        return found

    def _may_mean(self, module: ModuleSymbol, symbol: FunctionSymbol | ClassSymbol) -> bool:
        """Whether a name in a module may stand for a symbol: methods by name alone, the rest by what is imported."""
        if (isinstance(symbol, FunctionSymbol) and symbol.owner is not None) or module.is_template:
            return True
        if module is symbol.module:
            return True
        bound = self.program.lookup(module, symbol.name)
        if bound is not None:
            return bound is symbol
        return any(self.program.lookup(i, symbol.name) is symbol for i in self.program.modules_imported(module))

    def _may_call(self, user: FunctionSymbol, symbol: FunctionSymbol | ClassSymbol, name: str) -> bool:
        """
        Whether a function that says a name may mean a symbol: `self.clean()` is a method of its own family of classes.
        """
        if not isinstance(symbol, FunctionSymbol) or symbol.owner is None or user.owner is None:
            return True
        family = self._family(symbol.owner)
        if family is None or user.owner in family:
            return True
        receivers = [n.value for n in ir.walk(user.full) if isinstance(n, ir.Attribute) and n.name == name]
        return not receivers or not all(_is_own(receiver) for receiver in receivers)

    def _family(self, owner: ClassSymbol) -> frozenset[ClassSymbol] | None:
        """A class, its subclasses, and all their ancestors; None where too many files mention it to tell."""
        if owner not in self._families:
            is_common = len(self.program.snapshot.mentioning((owner.name,))) > FILES
            heirs = [] if is_common else self.program.subclasses(owner)
            self._families[owner] = (
                None if is_common else frozenset(a for heir in (owner, *heirs) for a in heir.ancestors())
            )
        return self._families[owner]

    def _is_reader(self, symbol: FunctionSymbol) -> bool:
        """Whether a method serves a declared field of its class: `get_total`, `resolve_total`."""
        prefix, _, field = symbol.name.partition("_")
        return prefix in ("get", "resolve") and symbol.owner is not None and field in symbol.owner.fields

    def _users_of_template(self, module: ModuleSymbol) -> list[FunctionSymbol | ClassSymbol]:
        found: list[FunctionSymbol | ClassSymbol] = []
        for path in self._files(_template_words(module.path), module.path):
            other = self.program.module(path)
            if other is not None and other is not module:
                found.extend(f for f in other.every_function() if _renders(self.words(f), module.path))
                found.extend(c for c in other.every_class() if _renders(self.class_words(c), module.path))
        return [*found, *self._generic_views(module)]

    def _generic_views(self, template: ModuleSymbol) -> list[ClassSymbol]:
        """
        The views that find a template by its name: `shop/order_list.html` is for a `ListView` of `Order` in `shop`.

        https://docs.djangoproject.com/en/stable/ref/class-based-views/mixins-simple/#templateresponsemixin
        """
        *_, app, file = ("", *template.path.split("/"))
        label, _, kind = file.partition(".")[0].rpartition("_")
        found = []
        for module in self.program.modules_mentioning(GENERIC_VIEWS[kind]) if kind in GENERIC_VIEWS and label else ():
            if f"/{app}/" in f"/{module.path}":
                for symbol in module.every_class():
                    words = self.class_words(symbol).union(*map(self.words, symbol.methods.values()))
                    if label in {word.lower() for word in words}:
                        found.append(symbol)
        return found

    def _files(self, words: tuple[str, ...], near: str, owner: str = "") -> list[str]:
        """The files that say these words; of common words the nearest ones, and those whose path names the owner."""
        paths = [path for path in self.program.snapshot.mentioning(words) if "/migrations/" not in path]
        if len(paths) <= FILES:
            return paths
        parts = near.split("/")
        closest = sorted(paths, key=lambda path: (-_shared(parts, path.split("/")), path))
        namesakes = [path for path in closest if owner and owner.lower() in path.lower()]
        return sorted({*closest[:NEAR], *namesakes[:NEAR]})

    def words(self, function: FunctionSymbol) -> frozenset[str]:
        """Names, attributes and texts in a function's body and decorators; of a template, the templates it imports."""
        path = function.module.path
        if path not in self._used:
            self._used[path] = {}
        known = self._used[path]
        key = f"{function.node.qualname}:{function.node.name_span.line}"
        if key not in known:
            full = function.full  # whose own name is no use of it: others of the same name do not call this one
            known[key] = _words((full.decorators, full.params, full.returns, full.body))
            if function.module.is_template:
                known[key] |= {node.module for node in function.module.outline.imports}
        return known[key]

    def class_words(self, symbol: ClassSymbol) -> frozenset[str]:
        """Names, attributes and texts in a class's bases, fields and decorators, nested classes included."""
        known = self._used.setdefault(symbol.module.path, {})
        key = f"class {symbol.qualname}"
        if key not in known:
            node = symbol.node
            inner = tuple(field for nested in node.classes for field in nested.fields)
            known[key] = _words((node.bases, node.fields, node.decorators, inner))
        return known[key]


_HIDDEN = re.compile(r"get([A-Z]\w*)(?:Attribute|Property)|scope([A-Z]\w*)")


def called(symbol: FunctionSymbol | ClassSymbol) -> str:
    """
    The name by which code uses it.

    PHP's frameworks hide some methods: `getFullNameAttribute` is read as `full_name`, `scopeOpen` called as `open`, and
    `fullName(): Attribute` is read as `full_name` too.
    """
    if not isinstance(symbol, FunctionSymbol) or symbol.owner is None or symbol.module.host != "php":
        return symbol.name
    hidden = _HIDDEN.fullmatch(symbol.name)
    if hidden is not None and hidden[2]:
        return hidden[2][0].lower() + hidden[2][1:]
    if hidden is not None or (ir.dotted(symbol.node.returns) or "").rpartition(".")[2] == "Attribute":
        return _UPPER.sub("_", hidden[1] if hidden is not None else symbol.name).lower()
    return symbol.name


_UPPER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _template_words(path: str) -> tuple[str, ...]:
    """Words that a file says which renders a template: of `views/orders/index.blade.php`, "orders" and "index"."""
    stem = path.rpartition("/")[2].partition(".")[0]
    if not path.endswith(".blade.php"):
        return (stem,)
    folders = path.rpartition("/")[0].rpartition("views/")[2].split("/")
    return (*(folder for folder in folders if folder not in ("", "components")), stem)


def _lines(file: ChangedFile, side: str) -> list[tuple[int, int]]:
    if side == "new":
        return [(h.new_start, h.new_start + max(h.new_count, 1) - 1) for h in file.hunks]
    return [(h.old_start, h.old_start + max(h.old_count, 1) - 1) for h in file.hunks]


def _touches(span: Span, lines: list[tuple[int, int]]) -> bool:
    return any(span.touches(first, last) for first, last in lines)


def _header(symbol: ClassSymbol) -> Span:
    """The lines of a class that say what it is: its decorators, name and bases."""
    node = symbol.node
    parts = [node.name_span, *(part.span for part in (*node.decorators, *node.bases))]
    return Span(min(part.line for part in parts), 0, max(part.end_line for part in parts), 0)


def _accessors(symbol: ClassSymbol, field: ir.Field) -> set[str]:
    """Names by which a relation is read: its own, and those that its call gives to the way back."""
    call = field.value
    assert isinstance(call, ir.Call)
    texts = [keyword.value.value for keyword in call.keywords if isinstance(keyword.value, ir.Constant)]
    named = {text for text in texts if isinstance(text, str) and text.isidentifier()}
    return {field.name, f"{symbol.name.lower()}_set", *named}


def _is_own(receiver: ir.Expr) -> bool:
    """Whether an attribute of it is one of the class around: `self`, `cls`, `super()`, PHP's `$this` and `static`."""
    if isinstance(receiver, ir.Call):
        receiver = receiver.callee
    return isinstance(receiver, ir.Name) and receiver.id in ("self", "cls", "super", "this", "static", "parent")


def _words(node: object) -> frozenset[str]:
    """Every text in a piece of IR, found in its serialised form: that is many times faster than to walk it."""
    return frozenset([text.decode() for text in _TEXT.findall(msgspec.json.encode(node)) if text])


_TEXT = re.compile(rb'"(?:filter:|tag:)?((?:[^"\\]|\\.)*)"')
"""A whole text of JSON: `""` and escaped quotes too, or what lies between two texts would be taken for one."""


def _renders(words: frozenset[str], path: str) -> bool:
    return any(
        (("/" in word or "." in word) and f"/{path}".endswith("/" + word.replace(":", "/")))
        or (path.endswith(word.replace(".", "/") + ".blade.php") and len(word) > 3)
        for word in words
    )


def _shared(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count

"""
ORM models of a program: which classes are models, their relations and reverse accessors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from analyzers import ir
from analyzers.frameworks import Access, Framework, Relation
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, External, ModuleSymbol
from analyzers.span import Place

Found = TypeVar("Found")

STATEMENTS = 4
"""Statements of a method that may give a relation; longer ones do something else."""
NARROWED = 3
"""Relations that narrow one another."""
COLLECTIONS = frozenset(
    {"list", "List", "set", "Set", "Sequence", "Collection", "InstrumentedList", "DynamicMapped", "WriteOnlyMapped"}
)


class RelationInfo(msgspec.Struct, frozen=True):
    """A relation as an attribute of a model's rows."""

    name: str
    many: bool
    access: Access
    """As in `frameworks.Relation`."""
    target: ClassSymbol | None
    """None when it differs from row to row or can't be resolved."""
    place: Place
    """Where it is declared."""
    column: str = ""
    """The attribute that holds the key and is free to read."""
    eager: bool = False
    """Loaded with its owner by the model's own declaration."""
    strategy: bool = False
    """Whether the declaration can say how it is loaded (`lazy=`)."""
    inverse: str = ""
    """The relation to one that leads back from the related rows, where it is known."""


class ModelInfo(msgspec.Struct, frozen=True):
    """An ORM model."""

    symbol: ClassSymbol
    framework: Framework
    relations: dict[str, RelationInfo]
    """Forward relations by name, inherited ones too."""
    columns: frozenset[str]
    """Names that are free to read."""
    loaded: frozenset[str] = frozenset()
    """Relation paths, dotted, that every query of the model loads: Laravel's `$with`."""


class Orm:
    """Models of one program, found on demand."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._models: dict[str, ModelInfo | None] = {}
        self._reverse: dict[str, dict[str, RelationInfo]] = {}
        self._declaring: dict[str, list[tuple[ir.Field, Relation, RelationInfo]]] = {}
        self._named_cache: dict[tuple[str, str], ClassSymbol | None] = {}
        self._like: dict[str, bool] = {}
        self._user: ClassSymbol | None = None
        self._bases = ByName({base: f for f in program.frameworks.all for base in f.models})
        self._query_sets = ByName({base: f for f in program.frameworks.all for base in f.query_sets})
        self._relations = ByName({name: relation for name, (_, relation) in program.frameworks.relations.items()})
        self._columns = ByName(program.frameworks.columns)
        self._managers: dict[tuple[str, str], tuple[bool, ClassSymbol | None]] = {}
        self._constructors = sorted({c.rpartition(".")[2] for c in program.frameworks.relations})

    # --- models -------------------------------------------------------------------------------------------------------

    def model(self, symbol: ClassSymbol) -> ModelInfo | None:
        """The model that a class is, or None."""
        if symbol.id not in self._models:
            self._models[symbol.id] = None
            self._models[symbol.id] = self._model(symbol)
        return self._models[symbol.id]

    def _model(self, symbol: ClassSymbol) -> ModelInfo | None:
        framework = self._framework(symbol)
        relations: dict[str, RelationInfo] = {}
        columns: set[str] = set()
        for owner in reversed(symbol.ancestors()):
            for field in owner.fields.values():
                declared = self.declared(owner.module, field)
                if isinstance(declared, Relation):
                    info = self._relation(symbol, owner, field, declared)
                    relations[field.name] = info
                    columns.add(info.column)
                    framework = framework or self.program.frameworks.relations[declared.calls[0]][0]
                elif isinstance(declared, Framework):
                    framework = framework or declared
                    columns.add(field.name)
                    relations.pop(field.name, None)
                else:
                    columns.add(field.name)
            if framework is not None:
                for method in owner.methods.values():
                    info_or_none = self._method_relation(symbol, owner, method.name, framework)
                    if info_or_none is not None:
                        relations[method.name] = info_or_none
        if framework is None:
            return None
        return ModelInfo(symbol, framework, relations, frozenset(columns), _always_loaded(symbol))

    def _framework(self, symbol: ClassSymbol) -> Framework | None:
        for dotted in symbol.externals():
            found = self._bases.find(dotted)
            if found is not None:
                return found
        return None

    def declared(self, module: ModuleSymbol, field: ir.Field) -> Relation | Framework | None:
        """What a class field declares: a relation, a column (by the library that has it), or neither."""
        if not isinstance(field.value, ir.Call):
            return None
        symbol = self.program.class_of(module, field.value.callee)
        names: list[str] = []
        if isinstance(symbol, External):
            names = [symbol.dotted]
        elif isinstance(symbol, ClassSymbol):
            names = symbol.externals()
        for dotted in names:
            exact = self._relations.known.get(dotted) or self._columns.known.get(dotted)
            near = exact or self._relations.find(dotted) or self._columns.find(dotted)
            if near is not None:
                return near
        return None

    def _relation(self, model: ClassSymbol, owner: ClassSymbol, field: ir.Field, declared: Relation) -> RelationInfo:
        call = field.value
        assert isinstance(call, ir.Call)
        keywords = {keyword.name: keyword.value for keyword in call.keywords}
        expr = next((keywords[name] for name in declared.target if name in keywords), None)
        if expr is None and call.arguments and not declared.generic:
            expr = call.arguments[0]
        many, access = declared.kind == "many", declared.access
        if field.annotation is not None:
            inner, is_collection = _annotated_target(field.annotation)
            if access == "collection" and inner is not None:
                many, expr = is_collection, expr or inner
        target = None if declared.generic else self.target(model, owner, expr)
        if target is None and declared.unresolved:
            stub = self.program.external(declared.unresolved)
            target = stub if isinstance(stub, ClassSymbol) else None
        if access == "collection" and field.annotation is None:
            uselist = keywords.get("uselist")
            if isinstance(uselist, ir.Constant):
                many = bool(uselist.value)
            elif "secondary" in keywords:
                many = True
            elif target is model:
                many = "remote_side" not in keywords
            elif target is not None:
                many = not self._has_key_to(owner, target)
        lazy = _constant(keywords.get(declared.lazy_keyword))
        eager = lazy in declared.eager_values or lazy is False
        if lazy in declared.deferred_values:
            access = "query"
        inverse = str(_constant(keywords.get("back_populates")) or "") if many and "secondary" not in keywords else ""
        if declared.kind == "one" and declared.reverse == "one":  # the row at the other end knows this one too
            value = next((keywords[name] for name in declared.reverse_keywords if name in keywords), None)
            inverse = _accessor(model, str(_constant(value) or declared.reverse_default))
        if access == "collection" and not many:
            access = "row"
        return RelationInfo(
            field.name, many, access, target, Place(owner.module.path, field.span),
            declared.column.format(name=field.name) if declared.column else "", eager, bool(declared.lazy_keyword),
            inverse,
        )  # fmt: skip

    def _method_relation(
        self, model: ClassSymbol, owner: ClassSymbol, name: str, framework: Framework, depth: int = 0
    ) -> RelationInfo | None:
        """
        The relation that a method gives: `return $this->hasMany(Line::class)->latest()`.

        One that narrows another, `return $this->lines()->where("open", true)`, leads where that one does.
        """
        if framework.language != "php":
            return None
        method = owner.methods[name]
        place = Place(owner.module.path, method.node.name_span)
        for call in _returned(method.full.body) if len(method.full.body) <= STATEMENTS else ():
            while isinstance(call, ir.Call) and isinstance(call.callee, ir.Attribute):
                if ir.dotted(call.callee.value) == "self":
                    declared = self.program.frameworks.relations.get(f"self.{call.callee.name}")
                    if declared is not None:
                        relation = declared[1]
                        expr = call.arguments[0] if call.arguments else None
                        target = None if relation.generic else self.target(model, owner, expr)
                        return RelationInfo(name, relation.kind == "many", relation.access, target, place)
                    other = model.method(call.callee.name)
                    if other is not None and other.owner is not None and depth < NARROWED:
                        inner = self._method_relation(model, other.owner, other.name, framework, depth + 1)
                        return msgspec.structs.replace(inner, name=name, place=place) if inner is not None else None
                elif self._runs(framework, call.callee.name):
                    break  # `return $this->lines()->count()` gives what it read
                call = call.callee.value
        return None

    def _runs(self, framework: Framework, name: str) -> bool:
        """Whether a method of a library's query sets asks the database."""
        known = self.program.frameworks.operations.get(("queryset", name), ())
        return any(its is framework and operation.does in ("read", "write") for its, operation in known)

    def _has_key_to(self, owner: ClassSymbol, target: ClassSymbol) -> bool:
        table = target.field("__tablename__")
        names = {_snake(target.name), target.name.lower()}
        if table is not None and isinstance(table[1].value, ir.Constant):
            names.add(str(table[1].value.value))
        for symbol in owner.ancestors():
            for field in symbol.fields.values():
                for node in ir.walk(field.value) if field.value is not None else ():
                    if (
                        isinstance(node, ir.Call)
                        and (ir.dotted(node.callee) or "").endswith("ForeignKey")
                        and node.arguments
                    ):
                        first = node.arguments[0]
                        text = str(first.value) if isinstance(first, ir.Constant) else ir.dotted(first) or ""
                        if text.split(".")[0] in names or target.name in text.split("."):
                            return True
        return False

    def target(self, model: ClassSymbol, owner: ClassSymbol, expr: ir.Expr | None) -> ClassSymbol | None:
        """The class that a relation's target expression names."""
        if isinstance(expr, ir.Lambda) and expr.body and isinstance(expr.body[0], ir.Return):
            expr = expr.body[0].value
        if isinstance(expr, ir.Attribute) and expr.name == "class":
            expr = expr.value
        if isinstance(expr, ir.Name) and expr.id == "cls":  # PHP's `self::class`
            return model
        if isinstance(expr, ir.Constant) and isinstance(expr.value, str):
            key = (owner.module.path, expr.value)
            if expr.value == "self":
                return model
            if key not in self._named_cache:
                self._named_cache[key] = self._named(owner, expr.value)
            return self._named_cache[key]
        name = ir.dotted(expr)
        if name is not None and name.endswith("AUTH_USER_MODEL"):
            return self.user_model()
        symbol = self.program.class_of(owner.module, expr)
        return symbol if isinstance(symbol, ClassSymbol) else None

    def _named(self, owner: ClassSymbol, text: str) -> ClassSymbol | None:
        *scope, name = text.replace("\\", ".").split(".")
        if not scope:
            found = self.program.lookup(owner.module, name)
            if isinstance(found, ClassSymbol):
                return found
        candidates = self.program.classes_named(name)
        if scope:
            candidates = [c for c in candidates if scope[-1].lower() in c.module.path.lower()] or candidates
        candidates = [c for c in candidates if self.is_model_like(c)]
        if not candidates:
            return None
        folder = owner.module.path.rpartition("/")[0]
        return min(candidates, key=lambda c: (not c.module.path.startswith(folder) if not scope else False, c.id))

    def in_app(self, app: str, name: str) -> ClassSymbol | None:
        """The model of an app, its name in any case: Django's `apps.get_model("shop", "order")`."""
        for path in self.program.snapshot.paths:
            _, _, below = f"/{path}".rpartition(f"/{app}/")
            if below.startswith("models") and path.endswith(".py"):
                module = self.program.module(path)
                for symbol in module.every_class() if module is not None else ():
                    if symbol.name.lower() == name.lower() and self.is_model_like(symbol):
                        return symbol
        return None

    def is_model_like(self, symbol: ClassSymbol) -> bool:
        """Whether a class is a model, asked without following its relations."""
        if symbol.id not in self._like:
            self._like[symbol.id] = self._framework(symbol) is not None or any(
                self.declared(owner.module, field) is not None
                for owner in symbol.ancestors()
                for field in owner.fields.values()
            )
        return self._like[symbol.id]

    def user_model(self) -> ClassSymbol | None:
        """The model that the settings name as the user."""
        if self._user is None:
            for module in self.program.modules_mentioning("AUTH_USER_MODEL"):
                value = module.variables.get("AUTH_USER_MODEL")
                if isinstance(value, ir.Constant) and isinstance(value.value, str):
                    scope, _, name = value.value.rpartition(".")
                    found = self.program.classes_named(name)
                    self._user = next((c for c in found if scope in c.module.path), found[0] if found else None)
                    break
            self._user = self._user or self._authenticatable()
        return self._user

    def _authenticatable(self) -> ClassSymbol | None:
        """The model that extends what a library gives for the users of an application."""
        for base in (base for f in self.program.frameworks.all for base in f.users):
            for module in self.program.modules_mentioning(*base.split(".")):
                for symbol in module.every_class():
                    if base in symbol.externals() and self.is_model_like(symbol):
                        return symbol
        return None

    # --- relations ----------------------------------------------------------------------------------------------------

    def relation(self, model: ModelInfo, name: str) -> RelationInfo | None:
        """A relation of a model by the attribute's name: forward, or the reverse of another model's."""
        return model.relations.get(name) or self.reverse(model).get(name)

    def by_query_name(self, model: ModelInfo, name: str) -> RelationInfo | None:
        """A relation by the name that it has in look-ups, where `line_set` is called `line`."""
        return self.relation(model, name) or self.relation(model, f"{name}_set")

    def reverse(self, model: ModelInfo) -> dict[str, RelationInfo]:
        """Reverse accessors that other models' relations give to this one."""
        symbol = model.symbol
        if symbol.id not in self._reverse:
            self._reverse[symbol.id] = {}
            found: dict[str, RelationInfo] = {}
            for ancestor in reversed(symbol.ancestors()):
                if self.is_model_like(ancestor):
                    found.update(self._reverse_of(ancestor))
            self._reverse[symbol.id] = found
        return self._reverse[symbol.id]

    def _reverse_of(self, symbol: ClassSymbol) -> dict[str, RelationInfo]:
        found: dict[str, RelationInfo] = {}
        modules = {m.path: m for m in self.program.modules_mentioning(symbol.name)}
        if symbol is self.user_model():
            modules.update((m.path, m) for m in self.program.modules_mentioning("AUTH_USER_MODEL"))
        for path in sorted(modules):
            if "/migrations/" in path or modules[path].language != "python":
                continue
            for other in modules[path].every_class():
                for field, declared, forward in self._forward(other):
                    if forward.target is symbol and (declared.reverse or declared.reverse_keywords):
                        for info in self._reverse_accessors(other, field, declared, forward):
                            found.setdefault(info.name, info)
        return found

    def _forward(self, symbol: ClassSymbol) -> list[tuple[ir.Field, Relation, RelationInfo]]:
        """The relations that a class itself declares."""
        if symbol.id not in self._declaring:
            self._declaring[symbol.id] = []  # a relation to a model of this very class ends here
            found = []
            for field in symbol.node.fields:
                declared = self.declared(symbol.module, field)
                if isinstance(declared, Relation):
                    found.append((field, declared, self._relation(symbol, symbol, field, declared)))
            self._declaring[symbol.id] = found
        return self._declaring[symbol.id]

    def _reverse_accessors(
        self, other: ClassSymbol, field: ir.Field, declared: Relation, forward: RelationInfo
    ) -> list[RelationInfo]:
        assert isinstance(field.value, ir.Call)
        keywords = {keyword.name: keyword.value for keyword in field.value.keywords}
        value = next((keywords[name] for name in declared.reverse_keywords if name in keywords), None)
        options: dict[str | None, ir.Expr] = {}
        if isinstance(value, ir.Call) and value.arguments:  # `backref("orders", lazy="dynamic")`
            options = {keyword.name: keyword.value for keyword in value.keywords}
            value = value.arguments[0]
        template = (
            value.value if isinstance(value, ir.Constant) and isinstance(value.value, str) else declared.reverse_default
        )
        if not template or template.endswith("+"):
            return []
        concrete = [other, *self.program.subclasses(other)] if self._is_abstract(other) else [other]
        many = declared.reverse == "many" or (not declared.reverse and not forward.many)
        if not declared.reverse and "secondary" in keywords:
            many = True
        if isinstance(options.get("uselist"), ir.Constant):
            many = _constant(options["uselist"]) is True
        lazy = _constant(options.get(declared.lazy_keyword))
        access: Access = "query" if lazy in declared.deferred_values else declared.reverse_access
        return [
            RelationInfo(
                _accessor(c, template),
                many,
                access,
                c,
                forward.place,
                eager=lazy in declared.eager_values or lazy is False,
                strategy=bool(declared.lazy_keyword),
                inverse="" if forward.many else forward.name,
            )
            for c in concrete
        ]

    def _is_abstract(self, symbol: ClassSymbol) -> bool:
        meta = symbol.classes.get("Meta")
        abstract = meta.fields.get("abstract") if meta is not None else None
        return abstract is not None and isinstance(abstract.value, ir.Constant) and abstract.value.value is True

    # --- query sets ---------------------------------------------------------------------------------------------------

    def query_set_framework(self, symbol: ClassSymbol) -> Framework | None:
        """The library whose query set or manager a class extends, or None."""
        for dotted in symbol.externals():
            found = self._query_sets.find(dotted)
            if found is not None:
                return found
        return None

    def manager_class(self, model: ModelInfo, name: str) -> tuple[bool, ClassSymbol | None]:
        """
        Whether an attribute of a model class starts a query, and the class of its manager where the tree has it.
        """
        key = (model.symbol.id, name)
        if key not in self._managers:
            self._managers[key] = self._manager_class(model, name)
        return self._managers[key]

    def _manager_class(self, model: ModelInfo, name: str) -> tuple[bool, ClassSymbol | None]:
        field = model.symbol.field(name)
        if field is not None and field[1].value is not None:
            symbol = self.program.class_of(field[0].module, field[1].value)
            value = field[1].value
            if isinstance(value, ir.Call) and isinstance(value.callee, ir.Call):
                inner = value.callee
                if isinstance(inner.callee, ir.Attribute) and inner.callee.name == "from_queryset":
                    symbol = self.program.class_of(field[0].module, inner.arguments[0]) if inner.arguments else symbol
            if isinstance(symbol, ClassSymbol) and self.query_set_framework(symbol) is not None:
                return True, symbol
            given = self._given_manager(field[0].module, value)
            if given is not None:
                return True, given
            if isinstance(symbol, External) and (
                symbol.last.endswith(("Manager", "QuerySet")) or symbol.dotted in self._query_sets
            ):
                return True, None
        if name in ("_default_manager", "_base_manager"):
            return True, self.manager_class(model, "objects")[1]
        return name in model.framework.managers, None

    def _given_manager(self, module: ModuleSymbol, value: ir.Expr) -> ClassSymbol | None:
        """The manager class that a call wraps: `objects = Scoped(event="event", _manager_class=OrderManager)`."""
        if not isinstance(value, ir.Call):
            return None
        arguments = (*value.arguments, *(keyword.value for keyword in value.keywords))
        classes = (self.program.class_of(module, argument) for argument in arguments if ir.dotted(argument))
        return next((c for c in classes if isinstance(c, ClassSymbol) and self.query_set_framework(c)), None)


class ByName(Generic[Found]):
    """Entries of framework models by dotted name, or by another one of the same top-level package and last name."""

    def __init__(self, known: Mapping[str, Found]) -> None:
        self.known = known
        self._families = {_family(name): known[name] for name in sorted(known, reverse=True)}

    def __contains__(self, dotted: str) -> bool:
        return dotted in self.known

    def find(self, dotted: str) -> Found | None:
        """The entry of a name: `django.db.models.fields.related.ForeignKey` is `django.db.models.ForeignKey`."""
        return self.known.get(dotted) or self._families.get(_family(dotted))


def _family(dotted: str) -> tuple[str, str]:
    return dotted.partition(".")[0], dotted.rpartition(".")[2]


def _accessor(model: ClassSymbol, template: str) -> str:
    """The name of the way back to a model, from what its declaration or its library says: `{model}`, `%(class)s`."""
    name = model.name.lower()
    return template.replace("%(class)s", name).replace("{model}", name).replace("%(app_label)s", "")


def _annotated_target(annotation: ir.Expr) -> tuple[ir.Expr | None, bool]:
    """
    The class inside `Mapped[list["Order"]]`, `Mapped["Order | None"]`, `list[Order]`, and whether it is a collection.
    """
    is_collection = False
    expr: ir.Expr | None = annotation
    while isinstance(expr, ir.Subscript):
        if (ir.dotted(expr.value) or "").rpartition(".")[2] in COLLECTIONS:
            is_collection = True
        key = expr.key
        expr = key.items[0] if isinstance(key, ir.Collection) and key.items else key
    if isinstance(expr, ir.Operation) and expr.operator == "|":
        expr = expr.operands[0]
    return expr, is_collection


def _returned(body: tuple[ir.Stmt, ...]) -> list[ir.Expr]:
    """What a method returns, in the order of its text; of a variable, what it was given."""
    given: dict[str, ir.Expr] = {}
    found: list[ir.Expr] = []
    for node in (node for statement in body for node in ir.walk(statement)):
        if isinstance(node, ir.Assign) and node.value is not None and isinstance(node.targets[0], ir.Name):
            given.setdefault(node.targets[0].id, node.value)
        elif isinstance(node, ir.Return) and node.value is not None:
            value = node.value
            found.append(given.get(value.id, value) if isinstance(value, ir.Name) else value)
    return found


def _always_loaded(symbol: ClassSymbol) -> frozenset[str]:
    field = symbol.field("with") if symbol.module.host == "php" else None
    value = field[1].value if field is not None else None
    paths = [str(_constant(item)).split(":")[0] for item in value.items] if isinstance(value, ir.Collection) else []
    parts = [path.split(".") for path in paths]
    return frozenset(".".join(names[:end]) for names in parts for end in range(1, len(names) + 1))


def _constant(node: ir.Expr | None) -> object:
    return node.value if isinstance(node, ir.Constant) else None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()

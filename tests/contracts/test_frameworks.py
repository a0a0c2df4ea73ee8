"""
Every framework model loads, names what it describes well, and a wrong one is refused by field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from analyzers import frameworks
from analyzers.frameworks import Framework, ModelError

MODELS = frameworks.builtin()
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
DOTTED = re.compile(rf"{_WORD}(?:\(\))?(?:\.{_WORD}(?:\(\))?)*")
"""`django.db.models.Model`; a call in between stands for what it gives: `guardian.core.Checker().has_perm`."""
TEXTS = {"code", "access", "adds", "does", "gives", "kind", "language", "on", "paths", "reverse", "reverse_access"}
"""Fields that hold other things than names: program text, patterns, or one of a few words, which decoding checked."""
PLACEHOLDERS = {"column": "{name}", "reverse_default": "{model}"}


def names(value: object, field: str = "") -> Iterator[tuple[str, str]]:
    """Every (field, name) in a model."""
    if isinstance(value, str):
        if value and field not in TEXTS:
            yield field, value
    elif isinstance(value, tuple):
        for item in value:
            yield from names(item, field)
    elif isinstance(value, msgspec.Struct):
        for inner in msgspec.structs.fields(value):
            yield from names(getattr(value, inner.name), inner.name)


def test_every_file_is_a_model() -> None:
    """A file is named after the library it describes, and all of them join, stubs included."""
    files = sorted(path.stem for path in Path(frameworks.__file__).parent.glob("*.toml"))
    assert [model.name for model in MODELS] == files
    joined = frameworks.assemble()
    assert joined.all == MODELS
    assert joined.stubs.keys() == {stub.module for model in MODELS for stub in model.stubs}


@each_model
def test_a_function_does_one_thing(model: Framework) -> None:
    """A function that two operations name would do what the first of them says, and the other would be dead."""
    named = [name for operation in model.operations if operation.on == "function" for name in operation.names]
    assert sorted(named) == sorted(set(named))


@each_model
def test_names_are_well_formed(model: Framework) -> None:
    """What a model names can be written in a program: identifiers joined by dots."""
    wrong = []
    for field, name in names(model):
        plain = name.replace(PLACEHOLDERS.get(field, "\0"), "x")
        if field == "decorators":
            plain = plain.removeprefix(".")
        if not DOTTED.fullmatch(plain):
            wrong.append((field, name))
    assert wrong == []


@each_model
def test_nothing_is_said_twice(model: Framework) -> None:
    """A model lists no name twice in one place."""
    for part in (model, *model.relations, *model.operations, *model.entries):
        for field in msgspec.structs.fields(part):
            value = getattr(part, field.name)
            if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
                assert sorted(value) == sorted(set(value)), field.name


SOUND = """
name = "billing"
language = "python"
[[relations]]
calls = ["billing.Link"]
kind = "one"
access = "row"
[[operations]]
on = "function"
names = ["billing.fetch"]
does = "read"
[[stubs]]
module = "billing.base"
code = '''
def run(f):
    return f()
'''
"""


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('name = "billing"', "", "`name`"),
        ('language = "python"', 'language = "cobol"', r"\$\.language"),
        ('language = "python"', 'language = "python"\nmodel = ["a.B"]', "`model`"),
        ('calls = ["billing.Link"]', 'calls = "billing.Link"', r"\$\.relations\[0\]\.calls"),
        ('kind = "one"', 'kind = "several"', r"\$\.relations\[0\]\.kind"),
        ('access = "row"', "", "`access`.*relations"),
        ('on = "function"', 'on = "module"', r"\$\.operations\[0\]\.on"),
        ('does = "read"', 'does = "reads"', r"\$\.operations\[0\]\.does"),
        ('does = "read"', 'does = "read"\nargument = "first"', r"\$\.operations\[0\]\.argument"),
        ('does = "read"', 'does = "read"\nbulks = true', "`bulks`.*operations"),
        ("code = '''", "text = '''", "`text`|`code`"),
        ("[[operations]]", "[[operations", "line 8"),
    ],
)
def test_a_wrong_model_is_refused(old: str, new: str, field: str) -> None:
    """The message says in which file, which field, and what is wrong with it."""
    assert frameworks.decode(SOUND, "tools/billing.toml").name == "billing"
    with pytest.raises(ModelError, match=rf"^tools/billing\.toml: not a framework model: .*(?:{field})"):
        frameworks.decode(SOUND.replace(old, new, 1), "tools/billing.toml")


def test_a_wrong_stub_is_refused() -> None:
    """A stub that cannot be parsed is named with its line."""
    broken = SOUND.replace("    return f()", "    return f(")
    with pytest.raises(ModelError, match=r"billing: stub billing\.base, line \d+: "):
        frameworks.assemble((("tools/billing.toml", broken),))

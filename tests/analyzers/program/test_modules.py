"""
Which file of the tree an import means.
"""

from __future__ import annotations

import pytest

from analyzers import frameworks
from analyzers.index import Index
from analyzers.program.program import Program
from tests.trees import MemoryTree


@pytest.mark.parametrize(
    ("paths", "dotted", "near", "found"),
    [
        (["src/shop/models.py"], "shop.models", "src/shop/views.py", "src/shop/models.py"),
        (["apps/__init__.py", "apps/shop/models.py"], "shop.models", "apps/web/views.py", "apps/shop/models.py"),
        (["apps/__init__.py", "apps/shop/models.py"], "shop.models", "other/views.py", None),
        (["apps/__init__.py", "apps/shop/models.py", "shop/models.py"], "shop.models", "apps/a.py", "shop/models.py"),
        (["apps/__init__.py", "apps/json.py"], "json", "apps/views.py", None),
        (["app/__init__.py", "app/django/apps.py"], "django.apps", "app/views.py", "<django.apps>"),
    ],
)
def test_an_import_means_a_file(paths: list[str], dotted: str, near: str, found: str | None) -> None:
    """A folder that is no package is a source root; one that is may be, for files below it and dotted names only."""
    tree = MemoryTree("tree", dict.fromkeys([*paths, near], ""))
    with Index.open(None) as index:
        index.prepare(tree, tree.entries)
        module = Program(index.snapshot(tree.entries), frameworks.assemble(())).module_named(dotted, near)
    assert (module.path if module is not None else None) == found

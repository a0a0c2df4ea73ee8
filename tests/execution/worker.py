"""
Runs the programs of one page on the real libraries and counts what leaves the process.

`python -m tests.execution.worker` reads a page's name, a newline and its text on standard input and prints one JSON
object: for each program and each side of its change, the counts at the two sizes, or the traceback. The libraries are
imported once; each run is a fork of its own with a fresh folder and a fresh database.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.cases.runner import Case, parse

SIZES = (3, 9)
"""Rows of the two runs."""


class Counter:
    """Statements sent to a database and messages sent anywhere, while it is told to count."""

    def __init__(self) -> None:
        self.count: int | None = None
        """None until `counted()` was entered."""
        self.on = False

    def add(self, *_: Any, **__: Any) -> None:
        """Count one."""
        if self.on and self.count is not None:
            self.count += 1

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count what happens inside."""
        self.count, self.on = self.count or 0, True
        yield
        self.on = False


COUNTER = Counter()


def _before(owner: Any, name: str) -> None:
    """Count each call of a method; one call with many parameter sets is one round trip."""
    plain = getattr(owner, name)

    def counting(*args: Any, **kwargs: Any) -> Any:
        COUNTER.add()
        return plain(*args, **kwargs)

    setattr(owner, name, counting)


def _instead(owner: Any, name: str) -> None:
    """Count each call of a method and do nothing else."""
    setattr(owner, name, COUNTER.add)


# --- libraries --------------------------------------------------------------------------------------------------------


DJANGO_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.messages", "django.contrib.admin"]


def _django() -> None:
    from django.conf import settings

    settings.configure(
        SECRET_KEY="no secret",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=DJANGO_APPS,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "UNAUTHENTICATED_USER": None,
        },
        USE_TZ=True,
    )
    import django

    django.setup()
    from django.core.mail.backends.locmem import EmailBackend
    from django.db.backends.utils import CursorWrapper
    from django.dispatch import Signal

    for module in ("django.db.models.sql.compiler", "django.shortcuts", "django.test", "rest_framework.viewsets"):
        importlib.import_module(module)
    for name in ("execute", "executemany"):
        _before(CursorWrapper, name)
    _before(EmailBackend, "send_messages")
    send = Signal.send

    def counting(signal: Signal, *args: Any, **kwargs: Any) -> Any:
        if type(signal) is Signal:  # one of the program's own; the signals of models have a class of theirs
            COUNTER.add()
        return send(signal, *args, **kwargs)

    Signal.send = counting


def _django_program() -> Mapping[str, Any]:
    """Load the app `shop` with its admin, make its tables, and offer a request by somebody who may do anything."""
    from django.apps import apps
    from django.conf import settings
    from django.contrib.admin import site
    from django.db import connection
    from django.test import RequestFactory
    from django.urls import path

    apps.set_installed_apps([*DJANGO_APPS, "shop"])
    settings.ROOT_URLCONF = (path("admin/", site.urls),)
    with connection.schema_editor() as editor:
        for label in ("contenttypes", "shop"):
            for model in apps.get_app_config(label).get_models():
                if not model._meta.proxy:
                    editor.create_model(model)
    request = RequestFactory().get("/")
    request.user = SimpleNamespace(has_perm=lambda *_: True)
    return {"request": request}


def _sqlalchemy() -> None:
    from sqlalchemy import Engine, event

    importlib.import_module("sqlalchemy.orm")
    event.listen(Engine, "before_cursor_execute", COUNTER.add)


def _peewee() -> None:
    import peewee

    _before(peewee.Database, "execute_sql")


def _celery() -> None:
    from celery import Task
    from celery.canvas import _chain, chunks, group

    for owner in (Task, group, chunks, _chain):
        _instead(owner, "apply_async")


LIBRARIES = {"django": _django, "sqlalchemy": _sqlalchemy, "peewee": _peewee, "celery": _celery}
PRELOADED = (
    "flask",
    "flask_sqlalchemy",
    "fastapi",
    "fastapi.testclient",
    "pydantic",
    "graphene",
    "strawberry",
    "marshmallow",
    "jinja2",
)


def _named(cases: tuple[Case, ...], library: str) -> bool:
    """Whether a program imports a library, directly or through one that builds on it."""
    texts = "\n".join(text for case in cases for side in (case.head, case.base or {}) for text in side.values())
    return any(f"{word} {library}" in texts for word in ("import", "from")) or (
        library == "sqlalchemy" and "flask_sqlalchemy" in texts
    )


# --- runs -------------------------------------------------------------------------------------------------------------


def _measure(files: Mapping[str, str], run: str, size: int, title: str, django: bool) -> int:
    """The count of one run, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        sys.path.insert(0, folder)
        os.chdir(folder)
        names: dict[str, Any] = {"n": size, "counted": COUNTER.counted, "__name__": "__run__"}
        if django:
            names.update(_django_program())
        exec(compile(run, f"<run of {title}>", "exec"), names)
        os.chdir("/")
    if COUNTER.count is None:
        raise AssertionError("the run never enters `with counted():`")
    return COUNTER.count


def _forked(*arguments: Any) -> int | str:
    """The count of one run, or its traceback, from a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 0)
        os.dup2(silence, 1)
        try:
            answer: int | str = _measure(*arguments)
        except BaseException:  # noqa: BLE001  whatever the program raises is the answer
            answer = traceback.format_exc()
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else "the process died"


def main() -> None:
    name, _, text = sys.stdin.read().partition("\n")
    cases = tuple(case for case in parse(name, text) if case.run)
    used = {library for library in LIBRARIES if _named(cases, library)}
    for library in sorted(used):
        LIBRARIES[library]()
    for module in PRELOADED:
        if _named(cases, module.partition(".")[0]):
            importlib.import_module(module)
    gc.disable()  # a collection in a fork copies every page that the libraries take
    answers: dict[str, dict[str, list[int | str]]] = {}
    for case in cases:
        sides = {"head": case.head} | ({} if case.base is None else {"base": case.base})
        answers[case.title] = {
            side: [_forked(files, case.run, size, case.title, "django" in used) for size in SIZES]
            for side, files in sides.items()
        }
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()

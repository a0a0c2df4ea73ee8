"""
Checks: each a pure function from the effects of an entry point to findings.

A check says which of the repeated leaves are its own; `judged` turns each into a finding, in one place, so that
severity and trace are told alike everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from analyzers.checks import (
    defeated_eager_load,
    lazy_load_in_loop,
    lazy_load_in_serializer,
    query_in_loop,
    query_in_resolver,
    send_in_loop,
    write_in_loop,
)
from analyzers.effects.roots import EntryEffects
from analyzers.findings import Finding

Check: TypeAlias = Callable[[EntryEffects], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    defeated_eager_load.check,
    lazy_load_in_loop.check,
    lazy_load_in_serializer.check,
    query_in_loop.check,
    query_in_resolver.check,
    send_in_loop.check,
    write_in_loop.check,
)
"""Every check; adding one adds one line."""

"""
A front end for a language of four statements, one a line, that processes of their own can import.

    def name: word       a function that evaluates the word
    class Name: word     a class with the method `run` that evaluates the word
    raise                lowering raises
    crash                lowering ends the process
    anything else        a diagnostic
"""

from __future__ import annotations

import os

from analyzers import ir
from analyzers.languages import FrontEnd
from analyzers.span import Span

LINES = FrontEnd("lines", 1, __name__)


def front_end_for(path: str) -> FrontEnd | None:
    """Paths that end in `.lines`."""
    return LINES if path.endswith(".lines") else None


def lower(text: bytes) -> ir.Module:
    """Lower a file."""
    functions, classes, diagnostics = [], [], []
    for number, line in enumerate(text.decode().splitlines(), start=1):
        span = Span(number, 0, number, len(line))
        head, _, word = line.partition(": ")
        kind, _, name = head.partition(" ")
        if kind == "def":
            functions.append(_function(name, word, span))
        elif kind == "class":
            fields = (ir.Field(span, "field", ir.Constant(span, 1)),)
            classes.append(ir.Class(span, name, name, (), fields, (_function("run", word, span),), span))
        elif kind == "raise":
            raise ValueError("this line raises")
        elif kind == "crash":
            os._exit(3)
        else:
            diagnostics.append(ir.Diagnostic("not understood", span))
    return ir.Module("lines", (), tuple(classes), tuple(functions), (), tuple(diagnostics))


def _function(name: str, word: str, span: Span) -> ir.Function:
    return ir.Function(span, name, name, (), (ir.Evaluate(span, ir.Name(span, word)),), span)

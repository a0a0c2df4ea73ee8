"""
The abstract interpreter: runs a function over abstract values and notes what it does.

A loop's body is run once, for an element that stands for all. Branches are run one after the other and joined. A call
splices in the callee's effects with what the caller knows of the arguments. The number of steps is bounded, so every
program ends; where the bound was met is recorded, never hidden.

    statements, expressions, attributes, hints, declarations         the language
    calls, functions, operations, builtin                             what calls do: of the tree, of libraries, built in
    query_sets, rows                                                  what rows and query sets do
    readers, columns, intrinsics, templates                           what reads rows without saying so
"""

from __future__ import annotations

from analyzers.effects import attributes, calls, expressions, functions, hints, readers, statements
from analyzers.effects.machine import Machine


class Interpreter(Machine):
    """The machine, put together from its parts."""

    block = statements.block
    bind = statements.bind
    put = statements.put
    for_each = statements.for_each
    iterate = statements.iterate
    element = statements.element

    evaluate = expressions.evaluate
    global_name = expressions.global_name
    of_symbol = expressions.of_symbol
    dotted = expressions.dotted
    attribute_of = attributes.attribute_of
    annotated = hints.annotated

    evaluate_arguments = calls.evaluate_arguments
    call_value = calls.call_value
    call_method = calls.call_method
    call_function = functions.call_function
    bind_method = functions.bind_method
    instantiate = functions.instantiate
    print_value = functions.print_value
    read_appended = readers.read_appended

"""
Room for a deep recursion on the interpreter's own stack.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TypeVar

_F = TypeVar("_F", bound=Callable[..., object])

_WORDS = (1 << 16) + 1
"""
CPython allots the smallest power of two in bytes that holds a frame: just over half of one leaves the rest to callees,
half a megabyte, enough for some thousand calls inside each other.
"""


def with_room(function: _F) -> _F:
    """
    The same function, with all that it calls in one piece of memory.

    CPython keeps frames in pieces of 16 KiB, and frees a piece as soon as its first frame is left. A recursion that
    goes up and down across such an edge asks the system for memory each time: up to a sixth of the time of a review.
    `_PyThreadState_PushFrame` in https://github.com/python/cpython/blob/3.11/Python/pystate.c
    """
    assert isinstance(function, FunctionType)
    function.__code__ = function.__code__.replace(co_stacksize=_WORDS)
    return function

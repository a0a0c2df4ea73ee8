"""
Pictures as inline SVG: how a request comes to its queries.

A picture repeats what the page says in words. It has no colours and sizes of text of its own: those are in the style
sheet, by class.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from analyzers.findings import Step
from bot.review.wording import pieces, visible, where

_WIDTH, _BOX, _GAP, _INDENT, _PAD = 640, 46, 22, 26, 14
_LETTERS = 78
"""How many letters of a box's words fit its width."""


def call_path(steps: Sequence[Step], title: str, anchor: str) -> Markup:
    """
    The way from rows to a query as boxes from top to bottom; what runs once per row lies within its loop.

    Args:
        steps: A finding's trace.
        title: What a screen reader says of the picture.
        anchor: Where a box leads: the anchor of the step with number N is `{anchor}-N`.
    """
    shapes: list[str] = []
    frames: list[tuple[int, int]] = []
    top, depth = _PAD, 0
    for number, step in enumerate(steps, start=1):
        if step.role == "loop":
            depth += 1
            frames.append((depth, top))
            top += _PAD
        if number > 1:
            start = top - _GAP - (_PAD if step.role == "loop" else 0)
            shapes.append(
                f'<path class="edge" d="M{_WIDTH // 2} {start + 2}V{top - 4}" marker-end="url(#tip-{anchor})"/>'
            )
        shapes.append(_box(step, top, depth, f"#{anchor}-{number}"))
        top += _BOX + _GAP
    bottom = top - _GAP
    outlines = [_frame(level, start, bottom + _PAD * (depth - level + 1)) for level, start in frames]
    height = bottom + _PAD * (depth + 1)
    return Markup(
        f'<svg class="picture" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="group"'
        f' aria-label="{escape(title)}">'
        f'<defs><marker id="tip-{anchor}" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path class="tip" d="M0 0L8 4L0 8Z"/></marker></defs>'
        f"{''.join(outlines)}{''.join(shapes)}</svg>"
    )


def _box(step: Step, top: int, depth: int, target: str) -> str:
    left = _PAD + depth * _INDENT
    width = _WIDTH - 2 * left
    words = "".join(piece for piece, _ in pieces(visible(step.message)))
    room = _LETTERS - 2 * depth * _INDENT // 7
    corner = 12 if step.role == "leaf" else 6
    return (
        f'<a href="{escape(target)}" class="box {step.role}">'
        f'<rect x="{left}" y="{top}" width="{width}" height="{_BOX}" rx="{corner}"/>'
        f'<text x="{_WIDTH // 2}" y="{top + 19}">{escape(_cut(words, room))}</text>'
        f'<text class="where" x="{_WIDTH // 2}" y="{top + 36}">{escape(_cut(where(step.place), room))}</text></a>'
    )


def _frame(level: int, top: int, bottom: int) -> str:
    """The outline of what a loop repeats."""
    left = _PAD + level * _INDENT - _INDENT // 2
    return (
        f'<rect class="loop-frame" x="{left}" y="{top}" width="{_WIDTH - 2 * left}" height="{bottom - top}" rx="10"/>'
        f'<text class="again" x="{_WIDTH - left - 10}" y="{top + 11}">again for each ↻</text>'
    )


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"

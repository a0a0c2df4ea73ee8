"""
Charts as inline SVG. The numbers stand beside or in them, so that none is read from a length or a colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from bot.review.insights import Tally

_PARTS = (("signed", "signed"), ("dismissed", "dismissed"), ("undecided", "undecided"))
"""Attributes of a tally with their words, in the order they are drawn."""


def bars(tallies: Sequence[Tally], title: str) -> Markup:
    """One row for each tally: its name, and a bar of what was signed, dismissed and not decided, with the numbers."""
    width, row, left = 640, 30, 210
    most = max((tally.told for tally in tallies), default=0) or 1
    shapes = []
    for index, tally in enumerate(tallies):
        top = index * row
        shapes.append(f'<text class="name" x="{left - 10}" y="{top + 19}">{escape(_cut(tally.name))}</text>')
        at = float(left)
        for part, words in _PARTS:
            count = getattr(tally, part)
            length = (width - left - 10) * count / most
            if count:
                shapes.append(
                    f'<rect class="{part}" x="{at:.1f}" y="{top + 4}" width="{length:.1f}" height="22">'
                    f"<title>{escape(tally.name)}: {count} {words}</title></rect>"
                )
                if length > 16:
                    shapes.append(f'<text class="on {part}" x="{at + length / 2:.1f}" y="{top + 20}">{count}</text>')
            at += length
    return _svg("bars", width, max(row * len(tallies), 1), title, shapes)


def columns(tallies: Sequence[Tally], title: str) -> Markup:
    """One column for each tally, as over a calendar; the names stand below, the sums above."""
    width, height, foot = 640, 190, 24
    most = max((tally.told for tally in tallies), default=0) or 1
    step = width / max(len(tallies), 1)
    every = max(round(56 / step), 1)
    shapes = [f'<path class="axis" d="M0 {height - foot}H{width}"/>']
    for index, tally in enumerate(tallies):
        left, bottom = index * step, float(height - foot)
        for part, words in _PARTS:
            count = getattr(tally, part)
            length = (height - foot - 20) * count / most
            if count:
                shapes.append(
                    f'<rect class="{part}" x="{left + step * 0.15:.1f}" y="{bottom - length:.1f}"'
                    f' width="{step * 0.7:.1f}" height="{length:.1f}">'
                    f"<title>{escape(tally.name)}: {count} {words}</title></rect>"
                )
            bottom -= length
        middle = left + step / 2
        if tally.told:
            shapes.append(f'<text class="sum" x="{middle:.1f}" y="{bottom - 5:.1f}">{tally.told}</text>')
        if index % every == 0:
            shapes.append(f'<text class="foot" x="{middle:.1f}" y="{height - 7}">{escape(tally.name[5:])}</text>')
    return _svg("columns", width, height, title, shapes)


def _svg(kind: str, width: int, height: int, title: str, shapes: Sequence[str]) -> Markup:
    return Markup(
        f'<svg class="chart {kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(title)}">{"".join(shapes)}</svg>'
    )


def _cut(name: str) -> str:
    return name if len(name) <= 30 else "…" + name[-29:]

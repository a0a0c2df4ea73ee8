"""
IR by blob id, in one SQLite file: a blob is lowered once in its life.

An entry belongs to a blob and a front end (`FrontEnd.key`, which holds the versions of the front end and of the IR),
and never changes. It keeps the module, its outline (no function bodies) and the words of the text. The file is a cache:
one that is damaged or of another version is set aside and made anew, and several processes may share it.

Age is counted in reviews, not in days, so that no clock is read: `clock.reviews` goes up with every `prepare`.
"""

from __future__ import annotations

from analyzers.index.store import FEW, Index, Snapshot

__all__ = ["FEW", "Index", "Snapshot"]

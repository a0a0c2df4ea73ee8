"""Drafts have no thread of their own: GitHub is asked for it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Drop the column, in which nothing was ever kept."""
    op.drop_column("drafts", "thread")

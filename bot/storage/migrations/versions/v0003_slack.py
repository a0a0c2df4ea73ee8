"""Slack: whose account is whose, and what was posted where."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "slack_accounts",
        sa.Column("team", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, primary_key=True),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("linked_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "slack_messages",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.Column("ts", sa.Text),
        sa.Column("blocks", sa.Text, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
    )

"""What a language model said, and what it cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "llm_answers",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "llm_calls",
        sa.Column("id", ID, primary_key=True),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("review", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.Integer, nullable=False),
        sa.Column("output_tokens", sa.Integer, nullable=False),
        sa.Column("money", sa.Double, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("is_settled", sa.Boolean, nullable=False),
    )
    op.create_index(None, "llm_calls", ["at"])
    op.create_index(None, "llm_calls", ["repository", "review"])
    op.create_table(
        "risk_summaries",
        sa.Column("review", ID, sa.ForeignKey("reviews.id"), primary_key=True, autoincrement=False),
        sa.Column("summary", sa.Text, nullable=False),
    )

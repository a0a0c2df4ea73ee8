"""What the files of a repository suppress, as its last review saw them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "suppressions",
        sa.Column("repository", ID, sa.ForeignKey("repositories.id"), primary_key=True),
        sa.Column("pull_request", ID, sa.ForeignKey("pull_requests.id"), nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("suppressions", sa.Text, nullable=False),
    )

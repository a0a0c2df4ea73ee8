"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("handled_at", sa.DateTime),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_index(None, "deliveries", ["handled_at"])
    op.create_table(
        "repositories",
        sa.Column("id", ID, primary_key=True),
        sa.Column("github", sa.BigInteger),
        sa.Column("installation", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("clone_url", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.UniqueConstraint("github"),
        sa.UniqueConstraint("name"),
    )
    op.create_index(None, "repositories", ["installation"])
    op.create_table(
        "pull_requests",
        sa.Column("id", ID, primary_key=True),
        sa.Column("repository", ID, sa.ForeignKey("repositories.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("head_repository", sa.Text, nullable=False),
        sa.Column("base_ref", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("is_draft", sa.Boolean, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("ai", sa.Text, nullable=False),
        sa.Column("summary_comment", sa.BigInteger),
        sa.Column("as_of", sa.DateTime),
        sa.UniqueConstraint("repository", "number"),
    )
    op.create_table(
        "reviews",
        sa.Column("id", ID, primary_key=True),
        sa.Column("pull_request", ID, sa.ForeignKey("pull_requests.id"), nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("check_run", sa.BigInteger),
        sa.Column("merge_base", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("found", sa.Text),
        sa.UniqueConstraint("pull_request", "head"),
    )
    op.create_index(None, "reviews", ["status"])
    op.create_table(
        "drafts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("pull_request", ID, sa.ForeignKey("pull_requests.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("finding", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("is_gone", sa.Boolean, nullable=False),
        sa.Column("is_signed", sa.Boolean, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("comment", sa.BigInteger),
        sa.Column("thread", sa.Text),
        sa.Column("placement", sa.Text),
        sa.Column("is_resolved", sa.Boolean, nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("pull_request", "number"),
        sa.UniqueConstraint("pull_request", "fingerprint"),
    )
    op.create_index(None, "drafts", ["made_at"])
    op.create_table(
        "batches",
        sa.Column("id", ID, primary_key=True),
        sa.Column("pull_request", ID, sa.ForeignKey("pull_requests.id"), nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.UniqueConstraint("key"),
    )
    op.create_index(None, "batches", ["published"])
    op.create_table(
        "decisions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("batch", ID, sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("draft", ID, sa.ForeignKey("drafts.id"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index(None, "decisions", ["batch"])
    op.create_index(None, "decisions", ["draft"])
    op.create_table(
        "dismissals",
        sa.Column("id", ID, primary_key=True),
        sa.Column("repository", ID, sa.ForeignKey("repositories.id"), nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("decision", ID, sa.ForeignKey("decisions.id"), nullable=False),
        sa.Column("undone_by", ID, sa.ForeignKey("decisions.id")),
    )
    in_force = sa.text("undone_by IS NULL")
    op.create_index(
        "uq_dismissals_in_force",
        "dismissals",
        ["repository", "fingerprint"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_table(
        "commands",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index(None, "commands", ["who", "at"])
    op.create_table(
        "workers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("beat_at", sa.DateTime, nullable=False),
    )

"""
The tables. Facts stand here once; what follows from them (a draft's state) is worked out when it is read.

A change here needs a migration in `migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from analyzers.findings import Finding
from bot.review.explain import RiskSummary
from bot.review.records import Found, Suppressions
from bot.storage.types import Id, Moment, Struct, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Words, primary_key=True),
    Column("event", Words, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("handled_at", Moment),
    Column("outcome", Words, nullable=False),
    Index(None, "handled_at"),
)

repositories = Table(
    "repositories",
    metadata,
    Column("id", Id, primary_key=True),
    Column("github", BigInteger, unique=True),  # GitHub's id, which survives a new name
    Column("installation", BigInteger, nullable=False),
    Column("name", Words, nullable=False, unique=True),
    Column("clone_url", Words, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Index(None, "installation"),
)

pull_requests = Table(
    "pull_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repository", ForeignKey("repositories.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", Words, nullable=False),
    Column("author", Words, nullable=False),
    Column("head", Words, nullable=False),
    Column("head_repository", Words, nullable=False),
    Column("base_ref", Words, nullable=False),
    Column("base", Words, nullable=False),
    Column("is_draft", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("ai", Struct(tuple[str, ...]), nullable=False),
    Column("summary_comment", BigInteger),
    Column("as_of", Moment),  # GitHub's time of what is kept here
    UniqueConstraint("repository", "number"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Id, primary_key=True),
    Column("pull_request", ForeignKey("pull_requests.id"), nullable=False),
    Column("head", Words, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("cause", Words, nullable=False),  # what asked for the last attempt
    Column("status", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("check_run", BigInteger),
    Column("merge_base", Words, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("found", Struct(Found)),
    UniqueConstraint("pull_request", "head"),
    Index(None, "status"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("pull_request", ForeignKey("pull_requests.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("fingerprint", Words, nullable=False),
    Column("finding", Struct(Finding), nullable=False),
    Column("head", Words, nullable=False),
    Column("is_gone", Boolean, nullable=False),
    Column("is_signed", Boolean, nullable=False),
    Column("mode", Words, nullable=False),
    Column("text", Words),
    Column("comment", BigInteger),
    Column("placement", Words),
    Column("is_resolved", Boolean, nullable=False),
    Column("asked", Struct(tuple[str, ...]), nullable=False),
    Column("made_at", Moment, nullable=False),
    Index(None, "made_at"),
    UniqueConstraint("pull_request", "number"),
    UniqueConstraint("pull_request", "fingerprint"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("pull_request", ForeignKey("pull_requests.id"), nullable=False),
    Column("key", Words, unique=True),  # what made it, such as a comment; the same act is never taken twice
    Column("published", Boolean, nullable=False),
    Index(None, "published"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch", ForeignKey("batches.id"), nullable=False),
    Column("draft", ForeignKey("drafts.id"), nullable=False),
    Column("action", Words, nullable=False),
    Column("who", Words, nullable=False),
    Column("surface", Words, nullable=False),
    Column("head", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("category", Words),
    Column("reason", Words, nullable=False),
    Index(None, "batch"),
    Index(None, "draft"),
)

dismissals = Table(
    "dismissals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repository", ForeignKey("repositories.id"), nullable=False),
    Column("fingerprint", Words, nullable=False),
    Column("decision", ForeignKey("decisions.id"), nullable=False),
    Column("undone_by", ForeignKey("decisions.id")),
)
Index(
    "uq_dismissals_in_force",
    dismissals.c.repository,
    dismissals.c.fingerprint,
    unique=True,
    sqlite_where=dismissals.c.undone_by.is_(None),
    postgresql_where=dismissals.c.undone_by.is_(None),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("repository", ForeignKey("repositories.id"), primary_key=True),
    Column("pull_request", ForeignKey("pull_requests.id"), nullable=False),  # in whose review they were seen
    Column("commit", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("suppressions", Struct(Suppressions), nullable=False),
)

commands = Table(
    "commands",
    metadata,
    Column("key", Words, primary_key=True),
    Column("who", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "who", "at"),
)

slack_accounts = Table(
    "slack_accounts",
    metadata,
    Column("team", Words, primary_key=True),
    Column("user", Words, primary_key=True),
    Column("login", Words, nullable=False),
    Column("linked_at", Moment, nullable=False),
)

slack_messages = Table(
    "slack_messages",
    metadata,
    Column("channel", Words, primary_key=True),
    Column("key", Words, primary_key=True),  # what the message is about, such as a pull request
    Column("begun_at", Moment, nullable=False),
    Column("ts", Words),  # Slack's id of it within the channel
    Column("blocks", Struct(tuple[dict[str, Any], ...]), nullable=False),
    Column("told", Integer, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Words, primary_key=True),
    Column("beat_at", Moment, nullable=False),
)

llm_answers = Table(
    "llm_answers",
    metadata,
    Column("key", Words, primary_key=True),  # hash of what was asked, and whom
    Column("text", Words, nullable=False),
    Column("at", Moment, nullable=False),
)

llm_calls = Table(
    "llm_calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repository", Words, nullable=False),  # by name: the command line reviews what has no row
    Column("review", Words, nullable=False),
    Column("prompt", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("money", Double, nullable=False),
    Column("at", Moment, nullable=False),
    Column("is_settled", Boolean, nullable=False),  # until then it counts with what it may cost at most
    Index(None, "at"),
    Index(None, "repository", "review"),
)

risk_summaries = Table(
    "risk_summaries",
    metadata,
    Column("review", ForeignKey("reviews.id"), primary_key=True),
    Column("summary", Struct(RiskSummary), nullable=False),
)

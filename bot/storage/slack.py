"""
What is known of Slack: whose account there is whose at GitHub, and which messages stand where.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.review.records import REVIEW, SlackMessage
from bot.storage.database import Room, insert, insert_new, reads, writes
from bot.storage.tables import pull_requests
from bot.storage.tables import slack_accounts as accounts
from bot.storage.tables import slack_messages as messages


class Slack(Room):
    """Accounts and messages."""

    @writes
    def link(self, connection: Connection, team: str, user: str, login: str) -> None:
        """
        Note that a person in Slack is a person at GitHub. Who was linked before is linked anew.

        Args:
            team: The workspace's id.
            user: The person's id there.
            login: At GitHub, as GitHub itself said when this person signed in.
        """
        values = {"login": login, "linked_at": self.database.now()}
        connection.execute(
            insert(connection, accounts)
            .values(team=team, user=user, **values)
            .on_conflict_do_update(index_elements=[accounts.c.team, accounts.c.user], set_=values)
        )

    @writes
    def unlink(self, connection: Connection, login: str) -> int:
        """Forget all links of somebody at GitHub; how many there were."""
        named = sa.func.lower(accounts.c.login) == login.lower()
        return connection.execute(accounts.delete().where(named)).rowcount

    @reads
    def login(self, connection: Connection, team: str, user: str) -> str | None:
        """Who a person in Slack is at GitHub; None when they are not linked."""
        login: str | None = connection.scalar(
            sa.select(accounts.c.login).where(accounts.c.team == team, accounts.c.user == user)
        )
        return login

    @writes
    def begin(self, connection: Connection, channel: str, key: str, told: int = 0) -> SlackMessage:
        """
        The message about something in a channel; noted as about to be posted where it was not known.

        Args:
            channel: The channel's name.
            key: What it is about.
            told: How many decisions a new message tells itself.
        """
        new = {"channel": channel, "key": key, "begun_at": self.database.now(), "blocks": (), "told": told}
        insert_new(connection, messages, new)
        return _message(connection, channel, key)

    @reads
    def at(self, connection: Connection, channel: str, ts: str) -> SlackMessage | None:
        """The message that Slack knows by this id; None when it is none of ours."""
        row = connection.execute(
            sa.select(messages).where(messages.c.channel == channel, messages.c.ts == ts)
        ).one_or_none()
        return None if row is None else SlackMessage(**row._mapping)

    @reads
    def find(self, connection: Connection, key: str) -> tuple[SlackMessage, ...]:
        """The messages about something, in all channels, by channel."""
        rows = connection.execute(sa.select(messages).where(messages.c.key == key).order_by(messages.c.channel))
        return tuple(SlackMessage(**row._mapping) for row in rows)

    @writes
    def set_said(self, connection: Connection, message: SlackMessage) -> None:
        """Note what a message says now, and how it is known to Slack."""
        connection.execute(
            messages.update()
            .where(messages.c.channel == message.channel, messages.c.key == message.key)
            .values(ts=message.ts, blocks=message.blocks, told=message.told)
        )

    @writes
    def forget_ended(self, connection: Connection, before: dt.datetime) -> int:
        """
        Forget the messages that were begun before a time, but for those about open pull requests; how many.

        A message is kept for what follows it: pushes and decisions, which end with the pull request, and buttons that
        are pressed, which for a digest end with the next one.
        """
        followed = sa.select(REVIEW + sa.cast(pull_requests.c.id, sa.Text)).where(pull_requests.c.is_open)
        ended = (messages.c.begun_at < before) & messages.c.key.not_in(followed)
        return connection.execute(messages.delete().where(ended)).rowcount


def _message(connection: Connection, channel: str, key: str) -> SlackMessage:
    row = connection.execute(sa.select(messages).where(messages.c.channel == channel, messages.c.key == key)).one()
    return SlackMessage(**row._mapping)

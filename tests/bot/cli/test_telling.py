"""
`countersign digest`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from bot.errors import SettingsError, UsageError
from bot.storage.store import Store
from tests.bot.storage.samples import drafted
from tests.doubles.slack import CHANNEL, SIGNING_SECRET, TOKEN, Slack


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as double:
        yield double


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The service's store, with a draft that waits."""
    with Store.open(f"sqlite:///{tmp_path}/data/countersign.sqlite3") as opened:
        (draft,) = drafted(opened, "customer")
        opened.reviews.queue(draft.pull_request)
        yield opened


def run(tmp_path: Path, *arguments: str, **settings: str) -> Result:
    variables = {f"COUNTERSIGN_{name.upper()}": value for name, value in settings.items()}
    environment = {"COUNTERSIGN_SETTINGS": None, "COUNTERSIGN_DATA_DIR": f"{tmp_path}/data", **variables}
    return CliRunner().invoke(app, ["digest", *arguments], env=environment)


def shown(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    digests: list[dict[str, Any]] = json.loads(result.stdout)["digests"]
    return digests


def test_a_dry_run_needs_the_database_alone(tmp_path: Path, store: Store) -> None:
    """Blocks as JSON on standard output, the same for a person beside it; no account, no channel."""
    result = run(tmp_path, "--dry-run")
    (only,) = shown(result)
    assert only["text"] == "Countersign: 1 draft waits for a signature"
    assert {block["type"] for block in only["blocks"]} == {"header", "section", "divider"}
    assert "acme/shop#12" in result.stderr
    assert "shop/views.py:3" in result.stderr


def test_channels_are_told_what_concerns_them(tmp_path: Path, store: Store) -> None:
    """A channel of the settings keeps its filters; one that has nothing to hear says so."""
    channels = json.dumps([{"id": "C1", "repositories": ["other/*"]}, {"id": "C2"}])
    first, second = shown(run(tmp_path, "--dry-run", slack_channels=channels))
    assert first == {"channel": "C1"}
    assert second["blocks"]
    (only,) = shown(run(tmp_path, "--dry-run", "--channel", "C1", slack_channels=channels))
    assert only == {"channel": "C1"}
    (new,) = shown(run(tmp_path, "--dry-run", "--channel", "C9", slack_channels=channels))
    assert new["channel"] == "C9"
    assert new["blocks"]


def test_a_digest_is_posted(tmp_path: Path, store: Store, slack: Slack) -> None:
    """With buttons where there is an app; a limit of Slack's is waited for; its buttons are known afterwards."""
    app_ = {
        "slack_api_url": slack.api_url,
        "slack_bot_token": TOKEN,
        "slack_signing_secret": SIGNING_SECRET,
        "slack_channel": CHANNEL,
    }
    slack.fail("chat.postMessage", status=429, retry_after=1)
    result = run(tmp_path, **app_)
    assert (result.exit_code, result.stdout) == (0, f"{CHANNEL}: posted\n")
    (message,) = slack.messages
    assert message.button("sign")
    assert store.slack.at(CHANNEL, message.ts) is not None
    by_webhook = run(tmp_path, slack_webhook_url=slack.webhook_url)
    assert by_webhook.exit_code == 0, by_webhook.output
    assert slack.messages[-1].channel == "webhook"
    assert "hush" not in by_webhook.output


def test_what_cannot_be_is_said(tmp_path: Path, store: Store) -> None:
    no_channel = run(tmp_path).exception
    assert isinstance(no_channel, SettingsError)
    assert "COUNTERSIGN_SLACK_CHANNEL" in str(no_channel)
    no_token = run(tmp_path, "--channel", "C1").exception
    assert isinstance(no_token, SettingsError)
    assert "COUNTERSIGN_SLACK_BOT_TOKEN" in str(no_token)
    for period in ("7", "0d", "d", "7y"):
        assert isinstance(run(tmp_path, "--dry-run", "--since", period).exception, UsageError)

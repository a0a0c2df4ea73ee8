"""
`countersign init` writes what GitHub needs to know; `countersign doctor` finds what is wrong and says what to do.
"""

from __future__ import annotations

import datetime as dt
import json
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner

from bot import settings
from bot.cli import examination
from bot.cli.commands import app
from bot.cli.examination import AtGitHub, AtSlack, Observation
from bot.errors import CountersignError, UsageError
from bot.github import events, manifest
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.store import Store
from tests.doubles import slack
from tests.doubles.github import GitHub
from tests.doubles.scenario import Scene

Doctor: TypeAlias = Callable[..., tuple[int, list[str]]]
NOW = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def doctor(environment: dict[str, str | None]) -> Doctor:
    """Runs the doctor: its exit status and its lines."""

    def run(*arguments: str, **variables: str | None) -> tuple[int, list[str]]:
        result = CliRunner().invoke(app, ["doctor", *arguments], env=environment | variables)
        return result.exit_code, result.output.splitlines()

    return run


def wrong(lines: list[str]) -> list[str]:
    return [line.removeprefix("WRONG  ") for line in lines if line.startswith("WRONG")]


def test_all_is_well(doctor: Doctor, opened: Scene, store: Store) -> None:
    """A service that is set up well gets status 0, and no secret is printed."""
    status, lines = doctor()
    assert (status, wrong(lines)) == (0, [])
    assert "ok     database: sqlite, its tables are up to date" in lines
    assert "ok     GitHub: installed for 1 account(s)" in lines
    assert lines[-1].startswith("ok     Slack: it is told nothing")
    assert "ok     settings: COUNTERSIGN_GITHUB_WEBHOOK_SECRET: set" in lines


def test_the_doctor_changes_nothing(doctor: Doctor, opened: Scene, tmp_path: Path) -> None:
    """Tables are left to the service."""
    _, lines = doctor()
    assert "ok     database: sqlite; its tables are brought up to date when the service starts" in lines
    database = Database(f"sqlite:///{tmp_path}/data/countersign.sqlite3")
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
    database.close()


def test_settings_are_missing(doctor: Doctor) -> None:
    """What is missing and what is misspelt is named."""
    status, lines = doctor(COUNTERSIGN_GITHUB_WEBHOOK_SECRET=None, COUNTERSIGN_WEBHOOK_SECRET="hush")
    assert status == 1
    assert wrong(lines) == [
        "settings: set COUNTERSIGN_GITHUB_WEBHOOK_SECRET: `countersign init` tells where from",
        "settings: COUNTERSIGN_WEBHOOK_SECRET is no setting; did you mean COUNTERSIGN_GITHUB_WEBHOOK_SECRET?",
    ]
    assert "hush" not in "".join(lines)


def test_the_settings_file_is_open_to_others(doctor: Doctor, opened: Scene, tmp_path: Path) -> None:
    file = tmp_path / "countersign.toml"
    file.write_text("reviews-at-once = 3\n")
    file.chmod(0o640)
    _, lines = doctor("--settings", str(file))
    assert f"note   settings: others on this host may read {file}: chmod 600 {file}" in lines
    file.chmod(0o600)
    _, lines = doctor(COUNTERSIGN_SETTINGS=str(file))
    assert not [line for line in lines if line.startswith("note")]
    assert "ok     settings: COUNTERSIGN_REVIEWS_AT_ONCE: 3" in lines


def test_the_app_lacks_something(doctor: Doctor, github: GitHub, opened: Scene) -> None:
    """Permissions and events that the App has to ask for, and those that an account has to accept."""
    github.world.app.permissions["checks"] = "read"
    github.world.app.events.remove("issue_comment")
    opened.installation.permissions = {"metadata": "read", "contents": "write"}
    status, lines = doctor()
    assert status == 1
    lacking = "checks: write, issues: write, merge_queues: read, pull_requests: write"
    assert wrong(lines) == [
        "GitHub: give the App these permissions in its settings: checks: write",
        "GitHub: subscribe the App to these events: issue_comment",
        f"GitHub: acme has not accepted what the App asks for: {lacking}",
    ]


def test_github_does_not_know_the_app(doctor: Doctor, github: GitHub) -> None:
    """Wrong credentials and a wrong address are told apart."""
    (line,) = wrong(doctor(COUNTERSIGN_GITHUB_APP_ID="999")[1])
    assert "COUNTERSIGN_GITHUB_APP_ID" in line
    (line,) = wrong(doctor(COUNTERSIGN_GITHUB_API_URL="http://127.0.0.1:9/api/v3")[1])
    assert line.startswith("GitHub: GitHub does not tell its time: ConnectionError")
    (line,) = wrong(doctor(COUNTERSIGN_GITHUB_PRIVATE_KEY="/no/such/key")[1])
    assert "neither a private key in PEM nor the path" in line


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root:hush@host/db", "no database of this kind"),
        ("postgresql://me:hush@127.0.0.1:9/none", "the database cannot be used"),
    ],
)
def test_the_database_is_wrong(doctor: Doctor, opened: Scene, url: str, says: str) -> None:
    (line,) = wrong(doctor(COUNTERSIGN_DATABASE_URL=url)[1])
    assert says in line
    assert "hush" not in line


class Answers:
    """Stands for GitHub."""

    def __init__(self, time: dt.datetime, problem: CountersignError | None = None) -> None:
        self._time = time
        self._problem = problem

    def time(self, read: Settings) -> dt.datetime:
        return self._time

    def app(self, read: Settings) -> AtGitHub:
        if self._problem is not None:
            raise self._problem
        return AtGitHub(name="countersign")

    def slack(self, read: Settings) -> AtSlack:
        raise AssertionError("no channel is set")


def examined(environment: dict[str, str | None], ask: Answers) -> list[Observation]:
    variables = {name: value for name, value in environment.items() if value}
    return list(examination.examine(settings.read(variables), variables, None, ask, lambda: NOW))


@pytest.mark.parametrize(
    ("url", "secret", "state", "says"),
    [
        (None, None, "ok", "none; "),
        ("https://desk.example", "x", "ok", "https://desk.example/sign-in/callback"),
        ("http://desk.example", "x", "note", "use https"),
        ("https://desk.example", None, "wrong", "COUNTERSIGN_GITHUB_CLIENT_SECRET"),
        ("https://desk.example/below", "x", "wrong", "not of the form"),
    ],
)
def test_the_signing_desk(
    environment: dict[str, str | None], url: str | None, secret: str | None, state: str, says: str
) -> None:
    """A desk is there or not; half of one, or one without HTTPS, is told."""
    client = {"COUNTERSIGN_GITHUB_CLIENT_ID": url and "Iv1.x", "COUNTERSIGN_GITHUB_CLIENT_SECRET": secret}
    seen = examined(environment | client | {"COUNTERSIGN_WEB_URL": url}, Answers(NOW))
    (desk,) = [each for each in seen if each.about == "signing desk"]
    assert desk.state == state
    assert says in desk.says


def test_the_clock_is_wrong(environment: dict[str, str | None]) -> None:
    """A wrong clock is told also when GitHub refuses the App because of it."""
    refused = CountersignError("The credentials are worth nothing.")
    seen = examined(environment, Answers(NOW - dt.timedelta(minutes=2), refused))
    assert [each.about for each in seen if each.state == "wrong"] == ["clock", "GitHub"]
    assert "differs by 120 s from GitHub's" in next(each.says for each in seen if each.about == "clock")
    seen = examined(environment, Answers(NOW + dt.timedelta(seconds=29)))
    assert [each.says for each in seen if each.state != "ok"] == [
        "the App is not installed anywhere: install it on a repository"
    ]


SLACK: dict[str, str | None] = {
    "COUNTERSIGN_SLACK_BOT_TOKEN": slack.TOKEN,
    "COUNTERSIGN_SLACK_SIGNING_SECRET": "0123456789abcdef" * 2,
    "COUNTERSIGN_SLACK_CHANNEL": slack.CHANNEL,
}
DESK: dict[str, str | None] = {
    "COUNTERSIGN_WEB_URL": "https://desk.example",
    "COUNTERSIGN_GITHUB_CLIENT_ID": "Iv1.x",
    "COUNTERSIGN_GITHUB_CLIENT_SECRET": "x",
}


@pytest.fixture
def workspace() -> Iterator[slack.Slack]:
    with slack.Slack() as double:
        yield double


def test_slack_is_well(doctor: Doctor, opened: Scene, workspace: slack.Slack) -> None:
    """Nothing is posted to find that out."""
    status, lines = doctor(**SLACK, **DESK, COUNTERSIGN_SLACK_API_URL=workspace.api_url)
    assert status == 0
    address, *others = [line for line in lines if " Slack: " in line]
    assert "to https://desk.example/slack/interactions: set that as the Request URL" in address
    assert others == ["ok     Slack: Acme knows the app countersign", "ok     Slack: the app is in C0BACKEND"]
    assert workspace.messages == []
    assert slack.TOKEN not in "".join(lines)


@pytest.mark.parametrize(
    ("variables", "scopes", "says"),
    [
        ({"COUNTERSIGN_SLACK_BOT_TOKEN": None}, None, "WRONG  Slack: set COUNTERSIGN_SLACK_BOT_TOKEN"),
        ({"COUNTERSIGN_SLACK_BOT_TOKEN": "xoxb-other"}, None, "WRONG  Slack: Slack refused auth.test: invalid_auth"),
        ({"COUNTERSIGN_SLACK_API_URL": "http://127.0.0.1:9/"}, None, "WRONG  Slack: Slack gave no answer to auth.test"),
        ({"COUNTERSIGN_SLACK_SIGNING_SECRET": None}, None, "note   Slack: nothing can be decided there"),
        ({"COUNTERSIGN_SLACK_SIGNING_SECRET": "xoxb-1"}, None, "WRONG  Slack: COUNTERSIGN_SLACK_SIGNING_SECRET is no"),
        (dict.fromkeys(DESK), None, "note   Slack: nobody can say which GitHub account is theirs"),
        ({"COUNTERSIGN_SLACK_CHANNEL": "X0"}, None, "WRONG  Slack: X0: channel_not_found: Acme has no such channel"),
        ({}, {"channels:history"}, "WRONG  Slack: give the app the bot scope chat:write"),
        ({}, {"chat:write"}, "note   Slack: without channels:history"),
        ({}, {"chat:write", "groups:history"}, "note   Slack: C0BACKEND is private"),
    ],
)
def test_slack_is_wrong(
    doctor: Doctor,
    opened: Scene,
    workspace: slack.Slack,
    variables: dict[str, str | None],
    scopes: set[str] | None,
    says: str,
) -> None:
    """Whatever it is, it is told with what to do."""
    workspace.scopes = scopes or workspace.scopes
    status, lines = doctor(**{**SLACK, **DESK, "COUNTERSIGN_SLACK_API_URL": workspace.api_url, **variables})
    (line,) = [line for line in lines if " Slack: " in line and not line.startswith("ok")]
    assert line.startswith(says)
    assert status == int(says.startswith("WRONG"))


def test_half_a_desk_is_told_once(doctor: Doctor, opened: Scene, workspace: slack.Slack) -> None:
    _, lines = doctor(**SLACK, **{**DESK, "COUNTERSIGN_WEB_URL": None}, COUNTERSIGN_SLACK_API_URL=workspace.api_url)
    assert wrong(lines) == ["signing desk: the signing desk needs COUNTERSIGN_WEB_URL"]
    assert lines[-1] == "ok     Slack: the app is in C0BACKEND"


def test_slack_through_webhooks(doctor: Doctor, opened: Scene) -> None:
    status, lines = doctor(COUNTERSIGN_SLACK_WEBHOOK_URL="https://hooks.slack.com/services/T0/B0/hush")
    assert (status, "hush" in "".join(lines)) == (0, False)
    assert lines[-1].startswith("ok     Slack: told through webhooks")


@pytest.mark.parametrize(("version", "state"), [("2.30.9", "wrong"), ("2.31.0", "ok"), ("3.0", "ok")])
def test_git_is_old(
    environment: dict[str, str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, state: str
) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho git version {version}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    assert [each.state for each in examined(environment, Answers(NOW)) if each.about == "git"] == [state]


def test_git_is_missing(environment: dict[str, str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (seen,) = (each for each in examined(environment, Answers(NOW)) if each.about == "git")
    assert (seen.state, seen.says) == ("wrong", "it cannot be run: install it")


def test_the_manifest_asks_for_what_is_read() -> None:
    """The App is told of every event that has a reader, and of nothing else; installations and pings come unasked."""
    unasked = {"installation", "installation_repositories", "ping"}
    assert set(manifest.EVENTS) == set(events._READERS) - unasked


def test_init_writes_the_manifest(tmp_path: Path) -> None:
    """The manifest is JSON; the steps name the form with everything filled in, and what to set."""
    file = tmp_path / "app.json"
    arguments = ["--url", "https://bot.example.org/", "--name", "Our bot", "--output", str(file)]
    result = CliRunner().invoke(app, ["init", *arguments])
    assert result.exit_code == 0
    written = json.loads(file.read_text())
    assert written["hook_attributes"] == {"url": "https://bot.example.org/webhooks/github", "active": True}
    assert written["default_permissions"] == dict(manifest.PERMISSIONS)
    (form,) = (line.strip() for line in result.output.splitlines() if line.strip().startswith("https://"))
    address = urllib.parse.urlsplit(form)
    fields = urllib.parse.parse_qs(address.query)
    assert (address.netloc, address.path) == ("github.com", "/settings/apps/new")
    assert fields["events[]"] == written["default_events"]
    assert {name: fields[name] for name in manifest.PERMISSIONS} == {
        name: [level] for name, level in manifest.PERMISSIONS.items()
    }
    assert (fields["name"], fields["webhook_url"]) == (["Our bot"], ["https://bot.example.org/webhooks/github"])
    assert all(settings.variable(name) in result.output for name in ("github_app_id", "github_private_key"))
    assert "COUNTERSIGN_GITHUB_API_URL" not in result.output


def test_init_for_an_enterprise_server(tmp_path: Path) -> None:
    """The steps lead to that server, and name the address of its API."""
    arguments = ["--url", "https://bot", "--github", "https://ghe/", "--organization", "a b", "--output"]
    result = CliRunner().invoke(app, ["init", *arguments, str(tmp_path / "app.json")])
    assert "https://ghe/organizations/a%20b/settings/apps/new?" in result.output
    assert "https://ghe/api/v3" in result.output


def test_init_wants_an_address() -> None:
    result = CliRunner().invoke(app, ["init", "--url", "bot.example.org"])
    assert isinstance(result.exception, UsageError)

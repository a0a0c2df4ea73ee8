"""
`countersign drafts`, `sign` and `dismiss` on the service's database, with write access asked of GitHub.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.errors import CountersignError, SettingsError, UsageError
from bot.review.drafts import Draft, PullRequest
from bot.storage.store import Store
from tests.bot.storage.samples import PULL_REQUEST, drafted
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, REVIEWER, STRANGER, Scene

Run: TypeAlias = Callable[..., str]


@pytest.fixture
def run(environment: dict[str, str | None]) -> Run:
    """Runs a command and returns what it writes; what it refuses is raised."""

    def command(*arguments: str, **variables: str | None) -> str:
        result = CliRunner().invoke(app, arguments, env=environment | variables)
        if isinstance(result.exception, CountersignError):
            raise result.exception
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    return command


@pytest.fixture
def known(store: Store, opened: Scene) -> PullRequest:
    """The pull request with three drafts, as the service knows it."""
    told = msgspec.structs.replace(
        PULL_REQUEST,
        installation=opened.installation.id,
        repository=opened.repository.full_name,
        number=opened.pull.number,
        title="Say whose order it is",
    )
    drafted(store, "customer", "stock", "tax", pull_request=told)
    kept = store.pull_requests.find(told.repository, told.number)
    assert kept is not None
    return kept


@pytest.fixture
def target(known: PullRequest) -> str:
    return f"{known.repository}#{known.number}"


def states(store: Store, of: PullRequest) -> list[str]:
    return [draft.state for draft in store.drafts.of(of.id)]


def listed(run: Run, *arguments: str) -> list[Any]:
    pull_requests: list[Any] = json.loads(run("drafts", "--format", "json", *arguments))["pull_requests"]
    return pull_requests


def test_drafts_are_listed(run: Run, store: Store, known: PullRequest, target: str) -> None:
    """What waits is listed, for a person and for a program; the rest when asked."""
    run("sign", target, "2", "--as", REVIEWER)
    (page,) = listed(run)
    assert page["repository"] == known.repository
    assert (page["number"], page["head"], page["review"]) == (known.number, known.head, None)
    assert [draft["id"] for draft in page["drafts"]] == [1, 3]
    assert page["drafts"][0] == {
        "id": 1,
        "state": "waiting",
        "posted": False,
        "rule": "query-in-loop",
        "severity": "high",
        "confidence": "certain",
        "message": "`customer` is queried once per `order`",
        "path": "shop/views.py",
        "line": 3,
        "fingerprint": store.drafts.of(known.id)[0].fingerprint,
        "head": known.head,
        "text": None,
    }
    assert run("drafts", "--all") == (
        f"{target}  Say whose order it is\n"
        "  1. `customer` is queried once per `order`\n"
        "     shop/views.py:3  (high, query-in-loop)\n"
        "  2. `stock` is queried once per `order`\n"
        "     shop/views.py:3  (signed, high, query-in-loop)\n"
        "  3. `tax` is queried once per `order`\n"
        "     shop/views.py:3  (high, query-in-loop)\n"
    )
    assert listed(run, known.repository) == listed(run, target) == [page]
    assert listed(run, "else/where") == []


def test_dead_reviews_are_listed(run: Run, store: Store, known: PullRequest, target: str) -> None:
    """A review that did not come to its end is listed with its reason, though no draft waits."""
    run("sign", target, "--all", "--as", REVIEWER)
    review = store.reviews.queue(known.id)
    assert listed(run) == []
    store.reviews.set_status(review.id, "dead", "It took more memory than it may.")
    (page,) = listed(run)
    assert page["review"] == {"status": "dead", "reason": "It took more memory than it may."}
    assert run("drafts") == f"{target}  Say whose order it is\n  dead: It took more memory than it may.\n"


def test_drafts_are_signed(run: Run, store: Store, known: PullRequest, target: str) -> None:
    """The decision is in the store, with who and where, and waits to be published."""
    assert run("sign", target, "3", "1", "3", "--as", f"@{AUTHOR}") == f"{target}: signed 3, 1\n"
    assert states(store, known) == ["signed", "waiting", "signed"]
    (batch,) = store.decisions.unpublished()
    drafts = {draft.id: draft.number for draft in store.drafts.of(known.id)}
    made = [(drafts[each.draft], each.action, each.who, each.surface, each.head) for each in batch.decisions]
    assert made == [(number, "sign", AUTHOR, "command line", known.head) for number in (3, 1)]
    assert run("sign", target.upper(), "--all", "--as", AUTHOR) == f"{target.upper()}: signed 2\n"
    assert run("sign", target, "--all", "--as", AUTHOR).endswith("signed nothing: no draft waits for a decision\n")
    assert len(store.decisions.unpublished()) == 2


def test_drafts_are_dismissed(run: Run, store: Store, known: PullRequest, target: str) -> None:
    """A dismissal keeps its reason and its kind."""
    said = run(
        *("dismiss", target, "2", "--as", REVIEWER, "--reason", " four rows ", "--category", "false-positive"),
    )
    assert said == f"{target}: dismissed 2\n"
    assert states(store, known) == ["waiting", "dismissed", "waiting"]
    (decision,) = store.decisions.of(known.id)
    assert (decision.category, decision.reason) == ("false-positive", "four rows")


def refuses(run: Run, *arguments: str, **variables: str | None) -> str:
    with pytest.raises(UsageError) as raised:
        run(*arguments, **variables)
    return str(raised.value)


def test_who_may_not_write_may_not_decide(
    run: Run, store: Store, opened: Scene, known: PullRequest, target: str
) -> None:
    """GitHub is asked each time; whoever has no write access at that moment decides nothing."""
    run("sign", target, "1", "--as", REVIEWER)
    opened.repository.permissions[REVIEWER] = "read"
    for login in (REVIEWER, STRANGER, "nobody-at-all", "../../app"):
        assert "no write access" in refuses(run, "sign", target, "2", "--as", login)
    assert states(store, known) == ["signed", "waiting", "waiting"]


def test_without_github_nothing_is_decided(
    run: Run, github: GitHub, store: Store, known: PullRequest, target: str
) -> None:
    """When GitHub cannot be asked, the decision is refused rather than trusted."""
    with pytest.raises(SettingsError, match="COUNTERSIGN_GITHUB_APP_ID"):
        run("sign", target, "--all", "--as", REVIEWER, COUNTERSIGN_GITHUB_APP_ID=None)
    with pytest.raises(CountersignError, match="GitHub gave no answer"):
        run("sign", target, "--all", "--as", REVIEWER, COUNTERSIGN_GITHUB_API_URL="http://127.0.0.1:9/api/v3")
    assert states(store, known) == ["waiting"] * 3


def test_what_is_not_understood_decides_nothing(run: Run, store: Store, known: PullRequest, target: str) -> None:
    """A wrong number, no number, or an unknown pull request is refused as a whole."""
    assert "no draft 4, 9 at this head" in refuses(run, "sign", target, "1", "4", "9", "--as", AUTHOR)
    assert "say which drafts" in refuses(run, "sign", target, "--as", AUTHOR)
    assert "say which drafts" in refuses(run, "sign", target, "1", "--all", "--as", AUTHOR)
    assert "is not known here" in refuses(run, "sign", f"{known.repository}#99", "1", "--as", AUTHOR)
    assert "OWNER/NAME#N" in refuses(run, "sign", known.repository, "1", "--as", AUTHOR)
    assert states(store, known) == ["waiting"] * 3


def test_a_gone_draft_is_not_decided(run: Run, store: Store, known: PullRequest, target: str) -> None:
    """What is not at the head any more cannot be signed, neither by number nor with the others."""

    def gone(drafts: tuple[Draft, ...], dismissed: object) -> list[Draft]:
        return [msgspec.structs.replace(drafts[0], state="gone")]

    store.drafts.reconcile(known.id, known.head, gone)
    assert "no draft 1 at this head" in refuses(run, "sign", target, "1", "--as", AUTHOR)
    assert run("sign", target, "--all", "--as", AUTHOR) == f"{target}: signed 2, 3\n"

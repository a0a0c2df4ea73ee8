"""
Promises 19 and 20 on the signing desk: nothing is public before a person with write access signs it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
import requests

from tests.doubles import scenario
from tests.doubles.git import Content
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, REVIEWER, SHIFTED, STRANGER, WITH_N_PLUS_ONE, Scene
from tests.doubles.sign_in import CLIENT_SECRET
from tests.promises import seen
from tests.promises.conftest import QUICK
from tests.promises.running import Service, eventually

OTHER_EVIDENCE = {
    "orders/labels.py": """\
from orders.models import Customer


def label(order):
    return f"{order.number} {Customer.objects.get(pk=order.customer_id).name}"
"""
}
"""The same label asks in another way: what was said of the first does not hold for it."""


@pytest.fixture(scope="module")
def desk(github: GitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a signing desk."""
    client = {"github_client_id": github.world.app.client_id, "github_client_secret": CLIENT_SECRET}
    running = Service(github, tmp_path_factory.mktemp("data"), **QUICK, **client)
    running.environment["COUNTERSIGN_WEB_URL"] = running.url
    with running:
        yield running


class Browser(requests.Session):
    """Somebody's browser, after they went to GitHub to sign in."""

    def __init__(self, github: GitHub, desk: Service, at: Scene, login: str | None) -> None:
        super().__init__()
        self.page = f"{desk.url}/reviews/{at.repository.full_name}/{at.pull.number}"
        self.desk = desk
        github.sign_in.login = login
        self.first = self.get(f"{desk.url}/sign-in", params={"to": self.page.removeprefix(desk.url)})

    def sign(self, text: str) -> requests.Response:
        """Sign draft 1 with the form of a page."""
        return self.submit(text, "sign")

    def decide(self, page: str, action: str, **said: str) -> None:
        """Decide on draft 1 with the form of a page that is read now."""
        assert self.submit(self.get(page).text, action, **said).status_code == 200

    def submit(self, text: str, action: str, **said: str) -> requests.Response:
        fields = dict(re.findall(r'<input type="hidden" name="(form|head|act)" value="([^"]*)">', text))
        return self.post(f"{self.page}/decisions", data={**fields, "draft": "1", "action": action, **said})


def test_19_a_draft_is_signed_on_the_desk(github: GitHub, desk: Service, names: Iterator[str]) -> None:
    """The check leads to the desk; who may write signs there, and the comment stands on the line that caused it."""
    at = scenario.scene(github, name=next(names))
    desk.rest()
    grace = Browser(github, desk, at, REVIEWER)
    (run,) = github.world.find_check(at.repository, at.pull.head_sha)
    assert run.details_url == grace.page
    assert "order.customer" in grace.first.text
    assert not at.pull.review_comments
    assert grace.sign(grace.first.text).status_code == 200
    (comment,) = eventually(lambda: at.pull.review_comments, desk.log.read_text)
    assert (comment.path, comment.line, comment.side) == ("orders/labels.py", 2, "RIGHT")
    eventually(lambda: "posted on this line" in grace.get(grace.page).text, desk.log.read_text)


def test_12_a_dismissal_on_the_desk_holds(github: GitHub, desk: Service, names: Iterator[str]) -> None:
    """
    Dismissed on the desk: silent through pushes, in a second pull request, and in one that was open already. Other
    evidence speaks again. Taken back in the list of suppressions, it waits wherever it is found.
    """
    at = scenario.scene(github, name=next(names))
    second = another(github, at, "second", WITH_N_PLUS_ONE)
    desk.rest()
    assert [seen.check(each).output["title"] for each in (at, second)] == ["1 draft waits for a signature"] * 2
    grace = Browser(github, desk, at, REVIEWER)
    grace.decide(grace.page, "dismiss", category="accepted", reason="three orders at most")
    desk.rest()
    assert [seen.check(each).conclusion for each in (at, second)] == ["success"] * 2
    github.people.push(at.repository, "feature", SHIFTED, by=AUTHOR)
    third = another(github, at, "third", WITH_N_PLUS_ONE)
    fourth = another(github, at, "fourth", OTHER_EVIDENCE)
    desk.rest()
    assert [seen.check(each).conclusion for each in (at, second, third)] == ["success"] * 3
    assert seen.check(fourth).output["title"] == "1 draft waits for a signature"
    listed = grace.get(f"{desk.url}/suppressions").text
    assert "three orders at most" in listed
    grace.decide(f"{desk.url}/suppressions", "undo")
    desk.rest()
    titles = [seen.check(each).output["title"] for each in (at, second, third)]
    assert titles == ["1 draft waits for a signature"] * 3
    assert "three orders at most" not in grace.get(f"{desk.url}/suppressions").text
    assert not any(seen.found(each) for each in (at, second, third, fourth))


def another(github: GitHub, at: Scene, branch: str, files: Mapping[str, Content]) -> Scene:
    """A further pull request in the same repository."""
    git = at.repository.git
    git.commit(branch, files, branch, parent=git.resolve("refs/heads/main"))
    return Scene(at.repository, at.installation, github.people.open_pull(at.repository, branch, by=AUTHOR))


def test_20_write_access_is_asked_each_time(github: GitHub, desk: Service, names: Iterator[str]) -> None:
    """Who loses write access reads on and decides no more, with the form that they had."""
    at = scenario.scene(github, name=next(names))
    desk.rest()
    ada = Browser(github, desk, at, AUTHOR)
    github.people.set_permission(at.repository, AUTHOR, "read")
    assert ada.sign(ada.first.text).status_code == 403
    assert ada.get(ada.page).status_code == 200
    assert not at.pull.review_comments


def test_20_others_see_nothing(github: GitHub, desk: Service, names: Iterator[str]) -> None:
    """Who has no access to the repository, refuses to sign in, or comes back from elsewhere gets no page."""
    at = scenario.scene(github, name=next(names))
    at.repository.private = True
    desk.rest()
    mallory = Browser(github, desk, at, STRANGER)
    assert mallory.first.status_code == 404
    assert at.repository.full_name not in mallory.get(desk.url).text
    assert Browser(github, desk, at, None).first.status_code == 403
    forged = requests.get(f"{desk.url}/sign-in/callback", params={"code": "stolen", "state": "guessed"})
    assert forged.status_code == 403
    grace = Browser(github, desk, at, REVIEWER)
    assert at.repository.full_name in grace.get(desk.url).text
    assert grace.post(f"{desk.url}/sign-out", data={"form": "guessed"}).status_code == 403
    log = desk.log.read_text()
    assert CLIENT_SECRET not in log
    assert "ghu_" not in log

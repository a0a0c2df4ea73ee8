"""
The whole way in a real browser: signing in at GitHub, the queue, a review, an edit, a signature, the comment on GitHub.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.bot.web import browser
from tests.doubles import scenario
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, REVIEWER, SHIFTED, Scene
from tests.doubles.sign_in import CLIENT_SECRET
from tests.promises import seen
from tests.promises.conftest import QUICK
from tests.promises.running import Service, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.skipif(browser.program() is None, reason=browser.ABSENT)


@pytest.fixture(scope="module")
def desk(github: GitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a signing desk."""
    client = {"github_client_id": github.world.app.client_id, "github_client_secret": CLIENT_SECRET}
    running = Service(github, tmp_path_factory.mktemp("data"), **QUICK, **client)
    running.environment["COUNTERSIGN_WEB_URL"] = running.url
    with running:
        yield running


@pytest.fixture(scope="module")
def first(github: GitHub, desk: Service) -> Scene:
    return scenario.scene(github, name="first")


@pytest.fixture(scope="module")
def second(github: GitHub, desk: Service) -> Scene:
    return scenario.scene(github, name="second", title="Say it again")


@pytest.fixture(scope="module")
def page(github: GitHub, desk: Service, first: Scene, second: Scene) -> Iterator[Page]:
    """A tab of somebody who may write and has just signed in; whatever a page complains of fails the test."""
    github.sign_in.login = REVIEWER
    with browser.started() as chromium:
        complaints: list[str] = []
        tab = chromium.new_page(viewport={"width": 1280, "height": 900})
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(desk.url)
        tab.get_by_role("link", name="Sign in with GitHub").click()
        tab.get_by_role("heading", name="Queue").wait_for()
        yield tab
        assert complaints == []


def test_19_from_the_queue_to_the_comment(desk: Service, page: Page, first: Scene) -> None:
    """Nothing is public until the edited draft is signed; then exactly those words stand on the line."""
    desk.rest()
    page.goto(desk.url)
    page.get_by_role("link", name="Say whose order it is").click()
    page.wait_for_url("**/reviews/**")
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.locator("#draft-1 textarea:focus").fill("Load the **customers** with the orders.")
    assert not first.pull.review_comments
    page.locator("#draft-1").get_by_role("button", name="Save and sign").click()
    page.locator("#draft-1.signed").wait_for()
    (comment,) = eventually(lambda: first.pull.review_comments, desk.log.read_text)
    assert "Load the **customers** with the orders." in comment.body
    assert (comment.path, comment.line) == ("orders/labels.py", 2)
    desk.rest()
    page.reload()
    page.get_by_text("posted on this line").wait_for()
    page.goto(desk.url)
    assert first.repository.full_name not in page.locator("main").inner_text()


def test_12_dismissed_in_the_browser(github: GitHub, desk: Service, page: Page, second: Scene) -> None:
    """With a reason, by keyboard: silent on the next push; taken back in the list, it waits in the queue again."""
    desk.rest()
    review = f"{desk.url}/reviews/{second.repository.full_name}/{second.pull.number}"
    page.goto(review)
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.keyboard.type("three orders at most")
    page.keyboard.press("Enter")
    page.locator("#draft-1.dismissed").wait_for()
    github.people.push(second.repository, "feature", SHIFTED, by=AUTHOR)
    desk.rest()
    assert seen.check(second).conclusion == "success"
    assert not second.pull.review_comments
    turn_to(page, "Queue")
    assert second.repository.full_name not in page.locator("main").inner_text()
    turn_to(page, "Suppressions")
    entry = page.locator(".entry", has_text=second.repository.full_name)
    assert "three orders at most" in entry.inner_text()
    entry.get_by_role("button").click()
    page.locator("#draft-1.waiting").wait_for()
    turn_to(page, "Queue")
    assert second.repository.full_name in page.locator("main").inner_text()


def turn_to(page: Page, name: str) -> None:
    """Go to one of the main pages, and be there."""
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", level=1, name=name).wait_for()

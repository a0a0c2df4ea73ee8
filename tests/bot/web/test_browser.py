"""
The desk in a real browser: by keyboard, without JavaScript, narrow, dark, and to a screen reader.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzers.findings import Allow
from analyzers.span import Place, Span
from bot.review.baseline import Accepted, Baseline
from bot.review.records import Suppressions
from tests.bot.web import browser
from tests.bot.web.running import WRITER, Running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(browser.program() is None, reason=browser.ABSENT)

AXE = Path(__file__).with_name("axe.min.js")
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""A folder, for a person to look at what the tests saw."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.started() as started:
        yield started


class Desk:
    """One tab on the desk, with somebody signed in."""

    def __init__(self, chromium: Browser, running: Running, **options: Any) -> None:
        self.context = chromium.new_context(**options)
        self.context.add_cookies(
            [{"name": "countersign", "value": running.sessions.begin(WRITER), "url": running.url}]  # type: ignore[list-item]
        )
        self.complaints: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(running.url + running.page)

    def snap(self, name: str) -> None:
        if SCREENSHOTS:
            self.page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)

    def end(self) -> None:
        self.context.close()
        assert self.complaints == []


def test_by_keyboard(chromium: Browser, running: Running) -> None:
    """The whole way without a mouse: to a draft, its form, a decision, and on to the next draft."""
    desk = Desk(chromium, running, viewport={"width": 1280, "height": 900})
    keys, page = desk.page.keyboard, desk.page
    desk.snap("review")
    keys.press("?")
    assert page.locator("dialog#keys").is_visible()
    keys.press("Escape")
    keys.press("j")
    assert page.locator("#draft-1").evaluate("each => each === document.activeElement")
    keys.press("e")
    page.locator("#draft-1 textarea:focus").fill("One query for **all** customers.")
    page.locator("#draft-1").get_by_role("button", name="Save", exact=True).press("Enter")
    page.locator("#draft-1 .comment strong", has_text="all").wait_for()
    keys.press("s")
    page.locator("#draft-1.signed").wait_for()
    assert page.locator("#draft-1").evaluate("each => each === document.activeElement")
    page.locator("#said", has_text="Draft 1 is signed.").wait_for()
    keys.press("j")
    keys.press("d")
    assert page.locator("#draft-2 input[name=reason]:focus").is_visible()
    keys.press("Escape")
    assert page.locator("#draft-2 input[name=reason]").is_hidden()
    keys.press("d")
    keys.type("four rows at most: jks")
    keys.press("Enter")
    page.locator("#draft-2.dismissed").wait_for()
    assert [(draft.state, draft.placement) for draft in running.drafts()] == [("signed", "inline"), ("dismissed", None)]
    assert "1 signed finding" in page.locator("#standing").inner_text()
    desk.snap("decided")
    keys.press("u")
    page.locator("#draft-2.waiting").wait_for()
    desk.end()


def test_a_gap_is_opened_in_place(chromium: Browser, running: Running) -> None:
    """Its lines take its place; what is being written in a form of the same file stays."""
    desk = Desk(chromium, running, viewport={"width": 1280, "height": 900})
    page = desk.page
    page.locator("#draft-2").get_by_text("Dismiss…").click()
    page.locator("#draft-2 input[name=reason]").fill("half a sent")
    page.locator("#gap-2-1 a").click()
    page.locator("#gap-2-1 tr.kept").nth(2).wait_for()
    assert page.locator("#gap-2-1 tr.gap").count() == 0
    assert page.locator("#draft-2 input[name=reason]").input_value() == "half a sent"
    assert page.url.endswith(running.page)
    desk.end()


def test_without_javascript(chromium: Browser, running: Running) -> None:
    """Everything is read, steps open their code, and a decision is a form."""
    desk = Desk(chromium, running, java_script_enabled=False)
    page = desk.page
    page.locator("#gap-2-1 a").click()
    assert page.locator("#gap-2-1 tr.kept").count() == 3
    step = page.locator("#draft-1 .trace li").last
    assert step.locator("table").is_hidden()
    step.locator("summary").click()
    assert "Customer.objects.get" in step.locator("table .marked").inner_text()
    page.locator("#draft-1").get_by_role("button", name="Sign").click()
    page.locator("#draft-1.signed").wait_for()
    assert page.url.endswith("#draft-1")
    page.get_by_text("Dismiss…").last.click()
    page.locator("#draft-2").get_by_label("Why").fill("in a week")
    page.locator("#draft-2").get_by_label("Kind of reason").select_option("later")
    page.locator("#draft-2").get_by_role("button", name="Dismiss").click()
    page.locator("#draft-2.dismissed").wait_for()
    assert running.states() == ["signed", "dismissed"]
    desk.end()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"viewport": {"width": 1280, "height": 900}}),
        ("dark and narrow", {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"}),
    ],
)
def test_accessible(chromium: Browser, running: Running, name: str, options: dict[str, Any]) -> None:
    """Axe finds nothing that is serious, with everything opened; no page is wider than its window."""
    grace = running.person(WRITER)
    grace.decide({**grace.fields(), "draft": "2", "action": "dismiss", "category": "later", "reason": "next " * 90})
    pull = running.desk.find("acme/shop", 1)
    assert pull is not None
    place = Place("a/very/long/path/" * 12 + "views.py", Span(7, 0, 7, 9))
    allow = Allow(place, ("query-in-loop",), "three_at_most_" * 20, False)
    baseline = Baseline("baseline.json", (Accepted("cs1:query-in-loop:0123456789abcdef", place.path, "`Order` " * 40),))
    running.store.suppressions.keep(pull.id, pull.base, Suppressions((allow,), (baseline,)))
    desk = Desk(chromium, running, **options)
    for path in (running.page, "/", "/rules", "/rules/query-in-loop", "/insights", "/suppressions", "/rules/none"):
        desk.page.goto(running.url + path)
        desk.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        desk.snap(f"{name}{path.replace('/', '-')}")
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"], path
        desk.page.evaluate(AXE.read_text("utf-8"))
        violations = desk.page.evaluate("axe.run().then(found => found.violations)")
        serious = [
            (path, each["id"], [node["html"][:200] for node in each["nodes"]][:3])
            for each in violations
            if each["impact"] in ("serious", "critical")
        ]
        assert serious == []
    assert [complaint for complaint in desk.complaints if "404" not in complaint] == []
    desk.context.close()

"""
The desk's pages and decisions, as a browser without JavaScript has them.
"""

from __future__ import annotations

import html
import re

import msgspec
import pytest

from analyzers.findings import Allow
from analyzers.span import Place, Span
from bot.review.baseline import Accepted, Baseline
from bot.review.drafts import PullRequest
from bot.review.records import Found, Suppressions
from bot.web import reviewed
from bot.web.access import Unknown
from bot.web.desk import Shown
from bot.web.diffs import Row, opened
from bot.web.pages import prose
from bot.web.suppressions import MOST_ACCEPTED
from bot.workflow import reviewing
from tests.bot.web.running import READER, STRANGER, WRITER, Running


def test_a_review_is_read(running: Running) -> None:
    """The page has the diff, each draft in place, its evidence from other files too, and the consequences."""
    text = running.person(WRITER).read()
    assert [int(number) for number in re.findall(r'<article class="draft waiting" id="draft-(\d+)"', text)] == [1, 2]
    for words in ("GET /orders/", "1 + 1 per order", "customers/services.py", '<li class="again">', "select_related"):
        assert words in text, words
    assert "countersign:finding" not in text


def test_a_draft_is_signed_and_posted(running: Running) -> None:
    """A signature posts the comment where GitHub would show it, and the page says so."""
    grace = running.person(WRITER)
    answer = grace.decide({**grace.fields(), "draft": "1", "action": "sign"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{running.page}#draft-1")
    assert [(draft.state, draft.placement) for draft in running.drafts()] == [("signed", "inline"), ("waiting", None)]
    text = grace.read()
    assert "posted on this line" in text
    assert "1 finding told in a comment of its own." in text
    assert "<strong>grace</strong> signed" in text


def test_a_draft_is_edited_and_signed(running: Running) -> None:
    """A person's words replace the comment; what they write is shown as Markdown and can do no harm."""
    grace = running.person(WRITER)
    words = "Use **one** query.\r\n\r\n<script>alert(1)</script> <img src=x> [x](javascript:alert(1))"
    grace.decide({**grace.fields(), "draft": "1", "action": "edit-and-sign", "text": words})
    assert running.drafts()[0].text == words.replace("\r\n", "\n")
    text = grace.read()
    assert "Use <strong>one</strong> query." in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "javascript:" not in text.replace("[x](javascript:alert(1))", "")


def test_a_dismissal_is_undone(running: Running) -> None:
    """A dismissal has a reason that everybody reads; taken back, the draft waits again."""
    grace = running.person(WRITER)
    grace.decide(
        {**grace.fields(), "draft": "2", "action": "dismiss", "category": "accepted", "reason": "four rows <at> most"}
    )
    assert running.states() == ["waiting", "dismissed"]
    assert "four rows &lt;at&gt; most" in running.person(READER).read()
    grace.decide({**grace.fields(), "draft": "2", "action": "undo"})
    assert running.states() == ["waiting", "waiting"]


@pytest.mark.parametrize(("action", "state"), [("sign", "signed"), ("dismiss", "dismissed")])
def test_all_are_decided_at_once(running: Running, action: str, state: str) -> None:
    """All that wait, in one act."""
    grace = running.person(WRITER)
    fields = {**grace.fields(), "draft": "all", "action": action, "category": "later", "reason": "next week"}
    assert grace.decide(fields).headers["location"] == f"{running.page}#drafts"
    assert running.states() == [state, state]


def test_gaps_are_opened(running: Running) -> None:
    """A gap leads to the page with its lines in place; others stay closed; a nonsensical request opens nothing."""
    grace = running.person(WRITER)
    text = grace.read()
    gaps = re.findall(r'<tr class="gap"><td colspan="3"><span>(\d+) lines? not shown', text)
    (query,) = re.findall(r'<a href="[^"?]*(\?more=2:1-3)#gap-2-1"', text)
    opened = grace.read(running.page + query)
    assert re.findall(r'<tr class="gap"><td colspan="3"><span>(\d+) lines? not shown', opened) == gaps[1:]
    assert opened.count('<tr class="kept">') == text.count('<tr class="kept">') + 3
    assert f"{query}&more=3:" in html.unescape(opened)
    for nonsense in ("?more=2:9-1", "?more=2:x-y", "?more=77:1-3", "?more=0:0-9999999", "?more=٢:1-3"):
        assert len(re.findall('<tr class="gap">', grace.read(running.page + nonsense))) == len(gaps)


def test_a_long_gap_is_opened_in_parts() -> None:
    """Its ends next to the code that is shown, or all of it; what is left of it is opened further."""
    gap = Row("gap", 11, 21, 100)
    parts = [(row.kind, row.old, row.new, row.hidden) for row in opened(gap, [(1, 22), (25, 25), (119, 500)])]
    assert parts == [
        ("kept", 11, 21, 0),
        ("kept", 12, 22, 0),
        ("gap", 13, 23, 2),
        ("kept", 15, 25, 0),
        ("gap", 16, 26, 93),
        ("kept", 109, 119, 0),
        ("kept", 110, 120, 0),
    ]
    assert list(opened(gap, [])) == [gap]


@pytest.mark.parametrize("path", ["orders/overview.py", "orders/models.py", "gone.py"])
def test_no_draft_is_lost(running: Running, path: str) -> None:
    """A draft on a line that cannot be shown stands on its file, changed or not, there or not."""
    pull = running.desk.find("acme/shop", 1)
    assert pull is not None
    shown = running.desk.shown(pull)
    assert shown is not None
    place = Place(path, Span(9999, 0, 9999, 1))
    drafts = [
        msgspec.structs.replace(each, finding=msgspec.structs.replace(each.finding, place=place))
        for each in shown.drafts
    ]
    view = reviewed.page(msgspec.structs.replace(shown, drafts=tuple(drafts)))
    (file,) = (each for each in view.files if each.path == path)
    assert [card.draft.number for card in file.on_file] == [card.draft.number for card in view.cards] == [1, 2]
    assert re.findall(r'<article class="draft waiting" id="draft-(\d+)"', running.render(view)) == ["1", "2"]


def test_what_files_suppress_is_listed(running: Running) -> None:
    """Comments in the code and baselines with reasons and places; whatever they say is only text."""
    pull = running.desk.find("acme/shop", 1)
    assert pull is not None
    allow = Allow(Place("a b.py", Span(7, 0, 7, 9)), ("query-in-loop", "<b>"), "<i>three</i> at most", False)
    bare = Allow(Place("b.py", Span(1, 0, 1, 9)), ("write-in-loop",), "", True)
    accepted = Accepted("cs1:query-in-loop:0123456789abcdef", "c.py", "once per `order`")
    baseline = Baseline("old.json", (accepted,) * (MOST_ACCEPTED + 3))
    running.store.suppressions.keep(pull.id, "a" * 40, Suppressions((allow, bare), (baseline,)))
    text = running.person(WRITER).read("/suppressions")
    for words in ("&lt;i&gt;three&lt;/i&gt; at most", "no reason is given", "a b.py:7", "And 3 more.", "203 findings"):
        assert words in text, words
    assert 'Allowed in the code <span class="count">2</span>' in text
    assert text.count("once per <code>order</code>") == MOST_ACCEPTED
    assert "<i>" not in text
    assert "a b.py" not in running.person(STRANGER).read("/suppressions")


def test_a_decision_needs_no_files(running: Running) -> None:
    """Also when the files can't be had, such as those of an old pull request, a dismissal is taken back."""
    grace = running.person(WRITER)
    said = {"draft": "2", "category": "accepted", "reason": "few"}
    grace.decide({**grace.fields(), **said, "action": "dismiss"})
    fields = dict(re.findall(r'name="(form|head|act)" value="([^"]*)">', grace.read("/suppressions")))

    def shown(pull: PullRequest) -> Shown:
        raise Unknown("The files of this review cannot be had.")

    running.desk.shown = shown  # type: ignore[method-assign]
    assert grace.decide({**fields, "draft": "2", "action": "undo"}).status_code == 303
    assert running.states() == ["waiting", "waiting"]


def test_readers_have_no_forms(running: Running) -> None:
    """Who may not decide is not asked to."""
    text = running.person(READER).read()
    assert 'id="draft-1"' in text
    assert "/decisions" not in text


def test_a_part_of_the_page_is_replaced(running: Running) -> None:
    """Where htmx asks, the answer is the draft's card, the standing and what a screen reader says."""
    grace = running.person(WRITER)
    fields = {**grace.fields(), "draft": "1", "action": "sign"}
    answer = grace.decide(fields, **{"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<article class="draft signed" id="draft-1"')
    assert 'id="draft-2"' not in answer.text
    assert 'id="standing" hx-swap-oob="true"' in answer.text
    assert "Draft 1 is signed." in answer.text


def test_the_queue_is_filtered(running: Running) -> None:
    """A filter that is understood filters; any other is passed over."""
    grace = running.person(WRITER)
    assert "2 drafts in 1 pull request," in grace.read("/")
    assert "2 drafts in 1 pull request" in grace.read("/?rule=query-in-loop&severity=medium&repository=acme/shop")
    assert "4 entry points change in production" in grace.read("/")
    assert "Nothing passes these filters." in grace.read("/?severity=critical")
    assert "Nothing passes these filters." in grace.read("/?age=7d&ai=no")
    assert "2 drafts in 1 pull request" in grace.read("/?rule=nonsense&page=-3")


def test_rules_are_read(running: Running) -> None:
    """Each rule that a draft names has its page."""
    grace = running.person(WRITER)
    for rule in {draft.finding.rule for draft in running.drafts()}:
        assert f'href="/rules/{rule}"' in grace.read("/rules")
        assert "Why it hurts in production" in grace.read(f"/rules/{rule}")


def test_a_newer_head_says_what_changed(running: Running, found: Found) -> None:
    """What is gone and what stands since the head before, in words; a draft whose finding is gone leaves the diff."""
    pull = running.store.pull_requests.find("acme/shop", 1)
    assert pull is not None
    head = "f" * 40
    running.store.pull_requests.save(msgspec.structs.replace(pull, head=head))
    review = running.store.reviews.queue(pull.id)
    less = msgspec.structs.replace(found, posted=found.posted[:1])
    running.store.reviews.set_found(review.id, less)
    running.store.drafts.reconcile(
        pull.id, head, lambda known, dismissed: reviewing.brought(known, dismissed, {}, review, less)
    )
    running.store.reviews.set_status(review.id, "drafted")
    text = running.person(WRITER).read()
    assert f"Since <code>{pull.head[:7]}</code>" in text
    assert f"<strong>Gone:</strong> {prose(found.told[1].message)}" in text
    assert "1 finding stands as before." in text
    assert re.findall(r'<article class="draft \w+" id="draft-(\d)"', text) == ["1"]


def test_a_dead_review_is_tried_again(running: Running) -> None:
    """It says why, in the queue too, and who may write can have it reviewed again."""
    pull = running.store.pull_requests.find("acme/shop", 1)
    assert pull is not None
    review = running.store.reviews.find(pull.id, pull.head)
    assert review is not None
    running.store.reviews.set_status(review.id, "dead", "The analysis took over 900 s and was ended.")
    asked = []
    running.desk.again = lambda pull, key: asked.append((pull.number, key))  # type: ignore[method-assign]
    grace = running.person(WRITER)
    assert "Not reviewed: The analysis took over 900 s" in grace.read("/?state=stuck")
    assert "Review it again" in grace.read()
    assert "Review it again" not in running.person(READER).read()
    fields = grace.fields()
    assert grace.post(f"{running.url}{running.page}/again", data=fields).status_code == 200
    assert asked == [(1, f"web:{WRITER}:{fields['act']}")]
    ada = running.person(READER)
    stolen = re.search(r'name="form" value="([^"]*)"', ada.read("/rules"))
    assert stolen is not None
    refused = ada.post(f"{running.url}{running.page}/again", data={**fields, "form": stolen[1]})
    assert (refused.status_code, len(asked)) == (403, 1)

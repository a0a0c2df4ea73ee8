"""What people say in comments, and what is understood of it."""

from __future__ import annotations

import pytest

from bot.review.commands import Dismiss, Edit, Explain, Help, Rerun, Sign, parse


@pytest.mark.parametrize(
    ("comment", "commands"),
    [
        ("/countersign sign 1 3", (Sign((1, 3)),)),
        ("/countersign sign #1, #3 and 4", (Sign((1, 3, 4)),)),
        ("/countersign sign all", (Sign("all"),)),
        ("/countersign approve 2", (Sign((2,)),)),
        ("/countersign SIGN 2 2", (Sign((2,)),)),
        ("/countersign dismiss 2 false-positive: three rows", (Dismiss((2,), "false-positive", "three rows"),)),
        ("/countersign dismiss 2 false positive: three rows", (Dismiss((2,), "false-positive", "three rows"),)),
        ("/countersign dismiss all later", (Dismiss("all", "later", ""),)),
        ("/countersign dismiss 2 we know: it is a report", (Dismiss((2,), "other", "we know: it is a report"),)),
        ("/countersign edit 2 Load it first.\nThen count.", (Edit(2, "Load it first.\nThen count."),)),
        ("/countersign explain 2", (Explain(2),)),
        ("/countersign rerun", (Rerun(),)),
        ("/countersign", (Help(),)),
        ("/countersign help", (Help(),)),
        ("Thanks!\r\n\r\n/countersign sign 1\r\n/countersign dismiss 2 accepted\r\n",
         (Sign((1,)), Dismiss((2,), "accepted", ""))),
        ("say `/countersign sign 1` to sign", ()),
        ("> /countersign sign 1", ()),
        ("```\n/countersign sign 1\n```", ()),
        ("    /countersign sign 1", ()),
        ("/countersigned sign 1", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_commands(comment: str, commands: tuple[object, ...]) -> None:
    assert parse(comment) == commands


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sing 1", "`sing` is no command. Did you mean `sign`?"),
        ("sign", "wants the numbers"),
        ("sign 1 please", "wants the numbers"),
        ("sign -1", "wants the numbers"),
        ("dismiss 2", "wants a reason"),
        ("dismiss because", "wants the numbers"),
        ("explain 1 2", "number of one draft"),
        ("explain all", "number of one draft"),
        ("edit 2", "words that are to be posted"),
        ("rerun now", "takes nothing"),
    ],
)
def test_what_is_not_understood_is_answered(line: str, problem: str) -> None:
    (command,) = parse(f"/countersign {line}")
    assert isinstance(command, Help)
    assert problem in command.problem

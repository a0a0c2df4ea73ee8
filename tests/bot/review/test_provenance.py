"""AI assistants are recognised by what they sign with, and by nothing else."""

from __future__ import annotations

import pytest

from bot.review.provenance import Commit, assistants


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Load lines\n\nCo-Authored-By: Claude <noreply@anthropic.com>", ("Claude (trailer of 1a2b3c4)",)),
        ("Load lines\n\nCo-authored-by: Cursor Agent <cursoragent@cursor.com>", ("Cursor (trailer of 1a2b3c4)",)),
        ("Load lines\n\nGenerated with [Claude Code](https://example.com)", ("Claude (message of 1a2b3c4)",)),
        ("Move the text cursor to the next field", ()),
        ("Let users with the zodiac sign gemini log in\n\nCo-authored-by: Ada <ada@example.com>", ()),
    ],
)
def test_commits(message: str, found: tuple[str, ...]) -> None:
    assert assistants([Commit("1a2b3c4d", "ada", message)]) == found


def test_bots_that_open_pull_requests() -> None:
    assert assistants([], author="copilot-swe-agent[bot]") == ("Copilot (author of the pull request)",)
    assert assistants([], author="claude-monet") == ()
    assert assistants([], author="house-bot", own={"House": "house-bot"}) == ("House (author of the pull request)",)

"""The way of a pull request: opened, drafted, signed, commented on."""

from __future__ import annotations

from tests.doubles.github import GitHub
from tests.doubles.scenario import REVIEWER, scene
from tests.promises.running import Service, eventually


def test_a_draft_waits_until_a_person_signs_it(github: GitHub, service: Service) -> None:
    """Nothing of a finding is public before; afterwards it stands on the line that caused it."""
    at = scene(github)
    run = eventually(
        lambda: [r for r in github.world.find_check(at.repository, at.pull.head_sha) if r.status == "completed"],
        service.log.read_text,
    )[0]
    assert run.conclusion == "neutral"
    assert not at.pull.review_comments
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    (comment,) = eventually(lambda: at.pull.review_comments, service.log.read_text)
    assert (comment.path, comment.line, comment.side) == ("orders/labels.py", 2, "RIGHT")

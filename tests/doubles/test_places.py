"""Where GitHub takes a comment, and where the comment is after a push."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import github as pygithub
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles import scenario
from tests.doubles.conftest import repository_client
from tests.doubles.git import GitRepository, Link
from tests.doubles.github import GitHub

LINES = [f"line {number}" for number in range(1, 41)]
CHANGED = [*LINES[:9], "new", *LINES[10:29], "one", "two", *LINES[30:]]
"""Line 10 is another; line 30 became two. Shown on the right: 7 to 13, and 27 to 34."""


def text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def scene(github: GitHub) -> scenario.Scene:
    return scenario.scene(github, before={"a.txt": text(LINES), "b.txt": "b\n"}, after={"a.txt": text(CHANGED)})


def post(github: GitHub, scene: scenario.Scene, **comment: Any) -> Any:
    """One review with one comment."""
    repository = repository_client(github, scene.repository)
    pull = repository.get_pull(scene.pull.number)
    wanted = {"path": "a.txt", "body": "Here", **comment}
    return pull.create_review(repository.get_commit(pull.head.sha), "", "COMMENT", [wanted])


@pytest.mark.parametrize(
    "place",
    [
        {"line": 7},
        {"line": 10, "side": "RIGHT"},
        {"line": 10, "side": "LEFT"},
        {"line": 34},
        {"line": 33, "side": "LEFT"},
        {"line": 31, "start_line": 28, "start_side": "RIGHT"},
        {"line": 31, "start_line": 30, "start_side": "LEFT"},
        {"position": 1},
        {"position": 17},
    ],
    ids=str,
)
def test_lines_that_the_diff_shows_are_taken(github: GitHub, scene: scenario.Scene, place: dict[str, Any]) -> None:
    post(github, scene, **place)
    assert len(scene.pull.threads) == 1


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ({"line": 6}, "must be part of the diff"),
        ({"line": 20}, "must be part of the diff"),
        ({"line": 35}, "must be part of the diff"),
        ({"line": 34, "side": "LEFT"}, "must be part of the diff"),
        ({"line": 28, "start_line": 12, "start_side": "RIGHT"}, "must be part of the same hunk"),
        ({"line": 11, "start_line": 11}, "must precede the end line"),
        ({"line": 11, "start_line": 12}, "must precede the end line"),
        ({"position": 9}, "Position is invalid"),
        ({"position": 400}, "Position is invalid"),
        ({"path": "b.txt", "line": 1}, "Path could not be resolved"),
        ({"path": "no.txt", "line": 1}, "Path could not be resolved"),
    ],
    ids=str,
)
def test_all_others_are_refused(github: GitHub, scene: scenario.Scene, place: dict[str, Any], problem: str) -> None:
    with pytest.raises(pygithub.GithubException) as refused:
        post(github, scene, **place)
    assert refused.value.status == 422
    assert problem in refused.value.data["errors"][0]
    assert (scene.pull.threads, scene.pull.reviews) == ([], [])


def test_one_bad_comment_refuses_the_whole_review(github: GitHub, scene: scenario.Scene) -> None:
    repository = repository_client(github, scene.repository)
    pull = repository.get_pull(1)
    wanted = [{"path": "a.txt", "line": line, "body": "Here"} for line in (10, 20)]
    with pytest.raises(pygithub.GithubException):
        pull.create_review(repository.get_commit(pull.head.sha), "", "COMMENT", wanted)
    assert scene.pull.threads == []


def test_a_comment_alone_is_refused_by_field(github: GitHub, scene: scenario.Scene) -> None:
    repository = repository_client(github, scene.repository)
    pull = repository.get_pull(1)
    with pytest.raises(pygithub.GithubException) as refused:
        pull.create_review_comment("Here", repository.get_commit(pull.head.sha), "a.txt", line=20)
    assert refused.value.data["errors"][0]["field"] == "pull_request_review_thread.line"


def test_a_comment_moves_with_its_line_and_is_outdated_once_it_changed(github: GitHub, scene: scenario.Scene) -> None:
    post(github, scene, line=10)
    comment = scene.pull.threads[0].root
    github.people.push(scene.repository, "feature", {"a.txt": text(["first", *CHANGED])}, by="ada")
    assert (comment.line_at_head(comment.line, comment.side), comment.outdated) == (11, False)
    github.people.push(scene.repository, "feature", {"a.txt": text(["first", *LINES])}, by="ada")
    assert (comment.line_at_head(comment.line, comment.side), comment.outdated) == (None, True)
    shown = next(iter(repository_client(github, scene.repository).get_pull(1).get_review_comments()))
    assert (shown.line, shown.original_line, shown.position) == (None, 10, None)


def test_renamed_binary_and_linked_files_are_read(tmp_path: Path) -> None:
    """Names with any characters too."""
    repository = GitRepository.create(tmp_path / "r.git")
    body = text(LINES)
    odd = 'a "quoted"\tname\nü.txt'
    base = repository.commit(
        "main", {"old.txt": body, "gone.txt": "x\n", "bin": b"\0a", "file": "f\n", odd: "1\n"}, "1"
    )
    after = {
        "old.txt": None,
        "new.txt": body + "more\n",
        "gone.txt": None,
        "bin": b"\0b",
        "file": Link("x"),
        odd: "2\n",
    }
    head = repository.commit("main", after, "2")
    files = {file.path: file for file in repository.diff(base, head)}
    assert {path: file.status for path, file in files.items()} == {
        "new.txt": "renamed",
        "gone.txt": "removed",
        "bin": "modified",
        "file": "changed",
        odd: "modified",
    }
    assert files["new.txt"].previous_path == "old.txt"
    assert files["new.txt"].place("RIGHT", 41) is not None
    assert files["bin"].patch is None
    assert files[odd].patch == "@@ -1 +1 @@\n-1\n+2"
    assert [row.text for hunk in files["file"].hunks for row in hunk.rows if row.text[0] in "+-"] == ["-f", "+x"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return GitRepository.create(tmp_path_factory.mktemp("diff") / "r.git")


lines = st.lists(st.sampled_from(["a", "b", "", "@@ -1 +1 @@", "-x", "+x", "\\ No"]), max_size=30)


@settings(max_examples=40, deadline=None)
@given(before=lines, after=lines)
def test_what_the_reader_says_of_a_line_is_true(bare: GitRepository, before: list[str], after: list[str]) -> None:
    """Each shown line holds its file's text, and a line that moved is the same text in the other file."""
    base = bare.commit("main", {"f": text(before), "other": text(after)}, "before")
    head = bare.commit("main", {"f": text(after)}, "after")
    for file in bare.diff(base, head):
        for hunk in file.hunks:
            for row in hunk.rows:
                if row.new is not None:
                    assert row.text[1:] == after[row.new - 1]
                if row.old is not None:
                    assert row.text[1:] == before[row.old - 1]
        for number in range(1, len(before) + 1):
            moved = file.moved(number)
            assert moved is None or after[moved - 1] == before[number - 1]
        for number in range(1, len(after) + 1):
            position = file.position("RIGHT", number)
            assert position is None or file.at_position(position) == ("RIGHT", number)

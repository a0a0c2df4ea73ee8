from __future__ import annotations

import contextlib

import pytest

from bot.github import checks, comments, repository, reviews, threads
from bot.github.client import Client
from bot.github.comments import Comment
from bot.github.errors import NotFound, Refused, Unavailable
from bot.github.reviews import LineComment
from tests.doubles import refusals, scenario
from tests.doubles.faults import LOST
from tests.doubles.git import Link
from tests.doubles.github import GitHub as Double
from tests.doubles.scenario import Scene

NAME = "acme/orders"
LABELS = "orders/labels.py"
BOT = "countersign[bot]"


def _on(line: int, body: str, path: str = LABELS) -> LineComment:
    return LineComment(path, body, line)


# --- repository -------------------------------------------------------------------------------------------------------


def test_pull_requests(double: Double, client: Client, scene: Scene) -> None:
    """A pull request reads the same alone and in the list, and is found by its head; closed ones are not listed."""
    one = repository.pull_request(client, scene.installation.id, NAME, 1)
    assert (one.head, one.base, one.author) == (scene.pull.head_sha, scene.pull.base_sha, "ada")
    assert list(repository.open_pull_requests(client, scene.installation.id, NAME)) == [one]
    assert list(repository.pull_requests_of_commit(client, scene.installation.id, NAME, one.head)) == [one]
    assert list(repository.pull_requests_of_commit(client, scene.installation.id, NAME, one.base)) == []
    double.people.close(scene.pull, by=scenario.AUTHOR)
    assert list(repository.open_pull_requests(client, scene.installation.id, NAME)) == []
    with pytest.raises(NotFound):
        repository.pull_request(client, scene.installation.id, NAME, 99)


def test_commits(double: Double, client: Client, scene: Scene) -> None:
    """Messages are whole, trailers too."""
    message = "More\n\nCo-authored-by: Helper <helper@example.com>\n"
    double.people.push(scene.repository, "feature", scenario.SHIFTED, message, by=scenario.AUTHOR)
    listed = list(repository.commits(client, NAME, 1))
    assert [commit.message.strip() for commit in listed] == ["Say whose order it is", message.strip()]
    assert listed[1].author == "ada <ada@example.com>"


def test_merge_base(double: Double, client: Client, scene: Scene) -> None:
    """The base may go on; the merge base stays. Histories without a common start have none."""
    git = scene.repository.git
    start = git.resolve("refs/heads/main")
    moved = git.commit("main", {"other.py": ""}, "Other", parent=start)
    assert repository.merge_base(client, NAME, moved, scene.pull.head_sha) == start
    stranger = scenario.repository(double, {"x": "another start"}, name="stranger").git
    alone = stranger.resolve("refs/heads/main")
    git.fetch(stranger, alone)
    assert repository.merge_base(client, NAME, alone, scene.pull.head_sha) is None
    with pytest.raises(NotFound):
        repository.merge_base(client, NAME, "0" * 40, scene.pull.head_sha)


def test_files(client: Client, scene: Scene) -> None:
    """Regular files only: links, folders and what is not there are none. Odd names are found."""
    git = scene.repository.git
    odd = "a dir/ünï#?%25 .py"
    commit = git.commit("odd", {odd: "x = 1\n", "link.py": Link(odd)}, "Odd", parent=scene.pull.base_sha)
    found = repository.file(client, NAME, odd, commit)
    assert found is not None
    assert found.content == b"x = 1\n"
    assert found.blob == git.run("rev-parse", f"{commit}:{odd}").decode().strip()
    for path in ("link.py", "a dir", "nothing.py"):
        assert repository.file(client, NAME, path, commit) is None


def test_who_may_write(double: Double, client: Client, scene: Scene) -> None:
    """It is asked each time, and strangers may not."""
    assert repository.may_write(client, NAME, "ada")
    assert not repository.may_write(client, NAME, "mallory")
    assert not repository.may_write(client, NAME, "no such/login")
    double.people.set_permission(scene.repository, "ada", "read")
    assert not repository.may_write(client, NAME, "ada")
    double.faults.order("repos/get-collaborator*", refusals.server_error(), times=3)
    with pytest.raises(Unavailable):
        repository.may_write(client, NAME, "ada")


# --- reviews and comments ---------------------------------------------------------------------------------------------


def test_one_review(double: Double, client: Client, scene: Scene) -> None:
    """All comments go out in one call, on their lines; it decides nothing."""
    ranged = LineComment(LABELS, "range", 2, start_line=1)
    removed = LineComment(LABELS, "removed", 2, side="LEFT")
    assert reviews.post(client, NAME, 1, scene.pull.head_sha, "All.", [_on(2, "line"), ranged, removed]) == ()
    (review,) = scene.pull.reviews
    assert (review.body, review.state) == ("All.", "COMMENTED")
    assert [(c.body, c.side, c.start_line, c.line) for c in review.comments] == [
        ("line", "RIGHT", None, 2),
        ("range", "RIGHT", 1, 2),
        ("removed", "LEFT", None, 2),
    ]


@pytest.mark.parametrize("bad", [{0}, {3}, {6}, {0, 6}, {2, 3, 4}, set(range(7))])
def test_a_refused_batch_is_halved(client: Client, scene: Scene, bad: set[int]) -> None:
    """What GitHub does not mind is posted in one review, what it minds comes back."""
    asked = [_on(500 if number in bad else 1, str(number)) for number in range(7)]
    refused = reviews.post(client, NAME, 1, scene.pull.head_sha, "Body.", asked)
    assert sorted(comment.body for comment in refused) == sorted(map(str, bad))
    good = [str(number) for number in range(7) if number not in bad]
    public = [(review.body, [comment.body for comment in review.comments]) for review in scene.pull.reviews]
    assert public == ([("Body.", good)] if good else [])


def test_nobody_hears_of_halves(double: Double, client: Client, scene: Scene) -> None:
    """People are told of the one review, and of no other that was there for a moment."""
    asked = [_on(1, "a"), _on(500, "b"), _on(1, "c")]
    reviews.post(client, NAME, 1, scene.pull.head_sha, "Body.", asked)
    assert len(double.hooks.of("pull_request_review", "submitted")) == 1
    assert len(double.hooks.of("pull_request_review_comment", "created")) == 2


@pytest.mark.parametrize("nth", [2, 3, 4, 5])
def test_halving_is_cut_off(double: Double, client: Client, scene: Scene, nth: int) -> None:
    """Wherever it was cut off, also where an answer was lost, the next try makes the one review."""
    asked = [_on(500 if number == 2 else 1, str(number)) for number in range(4)]
    double.faults.order("pulls/*", LOST, nth=nth)
    with contextlib.suppress(Unavailable):
        reviews.post(client, NAME, 1, scene.pull.head_sha, "Body.", asked)
    double.faults.clear()
    if not any(review.state == "COMMENTED" for review in scene.pull.reviews):
        assert reviews.post(client, NAME, 1, scene.pull.head_sha, "Body.", asked) == (asked[2],)
    (review,) = scene.pull.reviews
    assert [comment.body for comment in review.comments] == ["0", "1", "3"]


def test_a_body_that_is_refused(client: Client, scene: Scene) -> None:
    """When it is the body that GitHub minds, nothing is posted."""
    asked = [_on(1, "a"), _on(1, "b")]
    assert reviews.post(client, NAME, 1, scene.pull.head_sha, "x" * 70_000, asked) == tuple(asked)
    assert scene.pull.reviews == []


def test_a_head_that_was_pushed_away(double: Double, client: Client, scene: Scene) -> None:
    """A commit that is none of the pull request's any more is no fault of the comments."""
    head = scene.pull.head_sha
    parent = scene.pull.base_sha
    double.people.push(scene.repository, "feature", scenario.SHIFTED, by=scenario.AUTHOR, parent=parent)
    with pytest.raises(Refused, match="commit_id"):
        reviews.post(client, NAME, 1, head, "", [_on(1, "a"), _on(2, "b")])
    assert len(double.log.of("pulls/create-review")) == 1


def test_other_failures_are_not_halved(double: Double, client: Client, scene: Scene) -> None:
    """Only a refusal is a reason to try with less."""
    double.faults.order("pulls/create-review", refusals.server_error())
    with pytest.raises(Unavailable):
        reviews.post(client, NAME, 1, scene.pull.head_sha, "", [_on(1, "a"), _on(2, "b")])
    assert len(double.log.of("pulls/create-review")) == 1


def test_comments(double: Double, client: Client, scene: Scene) -> None:
    """Ours are told from those of people who write what we would."""
    double.people.comment(scene.pull, "<!-- marker -->", by=scenario.STRANGER)
    written = comments.write(client, NAME, 1, "<!-- marker -->")
    comments.rewrite(client, NAME, written.id, "<!-- marker --> new")
    listed = list(comments.on_pull_request(client, NAME, 1))
    assert [comment.author for comment in listed] == ["mallory", BOT]
    (ours,) = comments.ours(client, iter(listed))
    assert ours == Comment(written.id, "<!-- marker --> new", BOT, is_bot=True)


def test_comments_on_files(double: Double, client: Client, scene: Scene) -> None:
    """A file of the diff may be commented on, another not; a reply is in its thread."""
    root = comments.write_on_file(client, NAME, 1, scene.pull.head_sha, LABELS, "file")
    with pytest.raises(Refused):
        comments.write_on_file(client, NAME, 1, scene.pull.head_sha, "manage.py", "file")
    answer = comments.reply(client, NAME, 1, root.id, "reply")
    comments.rewrite_on_file(client, NAME, root.id, "file, edited")
    assert list(comments.on_files(client, NAME, 1)) == [
        Comment(root.id, "file, edited", BOT, is_bot=True),
        Comment(answer.id, "reply", BOT, is_bot=True, in_reply_to=root.id),
    ]
    with pytest.raises(NotFound):
        comments.rewrite_on_file(client, NAME, 1, "gone")


@pytest.mark.parametrize("on_file", [True, False])
def test_reactions(double: Double, client: Client, scene: Scene, on_file: bool) -> None:
    """People's reactions are told; our own are given once and are not."""
    if on_file:
        comment = comments.write_on_file(client, NAME, 1, scene.pull.head_sha, LABELS, "x")
        (there,) = scene.pull.review_comments
        double.people.react(there, "+1", by="grace")
    else:
        comment = comments.write(client, NAME, 1, "x")
        double.people.react(scene.pull.comments[0], "+1", by="grace")
    comments.react(client, NAME, comment.id, "eyes", on_file=on_file)
    comments.react(client, NAME, comment.id, "eyes", on_file=on_file)
    assert list(comments.reactions(client, NAME, comment.id, on_file=on_file)) == [comments.Given("grace", "+1")]


# --- checks -----------------------------------------------------------------------------------------------------------


OUTPUT = checks.Output("2 drafts", "wait")


def test_a_check_is_started_once(double: Double, client: Client, scene: Scene) -> None:
    """An answer that was lost leads to no second run; another review has its own."""
    head = scene.pull.head_sha
    double.faults.order("checks/create", LOST)
    with pytest.raises(Unavailable):
        checks.start(client, NAME, head, "countersign", "review-1", OUTPUT)
    run = checks.start(client, NAME, head, "countersign", "review-1", OUTPUT)
    assert (run.status, run.conclusion, run.external_id) == ("in_progress", None, "review-1")
    assert len(double.log.of("checks/create")) == 1
    again = checks.start(client, NAME, head, "countersign", "review-2", OUTPUT)
    assert again.id != run.id
    assert checks.find(client, NAME, head, "countersign", "review-1") == run
    assert checks.find(client, NAME, head, "countersign", "review-3") is None


def test_annotations(double: Double, client: Client, scene: Scene) -> None:
    """Over 50 take several calls; after a crash only the missing ones are sent; the conclusion comes last."""
    run = checks.start(client, NAME, scene.pull.head_sha, "countersign", "1", OUTPUT)
    marks = [checks.Annotation(LABELS, 1, 2, "warning", "Title", str(number)) for number in range(120)]
    buttons = [checks.Button("sign-all", "Sign all", "Post all drafts as comments")]
    double.faults.order("checks/update", LOST, nth=2)
    with pytest.raises(Unavailable):
        checks.update(client, NAME, run.id, OUTPUT, conclusion="neutral", buttons=buttons, annotations=marks)
    there = scene.repository.checks[run.id]
    assert (len(there.annotations), there.conclusion) == (100, None)
    done = checks.update(client, NAME, run.id, OUTPUT, conclusion="neutral", buttons=buttons, annotations=marks)
    assert done.conclusion == there.conclusion == "neutral"
    assert [mark["message"] for mark in there.annotations] == [str(number) for number in range(120)]
    assert [button["identifier"] for button in there.actions] == ["sign-all"]
    checks.update(client, NAME, run.id, OUTPUT, conclusion="neutral", annotations=marks)
    assert len(there.annotations) == 120
    assert there.actions == []


# --- threads ----------------------------------------------------------------------------------------------------------


def test_threads(double: Double, client: Client, scene: Scene) -> None:
    """Whose a thread is and whether somebody else wrote in it is told; it can be resolved and opened again."""
    double.people.comment_line(scene.pull, LABELS, 1, "theirs", by="grace")
    reviews.post(client, NAME, 1, scene.pull.head_sha, "", [_on(2, "ours"), _on(2, "answered")])
    answered = scene.pull.review_comments[2]
    double.people.reply(answered, "But why?", by="grace")
    found = {thread.body: thread for thread in threads.of_pull_request(client, NAME, 1)}
    assert {body: (thread.is_ours, thread.has_others) for body, thread in found.items()} == {
        "theirs": (False, True),
        "ours": (True, False),
        "answered": (True, True),
    }
    assert found["answered"].comment == answered.id
    for change, resolved in ((threads.resolve, True), (threads.resolve, True), (threads.unresolve, False)):
        change(client, found["ours"].id)
        states = {thread.body: thread.is_resolved for thread in threads.of_pull_request(client, NAME, 1)}
        assert states == {"theirs": False, "ours": resolved, "answered": False}


def test_many_threads(double: Double, client: Client, scene: Scene) -> None:
    """More than a page of them, and a thread with more comments than are listed."""
    reviews.post(client, NAME, 1, scene.pull.head_sha, "", [_on(1, str(number)) for number in range(120)])
    for _ in range(60):
        double.people.reply(scene.pull.review_comments[0], "and on", by="grace")
    found = list(threads.of_pull_request(client, NAME, 1))
    assert [thread.body for thread in found] == [str(number) for number in range(120)]
    assert [thread.has_others for thread in found] == [True] + [False] * 119
    with pytest.raises(NotFound):
        list(threads.of_pull_request(client, NAME, 99))

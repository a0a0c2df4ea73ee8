"""PyGithub drives the double: what the product does, and what the answers say."""

from __future__ import annotations

import concurrent.futures

import github as pygithub
import pytest
import requests

from tests.doubles import scenario
from tests.doubles.conftest import app_client, repository_client
from tests.doubles.git import Link
from tests.doubles.github import GitHub

THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      reviewThreads(first: 1, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line resolvedBy { login }
          comments(first: 10) { nodes { databaseId body author { __typename login } replyTo { databaseId } } }
        }
      }
    }
  }
}
"""


@pytest.fixture
def scene(github: GitHub) -> scenario.Scene:
    return scenario.scene(github)


@pytest.fixture
def repository(github: GitHub, scene: scenario.Scene) -> pygithub.Repository.Repository:
    return repository_client(github, scene.repository)


@pytest.fixture
def pull(repository: pygithub.Repository.Repository) -> pygithub.PullRequest.PullRequest:
    return repository.get_pull(1)


def test_the_app_and_its_installations(github: GitHub, scene: scenario.Scene) -> None:
    app = app_client(github)
    assert app.get_app().slug == "countersign"
    assert [found.id for found in app.get_installations()] == [scene.installation.id]
    assert [found.full_name for found in app.get_app_installation(scene.installation.id).get_repos()] == ["acme/orders"]


def test_a_pull_request_with_its_files_commits_and_merge_base(
    repository: pygithub.Repository.Repository, pull: pygithub.PullRequest.PullRequest
) -> None:
    assert (pull.user.login, pull.state, pull.draft, pull.commits, pull.changed_files) == ("ada", "open", False, 1, 1)
    assert [(file.filename, file.status, file.additions, file.deletions) for file in pull.get_files()] == [
        ("orders/labels.py", "modified", 1, 1)
    ]
    assert [commit.sha for commit in pull.get_commits()] == [pull.head.sha]
    comparison = repository.compare(pull.base.sha, pull.head.sha)
    assert (comparison.merge_base_commit.sha, comparison.status) == (pull.base.sha, "ahead")
    assert [found.number for found in repository.get_pulls(state="open", head="acme:feature")] == [1]
    assert [found.number for found in repository.get_commit(pull.head.sha).get_pulls()] == [1]


def test_contents_folders_and_blobs(
    repository: pygithub.Repository.Repository, pull: pygithub.PullRequest.PullRequest
) -> None:
    file = repository.get_contents("orders/labels.py", ref=pull.head.sha)
    assert b"customer.name" in file.decoded_content
    assert b"customer.name" not in repository.get_contents("orders/labels.py").decoded_content
    assert [entry.path for entry in repository.get_contents("")] == [".github", "manage.py", "orders"]
    assert repository.get_contents(".github/CODEOWNERS").decoded_content == b"* @grace\n"
    assert repository.get_git_blob(file.sha).size == len(file.decoded_content)
    with pytest.raises(pygithub.UnknownObjectException):
        repository.get_contents("orders/nothing.py")


def test_a_link_to_a_file_is_answered_as_the_file(github: GitHub) -> None:
    links = {"a": Link("orders/models.py"), "orders/up": Link("../manage.py"), "out": Link("../../etc/passwd")}
    made = scenario.repository(github, {**scenario.ORDER_SERVICE, **links})
    github.people.install(made)
    repository = repository_client(github, made)
    found = {path: repository.get_contents(path) for path in links}
    assert {path: (file.type, file.path) for path, file in found.items()} == {
        "a": ("file", "orders/models.py"),
        "orders/up": ("file", "manage.py"),
        "out": ("symlink", "out"),
    }


def test_many_may_ask_at_once(github: GitHub, scene: scenario.Scene) -> None:
    headers = {"Authorization": f"token {github.access.token_for(github.world.account('grace'))}"}
    url = f"{github.api_url}/repos/acme/orders/issues/1/comments"

    def write(number: int) -> int:
        answer = requests.post(url, json={"body": str(number)}, headers=headers, timeout=30)
        return int(answer.json()["id"])

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        written = list(pool.map(write, range(40)))
    assert sorted(comment.id for comment in scene.pull.comments) == sorted(written)
    assert sorted(int(comment.body) for comment in scene.pull.comments) == list(range(40))


def test_one_review_with_comments_and_its_thread(
    github: GitHub, repository: pygithub.Repository.Repository, pull: pygithub.PullRequest.PullRequest
) -> None:
    wanted = [{"path": "orders/labels.py", "line": 2, "side": side, "body": side} for side in ("RIGHT", "LEFT")]
    review = pull.create_review(repository.get_commit(pull.head.sha), "Two", "COMMENT", wanted)
    assert (review.state, review.user.login, review.user.type) == ("COMMENTED", "countersign[bot]", "Bot")
    assert [(comment.side, comment.line, comment.body) for comment in pull.get_review_comments()] == [
        ("RIGHT", 2, "RIGHT"),
        ("LEFT", 2, "LEFT"),
    ]
    right = pull.get_review_comments()[0]
    assert right.diff_hunk.splitlines()[-1] == '+    return f"{order.number} {order.customer.name}"'
    reply = pull.create_review_comment_reply(right.id, "It is gone.")
    assert reply.in_reply_to_id == right.id
    assert next(found.id for found in pull.get_reviews()) == review.id
    assert [found.id for found in pull.get_single_review_comments(review.id)] == [right.id, right.id + 2]
    right.edit("Edited")
    assert pull.get_review_comment(right.id).body == "Edited"


def test_a_comment_on_a_file_and_on_a_range(
    repository: pygithub.Repository.Repository, pull: pygithub.PullRequest.PullRequest
) -> None:
    commit = repository.get_commit(pull.head.sha)
    on_file = pull.create_review_comment("File", commit, "orders/labels.py", subject_type="file")
    on_range = pull.create_review_comment("Range", commit, "orders/labels.py", line=2, start_line=1, start_side="RIGHT")
    assert (on_file.subject_type, on_range.start_line, on_range.line) == ("file", 1, 2)


def test_a_summary_is_edited_in_place_and_reacted_to(
    github: GitHub, scene: scenario.Scene, pull: pygithub.PullRequest.PullRequest
) -> None:
    comment = pull.create_issue_comment("First")
    comment.edit("Second")
    assert [(found.body, found.user.login) for found in pull.get_issue_comments()] == [("Second", "countersign[bot]")]
    github.people.react(scene.pull.comments[0], "+1", by="grace")
    comment.create_reaction("eyes")
    assert [(found.content, found.user.login) for found in comment.get_reactions()] == [
        ("+1", "grace"),
        ("eyes", "countersign[bot]"),
    ]
    assert comment.minimize("OUTDATED")
    assert scene.pull.comments[0].minimized == "outdated"


def test_lists_have_pages(scene: scenario.Scene, pull: pygithub.PullRequest.PullRequest) -> None:
    for number in range(65):
        pull.create_issue_comment(str(number))
    assert [comment.body for comment in pull.get_issue_comments()] == [str(number) for number in range(65)]


def test_a_check_run_gathers_annotations(
    repository: pygithub.Repository.Repository, pull: pygithub.PullRequest.PullRequest
) -> None:
    action = {"label": "Sign all", "description": "Post all drafts", "identifier": "sign-all"}
    run = repository.create_check_run("countersign", pull.head.sha, status="in_progress", actions=[action])
    assert run.conclusion is None
    place = {"path": "orders/labels.py", "start_line": 2, "end_line": 2, "annotation_level": "warning", "message": "m"}
    for _ in range(2):
        output = {"title": "One", "summary": "finding", "annotations": [place] * 50}
        run.edit(status="completed", conclusion="neutral", output=output)
    assert (run.status, run.conclusion, run.output.annotations_count) == ("completed", "neutral", 100)
    assert len(list(run.get_annotations())) == 100
    found = repository.get_commit(pull.head.sha).get_check_runs(check_name="countersign")
    assert [each.id for each in found] == [run.id]


@pytest.mark.parametrize(
    "output",
    [
        {"title": "t", "summary": "s" * 65_536},
        {"title": "t", "summary": "s", "annotations": [{"path": "a"}]},
        {
            "title": "t",
            "summary": "s",
            "annotations": [
                {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"},
            ]
            * 51,
        },
    ],
    ids=["summary too long", "annotation without lines", "51 annotations"],
)
def test_a_check_run_against_the_description_is_refused(
    repository: pygithub.Repository.Repository, pull: pygithub.PullRequest.PullRequest, output: dict[str, object]
) -> None:
    with pytest.raises(pygithub.GithubException) as refused:
        repository.create_check_run("countersign", pull.head.sha, output=output)
    assert refused.value.status == 422
    assert not list(repository.get_commit(pull.head.sha).get_check_runs())


def test_permissions_of_collaborators_and_others(repository: pygithub.Repository.Repository) -> None:
    assert [repository.get_collaborator_permission(login) for login in ("grace", "mallory")] == ["write", "read"]
    with pytest.raises(pygithub.UnknownObjectException):
        repository.get_collaborator_permission("nobody-of-that-name")


def test_threads_are_listed_by_page_resolved_and_opened_again(
    github: GitHub, scene: scenario.Scene, repository: pygithub.Repository.Repository
) -> None:
    pull = repository.get_pull(1)
    wanted = [{"path": "orders/labels.py", "line": line, "body": str(line)} for line in (1, 2)]
    pull.create_review(repository.get_commit(pull.head.sha), "", "COMMENT", wanted)
    variables = {"owner": "acme", "name": "orders", "number": 1}
    threads = []
    for _ in range(2):
        _, answer = repository.requester.graphql_query(THREADS, variables)
        page = answer["data"]["repository"]["pullRequest"]["reviewThreads"]
        threads += page["nodes"]
        variables["after"] = page["pageInfo"]["endCursor"]
    assert [(thread["line"], thread["isResolved"]) for thread in threads] == [(1, False), (2, False)]
    assert threads[0]["comments"]["nodes"][0]["author"] == {"__typename": "Bot", "login": "countersign"}
    change = {"threadId": threads[0]["id"]}
    for mutation, resolved in (("resolveReviewThread", True), ("unresolveReviewThread", False)):
        _, answer = repository.requester.graphql_named_mutation(mutation, change, "thread { isResolved }")
        assert answer == {"thread": {"isResolved": resolved}}
        assert (scene.pull.threads[0].resolved_by is not None) == resolved
    assert [request.operation for request in github.log.writes()] == [
        "pulls/create-review",
        "graphql:resolveReviewThread",
        "graphql:unresolveReviewThread",
    ]


def test_what_graphql_does_not_know_is_an_error(repository: pygithub.Repository.Repository) -> None:
    with pytest.raises(pygithub.GithubException):
        repository.requester.graphql_query("query { viewer { favouriteColour } }", {})

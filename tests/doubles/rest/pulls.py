"""
Pull requests, their files and commits.
"""

from __future__ import annotations

from tests.doubles.rest.call import Answer, Call, Handler, Listing

MOST_FILES = 3_000
"""GitHub lists no more files of one pull request."""


def get(call: Call) -> Answer:
    return Answer(call.shapes.pull(call.pull))


def list_(call: Call) -> Listing:
    """Newest first unless asked otherwise."""
    query, pulls = call.query, list(call.repository.pulls.values())
    if query.get("state", "open") != "all":
        pulls = [pull for pull in pulls if pull.state == query.get("state", "open")]
    if "head" in query:
        pulls = [
            pull
            for pull in pulls
            if query["head"] == f"{(pull.head_repository or pull.repository).owner.login}:{pull.head}"
        ]
    if "base" in query:
        pulls = [pull for pull in pulls if pull.base == query["base"]]
    updated = query.get("sort") == "updated"
    newest_first = query.get("direction", "asc" if "sort" in query and query["sort"] != "created" else "desc") == "desc"
    pulls.sort(key=lambda pull: (pull.updated_at if updated else "", pull.number), reverse=newest_first)
    return Listing(pulls, lambda pull: call.shapes.pull(pull, full=False))


def list_for_commit(call: Call) -> Listing:
    pulls = [pull for pull in call.repository.pulls.values() if pull.head_sha == call.path["commit_sha"]]
    return Listing(pulls, lambda pull: call.shapes.pull(pull, full=False))


def list_files(call: Call) -> Listing:
    pull = call.pull
    return Listing(pull.diff()[:MOST_FILES], lambda file: call.shapes.file(pull.repository, pull.head_sha, file))


def list_commits(call: Call) -> Listing:
    pull = call.pull
    return Listing(
        pull.repository.git.commits(pull.base_sha, pull.head_sha),
        lambda commit: call.shapes.commit(pull.repository, commit),
    )


HANDLERS: dict[str, Handler] = {
    "pulls/get": get,
    "pulls/list": list_,
    "pulls/list-commits": list_commits,
    "pulls/list-files": list_files,
    "repos/list-pull-requests-associated-with-commit": list_for_commit,
}

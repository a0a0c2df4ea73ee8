"""
Repositories: their content, their commits, their people; and what belongs to no repository.
"""

from __future__ import annotations

import base64
import posixpath
import subprocess

from tests.doubles import refusals
from tests.doubles.rest.call import Answer, Call, Handler
from tests.doubles.world import Repository

LINK = "120000"
LARGE_FILE = 1_000_000
"""Bytes from which on the contents are empty and have to be asked for as a blob."""
LARGEST_BLOB = 100_000_000
MOST_FILES = 300
"""A comparison lists no more files."""


def get(call: Call) -> Answer:
    return Answer(call.shapes.repository(call.repository, full=True))


def get_content(call: Call) -> Answer:
    """A file, or a folder's list; from the default branch unless a `ref` is given."""
    repository, path = call.repository, call.path["path"].strip("/")
    commit = repository.git.find(call.query.get("ref", repository.default_branch))
    if commit is None:
        raise refusals.Refusal(404, f"No commit found for the ref {call.query.get('ref')}")
    entry = repository.git.entry(commit, path) if path else ("040000", "tree", "")
    if entry is None:
        raise refusals.not_found()
    if entry[0] == LINK:
        path, entry = _followed(repository, commit, path, entry)
    mode, kind, sha = entry
    if kind == "tree":
        entries = repository.git.entries(commit, *([f"{path}/"] if path else []))
        return Answer(
            [call.shapes.content(repository, commit, name, mode, sha, None) for mode, _, sha, name in entries]
        )
    data = repository.git.blob(sha) if kind == "blob" else b""
    shape = call.shapes.content(repository, commit, path, mode, sha, data)
    if data and len(data) > LARGE_FILE:
        shape |= {"encoding": "none", "content": ""}
    if mode == "160000":
        shape["submodule_git_url"] = None
    return Answer(shape)


def _followed(
    repository: Repository, commit: str, path: str, link: tuple[str, str, str]
) -> tuple[str, tuple[str, str, str]]:
    """A link to a file is answered as that file; one to anything else as the link it is."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), (repository.git.blob(link[2]) or b"").decode()))
    found = None if target.startswith(("..", "/")) else repository.git.entry(commit, target)
    is_file = found is not None and found[1] == "blob" and found[0] != LINK
    return (target, found) if found is not None and is_file else (path, link)


def get_blob(call: Call) -> Answer:
    repository, sha = call.repository, call.path["file_sha"]
    data = repository.git.blob(sha)
    if data is None:
        raise refusals.not_found()
    if len(data) > LARGEST_BLOB:
        raise refusals.Refusal(403, "This API returns blobs up to 100 MB in size.")
    url = f"{call.world.api}/repos/{repository.full_name}/git/blobs/{sha}"
    content = base64.encodebytes(data).decode()
    return Answer({"sha": sha, "node_id": sha, "size": len(data), "url": url, "content": content, "encoding": "base64"})


def get_ref(call: Call) -> Answer:
    repository, name = call.repository, call.path["ref"]
    sha = repository.git.find(f"refs/{name}")
    if sha is None:
        raise refusals.not_found()
    api = f"{call.world.api}/repos/{repository.full_name}/git"
    target = {"type": "commit", "sha": sha, "url": f"{api}/commits/{sha}"}
    return Answer({"ref": f"refs/{name}", "node_id": sha, "url": f"{api}/refs/{name}", "object": target})


def get_commit(call: Call) -> Answer:
    repository = call.repository
    sha = repository.git.find(call.path["ref"])
    if sha is None:
        raise refusals.Refusal(422, f"No commit found for SHA: {call.path['ref']}")
    commit = repository.git.read_commit(sha)
    files = repository.git.diff(commit.parents[0], sha) if commit.parents else ()
    counts = {"additions": sum(file.additions for file in files), "deletions": sum(file.deletions for file in files)}
    return Answer(
        {
            **call.shapes.commit(repository, commit),
            "stats": {**counts, "total": sum(counts.values())},
            "files": [call.shapes.file(repository, sha, file) for file in files],
        }
    )


def compare(call: Call) -> Answer:
    """`base...head`; either may be `owner:branch` of a fork."""
    repository = call.repository
    base_name, _, head_name = call.path["basehead"].partition("...")
    base, head = _end(call, repository, base_name), _end(call, repository, head_name)
    git = repository.git
    try:
        merge_base = git.merge_base(base, head)
    except subprocess.CalledProcessError as error:
        message = f"No common ancestor between {base_name} and {head_name}."
        raise refusals.Refusal(404, message) from error
    ahead, behind = git.commits(base, head), git.commits(head, base)
    states = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    url = f"{call.world.api}/repos/{repository.full_name}/compare/{base_name}...{head_name}"
    html = f"{call.world.url}/{repository.full_name}/compare/{base_name}...{head_name}"
    page, size = call.query.get("page", 1), call.query.get("per_page", 250)
    files = git.diff(merge_base, head)[:MOST_FILES] if page == 1 else ()
    return Answer(
        {
            "url": url,
            "html_url": html,
            "permalink_url": f"{call.world.url}/{repository.full_name}/compare/{base}...{head}",
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "base_commit": call.shapes.commit(repository, git.read_commit(base)),
            "merge_base_commit": call.shapes.commit(repository, git.read_commit(merge_base)),
            "status": states[bool(ahead), bool(behind)],
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [call.shapes.commit(repository, each) for each in ahead[(page - 1) * size : page * size]],
            "files": [call.shapes.file(repository, head, file) for file in files],
        }
    )


def _end(call: Call, repository: Repository, name: str) -> str:
    """The commit that one side of a comparison names."""
    owner, _, branch = name.rpartition(":")
    if owner and owner.lower() != repository.owner.login.lower():
        forks = (fork for fork in call.world.repositories.values() if fork.parent is repository)
        fork = next((fork for fork in forks if fork.owner.login.lower() == owner.lower()), None)
        found = fork.git.find(branch) if fork else None
        if fork and found:
            repository.git.fetch(fork.git, found)
    else:
        found = repository.git.find(branch)
    if found is None:
        raise refusals.not_found()
    return found


def get_permission(call: Call) -> Answer:
    """Anybody may be asked about; whoever is not a collaborator may read what is public."""
    return Answer(call.shapes.permission(call.repository, call.account(call.path["username"])))


def get_user(call: Call) -> Answer:
    return Answer(call.shapes.full_user(call.account(call.path["username"])))


def get_me(call: Call) -> Answer:
    """People only: an installation is nobody."""
    if call.caller.installation or call.caller.app:
        raise refusals.forbidden()
    return Answer(call.shapes.full_user(call.caller.account))


def get_rate_limit(call: Call) -> Answer:
    rate = call.limits.standing(call.caller)
    return Answer({"resources": {"core": rate, "search": rate, "graphql": rate}, "rate": rate})


def get_meta(call: Call) -> Answer:
    return Answer({"verifiable_password_authentication": False})


HANDLERS: dict[str, Handler] = {
    "git/get-blob": get_blob,
    "git/get-ref": get_ref,
    "meta/get": get_meta,
    "rate-limit/get": get_rate_limit,
    "repos/compare-commits-with-basehead": compare,
    "repos/get": get,
    "repos/get-collaborator-permission-level": get_permission,
    "repos/get-commit": get_commit,
    "repos/get-content": get_content,
    "users/get-authenticated": get_me,
    "users/get-by-username": get_user,
}

"""
Things of the world as the JSON that GitHub answers. Each is held against GitHub's description when it is answered.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.doubles.diff import FileDiff
from tests.doubles.git import Commit
from tests.doubles.world import (
    WRITERS,
    Account,
    CheckRun,
    Comment,
    Installation,
    IssueComment,
    PullRequest,
    Reaction,
    Repository,
    Review,
    ReviewComment,
    Thread,
    World,
    node_id,
)

Json = dict[str, Any]

PATCH_LIMIT = 1_000_000
"""Bytes from which on GitHub leaves a file's patch out."""

_REPOSITORY_LISTS = (
    *("assignees{/user}", "branches{/branch}", "collaborators{/collaborator}", "comments{/number}", "commits{/sha}"),
    *("compare/{base}...{head}", "contents/{+path}", "contributors", "deployments", "downloads", "events", "forks"),
    *("hooks", "issues{/number}", "keys{/key_id}", "labels{/name}", "languages", "merges", "milestones{/number}"),
    *("notifications{?since,all,participating}", "pulls{/number}", "releases{/id}", "stargazers", "statuses/{sha}"),
    *("subscribers", "subscription", "tags", "teams"),
)
_USER_LISTS = (
    *("followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}", "subscriptions", "orgs"),
    *("repos", "events{/privacy}", "received_events"),
)
_ORGANIZATION_LISTS = ("repos", "events", "hooks", "issues", "members{/member}", "public_members{/member}")


class Shapes:
    """Writes a world's things as JSON."""

    def __init__(self, world: World) -> None:
        self.world = world

    def user(self, account: Account) -> Json:
        url = f"{self.world.api}/users/{account.login}"
        lists = {f"{part.partition('{')[0]}_url": f"{url}/{part}" for part in _USER_LISTS}
        lists["organizations_url"] = lists.pop("orgs_url")
        return {
            "login": account.login,
            "id": account.id,
            "node_id": account.node_id,
            "avatar_url": f"{self.world.url}/avatars/{account.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.world.url}/{account.login}",
            **lists,
            "type": account.type,
            "site_admin": False,
        }

    def full_user(self, account: Account) -> Json:
        nothing = dict.fromkeys(("company", "blog", "location", "email", "hireable", "bio"))
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        dates = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
        return {**self.user(account), "name": account.login, **nothing, **counts, **dates}

    def organization(self, account: Account) -> Json:
        """As webhooks carry it."""
        url = f"{self.world.api}/orgs/{account.login}"
        lists = {f"{part.partition('{')[0]}_url": f"{url}/{part}" for part in _ORGANIZATION_LISTS}
        avatar = f"{self.world.url}/avatars/{account.id}"
        facts = {"id": account.id, "node_id": account.node_id, "avatar_url": avatar, "description": None}
        return {"login": account.login, "url": url, **facts, **lists}

    def repository(self, repository: Repository, *, full: bool = False) -> Json:
        """As it stands within other things, or as the answer about itself."""
        url, html = f"{self.world.api}/repos/{repository.full_name}", f"{self.world.url}/{repository.full_name}"
        lists = {_list_name(part): f"{url}/{part}" for part in _REPOSITORY_LISTS}
        parent = repository.parent
        family = {"parent": self.repository(parent), "source": self.repository(parent)} if full and parent else {}
        return {
            "id": repository.id,
            "node_id": repository.node_id,
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.user(repository.owner),
            "html_url": html,
            "description": None,
            "fork": parent is not None,
            "url": url,
            "archive_url": f"{url}/{{archive_format}}{{/ref}}",
            "blobs_url": f"{url}/git/blobs{{/sha}}",
            "git_commits_url": f"{url}/git/commits{{/sha}}",
            "git_refs_url": f"{url}/git/refs{{/sha}}",
            "git_tags_url": f"{url}/git/tags{{/sha}}",
            "issue_comment_url": f"{url}/issues/comments{{/number}}",
            "issue_events_url": f"{url}/issues/events{{/number}}",
            "trees_url": f"{url}/git/trees{{/sha}}",
            **lists,
            "clone_url": f"{html}.git",
            "git_url": f"git://{html.partition('://')[2]}.git",
            "ssh_url": f"git@{html.partition('://')[2].replace('/', ':', 1)}.git",
            "svn_url": html,
            "mirror_url": None,
            "homepage": None,
            "language": "Python",
            "license": None,
            **dict.fromkeys(("forks", "forks_count", "watchers", "watchers_count", "stargazers_count"), 0),
            **dict.fromkeys(("size", "subscribers_count", "network_count"), 0),
            **dict.fromkeys(("open_issues", "open_issues_count"), len(repository.pulls)),
            **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "allow_forking"), True),
            **dict.fromkeys(("has_pages", "has_downloads", "has_discussions", "archived", "disabled"), False),
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), repository.created_at),
            "default_branch": repository.default_branch,
            "visibility": "private" if repository.private else "public",
            "topics": [],
            "is_template": False,
            "web_commit_signoff_required": False,
            **family,
        }

    def repository_name(self, repository: Repository) -> Json:
        """The few fields that the installation events carry."""
        names = {"node_id": repository.node_id, "name": repository.name, "full_name": repository.full_name}
        return {"id": repository.id, **names, "private": repository.private}

    def app(self) -> Json:
        app = self.world.app
        return {
            "id": app.id,
            "slug": app.slug,
            "client_id": app.client_id,
            "node_id": node_id("App", app.id),
            "owner": self.user(app.owner),
            "name": app.slug.title(),
            "description": None,
            "external_url": f"{self.world.url}/external/{app.slug}",
            "html_url": f"{self.world.url}/apps/{app.slug}",
            "created_at": app.created_at,
            "updated_at": app.created_at,
            "permissions": app.permissions,
            "events": app.events,
        }

    def installation(self, installation: Installation) -> Json:
        url = f"{self.world.api}/app/installations/{installation.id}"
        return {
            "id": installation.id,
            "account": self.user(installation.account),
            "repository_selection": "selected",
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.world.api}/installation/repositories",
            "html_url": f"{self.world.url}/settings/installations/{installation.id}",
            "app_id": self.world.app.id,
            "app_slug": self.world.app.slug,
            "client_id": self.world.app.client_id,
            "target_id": installation.account.id,
            "target_type": installation.account.type,
            "permissions": installation.permissions,
            "events": self.world.app.events,
            "created_at": installation.created_at,
            "updated_at": installation.created_at,
            "single_file_name": None,
            "suspended_by": None,
            "suspended_at": installation.suspended_at,
        }

    def pull(self, pull: PullRequest, *, full: bool = True) -> Json:
        """As the answer about itself, or as an item of a list."""
        repository = pull.repository
        url = f"{self.world.api}/repos/{repository.full_name}/pulls/{pull.number}"
        html = f"{self.world.url}/{repository.full_name}/pull/{pull.number}"
        issue = f"{self.world.api}/repos/{repository.full_name}/issues/{pull.number}"
        links = {
            "self": url,
            "html": html,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.world.api}/repos/{repository.full_name}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self.world.api}/repos/{repository.full_name}/statuses/{pull.head_sha}",
        }
        return {
            "url": url,
            "id": pull.id,
            "node_id": pull.node_id,
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            **{f"{name}_url": links[name] for name in links if name not in {"self", "html"}},
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self.user(pull.user),
            "body": pull.body,
            "labels": [self.label(pull, name) for name in pull.labels],
            "milestone": None,
            "active_lock_reason": None,
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "closed_at": pull.closed_at,
            "merged_at": pull.merged_at,
            "merge_commit_sha": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [self.user(account) for account in pull.requested_reviewers],
            "requested_teams": [],
            "head": self._end(pull.head_repository, pull.head, pull.head_sha, pull.user),
            "base": self._end(repository, pull.base, pull.base_sha, repository.owner),
            "_links": {name: {"href": link} for name, link in links.items()},
            "author_association": repository.association(pull.user),
            "auto_merge": None,
            "draft": pull.draft,
            **(self._counts(pull) if full else {}),
        }

    def _counts(self, pull: PullRequest) -> Json:
        files = pull.diff()
        merge_base = pull.repository.git.merge_base(pull.base_sha, pull.head_sha)
        return {
            "merged": pull.merged_at is not None,
            "mergeable": True,
            "rebaseable": True,
            "mergeable_state": "draft" if pull.draft else "clean",
            "merged_by": None,
            "comments": len(pull.comments),
            "review_comments": len(pull.review_comments),
            "maintainer_can_modify": False,
            "commits": len(pull.repository.git.commits(merge_base, pull.head_sha)),
            "additions": sum(file.additions for file in files),
            "deletions": sum(file.deletions for file in files),
            "changed_files": len(files),
        }

    def _end(self, repository: Repository | None, branch: str, sha: str, user: Account) -> Json:
        owner = repository.owner if repository else user
        return {
            "label": f"{owner.login}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.user(owner),
            "repo": self.repository(repository) if repository else None,
        }

    def pull_minimal(self, pull: PullRequest) -> Json:
        """As a check run names it."""

        def end(repository: Repository | None, branch: str, sha: str) -> Json:
            of = repository or pull.repository
            named = {"id": of.id, "name": of.name, "url": f"{self.world.api}/repos/{of.full_name}"}
            return {"ref": branch, "sha": sha, "repo": named}

        return {
            "id": pull.id,
            "number": pull.number,
            "url": f"{self.world.api}/repos/{pull.repository.full_name}/pulls/{pull.number}",
            "head": end(pull.head_repository, pull.head, pull.head_sha),
            "base": end(pull.repository, pull.base, pull.base_sha),
        }

    def _pulls_of(self, repository: Repository, head: str) -> list[Json]:
        """The open pull requests that a check of a commit names: those of forks are not among them."""
        return [
            self.pull_minimal(pull)
            for pull in repository.pulls.values()
            if pull.head_sha == head and pull.state == "open" and pull.head_repository is repository
        ]

    def label(self, pull: PullRequest, name: str) -> Json:
        url = f"{self.world.api}/repos/{pull.repository.full_name}/labels/{name}"
        fixed = {"color": "ededed", "default": False, "description": None}
        return {"id": 1, "node_id": node_id("Label", 1), "url": url, "name": name, **fixed}

    def issue(self, pull: PullRequest) -> Json:
        """A pull request as the issue that it also is."""
        as_pull = self.pull(pull, full=False)
        repository = f"{self.world.api}/repos/{pull.repository.full_name}"
        url = f"{repository}/issues/{pull.number}"
        same = (
            *("body", "number", "title", "user", "labels", "state", "locked", "assignee", "assignees", "milestone"),
            *("created_at", "updated_at", "closed_at", "author_association", "active_lock_reason", "draft", "html_url"),
        )
        links = {name: as_pull[name] for name in ("url", "html_url", "diff_url", "patch_url")}
        return {
            **{name: as_pull[name] for name in same},
            "url": url,
            "repository_url": repository,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "id": pull.id,
            "node_id": pull.node_id,
            "comments": len(pull.comments),
            "pull_request": {**links, "merged_at": pull.merged_at},
            "reactions": self.rollup(f"{url}/reactions", ()),
            "performed_via_github_app": None,
            "state_reason": None,
        }

    def rollup(self, url: str, reactions: Sequence[Reaction]) -> Json:
        counted = Counter(reaction.content for reaction in reactions)
        names = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
        return {"url": url, "total_count": len(reactions), **{name: counted[name] for name in names}}

    def reaction(self, reaction: Reaction) -> Json:
        return {
            "id": reaction.id,
            "node_id": node_id("Reaction", reaction.id),
            "user": self.user(reaction.user),
            "content": reaction.content,
            "created_at": reaction.created_at,
        }

    def _comment(self, comment: Comment, url: str, html: str, pull: PullRequest) -> Json:
        return {
            "url": url,
            "html_url": html,
            "id": comment.id,
            "user": self.user(comment.user),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "body": comment.body,
            "author_association": pull.repository.association(comment.user),
            "reactions": self.rollup(f"{url}/reactions", comment.reactions),
        }

    def issue_comment(self, comment: IssueComment) -> Json:
        pull = comment.pull
        issues = f"{self.world.api}/repos/{pull.repository.full_name}/issues"
        html = f"{self.world.url}/{pull.repository.full_name}/pull/{pull.number}#issuecomment-{comment.id}"
        return {
            **self._comment(comment, f"{issues}/comments/{comment.id}", html, pull),
            "node_id": comment.node_id,
            "issue_url": f"{issues}/{pull.number}",
            "performed_via_github_app": self.app() if comment.by_app else None,
        }

    def review(self, review: Review) -> Json:
        pull = self.pull(review.pull, full=False)
        html = f"{pull['html_url']}#pullrequestreview-{review.id}"
        submitted = {"submitted_at": review.submitted_at} if review.submitted_at else {}
        return {
            "id": review.id,
            "node_id": review.node_id,
            "user": self.user(review.user),
            "body": review.body,
            "state": review.state,
            "html_url": html,
            "pull_request_url": pull["url"],
            "author_association": review.pull.repository.association(review.user),
            "_links": {"html": {"href": html}, "pull_request": {"href": pull["url"]}},
            **submitted,
            "commit_id": review.commit,
        }

    def review_comment(self, comment: ReviewComment) -> Json:
        pull = comment.pull
        api = f"{self.world.api}/repos/{pull.repository.full_name}/pulls"
        url = f"{api}/comments/{comment.id}"
        html = f"{self.world.url}/{pull.repository.full_name}/pull/{pull.number}#discussion_r{comment.id}"
        root = comment.thread.root
        reply = {} if comment is root else {"in_reply_to_id": root.id}
        links = {"self": url, "html": html, "pull_request": f"{api}/{pull.number}"}
        return {
            **self._comment(comment, url, html, pull),
            "pull_request_review_id": comment.review.id,
            "node_id": comment.node_id,
            "path": comment.path,
            "commit_id": comment.commit if comment.outdated else pull.head_sha,
            "original_commit_id": comment.commit,
            "pull_request_url": links["pull_request"],
            "_links": {name: {"href": link} for name, link in links.items()},
            "subject_type": comment.subject,
            **self._place(comment),
            **reply,
        }

    def _place(self, comment: ReviewComment) -> Json:
        """Where it was written, and where that is at the head; a comment on a file stands at the first line."""
        if comment.line is None:
            first = dict.fromkeys(("line", "original_line", "position", "original_position"), 1)
            blank = dict.fromkeys(("start_line", "original_start_line", "start_side"))
            return {"diff_hunk": "", "side": "RIGHT", **first, **blank}
        file, line = comment.file(), comment.line_at_head(comment.line, comment.side)
        shown = next((each for each in comment.pull.diff() if each.path == comment.path), None)
        start = comment.line_at_head(comment.start_line, comment.start_side or comment.side)
        return {
            "diff_hunk": file.excerpt(comment.side, comment.line),
            "original_position": file.position(comment.side, comment.line),
            "position": shown.position(comment.side, line) if shown and line else None,
            "line": line,
            "original_line": comment.line,
            "side": comment.side,
            "start_line": start if line else None,
            "original_start_line": comment.start_line,
            "start_side": comment.start_side,
        }

    def thread(self, thread: Thread) -> Json:
        return {"node_id": thread.node_id, "comments": [self.review_comment(comment) for comment in thread.comments]}

    def check_run(self, run: CheckRun) -> Json:
        repository = run.repository
        url = f"{self.world.api}/repos/{repository.full_name}/check-runs/{run.id}"
        texts = {name: run.output.get(name) for name in ("title", "summary", "text")}
        return {
            "id": run.id,
            "name": run.name,
            "node_id": run.node_id,
            "head_sha": run.head_sha,
            "external_id": run.external_id or "",
            "url": url,
            "html_url": f"{self.world.url}/{repository.full_name}/runs/{run.id}",
            "details_url": run.details_url or f"{self.world.url}/{repository.full_name}/runs/{run.id}",
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "output": {**texts, "annotations_count": len(run.annotations), "annotations_url": f"{url}/annotations"},
            "check_suite": {"id": run.suite_id},
            "app": self.app(),
            "pull_requests": self._pulls_of(repository, run.head_sha),
        }

    def annotation(self, run: CheckRun, annotation: Json) -> Json:
        blank = dict.fromkeys(("start_column", "end_column", "title", "raw_details"))
        blob = f"{self.world.url}/{run.repository.full_name}/blob/{run.head_sha}/{annotation['path']}"
        return {**blank, **annotation, "blob_href": blob}

    def check_run_told(self, run: CheckRun) -> Json:
        """As webhooks carry it: with its suite."""
        return {**self.check_run(run), "check_suite": self.check_suite(run.repository, run.head_sha)}

    def check_suite(self, repository: Repository, head: str, before: str | None = None) -> Json:
        """
        Args:
            before: what the branch stood at, where it was just pushed.
        """
        identity = int(head[:8], 16)
        url = f"{self.world.api}/repos/{repository.full_name}/check-suites/{identity}"
        runs, pulls = self.world.find_check(repository, head), self._pulls_of(repository, head)
        commit = repository.git.read_commit(head)
        person = {"name": commit.author, "email": commit.email}
        return {
            "id": identity,
            "node_id": node_id("CheckSuite", identity),
            "head_branch": pulls[0]["head"]["ref"] if pulls else None,
            "head_sha": head,
            "status": "queued",
            "conclusion": None,
            "url": url,
            "before": before,
            "after": head,
            "pull_requests": pulls,
            "app": self.app(),
            "head_commit": {
                "id": commit.sha,
                "tree_id": commit.tree,
                "message": commit.message,
                "timestamp": commit.date,
                "author": person,
                "committer": person,
            },
            "latest_check_runs_count": len(runs),
            "check_runs_url": f"{url}/check-runs",
        }

    def file(self, repository: Repository, head: str, file: FileDiff) -> Json:
        html, path = f"{self.world.url}/{repository.full_name}", file.path
        patch = {"patch": file.patch} if file.patch is not None and len(file.patch) <= PATCH_LIMIT else {}
        previous = {"previous_filename": file.previous_path} if file.previous_path else {}
        return {
            "sha": file.blob,
            "filename": path,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": f"{html}/blob/{head}/{path}",
            "raw_url": f"{html}/raw/{head}/{path}",
            "contents_url": f"{self.world.api}/repos/{repository.full_name}/contents/{path}?ref={head}",
            **patch,
            **previous,
        }

    def commit(self, repository: Repository, commit: Commit) -> Json:
        """The author is the account whose name stands before the `@` of the address."""
        api, html = f"{self.world.api}/repos/{repository.full_name}", f"{self.world.url}/{repository.full_name}"
        person = {"name": commit.author, "email": commit.email, "date": commit.date}
        login = commit.email.partition("@")[0].rpartition("+")[2].lower()
        account = self.world.accounts.get(login)
        user = self.user(account) if account else None
        unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
        return {
            "url": f"{api}/commits/{commit.sha}",
            "sha": commit.sha,
            "node_id": node_id("Commit", repository.id) + commit.sha,
            "html_url": f"{html}/commit/{commit.sha}",
            "comments_url": f"{api}/commits/{commit.sha}/comments",
            "commit": {
                "url": f"{api}/git/commits/{commit.sha}",
                "author": person,
                "committer": person,
                "message": commit.message,
                "comment_count": 0,
                "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
                "verification": unsigned,
            },
            "author": user,
            "committer": user,
            "parents": [
                {"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{html}/commit/{sha}"}
                for sha in commit.parents
            ],
        }

    def content(self, repository: Repository, commit: str, path: str, mode: str, sha: str, data: bytes | None) -> Json:
        """
        Args:
            data: a file's content; None for an entry of a folder's list.
        """
        api, html = f"{self.world.api}/repos/{repository.full_name}", f"{self.world.url}/{repository.full_name}"
        kind = {"040000": "dir", "120000": "symlink", "160000": "submodule"}.get(mode, "file")
        url, git_url = f"{api}/contents/{path}?ref={commit}", f"{api}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
        page = f"{html}/{'tree' if kind == 'dir' else 'blob'}/{commit}/{path}"
        if data is None:
            body = {}
        elif kind == "symlink":
            body = {"target": data.decode("utf-8", "replace")}
        else:
            body = {"encoding": "base64", "content": base64.encodebytes(data).decode()}
        return {
            "type": kind,
            "size": len(data or b""),
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": sha,
            "url": url,
            "git_url": git_url,
            "html_url": page,
            "download_url": f"{html}/raw/{commit}/{path}" if kind == "file" else None,
            "_links": {"self": url, "git": git_url, "html": page},
            **body,
        }

    def permission(self, repository: Repository, account: Account) -> Json:
        """The old four levels, and the role as it is called today."""
        role = repository.permission(account)
        old = {"maintain": "write", "triage": "read"}.get(role, role)
        may = {
            "pull": role != "none",
            "triage": role in {"triage", *WRITERS},
            "push": role in WRITERS,
            "maintain": role in {"maintain", "admin"},
            "admin": role == "admin",
        }
        return {
            "permission": old,
            "role_name": role,
            "user": {**self.user(account), "permissions": may, "role_name": role},
        }


def _list_name(part: str) -> str:
    """`commits{/sha}` → `commits_url`."""
    name = part.partition("{")[0].rstrip("/")
    return f"{name}_url"

"""
What people do on GitHub, with the webhooks that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from tests.doubles.access import Access, Caller
from tests.doubles.git import Content
from tests.doubles.graphql import Root
from tests.doubles.hooks import Delivery, Event, Hooks
from tests.doubles.limits import Limits
from tests.doubles.rest import HANDLERS
from tests.doubles.rest.call import Answer, Call
from tests.doubles.shapes import Shapes
from tests.doubles.world import (
    CheckRun,
    Installation,
    IssueComment,
    Permission,
    PullRequest,
    Repository,
    ReviewComment,
    Thread,
    World,
    by_id,
    now,
)

T = TypeVar("T")


class People:
    """
    Acts of people, by their login. Each returns once the webhooks it caused were delivered (`drain`), unless `wait`
    is false.
    """

    def __init__(self, world: World, shapes: Shapes, access: Access, limits: Limits, hooks: Hooks) -> None:
        self._world, self._shapes, self._access, self._limits, self._hooks = world, shapes, access, limits, hooks
        self.wait = True

    # The App

    def install(self, *repositories: Repository, by: str | None = None) -> Installation:
        """Install the App for repositories of one owner, with all it asks for."""
        with self._world.lock:
            owner = repositories[0].owner
            installation = Installation(
                self._world.next_id(), owner, list(repositories), dict(self._world.app.permissions)
            )
            self._world.installations[installation.id] = installation
        self._installation("installation", "created", installation, by)
        return installation

    def uninstall(self, installation: Installation, *, by: str | None = None) -> None:
        with self._world.lock:
            del self._world.installations[installation.id]
        self._installation("installation", "deleted", installation, by)

    def suspend(self, installation: Installation, *, by: str | None = None) -> None:
        """The App's tokens are refused until `unsuspend`."""
        with self._world.lock:
            installation.suspended_at = now()
        self._installation("installation", "suspend", installation, by)

    def unsuspend(self, installation: Installation, *, by: str | None = None) -> None:
        with self._world.lock:
            installation.suspended_at = None
        self._installation("installation", "unsuspend", installation, by)

    def grant(self, installation: Installation, permissions: Mapping[str, str], *, by: str | None = None) -> None:
        """Accept other permissions for the App."""
        with self._world.lock:
            installation.permissions = dict(permissions)
        self._installation("installation", "new_permissions_accepted", installation, by)

    def choose_repositories(self, installation: Installation, *repositories: Repository, by: str | None = None) -> None:
        """Change what the App is installed on."""
        with self._world.lock:
            added = [found for found in repositories if found not in installation.repositories]
            removed = [found for found in installation.repositories if found not in repositories]
            installation.repositories = list(repositories)
        for action, changed in (("added", added), ("removed", removed)):
            if changed:
                parts: dict[str, list[Any]] = {f"repositories_{each}": [] for each in ("added", "removed")}
                parts[f"repositories_{action}"] = self._names(changed)
                self._installation("installation_repositories", action, installation, by, requester=None, **parts)

    def _names(self, repositories: Iterable[Repository]) -> list[Any]:
        return [self._shapes.repository_name(repository) for repository in repositories]

    def _installation(self, event: str, action: str, installation: Installation, by: str | None, **parts: Any) -> None:
        sender = self._world.account(by) if by else installation.account
        shape = self._shapes.installation(installation)
        if event == "installation":
            parts["repositories"] = self._names(installation.repositories)
        self._send([Event(event, action, None, sender, {"installation": shape, **parts})])

    def ping(self) -> None:
        app = self._world.app
        hook = {"type": "App", "id": app.id, "app_id": app.id, "active": True, "events": app.events}
        hook |= {f"{name}url": f"{self._world.api}/app/hook/config" for name in ("", "ping_", "test_")}
        self._send([Event("ping", None, None, app.owner, {"hook": hook, "hook_id": app.id})])

    def set_permission(self, repository: Repository, login: str, permission: Permission) -> None:
        """Make somebody a collaborator, or none."""
        with self._world.lock:
            self._world.account(login)
            repository.permissions[login] = permission

    # Branches and pull requests

    def push(
        self,
        repository: Repository,
        branch: str,
        files: Mapping[str, Content],
        message: str = "Change",
        *,
        by: str,
        parent: str | None = None,
    ) -> str:
        """
        Commit to a branch. Pull requests from it get the new head; those to it keep their base until they change.

        Args:
            parent: another commit to start from: a forced push.
        """
        with self._world.lock:
            sender = self._world.account(by)
            author = f"{sender.login} <{sender.login}@example.com>"
            before = repository.git.find(f"refs/heads/{branch}")
            sha = repository.git.commit(branch, files, message, parent=parent, author=author)
            events = []
            for pull in self._world.pulls():
                if pull.state == "open" and pull.head_repository is repository and pull.head == branch:
                    self._take_head(pull, sha)
                    parts = {"before": before, "after": sha}
                    events.append(self._pull_event(pull, "synchronize", by, **parts))
                    events.append(self._suite_event(pull.repository, pull, "requested", by, before))
        self._send(events)
        return sha

    def open_pull(
        self,
        repository: Repository,
        head: str,
        *,
        by: str,
        base: str = "main",
        title: str = "A change",
        body: str | None = None,
        draft: bool = False,
        head_repository: Repository | None = None,
    ) -> PullRequest:
        """Propose a branch, of this repository or of a fork."""
        source = head_repository or repository
        with self._world.lock:
            number = max((*repository.pulls, 0)) + 1
            pull = PullRequest(
                id=self._world.next_id(),
                number=number,
                repository=repository,
                user=self._world.account(by),
                title=title,
                body=body,
                base=base,
                head=head,
                head_repository=source,
                base_sha=repository.git.resolve(f"refs/heads/{base}"),
                head_sha="",
                draft=draft,
            )
            self._take_head(pull, source.git.resolve(f"refs/heads/{head}"))
            repository.pulls[number] = pull
            events = [
                self._pull_event(pull, "opened", by),
                self._suite_event(repository, pull, "requested", by, None),
            ]
        self._send(events)
        return pull

    def _take_head(self, pull: PullRequest, sha: str) -> None:
        source = pull.head_repository
        if source is not None and source is not pull.repository:
            pull.repository.git.fetch(source.git, sha)
        pull.repository.git.point(f"refs/pull/{pull.number}/head", sha)
        pull.head_sha, pull.updated_at = sha, now()
        pull.base_sha = pull.repository.git.resolve(f"refs/heads/{pull.base}")

    def retarget(self, pull: PullRequest, base: str, *, by: str) -> None:
        """Choose another base branch."""
        with self._world.lock:
            changes = {"base": {"ref": {"from": pull.base}, "sha": {"from": pull.base_sha}}}
            pull.base, pull.base_sha = base, pull.repository.git.resolve(f"refs/heads/{base}")
            event = self._pull_event(pull, "edited", by, changes=changes)
        self._send([event])

    def edit_title(self, pull: PullRequest, title: str, *, by: str) -> None:
        with self._world.lock:
            changes, pull.title = {"title": {"from": pull.title}}, title
            event = self._pull_event(pull, "edited", by, changes=changes)
        self._send([event])

    def ready(self, pull: PullRequest, *, by: str) -> None:
        self._set(pull, "ready_for_review", by, draft=False)

    def to_draft(self, pull: PullRequest, *, by: str) -> None:
        self._set(pull, "converted_to_draft", by, draft=True)

    def close(self, pull: PullRequest, *, by: str) -> None:
        self._set(pull, "closed", by, state="closed", closed_at=now())

    def merge(self, pull: PullRequest, *, by: str) -> None:
        """Close it as merged; the base branch is left where it is."""
        self._set(pull, "closed", by, state="closed", closed_at=now(), merged_at=now())

    def reopen(self, pull: PullRequest, *, by: str) -> None:
        self._set(pull, "reopened", by, state="open", closed_at=None)

    def _set(self, pull: PullRequest, action: str, by: str, **values: Any) -> None:
        with self._world.lock:
            for name, value in {**values, "updated_at": now()}.items():
                setattr(pull, name, value)
            event = self._pull_event(pull, action, by)
        self._send([event])

    def _pull_event(self, pull: PullRequest, action: str, by: str, **parts: Any) -> Event:
        shape = self._shapes.pull(pull)
        sender = self._world.account(by)
        return Event(
            "pull_request", action, pull.repository, sender, {"number": pull.number, "pull_request": shape, **parts}
        )

    def _suite_event(
        self, repository: Repository, pull: PullRequest, action: str, by: str, before: str | None
    ) -> Event:
        suite = self._shapes.check_suite(repository, pull.head_sha, before)
        return Event("check_suite", action, repository, self._world.account(by), {"check_suite": suite})

    # Words

    def comment(self, pull: PullRequest, body: str, *, by: str) -> IssueComment:
        """Write below a pull request; anybody who can read it may."""
        answer = self._call("issues/create-comment", pull, by, {"body": body}, issue_number=pull.number)
        return self._found(pull.comments, answer)

    def edit_comment(self, comment: IssueComment, body: str, *, by: str) -> None:
        self._call("issues/update-comment", comment.pull, by, {"body": body}, comment_id=comment.id)

    def delete_comment(self, comment: IssueComment, *, by: str) -> None:
        self._call("issues/delete-comment", comment.pull, by, None, comment_id=comment.id)

    def comment_line(self, pull: PullRequest, path: str, line: int, body: str, *, by: str) -> ReviewComment:
        """Write on a line of the diff."""
        content = {"body": body, "path": path, "line": line, "side": "RIGHT", "commit_id": pull.head_sha}
        answer = self._call("pulls/create-review-comment", pull, by, content, pull_number=pull.number)
        return self._found(pull.review_comments, answer)

    def reply(self, comment: ReviewComment, body: str, *, by: str) -> ReviewComment:
        """Answer in a thread."""
        pull = comment.pull
        place = {"pull_number": pull.number, "comment_id": comment.id}
        answer = self._call("pulls/create-reply-for-review-comment", pull, by, {"body": body}, **place)
        return self._found(pull.review_comments, answer)

    def react(self, comment: IssueComment | ReviewComment, content: str, *, by: str) -> None:
        """No webhook follows: GitHub has none for reactions."""
        kind = "issue-comment" if isinstance(comment, IssueComment) else "pull-request-review-comment"
        self._call(f"reactions/create-for-{kind}", comment.pull, by, {"content": content}, comment_id=comment.id)

    def unreact(self, comment: IssueComment | ReviewComment, content: str, *, by: str) -> None:
        with self._world.lock:
            account = self._world.account(by)
            comment.reactions = [each for each in comment.reactions if (each.user, each.content) != (account, content)]

    def resolve(self, thread: Thread, *, by: str) -> None:
        self._thread("resolveReviewThread", thread, by)

    def unresolve(self, thread: Thread, *, by: str) -> None:
        self._thread("unresolveReviewThread", thread, by)

    def _thread(self, mutation: str, thread: Thread, by: str) -> None:
        with self._world.lock:
            root = Root(self._world, self._shapes, self._limits, Caller(self._world.account(by)))
            getattr(root, mutation)(None, input={"threadId": thread.node_id})
        self._send(root.events)

    # Checks

    def rerun_check(self, run: CheckRun, *, by: str) -> None:
        self._check_event(run, "rerequested", by)

    def press(self, run: CheckRun, identifier: str, *, by: str) -> None:
        """
        Press one of a check's buttons.

        Raises:
            LookupError: it has no such button.
        """
        if identifier not in {action["identifier"] for action in run.actions}:
            raise LookupError(identifier)
        self._check_event(run, "requested_action", by, requested_action={"identifier": identifier})

    def rerun_suite(self, pull: PullRequest, *, by: str) -> None:
        with self._world.lock:
            event = self._suite_event(pull.repository, pull, "rerequested", by, None)
        self._send([event])

    def _check_event(self, run: CheckRun, action: str, by: str, **parts: Any) -> None:
        with self._world.lock:
            shape = self._shapes.check_run_told(run)
            event = Event("check_run", action, run.repository, self._world.account(by), {"check_run": shape, **parts})
        self._send([event])

    def queue_merge(self, pull: PullRequest) -> str:
        """Put a pull request into the merge queue, which makes a commit of its own; that one."""
        with self._world.lock:
            repository, branch = pull.repository, f"gh-readonly-queue/main/pr-{pull.number}"
            head = repository.git.commit(branch, {}, f"Merge #{pull.number}", parent=pull.head_sha)
            group = {
                "head_sha": head,
                "head_ref": f"refs/heads/{branch}",
                "base_sha": pull.base_sha,
                "base_ref": "refs/heads/main",
                "head_commit": {"id": head},
            }
            sender = self._world.account("github-merge-queue[bot]", "Bot")
            event = Event("merge_group", "checks_requested", repository, sender, {"merge_group": group})
        self._send([event])
        return head

    def rename(self, repository: Repository, name: str) -> None:
        """Give a repository another name; of the events that Apps get, none tells of it."""
        with self._world.lock:
            self._world.move(repository, repository.owner, name)

    # The way it is done

    def _call(self, operation: str, pull: PullRequest, by: str, body: Any, **path: Any) -> Answer:
        """Do what the REST interface does, as a person."""
        owner, repo = pull.repository.full_name.split("/")
        with self._world.lock:
            caller = Caller(self._world.account(by))
            place = {"owner": owner, "repo": repo, **path}
            call = Call(self._world, self._shapes, self._access, self._limits, caller, place, {}, body)
            answer = HANDLERS[operation](call)
        self._send(call.events)
        assert isinstance(answer, Answer)
        return answer

    def _found(self, items: list[T], answer: Answer) -> T:
        found = by_id(items, answer.body["id"])
        assert found is not None
        return found

    def _send(self, events: list[Event]) -> list[Delivery]:
        sent = [delivery for event in events if (delivery := self._hooks.send(event)) is not None]
        if self.wait:
            for delivery in sent:
                delivery.wait()
        return sent

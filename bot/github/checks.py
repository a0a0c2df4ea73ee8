"""
The check run that stands at a commit.

Each function may be called again after a crash: a run is found by its external id, and annotations that are there
already are not sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self, TypeAlias

import msgspec

from bot.github.client import Client, quoted, repository_path

Conclusion: TypeAlias = Literal["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"]
Level: TypeAlias = Literal["notice", "warning", "failure"]

ANNOTATIONS_PER_CALL = 50
"""GitHub takes no more; each further call adds to those that are there."""
# https://docs.github.com/en/rest/checks/runs#update-a-check-run


class CheckRun(msgspec.Struct, frozen=True):
    """A check run."""

    id: int
    head_sha: str
    status: str
    conclusion: str | None = None
    external_id: str | None = None


class Output(msgspec.Struct, frozen=True):
    """What a check says; both texts are Markdown of at most 65,535 characters."""

    title: str
    summary: str
    text: str | None = None


class Annotation(msgspec.Struct, frozen=True):
    """A remark at lines of a file of the head."""

    path: str
    start_line: int
    """1-based."""
    end_line: int
    level: Level
    title: str
    message: str


class Button(msgspec.Struct, frozen=True):
    """A button on the check; at most three."""

    identifier: str
    """At most 20 characters; comes back in the event."""
    label: str
    """At most 20 characters."""
    description: str
    """At most 40 characters."""


def find(client: Client, repository: str, head: str, name: str, external_id: str) -> CheckRun | None:
    """Our run of that name and external id at a commit; the newest."""
    path = f"{repository_path(repository)}/commits/{quoted(head)}/check-runs"
    runs = client.pages(path, _Listed, key="check_runs", check_name=name, filter="all")
    ours = [run for run in runs if run.app and run.app.id == client.github.identity.id]
    matching = [run for run in ours if run.external_id == external_id]
    newest = max(matching, key=lambda run: run.id, default=None)
    return newest and newest.bare


def start(
    client: Client,
    repository: str,
    head: str,
    name: str,
    external_id: str,
    output: Output,
    *,
    details_url: str | None = None,
) -> CheckRun:
    """The run that is in progress at a commit; made unless it is there, begun again when it has ended."""
    known = find(client, repository, head, name, external_id)
    if known is not None:
        return known if known.status != "completed" else update(client, repository, known.id, output)
    content = {
        "name": name,
        "head_sha": head,
        "external_id": external_id,
        "status": "in_progress",
        "output": _output(output),
        **({"details_url": details_url} if details_url else {}),
    }
    return client.post(f"{repository_path(repository)}/check-runs", content, CheckRun)


def update(
    client: Client,
    repository: str,
    run: int,
    output: Output,
    *,
    conclusion: Conclusion | None = None,
    buttons: Sequence[Button] = (),
    annotations: Sequence[Annotation] = (),
) -> CheckRun:
    """
    Say how a run stands.

    Args:
        client: The installation's.
        repository: `owner/name`.
        run: Its id.
        output: Takes the place of what it said.
        conclusion: How it ended; None: it is in progress.
        buttons: Take the place of those it had.
        annotations: All that it shall have; those that it has stay, because GitHub only adds.
    """
    path = f"{repository_path(repository)}/check-runs/{run}"
    there = set(client.pages(f"{path}/annotations", _Told)) if annotations else set()
    missing: Sequence[Annotation] = [annotation for annotation in annotations if _Told.of(annotation) not in there]
    batches: list[Sequence[Annotation]] = [
        missing[at : at + ANNOTATIONS_PER_CALL] for at in range(0, len(missing), ANNOTATIONS_PER_CALL)
    ] or [()]
    state = {"status": "completed", "conclusion": conclusion} if conclusion else {"status": "in_progress"}
    content = {**state, "actions": [msgspec.to_builtins(button) for button in buttons]}
    for batch in batches[:-1]:
        client.patch(path, {"output": _output(output, batch)}, CheckRun)
    return client.patch(path, {**content, "output": _output(output, batches[-1])}, CheckRun)


class _App(msgspec.Struct):
    id: int


class _Told(msgspec.Struct, frozen=True):
    """An annotation as GitHub lists it."""

    path: str
    start_line: int
    end_line: int
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None

    @classmethod
    def of(cls, annotation: Annotation) -> Self:
        return msgspec.convert(_wire(annotation), cls)


class _Listed(CheckRun, frozen=True):
    app: _App | None = None

    @property
    def bare(self) -> CheckRun:
        return CheckRun(self.id, self.head_sha, self.status, self.conclusion, self.external_id)


def _output(output: Output, annotations: Sequence[Annotation] = ()) -> dict[str, Any]:
    content: dict[str, Any] = {"title": output.title, "summary": output.summary}
    if output.text is not None:
        content["text"] = output.text
    if annotations:
        content["annotations"] = [_wire(annotation) for annotation in annotations]
    return content


def _wire(annotation: Annotation) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.to_builtins(annotation)
    content["annotation_level"] = content.pop("level")
    return content

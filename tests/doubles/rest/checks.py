"""
Check runs and their annotations.
"""

from __future__ import annotations

from typing import Any

from tests.doubles import refusals
from tests.doubles.rest.call import Answer, Call, Handler, Listing
from tests.doubles.world import CheckRun, now


def _run(call: Call) -> CheckRun:
    found = call.repository.checks.get(call.path["check_run_id"])
    if found is None:
        raise refusals.not_found()
    return found


def create(call: Call) -> Answer:
    if not call.by_app:
        raise refusals.Refusal(403, "You must authenticate via a GitHub App.")
    head = call.repository.git.find(call.body["head_sha"])
    if head is None:
        raise refusals.Refusal(422, f"No commit found for SHA: {call.body['head_sha']}")
    run = CheckRun(call.world.next_id(), call.repository, call.body["name"], head)
    _write(run, call.body)
    call.repository.checks[run.id] = run
    _tell(call, run, "created")
    return Answer(call.shapes.check_run(run), 201)


def update(call: Call) -> Answer:
    """Annotations are added to those that are there; actions and texts take the place of the former ones."""
    run = _run(call)
    _write(run, call.body or {})
    if run.status == "completed":
        _tell(call, run, "completed")
    return Answer(call.shapes.check_run(run))


def _tell(call: Call, run: CheckRun, action: str) -> None:
    call.tell("check_run", action, check_run=call.shapes.check_run_told(run))


def _write(run: CheckRun, body: dict[str, Any]) -> None:
    """A conclusion completes the run; a completed run needs one."""
    status = "completed" if "conclusion" in body else body.get("status", run.status)
    conclusion = body.get("conclusion", run.conclusion if status == "completed" else None)
    if status == "completed" and conclusion is None:
        raise refusals.Refusal(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    output = body.get("output", {})
    for annotation in output.get("annotations", ()):
        _check_annotation(annotation)
    run.name = body.get("name", run.name)
    run.status, run.conclusion = status, conclusion
    run.started_at = body.get("started_at", run.started_at or now())
    run.completed_at = body.get("completed_at", now()) if status == "completed" else None
    run.details_url = body.get("details_url", run.details_url)
    run.external_id = body.get("external_id", run.external_id)
    run.output.update({name: output[name] for name in ("title", "summary", "text") if name in output})
    run.annotations += output.get("annotations", ())
    run.actions = body.get("actions", run.actions)


def _check_annotation(annotation: dict[str, Any]) -> None:
    start, end = annotation["start_line"], annotation["end_line"]
    columns = {"start_column", "end_column"} & annotation.keys()
    if start < 1 or end < start:
        raise refusals.validation_failed("CheckRun", "annotations", "end_line must not be before start_line")
    if columns and start != end:
        message = "Annotations only support start_column and end_column on the same line"
        raise refusals.validation_failed("CheckRun", "annotations", message)


def get(call: Call) -> Answer:
    return Answer(call.shapes.check_run(_run(call)))


def list_annotations(call: Call) -> Listing:
    run = _run(call)
    return Listing(run.annotations, lambda annotation: call.shapes.annotation(run, annotation))


def list_for_ref(call: Call) -> Listing:
    """By default only the latest run of each name."""
    head = call.repository.git.find(call.path["ref"])
    if head is None:
        raise refusals.Refusal(422, f"No commit found for SHA: {call.path['ref']}")
    runs = call.world.find_check(call.repository, head, call.query.get("check_name"))
    if "status" in call.query:
        runs = [run for run in runs if run.status == call.query["status"]]
    if call.query.get("app_id", call.world.app.id) != call.world.app.id:
        runs = []
    if call.query.get("filter", "latest") == "latest":
        runs = list({run.name: run for run in runs}.values())
    return Listing(runs[::-1], call.shapes.check_run, "check_runs")


HANDLERS: dict[str, Handler] = {
    "checks/create": create,
    "checks/get": get,
    "checks/list-annotations": list_annotations,
    "checks/list-for-ref": list_for_ref,
    "checks/update": update,
}

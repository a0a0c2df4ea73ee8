"""
A review as SARIF 2.1.0, for code scanning and other readers of analysis results.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
SARIF counts lines and columns from 1, and so are they turned here. The same report gives the same bytes: there are no
times and no machine paths in it.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import bot
from analyzers.catalogue import Rule
from analyzers.findings import Finding, Fix, Severity, State, Step
from analyzers.span import Place
from bot.report import Report
from bot.review.wording import library_of

_LEVELS = {
    Severity.INFO: "note",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_BASELINE_STATES: dict[State, str] = {"introduced": "new", "fixed": "absent", "standing": "unchanged"}


def render(report: Report) -> str:
    """The SARIF log, with a newline at its end."""
    outcome = report.outcome
    findings = [*outcome.posted, *outcome.suppressed, *outcome.fixed]
    if report.everything:
        findings += [*outcome.standing, *outcome.uncertain]
    numbers = {rule: number for number, rule in enumerate(report.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "Countersign",
                "semanticVersion": bot.__version__,
                "rules": [_rule(rule) for rule in report.rules.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(report)],
        "results": [_result(finding, numbers.get(finding.rule), outcome.is_scan) for finding in findings],
        "properties": {"base": outcome.review.base, "head": outcome.review.head},
    }
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": _one_line(rule.section("What happens"))},
        "help": {"text": _one_line(rule.section("Why it hurts in production")), "markdown": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "category": rule.category,
            "tags": [rule.category, *rule.languages],
            "severity": rule.severity.name.lower(),
        },
    }


def _result(finding: Finding, number: int | None, is_scan: bool) -> dict[str, Any]:
    message = f"{finding.message} {finding.advice}".strip()
    result: dict[str, Any] = {"ruleId": finding.rule}
    if number is not None:
        result["ruleIndex"] = number
    result |= {
        "level": _LEVELS[finding.severity],
        "message": {"text": message, "markdown": message},
        "locations": [_location(finding.place)],
        "partialFingerprints": {"countersign/v1": finding.fingerprint},
    }
    if not is_scan:
        result["baselineState"] = _BASELINE_STATES[finding.state]
    if finding.trace:
        result["codeFlows"] = [{"threadFlows": [{"locations": [_step(step) for step in finding.trace]}]}]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.fix)]
    if finding.suppressed is not None:
        result["suppressions"] = [{"kind": "external", "justification": finding.suppressed}]
    elif finding.allowed is not None:
        # A result with a suppression under review is not suppressed: SARIF 2.1.0, 3.27.23.
        result["suppressions"] = [{"kind": "inSource", "status": "underReview", "justification": finding.allowed}]
    result["properties"] = {
        "category": finding.category,
        "severity": finding.severity.name.lower(),
        "confidence": finding.confidence.name.lower(),
        "symbol": finding.symbol,
        "entry": finding.entry,
    }
    return result


def _step(step: Step) -> dict[str, Any]:
    return {"location": _location(step.place) | {"message": {"text": step.message}}}


def _location(place: Place) -> dict[str, Any]:
    """A region of a file; a place in a library has only a name."""
    library = library_of(place)
    if library is not None:
        return {"logicalLocations": [{"fullyQualifiedName": library, "kind": "module"}]}
    span = place.span
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.path),
            "region": {
                "startLine": span.line,
                "startColumn": span.column + 1,
                "endLine": span.end_line,
                "endColumn": span.end_column + 1,
            },
        }
    }


def _artifact(path: str) -> dict[str, Any]:
    return {"uri": quote(path), "uriBaseId": "SRCROOT"}


def _fix(fix: Fix) -> dict[str, Any]:
    """Edits replace whole lines: from the first column of the first to the first column after the last."""
    by_path: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        by_path.setdefault(edit.path, []).append(
            {
                "deletedRegion": {
                    "startLine": edit.first,
                    "startColumn": 1,
                    "endLine": edit.last + 1,
                    "endColumn": 1,
                },
                "insertedContent": {"text": edit.replacement},
            }
        )
    return {
        "description": {"text": fix.description},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": replacements}
            for path, replacements in by_path.items()
        ],
    }


def _invocation(report: Report) -> dict[str, Any]:
    """Whether everything was looked at, with what was not."""
    review = report.outcome.review
    invocation: dict[str, Any] = {"executionSuccessful": not review.failures}
    notes: list[dict[str, Any]] = [{"level": "error", "message": {"text": failure}} for failure in review.failures]
    notes += [
        {
            "level": "note",
            "message": {"text": f"This suppression {remark.message}"},
            "locations": [_location(remark.place)],
        }
        for remark in review.remarks
    ]
    notes += [
        {
            "level": "warning" if item.changed else "note",
            "message": {"text": f"Not analysed: {item.reason}"},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(item.path)}}],
        }
        for item in review.skipped
    ]
    if notes:
        invocation["toolExecutionNotifications"] = notes
    return invocation


def _one_line(markdown: str) -> str:
    return " ".join(markdown.split())

"""
A review as JSON, for programs: every finding with its trace, the consequences, the counts and what was not looked at.

Lines count from 1, columns from 0; the end of a place is exclusive. `version` rises when a key changes its meaning.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from analyzers.findings import Consequence, Cost, Finding, Fix
from analyzers.span import Place
from bot.report import Report

VERSION = 1


def render(report: Report) -> str:
    """The JSON text, with a newline at its end."""
    outcome = report.outcome
    review = outcome.review
    document: dict[str, Any] = {
        "version": VERSION,
        "kind": "scan" if outcome.is_scan else "review",
        "base": review.base,
        "head": review.head,
        "failed": bool(outcome.failing),
        "counts": {
            "posted": len(outcome.posted),
            "failing": len(outcome.failing),
            "fixed": len(outcome.fixed),
            "standing": len(outcome.standing),
            "uncertain": len(outcome.uncertain),
            "suppressed": len(outcome.suppressed),
            "changed_files": review.changed_files,
            "analysed_files": review.analysed_files,
        },
        "posted": [_finding(finding) for finding in outcome.posted],
        "fixed": [_finding(finding) for finding in outcome.fixed],
        "suppressed": [_finding(finding) for finding in outcome.suppressed],
    }
    if report.risk is not None:
        document["risk"] = msgspec.to_builtins(report.risk)
    if report.everything:
        document["standing"] = [_finding(finding) for finding in outcome.standing]
        document["uncertain"] = [_finding(finding) for finding in outcome.uncertain]
    document["consequences"] = [_consequence(row) for row in review.consequences]
    document["remarks"] = [
        {"place": _place(remark.place), "problem": remark.problem, "message": remark.message}
        for remark in review.remarks
    ]
    document["skipped"] = [
        {"path": item.path, "reason": item.reason, "changed": item.changed} for item in review.skipped
    ]
    document["failures"] = list(review.failures)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "category": finding.category,
        "severity": finding.severity.name.lower(),
        "confidence": finding.confidence.name.lower(),
        "state": finding.state,
        "message": finding.message,
        "advice": finding.advice,
        "place": _place(finding.place),
        "symbol": finding.symbol,
        "entry": finding.entry,
        "trace": [{"place": _place(step.place), "message": step.message} for step in finding.trace],
        "fix": None if finding.fix is None else _fix(finding.fix),
        "suppressed": finding.suppressed,
        "allowed": finding.allowed,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "description": fix.description,
        "edits": [
            {"path": edit.path, "first": edit.first, "last": edit.last, "replacement": edit.replacement}
            for edit in fix.edits
        ],
    }


def _place(place: Place) -> dict[str, Any]:
    span = place.span
    return {
        "path": place.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _consequence(row: Consequence) -> dict[str, Any]:
    return {
        "entry": row.entry,
        "kind": row.kind,
        "place": _place(row.place),
        "before": _cost(row.before),
        "after": _cost(row.after),
    }


def _cost(cost: Cost | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    return {"queries": cost.queries, "per_row": [{"over": over, "queries": count} for over, count in cost.per_row]}

"""
What the surfaces show of a risk summary.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzers.findings import Finding
from bot.review.explain import RiskSummary, Told
from bot.review.wording import plural


def rows(risk: RiskSummary, findings: Iterable[Finding]) -> list[tuple[Told, Finding]]:
    """What is said of each of some findings, beside it; what is said of another is left out."""
    by_fingerprint = {finding.fingerprint: finding for finding in findings}
    known = (told for told in risk.told if told.fingerprint in by_fingerprint)
    return [(told, by_fingerprint[told.fingerprint]) for told in known]


def footer(risk: RiskSummary) -> str:
    """Whose words these are, and what they cost: `2 of 3 findings explained in the words of gpt; cost 0.0012.`"""
    if not risk.model:
        return f"Written from the analysis: {risk.note}." if risk.note else ""
    findings = plural(len(risk.told) + risk.left_out, "finding")
    said = f"{risk.explained} of {findings} explained in the words of {risk.model}"
    dropped = f"; {plural(risk.dropped, 'sentence')} without evidence left out" if risk.dropped else ""
    cost = f"; cost {risk.cost:.4f}" if risk.cost else ""
    return f"{said}{dropped}{cost}. Findings, severities and places come from the analysis."

"""
A model puts what was found into words. It comes last, on its own: nothing waits for it, and nothing hangs on it.
"""

from __future__ import annotations

from analyzers import catalogue
from analyzers.findings import Finding
from analyzers.git import Repository
from bot.github import repository
from bot.llm.writer import Subject
from bot.report import lines_in, markdown
from bot.review import configuration, explain, unaided
from bot.review.drafts import Draft, PullRequest
from bot.review.explain import Told
from bot.review.records import Found, HeadReview
from bot.storage.store import Store
from bot.workflow.fetching import fetch_what_is_read
from bot.workflow.service import Service


def summarise(service: Service, review: int, attempt: int) -> bool:
    """
    Have a review's findings explained, and keep that.

    Returns:
        Whether there is something to show that was not there before.
    """
    this = service.store.reviews.get(review)
    found = service.store.reviews.found(review)
    if service.writer is None or found is None or this.attempt != attempt or this.status not in ("drafted", "partial"):
        return False
    pull = service.store.pull_requests.get(this.pull_request)
    wanted = [draft for draft in service.store.drafts.of(pull.id) if draft.state in ("waiting", "signed")]
    findings = _present(found, wanted)
    if not findings:
        return False
    client = service.client(pull)
    told = repository.pull_request(client, pull.installation, pull.repository, pull.number)
    with service.checkouts.checkout(pull.clone_url, client.token, [this.merge_base, this.head]) as checkout:
        fetch_what_is_read(checkout, this.merge_base)
        with Repository(checkout.git_dir) as git:
            base, head = git.commit_tree(this.merge_base), git.commit_tree(this.head)
            configurations = configuration.read(base, (rule.id for rule in catalogue.load()))
            code = configurations.root.llm_code
            if code == "off":
                return False
            lines_of = lines_in(head)
            summary = service.writer.risk_summary(
                Subject(
                    repository=pull.repository,
                    review=_name(pull, this),
                    findings=findings,
                    consequences=found.review.consequences,
                    definitions=found.review.definitions,
                    rules={rule.id: rule for rule in catalogue.load()},
                    lines_of=lambda path: lines_of(path, "introduced"),
                    title=told.title,
                    description=told.description,
                    code="private" if service.is_private else code,
                    denied=configurations.withheld,
                )
            )
    service.store.summaries.keep(this.id, summary)
    return True


def shown(store: Store, review: HeadReview, found: Found, drafts: tuple[Draft, ...]) -> str:
    """
    The risk summary of what is public, as Markdown; empty where something waits that is not, or nothing is public.

    A draft that was dismissed, or waits unseen, is not spoken of.
    """
    if any(draft.state == "waiting" and not draft.is_posted for draft in drafts):
        return ""
    findings = _present(found, [draft for draft in drafts if draft.state in ("waiting", "signed")])
    ours = unaided.summary(findings, found.review.consequences)
    summary = store.summaries.find(review.id)
    return markdown.risk(ours if summary is None else explain.only(summary, ours), findings)


def explanation(service: Service, pull: PullRequest, draft: Draft) -> Told | None:
    """
    One finding in a model's words, told from what is public of it; None where it is not public, or there are none.

    No code is sent: the answer is public, and its finding's trace is too.
    """
    if service.writer is None or not draft.is_posted or draft.state not in ("waiting", "signed"):
        return None
    found = service.store.reviews.found_at(pull.id, draft.head)
    if found is None or found.llm_code == "off":
        return None
    told = service.writer.explain(
        Subject(
            repository=pull.repository,
            review=f"{pull.repository}#{pull.number}",
            findings=(draft.finding,),
            consequences=(),
            rules={rule.id: rule for rule in catalogue.load()},
            lines_of=lambda path: (),
            code="private",
        )
    )
    return told if told.is_model else None


def _present(found: Found, drafts: list[Draft]) -> tuple[Finding, ...]:
    """The findings of some drafts that are there at the head, worst first."""
    fingerprints = {draft.fingerprint for draft in drafts}
    return tuple(finding for finding in found.told if finding.fingerprint in fingerprints)


def _name(pull: PullRequest, review: HeadReview) -> str:
    """Names a review among all, for its budget."""
    return f"{pull.repository}#{pull.number}@{review.head}"

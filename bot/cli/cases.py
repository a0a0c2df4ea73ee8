"""
Cases to try prompts on: the examples of the rules' pages, and drafts that people decided on.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bot.llm.trial import Case
    from bot.settings import Settings

_FILE = re.compile(r"^`(?P<path>[^`\n]+)`:\n```\w*\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def examples() -> Iterator[Case]:
    """Each rule's own example, as a change that adds it."""
    from analyzers import catalogue

    for rule in catalogue.load():
        files = {match["path"]: match["text"] for match in _FILE.finditer(rule.section("Example"))}
        if files:
            yield from _reviewed(rule.id, files)


def decided(settings: Settings, how: Literal["signed", "dismissed"]) -> Iterator[Case]:
    """
    The drafts that people signed, or dismissed, each as a case of its own: what is kept of it, without code. Where the
    repository's configuration wants no language model, none is told.
    """
    from analyzers import catalogue
    from bot.llm.trial import Case
    from bot.llm.writer import Subject
    from bot.storage.store import Store

    rules = {rule.id: rule for rule in catalogue.load()}
    with Store.open(settings.database) as store:
        dismissed = (each.draft for each in store.outcomes.dismissed())
        for draft in store.drafts.signed() if how == "signed" else dismissed:
            found = store.reviews.found_at(draft.pull_request, draft.head)
            if found is None or found.llm_code == "off":
                continue
            pull = store.pull_requests.get(draft.pull_request)
            name = f"{pull.repository}#{pull.number}, draft {draft.number}"
            yield Case(
                name,
                Subject(
                    repository=pull.repository,
                    review=name,
                    findings=(draft.finding,),
                    consequences=found.review.consequences,
                    definitions=found.review.definitions,
                    rules=rules,
                    lines_of=lambda path: (),
                    title=pull.title,
                    code="private",
                ),
            )


def _reviewed(name: str, files: dict[str, str]) -> Iterator[Case]:
    """A case of what is found in some files, where something is."""
    from analyzers import catalogue, engine
    from analyzers.git import Repository
    from analyzers.index import Index
    from analyzers.options import Options
    from bot.llm.trial import Case
    from bot.llm.writer import Subject
    from bot.review.wording import lines_of_text

    with tempfile.TemporaryDirectory(prefix="countersign-case-") as folder:
        root = Path(folder)
        subprocess.run(("git", "init", "--quiet", folder), check=True, capture_output=True)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
        with Repository(root) as repository, Index.open(root / ".git" / "index.sqlite3") as index:
            change = repository.change(repository.current_tree(), repository.working_tree())
            review = engine.review(change, index, lambda path: Options())
    if review.introduced:
        yield Case(
            name,
            Subject(
                repository="the rules' pages",
                review=name,
                findings=review.introduced,
                consequences=review.consequences,
                definitions=review.definitions,
                rules={rule.id: rule for rule in catalogue.load()},
                lines_of=lambda path: lines_of_text(files.get(path, "")),
            ),
        )

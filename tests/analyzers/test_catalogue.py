from __future__ import annotations

import pytest

from analyzers import catalogue
from analyzers.findings import Severity

PAGE = """\
+++
category = "nplusone"
severity = "high"
languages = ["python"]
since = "0.1"
+++
# A title

## What happens
a
## Why it hurts in production
b
## Example
```python
## not a heading
```
## Instead
d
## When it stays silent
e
## References
f
"""


def test_every_page_is_read() -> None:
    """The catalogue is sorted by id and every page is well formed."""
    rules = catalogue.load()
    ids = [rule.id for rule in rules]
    assert ids == sorted(set(ids))
    assert {rule.id for rule in rules if rule.category == "nplusone"} == {
        "defeated-eager-load",
        "lazy-load-in-loop",
        "lazy-load-in-serializer",
        "query-in-loop",
        "query-in-resolver",
        "send-in-loop",
        "write-in-loop",
    }


@pytest.mark.parametrize("rule", catalogue.load(), ids=lambda rule: rule.id)
def test_pages_are_complete(rule: catalogue.Rule) -> None:
    """Every page has two programs, says when it is silent, and leads to documentation."""
    for heading in ("Example", "Instead"):
        assert rule.section(heading).count("```python\n") >= 2
    assert rule.section("When it stays silent").startswith("- ")
    assert "](https://" in rule.section("References")


def test_parse() -> None:
    """A page is its head, title and sections; what looks like a heading in a program is none."""
    rule = catalogue.parse("some-rule", PAGE)
    assert (rule.id, rule.title, rule.severity, rule.languages) == ("some-rule", "A title", Severity.HIGH, ("python",))
    assert rule.section("Example") == "```python\n## not a heading\n```"
    assert rule.page.startswith("# A title\n\n## What happens\n\na\n\n## Why")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("+++\n", "", "starts with TOML"),
        ("# A title\n", "", "starts with TOML"),
        ('"nplusone"', "nplusone", "not TOML"),
        ('"nplusone"', '"nplus"', "no category 'nplus'"),
        ('"high"', '"dire"', "no severity 'dire'"),
        ('["python"]', '["cobol"]', "languages are some of"),
        ('["python"]', "[]", "languages are some of"),
        ('since = "0.1"\n', "", "exactly the keys"),
        ('since = "0.1"\n', 'since = "0.1"\nuntil = "1"\n', "exactly the keys"),
        ("## Instead\n", "", "the headings are"),
        ("## Instead\nd\n", "## Instead\n", "nothing under 'Instead'"),
        ("## Example\n", "## Examples\n", "the headings are"),
    ],
)
def test_refusals(old: str, new: str, problem: str) -> None:
    """A page that strays is refused, with its name and what is wrong."""
    with pytest.raises(catalogue.PageError, match=f"some-rule.md: .*{problem}"):
        catalogue.parse("some-rule", PAGE.replace(old, new))


def test_ids() -> None:
    """An id is words joined by hyphens."""
    with pytest.raises(catalogue.PageError):
        catalogue.parse("Some_Rule", PAGE)

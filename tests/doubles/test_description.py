"""The judge judges."""

from __future__ import annotations

import pytest

from tests.doubles.description import Description, Invalid
from tests.doubles.rest import HANDLERS


@pytest.fixture(scope="module")
def description() -> Description:
    return Description.load()


def test_every_operation_described_is_answered_and_no_other(description: Description) -> None:
    assert description.operations.keys() == HANDLERS.keys()


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("GET", "/repos/o/r/contents/a/b.py", "repos/get-content", {"owner": "o", "repo": "r", "path": "a/b.py"}),
        ("GET", "/repos/o/r/contents/", "repos/get-content", {"owner": "o", "repo": "r", "path": ""}),
        ("GET", "/repos/o/r/compare/a...b%2Fc", "repos/compare-commits-with-basehead", {"basehead": "a...b/c"}),
        ("GET", "/repos/o/r/commits/b/c/check-runs", "checks/list-for-ref", {"ref": "b/c"}),
        ("GET", "/repos/o/r/commits/abc/pulls", "repos/list-pull-requests-associated-with-commit", {}),
        ("GET", "/repos/o/r/commits/abc", "repos/get-commit", {"ref": "abc"}),
        ("GET", "/repos/o/r/pulls/comments/7", "pulls/get-review-comment", {"comment_id": "7"}),
        ("GET", "/repos/o/r/pulls/7/comments", "pulls/list-review-comments", {"pull_number": "7"}),
        ("POST", "/repos/o/r/pulls/7/reviews", "pulls/create-review", {"pull_number": "7"}),
    ],
)
def test_a_request_is_known_by_its_path(
    description: Description, method: str, path: str, operation: str, parameters: dict[str, str]
) -> None:
    found = description.find(method, path)
    assert found is not None
    assert found[0].id == operation
    assert parameters.items() <= found[1].items()


def test_what_is_not_described_is_not_found(description: Description) -> None:
    assert description.find("PUT", "/repos/o/r/pulls/7/merge") is None


def test_parameters_and_bodies_are_held_to_their_types(description: Description) -> None:
    review = description.operations["pulls/create-review"]
    review.check_body({"event": "COMMENT", "comments": [{"path": "a", "body": "b", "line": 1}]})
    for body in ({"event": "MERGE"}, {"comments": [{"path": "a"}]}, {"comments": [{"path": "a", "body": 1}]}, []):
        with pytest.raises(Invalid):
            review.check_body(body)
    assert review.check_parameters({"owner": "o", "repo": "r", "pull_number": "7"}, "path")["pull_number"] == 7
    with pytest.raises(Invalid, match="pull_number"):
        review.check_parameters({"owner": "o", "repo": "r", "pull_number": "x"}, "path")


def test_answers_are_held_to_the_description_too(description: Description) -> None:
    with pytest.raises(Invalid):
        description.operations["issues/get-comment"].check_answer(200, {"id": 1})
    with pytest.raises(Invalid):
        description.operations["issues/get-comment"].check_answer(201, None)

"""
GitHub's own description of its REST interface, as a judge of requests and of the double's answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:github"

_OPEN = {"path": ".*", "ref": ".+?", "basehead": ".+"}
"""Parameters that may hold slashes; the path of a repository's root is empty."""


@dataclass(eq=False)
class Invalid(Exception):
    """A request, or an answer, that the description does not allow."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.problems)


@dataclass(frozen=True)
class Operation:
    """One method of one path, with the judges of what goes in and out."""

    id: str
    method: str
    path: str
    parameters: tuple[Mapping[str, Any], ...]
    body: Draft202012Validator | None
    """None: the operation takes no body."""
    body_required: bool
    answers: Mapping[int, Draft202012Validator | None]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of this operation, percent-encoded as they are sent."""
        parts = re.split(r"\{(\w+)\}", self.path)
        text = ""
        for literal, name in zip(parts[::2], [*parts[1::2], None], strict=True):
            text += re.escape(literal) + (f"(?P<{name}>{_OPEN.get(name, '[^/]+')})" if name else "")
        return re.compile(text)

    def check_parameters(self, given: Mapping[str, str], place: str) -> dict[str, Any]:
        """
        The parameters with the types that are described; those not described are left out.

        Raises:
            Invalid: one is missing or has another type.
        """
        checked, problems = {}, []
        for parameter in self.parameters:
            name = parameter["name"]
            if parameter["in"] != place:
                continue
            if name not in given:
                if parameter["required"]:
                    problems.append(f'"{name}" wasn\'t supplied.')
                continue
            value = _typed(given[name], parameter["schema"])
            judge = Draft202012Validator(parameter["schema"])
            problems += [f"{name}: {error.message}" for error in judge.iter_errors(value)]
            checked[name] = value
        if problems:
            raise Invalid(tuple(problems))
        return checked

    def check_body(self, body: Any) -> None:
        """
        Raises:
            Invalid: the body is not what is described.
        """
        if self.body is None or (body is None and not self.body_required):
            return
        _refuse_errors(self.body, body)

    def check_answer(self, status: int, body: Any) -> None:
        """
        Raises:
            Invalid: GitHub would not answer so; the double is at fault.
        """
        if status not in self.answers:
            raise Invalid((f"{self.id} never answers {status}",))
        judge = self.answers[status]
        if judge is not None:
            _refuse_errors(judge, body)


class Description:
    """The operations the double knows."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        resource: Resource[Any] = DRAFT202012.create_resource(dict(document))
        self._registry: Registry[Any] = Registry().with_resource(DOCUMENT, resource)
        self.operations = {
            name: Operation(
                id=name,
                method=described["method"],
                path=described["path"],
                parameters=tuple(described["parameters"]),
                body=self._judge(name, "body") if described["body"] else None,
                body_required=described["body_required"],
                answers={
                    int(status): self._judge(name, "answers", status) if schema else None
                    for status, schema in described["answers"].items()
                },
            )
            for name, described in document["operations"].items()
        }

    @classmethod
    def load(cls) -> Description:
        document = json.loads((Path(__file__).parent / "data/openapi.json").read_text())
        for name in ("pull-request", "pull-request-simple"):
            # Wrong there: when a fork is deleted its pull requests stay, and GitHub answers null.
            head = document["schemas"][name]["properties"]["head"]["properties"]
            head["repo"] = {"anyOf": [head["repo"], {"type": "null"}]}
        return cls(document)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a request and its path parameters, percent-decoded; the most literal path wins."""
        matches = [
            (len(operation.path.split("{")[0]), operation, match)
            for operation in self.operations.values()
            if operation.method == method and (match := operation.pattern.fullmatch(path))
        ]
        if not matches:
            return None
        _, operation, match = max(matches, key=lambda found: (found[0], len(found[1].path)))
        return operation, {name: unquote(value) for name, value in match.groupdict().items()}

    def _judge(self, *keys: str) -> Draft202012Validator:
        pointer = "/".join(key.replace("~", "~0").replace("/", "~1") for key in ("operations", *keys))
        return Draft202012Validator({"$ref": f"{DOCUMENT}#/{pointer}"}, registry=self._registry)


def _refuse_errors(judge: Draft202012Validator, value: Any) -> None:
    problems = tuple(_messages(judge, value))
    if problems:
        raise Invalid(problems)


def _messages(judge: Draft202012Validator, value: Any) -> Iterator[str]:
    for error in judge.iter_errors(value):
        yield f"{error.json_path}: {error.message[:500]}"


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A parameter's text as the JSON value its schema asks for."""
    types = schema.get("type", "string")
    if "integer" in types and re.fullmatch(r"-?\d+", text):
        return int(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return text

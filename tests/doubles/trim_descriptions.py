"""
Cuts GitHub's published descriptions down to what the double answers: `python -m tests.doubles.trim_descriptions`.

Three npm packages, fetched with `npm pack`, become the three files of `data/`:

- `@octokit/openapi` → `openapi.json`: the operations listed here, their parameters, bodies and answers as JSON Schema,
  and every schema these refer to; no prose.
- `@octokit/graphql-schema` → `schema.graphql`: the types and fields listed here.
- `@octokit/webhooks-examples` → `webhooks.json`: one recorded payload for each event and action listed here; what is
  the same in all of them (repository, pull request, issue) is kept once.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graphql

Json = Any

DATA = Path(__file__).parent / "data"

PACKAGES = {
    "openapi": "@octokit/openapi@23.0.2",
    "graphql": "@octokit/graphql-schema@15.26.1",
    "webhooks": "@octokit/webhooks-examples@7.6.1",
}

OPERATIONS = (
    "apps/create-installation-access-token",
    "apps/get-authenticated",
    "apps/get-installation",
    "apps/get-repo-installation",
    "apps/list-installation-repos-for-authenticated-user",
    "apps/list-installations",
    "apps/list-installations-for-authenticated-user",
    "apps/list-repos-accessible-to-installation",
    "checks/create",
    "checks/get",
    "checks/list-annotations",
    "checks/list-for-ref",
    "checks/update",
    "git/get-blob",
    "git/get-ref",
    "issues/create-comment",
    "issues/delete-comment",
    "issues/get",
    "issues/get-comment",
    "issues/list-comments",
    "issues/update-comment",
    "meta/get",
    "pulls/create-reply-for-review-comment",
    "pulls/create-review",
    "pulls/create-review-comment",
    "pulls/delete-pending-review",
    "pulls/delete-review-comment",
    "pulls/get",
    "pulls/get-review",
    "pulls/get-review-comment",
    "pulls/list",
    "pulls/list-comments-for-review",
    "pulls/list-commits",
    "pulls/list-files",
    "pulls/list-review-comments",
    "pulls/list-reviews",
    "pulls/submit-review",
    "pulls/update-review-comment",
    "rate-limit/get",
    "reactions/create-for-issue-comment",
    "reactions/create-for-pull-request-review-comment",
    "reactions/delete-for-issue-comment",
    "reactions/delete-for-pull-request-comment",
    "reactions/list-for-issue-comment",
    "reactions/list-for-pull-request-review-comment",
    "repos/compare-commits-with-basehead",
    "repos/get",
    "repos/get-collaborator-permission-level",
    "repos/get-commit",
    "repos/get-content",
    "repos/list-pull-requests-associated-with-commit",
    "users/get-authenticated",
    "users/get-by-username",
)

GRAPHQL = {
    "Query": "id node rateLimit repository viewer",
    "Mutation": "minimizeComment resolveReviewThread unminimizeComment unresolveReviewThread",
    "Actor": "avatarUrl login resourcePath url",
    "Bot": "avatarUrl databaseId id login resourcePath url",
    "IssueComment": "author body databaseId id isMinimized minimizedReason url viewerDidAuthor",
    "Minimizable": "isMinimized minimizedReason",
    "MinimizeCommentInput": "*",
    "MinimizeCommentPayload": "clientMutationId minimizedComment",
    "Node": "id",
    "PageInfo": "*",
    "PullRequest": "author baseRefOid body databaseId headRefOid id isDraft number reviewThreads state title url",
    "PullRequestReviewComment": "author body databaseId fullDatabaseId id isMinimized line minimizedReason "
    "originalLine outdated path replyTo startLine subjectType url viewerDidAuthor",
    "PullRequestReviewCommentConnection": "nodes pageInfo totalCount",
    "PullRequestReviewThread": "comments diffSide id isCollapsed isOutdated isResolved line originalLine path "
    "pullRequest resolvedBy startDiffSide startLine subjectType viewerCanReply viewerCanResolve viewerCanUnresolve",
    "PullRequestReviewThreadConnection": "nodes pageInfo totalCount",
    "RateLimit": "cost limit nodeCount remaining resetAt used",
    "Repository": "databaseId id name nameWithOwner owner pullRequest",
    "RepositoryOwner": "id login",
    "ResolveReviewThreadInput": "*",
    "ResolveReviewThreadPayload": "clientMutationId thread",
    "UnminimizeCommentInput": "*",
    "UnminimizeCommentPayload": "clientMutationId unminimizedComment",
    "UnresolveReviewThreadInput": "*",
    "UnresolveReviewThreadPayload": "clientMutationId thread",
    "User": "avatarUrl databaseId id login resourcePath url",
}
GRAPHQL_WHOLE = (
    "BigInt",
    "DateTime",
    "DiffSide",
    "GitObjectID",
    "PullRequestReviewThreadSubjectType",
    "PullRequestState",
    "ReportedContentClassifiers",
    "URI",
)

EVENTS = {
    "check_run": ("completed", "created", "requested_action", "rerequested"),
    "check_suite": ("requested", "rerequested"),
    "installation": ("created", "deleted", "new_permissions_accepted", "suspend", "unsuspend"),
    "installation_repositories": ("added", "removed"),
    "issue_comment": ("created", "deleted", "edited"),
    "ping": (None,),
    "pull_request": (
        "closed",
        "converted_to_draft",
        "opened",
        "ready_for_review",
        "reopened",
        "synchronize",
    ),
    "pull_request_review": ("submitted",),
    "pull_request_review_comment": ("created", "deleted", "edited"),
    "pull_request_review_thread": ("resolved", "unresolved"),
}
SHARED = ("pull_request", "issue", "repository", "sender", "organization", "installation")

PROSE = {
    *("default", "deprecated", "description", "example", "examples", "externalDocs", "summary", "tags", "title"),
    *("discriminator", "x-github", "x-multi-segment"),
}

NULL_IN_TRUTH = {
    "pull-request-review-comment": ("line", "position"),
    "review-comment": ("line",),
}
"""Fields described as integers for which GitHub answers null once the lines were changed by a later push."""

ANSWERS_IN_TRUTH = {
    "apps/list-installations": {"type": "array", "items": {"$ref": "#/schemas/installation"}},
}
"""Described there as an account that is a user and an enterprise at once."""


def unpack(package: str, directory: Path) -> Path:
    """The root of an npm package's files."""
    pack = ("npm", "pack", "--silent", package)
    archive = subprocess.run(pack, cwd=directory, check=True, capture_output=True, text=True).stdout.split()[-1]
    target = directory / archive.removesuffix(".tgz")
    with tarfile.open(directory / archive) as tar:
        tar.extractall(target, filter="data")
    return target / "package"


def without_prose(node: Json, *, names: bool = False) -> Json:
    """
    The schema without what only people read, and `nullable` of OpenAPI 3.0 written as JSON Schema has it.

    Args:
        names: the keys are names of properties, so that none is prose.
    """
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {key: without_prose(value) for key, value in node.items()}
    kept = {
        key: value.replace("#/components/schemas/", "#/schemas/")
        if key == "$ref"
        else without_prose(value, names=key == "properties")
        for key, value in node.items()
        if key not in PROSE
    }
    if not kept.pop("nullable", False):
        return kept
    if isinstance(kept.get("type"), str):
        enum = {"enum": [*kept["enum"], None]} if "enum" in kept else {}
        return {**kept, "type": [kept["type"], "null"], **enum}
    return {"anyOf": [kept, {"type": "null"}]}


def references(node: Json) -> Iterator[str]:
    """The names of the schemas referred to."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].removeprefix("#/schemas/")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def json_schema(content: Json) -> Json:
    """The schema of a body that is JSON; none where it is something else."""
    return without_prose(content.get("content", {}).get("application/json", {}).get("schema"))


def openapi(package: Path) -> Json:
    """The listed operations and the schemas they need."""
    document = json.loads((package / "generated/api.github.com.json").read_text())

    def resolved(node: Json) -> Json:
        if "$ref" not in node:
            return node
        found = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return found

    operations = {}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if described["operationId"] in OPERATIONS:
                parameters = [resolved(parameter) for parameter in described.get("parameters", ())]
                answers = {status: resolved(answer) for status, answer in described["responses"].items()}
                operations[described["operationId"]] = {
                    "method": method.upper(),
                    "path": path,
                    "parameters": [
                        {
                            "name": parameter["name"],
                            "in": parameter["in"],
                            "required": parameter.get("required", False),
                            "schema": without_prose(parameter["schema"]),
                        }
                        for parameter in parameters
                    ],
                    "body": json_schema(described.get("requestBody", {})),
                    "body_required": described.get("requestBody", {}).get("required", False),
                    "answers": {
                        status: json_schema(answer) for status, answer in answers.items() if status.startswith("2")
                    },
                }
    for name, answer in ANSWERS_IN_TRUTH.items():
        operations[name]["answers"]["200"] = answer
    assert operations.keys() == set(OPERATIONS), set(OPERATIONS) - operations.keys()
    schemas: dict[str, Json] = {}
    wanted = set(references(operations))
    while wanted:
        name = wanted.pop()
        schemas[name] = without_prose(document["components"]["schemas"][name])
        wanted |= set(references(schemas[name])) - schemas.keys()
    for name, fields in NULL_IN_TRUTH.items():
        for field in fields:
            property_ = schemas[name]["properties"][field]
            if property_["type"] == "integer":
                property_["type"] = ["integer", "null"]
    return {"operations": dict(sorted(operations.items())), "schemas": dict(sorted(schemas.items()))}


def graphql_schema(package: Path) -> str:
    """The listed types with the listed fields; arguments and interfaces whose types are not listed are left out."""
    text = re.sub(r'"""(?:[^"\\]|\\.|"(?!""))*"""', "", (package / "schema.graphql").read_text())
    document = graphql.parse(text, no_location=True)
    listed = {*GRAPHQL, *GRAPHQL_WHOLE}
    definitions = [definition for definition in document.definitions if _name(definition) in listed]
    lines = sorted(graphql.print_ast(graphql.visit(node, _Cut(listed))) for node in definitions)
    text = "\n\n".join(lines) + "\n"
    graphql.assert_valid_schema(graphql.build_schema(text))
    return text


def _name(definition: Json) -> str:
    return str(definition.name.value) if getattr(definition, "name", None) else ""


class _Cut(graphql.Visitor):
    """Removes fields that are not listed, what needs types that are not listed, and directives."""

    def __init__(self, listed: set[str]) -> None:
        super().__init__()
        self.types = {*listed, "Boolean", "ID", "Int", "String"}

    def enter(self, node: Json, key: Json, parent: Json, path: Json, ancestors: Json) -> Json:
        removed = False
        if isinstance(node, graphql.DirectiveNode):
            removed = True
        elif isinstance(node, (graphql.FieldDefinitionNode, graphql.InputValueDefinitionNode)):
            fields = GRAPHQL.get(_name(ancestors[-1]), "*")
            removed = not self._known(node) or (fields != "*" and _name(node) not in fields.split())
        elif isinstance(node, graphql.NamedTypeNode) and "interfaces" in path:
            removed = node.name.value not in self.types
        return graphql.REMOVE if removed else None

    def _known(self, node: Json) -> bool:
        while not isinstance(node, graphql.NamedTypeNode):
            node = node.type
        return node.name.value in self.types


def webhooks(package: Path) -> Json:
    """One payload for each listed event and action, and the parts they share once."""
    recorded = {
        event["name"]: event["examples"] for event in json.loads((package / "api.github.com/index.json").read_text())
    }
    shared: dict[str, Json] = {}
    payloads: dict[str, dict[str, Json]] = {}
    for event, actions in EVENTS.items():
        for action in actions:
            payload = next(payload for payload in recorded[event] if payload.get("action") == action)
            payload.get("check_run", {}).pop("deployment", None)  # of GitHub Actions: Apps' runs have none
            for key in SHARED:
                if key in payload:
                    shared.setdefault(key, payload[key])
            payloads.setdefault(event, {})[action or ""] = {
                key: ({"shared": key} if key in SHARED else value) for key, value in payload.items()
            }
    return {"shared": shared, "payloads": payloads}


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        packages = {name: unpack(package, Path(directory)) for name, package in PACKAGES.items()}
        DATA.mkdir(exist_ok=True)
        for name, content in (
            ("openapi.json", openapi(packages["openapi"])),
            ("webhooks.json", webhooks(packages["webhooks"])),
        ):
            (DATA / name).write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False) + "\n")
        (DATA / "schema.graphql").write_text(graphql_schema(packages["graphql"]))


if __name__ == "__main__":
    main()

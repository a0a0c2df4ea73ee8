"""
The App, its installations and their tokens.
"""

from __future__ import annotations

from tests.doubles import refusals
from tests.doubles.rest.call import Answer, Call, Handler, Listing
from tests.doubles.world import Installation


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(call.path["installation_id"])
    if found is None:
        raise refusals.not_found()
    return found


def get_app(call: Call) -> Answer:
    return Answer(call.shapes.app())


def list_installations(call: Call) -> Listing:
    return Listing(list(call.world.installations.values()), call.shapes.installation)


def get_installation(call: Call) -> Answer:
    return Answer(call.shapes.installation(_installation(call)))


def get_repo_installation(call: Call) -> Answer:
    found = call.world.installation_of(call.repository)
    if found is None:
        raise refusals.not_found()
    return Answer(call.shapes.installation(found))


def create_token(call: Call) -> Answer:
    """A token may be for fewer repositories and permissions, never for more."""
    installation, asked = _installation(call), call.body or {}
    if installation.suspended_at:
        raise refusals.Refusal(403, "This installation has been suspended")
    granted, permissions = installation.permissions, asked.get("permissions") or installation.permissions
    if any(granted.get(name) not in {level, "write"} for name, level in permissions.items()):
        raise refusals.Refusal(422, "The permissions requested are not granted to this installation.")
    names, identities = asked.get("repositories"), asked.get("repository_ids")
    chosen = tuple(
        repository
        for repository in installation.repositories
        if (names is None or repository.name in names) and (identities is None or repository.id in identities)
    )
    if len(chosen) < len(names or identities or ()):
        raise refusals.Refusal(422, "There is at least one repository that does not exist or is not accessible.")
    token, expires_at = call.access.issue(installation, permissions, chosen)
    return Answer(
        {
            "token": token,
            "expires_at": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": permissions,
            "repository_selection": "selected",
        },
        201,
    )


def list_repositories(call: Call) -> Listing:
    return Listing(call.caller.repositories, call.shapes.repository, "repositories")


def list_own_installations(call: Call) -> Listing:
    """Those through which the person who signed in sees something."""
    seen = [found for found in call.world.installations.values() if any(map(call.caller.sees, found.repositories))]
    return Listing(seen, call.shapes.installation, "installations")


def list_own_repositories(call: Call) -> Listing:
    seen = [found for found in _installation(call).repositories if call.caller.sees(found)]
    if not seen:
        raise refusals.not_found()
    return Listing(seen, call.shapes.repository, "repositories")


HANDLERS: dict[str, Handler] = {
    "apps/create-installation-access-token": create_token,
    "apps/get-authenticated": get_app,
    "apps/get-installation": get_installation,
    "apps/get-repo-installation": get_repo_installation,
    "apps/list-installation-repos-for-authenticated-user": list_own_repositories,
    "apps/list-installations": list_installations,
    "apps/list-installations-for-authenticated-user": list_own_installations,
    "apps/list-repos-accessible-to-installation": list_repositories,
}

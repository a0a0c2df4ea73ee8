"""
The App as it is to be registered at GitHub: what it may do and what it is told.

It asks for no more than it uses. It never pushes, so that it reads contents only.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any

PERMISSIONS: Mapping[str, str] = {
    "checks": "write",  # the check run, its annotations and buttons
    "contents": "read",  # cloning, CODEOWNERS
    "issues": "write",  # the summary comment and answers stand on the pull request's issue
    "merge_queues": "read",  # being told that a required check is waited for
    "metadata": "read",  # who may write
    "pull_requests": "write",  # reviews, comments on lines, threads
}
EVENTS = ("check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review_comment")
"""What it subscribes to; installations and pings are told to every App."""

CALLBACK = "/sign-in/callback"
"""Where GitHub sends people back who sign in."""

_LEVELS = ("none", "read", "write", "admin")


def manifest(url: str, name: str) -> dict[str, Any]:
    """
    The manifest that GitHub registers an App from.

    Args:
        url: Where the service is reached from GitHub.
        name: The App's name, unique at GitHub.
    """
    # https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
    return {
        "name": name,
        "url": url,
        "hook_attributes": {"url": f"{url.rstrip('/')}/webhooks/github", "active": True},
        "redirect_url": url,
        "callback_urls": [f"{url.rstrip('/')}{CALLBACK}"],
        "public": False,
        "default_permissions": dict(PERMISSIONS),
        "default_events": list(EVENTS),
    }


def registration(server: str, organization: str, url: str, name: str) -> str:
    """
    The address of GitHub's form for a new App, filled in with what the manifest says.

    Args:
        server: `https://github.com`, or that of a GitHub Enterprise Server.
        organization: Whose App it is; empty for one's own.
        url: As for the manifest.
        name: As for the manifest.
    """
    # https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-using-url-parameters
    wanted = manifest(url, name)
    fields = {
        "name": name,
        "url": url,
        "callback_urls[]": wanted["callback_urls"],
        "public": "false",
        "webhook_active": "true",
        "webhook_url": wanted["hook_attributes"]["url"],
        **PERMISSIONS,
        "events[]": EVENTS,
    }
    whose = f"organizations/{urllib.parse.quote(organization, safe='')}/" if organization else ""
    return f"{server.rstrip('/')}/{whose}settings/apps/new?{urllib.parse.urlencode(fields, doseq=True)}"


def lacking_permissions(granted: Mapping[str, str]) -> tuple[str, ...]:
    """What is needed and not granted, as `checks: write`."""
    return tuple(
        f"{name}: {level}"
        for name, level in PERMISSIONS.items()
        if _LEVELS.index(granted.get(name, "none")) < _LEVELS.index(level)
    )


def lacking_events(subscribed: list[str]) -> tuple[str, ...]:
    """What the App has to be told and is not."""
    return tuple(event for event in EVENTS if event not in subscribed)

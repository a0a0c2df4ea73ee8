"""
`countersign init` and `countersign doctor`: from nothing to a service that runs, and what is wrong when it does not.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import service
from bot.cli.service import SettingsOption

if TYPE_CHECKING:
    from bot.cli.examination import AtGitHub, AtSlack
    from bot.settings import Settings

WRONG = 1
"""Exit status when something is wrong."""

_STEPS = """\
The App's manifest is in {file}.

1. Register the App. This address opens GitHub's form with everything filled in but the webhook secret; choose a long
   random one, for instance with `openssl rand -hex 32`:
   {register}
2. On the App's page, generate a private key, and keep the file where only the service reads it.
3. Tell the service, in its environment or in a settings file:
     COUNTERSIGN_GITHUB_APP_ID           the number on the App's page
     COUNTERSIGN_GITHUB_PRIVATE_KEY      the path of the key file
     COUNTERSIGN_GITHUB_WEBHOOK_SECRET   the webhook secret{api}
4. Install the App on the repositories to review.
5. `countersign doctor` says whether all is well; `countersign serve` starts the service.
"""


def init(
    url: Annotated[str, typer.Option(metavar="URL", help="Where GitHub reaches the service: https://bot.example.org.")],
    name: Annotated[str, typer.Option(help="The App's name; unique at GitHub.")] = "Countersign",
    organization: Annotated[str, typer.Option(help="Whose App it is; by default, your own.")] = "",
    github: Annotated[str, typer.Option(metavar="URL", help="The GitHub server's address.")] = "https://github.com",
    output_file: Annotated[Path, typer.Option("--output", help="Where to write the manifest.")] = Path(
        "countersign-app.json"
    ),
) -> None:
    """
    Write the GitHub App's manifest and print the steps that set the service up.
    """
    from bot.cli import output
    from bot.errors import UsageError
    from bot.github.manifest import manifest, registration

    if not url.startswith(("https://", "http://")):
        raise UsageError(f"{url} is no URL; GitHub reaches the service at one such as https://bot.example.org")
    output.write_file(output_file, json.dumps(manifest(url, name), indent=2) + "\n")
    server = github.rstrip("/")
    api = f"\n     COUNTERSIGN_GITHUB_API_URL          {server}/api/v3" if server != "https://github.com" else ""
    register = registration(server, organization, url, name)
    typer.echo(_STEPS.format(file=output_file, register=register, api=api), nl=False)


def doctor(settings_file: SettingsOption = None) -> None:
    """
    Say what is well, what is not, and what to do: settings, database, clock, git, the App at GitHub, the app in Slack.
    """
    from bot.cli.examination import examine

    marks = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}
    wrong = 0
    read = service.read(settings_file)
    for seen in examine(read, os.environ, settings_file, _Ask(), lambda: dt.datetime.now(dt.UTC)):
        typer.echo(f"{marks[seen.state]}  {seen.about}: {seen.says}")
        wrong += seen.state == "wrong"
    raise typer.Exit(WRONG if wrong else 0)


class _Ask:
    """Asks GitHub as the App, and Slack as the app there."""

    def time(self, read: Settings) -> dt.datetime:
        with contextlib.closing(service.github(read)) as github:
            return github.its_time()

    def app(self, read: Settings) -> AtGitHub:
        from bot.cli.examination import AtGitHub, Installed
        from bot.github import installations, manifest

        with contextlib.closing(service.github(read)) as github:
            identity = github.identity
            installed = tuple(installations.installations(github))
        lacking = (
            Installed(of.account.login if of.account else str(of.id), manifest.lacking_permissions(of.permissions))
            for of in installed
        )
        return AtGitHub(
            name=identity.slug,
            lacking_permissions=manifest.lacking_permissions(identity.permissions),
            lacking_events=manifest.lacking_events(identity.events),
            installations=len(installed),
            lacking=tuple(each for each in lacking if each.lacks),
        )

    def slack(self, read: Settings) -> AtSlack:
        from bot.cli.examination import AtSlack
        from bot.slack.errors import Refused
        from bot.workflow.service import Team

        slack = Team.of(read).slack
        app = slack.app()
        closed = {}
        for channel in read.channels:
            if channel.webhook is None:
                try:
                    slack.look_into(channel.id)
                except Refused as exc:
                    closed[channel.id] = exc.code
        return AtSlack(app.name, app.team, app.scopes, closed)

"""
What the commands around the service share: its settings, its store and its way to GitHub.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import settings
from bot.errors import SettingsError
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.github.client import GitHub
    from bot.storage.store import Store

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="Settings; by default the file that COUNTERSIGN_SETTINGS names."),
]


def read(file: Path | None) -> Settings:
    """The settings of this process."""
    return settings.read(os.environ, file)


def store(of: Settings) -> Store:
    """The service's store, opened."""
    from bot.storage.store import Store

    return Store.open(of.database)


def github(of: Settings) -> GitHub:
    """
    GitHub, as the App.

    Raises:
        SettingsError: When the settings do not say which App, or its key.
    """
    from bot.github.client import GitHub

    key = of.private_key
    if of.github_app_id is None or key is None:
        needed = " and ".join(settings.variable(name) for name in ("github_app_id", "github_private_key"))
        raise SettingsError(f"GitHub is asked as the App, which {needed} tell")
    return GitHub(of.github_app_id, key.reveal(), api_url=of.github_api_url, ca_file=of.ca_file)

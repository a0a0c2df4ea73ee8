from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import github as pygithub
import pytest

from tests.doubles.github import GitHub
from tests.doubles.world import Repository


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as double:
        yield double


def app_client(github: GitHub) -> pygithub.GithubIntegration:
    """PyGithub as the App, without its pauses and retries."""
    auth = pygithub.Auth.AppAuth(github.world.app.id, github.access.private_key)
    quick = {"seconds_between_requests": 0, "seconds_between_writes": 0, "retry": None}
    return pygithub.GithubIntegration(auth=auth, base_url=github.api_url, **quick)


def repository_client(github: GitHub, repository: Repository) -> pygithub.Repository.Repository:
    """PyGithub's repository, asked for with an installation's token."""
    installation = app_client(github).get_repo_installation(*repository.full_name.split("/"))
    return installation.get_github_for_installation().get_repo(repository.full_name)

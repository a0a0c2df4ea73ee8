"""Whose credentials are good, and for what."""

from __future__ import annotations

import datetime as dt
import time

import github as pygithub
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.doubles import scenario
from tests.doubles.conftest import app_client, repository_client
from tests.doubles.github import GitHub


@pytest.fixture
def scene(github: GitHub) -> scenario.Scene:
    return scenario.scene(github)


def app_token(github: GitHub, **changed: object) -> str:
    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + 540, "iss": str(github.world.app.id), **changed}
    return jwt.encode(claims, github.access.private_key, algorithm="RS256")


def status(github: GitHub, path: str, token: str, scheme: str = "Bearer") -> int:
    return requests.get(github.api_url + path, headers={"Authorization": f"{scheme} {token}"}, timeout=10).status_code


def test_an_app_token_is_signed_current_and_short_lived(github: GitHub) -> None:
    now = int(time.time())
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tokens = {
        "good": app_token(github),
        "client id": app_token(github, iss=github.world.app.client_id),
        "expired": app_token(github, exp=now - 120),
        "too long": app_token(github, exp=now + 3600),
        "from the future": app_token(github, iat=now + 600),
        "another app": app_token(github, iss="1"),
        "another key": jwt.encode({"iat": now, "exp": now + 60, "iss": "1"}, stranger, algorithm="RS256"),
        "another algorithm": jwt.encode({"iat": now, "exp": now + 60, "iss": "1"}, "k" * 32, algorithm="HS256"),
        "nonsense": "a.b.c",
    }
    assert {name: status(github, "/app", token) for name, token in tokens.items()} == {
        "good": 200,
        "client id": 200,
        "expired": 401,
        "too long": 401,
        "from the future": 401,
        "another app": 404,
        "another key": 401,
        "another algorithm": 401,
        "nonsense": 401,
    }


def test_each_kind_of_token_opens_its_own_doors(github: GitHub, scene: scenario.Scene) -> None:
    installation, _ = github.access.issue(scene.installation, scene.installation.permissions, (scene.repository,))
    person = github.access.token_for(github.world.account("grace"))
    assert status(github, "/repos/acme/orders", app_token(github)) == 401
    assert [status(github, "/app", token) for token in (installation, person)] == [401, 401]
    assert [status(github, "/repos/acme/orders", token, "token") for token in (installation, person)] == [200, 200]
    assert status(github, "/user", person) == 200
    assert status(github, "/user", installation) == 403
    assert requests.get(github.api_url + "/repos/acme/orders", timeout=10).status_code == 401


def test_installation_tokens_expire(github: GitHub, scene: scenario.Scene) -> None:
    github.access.token_lifetime = dt.timedelta(seconds=-1)
    stale, _ = github.access.issue(scene.installation, {}, (scene.repository,))
    github.access.token_lifetime = dt.timedelta(hours=1)
    fresh, _ = github.access.issue(scene.installation, {}, (scene.repository,))
    assert [status(github, "/repos/acme/orders", token) for token in (stale, fresh)] == [401, 200]
    github.access.expire_tokens()
    assert status(github, "/repos/acme/orders", fresh) == 401


def test_a_token_may_be_for_less_and_not_for_more(github: GitHub, scene: scenario.Scene) -> None:
    app = app_client(github)
    less = app.get_access_token(scene.installation.id, permissions={"contents": "read"})
    assert less.permissions == {"contents": "read"}
    assert status(github, "/repos/acme/orders/contents/manage.py", less.token) == 200
    assert status(github, "/repos/acme/orders/pulls/1", less.token) == 403
    with pytest.raises(pygithub.GithubException) as refused:
        app.get_access_token(scene.installation.id, permissions={"contents": "write"})
    assert refused.value.status == 422


def test_a_permission_that_was_not_granted_is_refused(github: GitHub, scene: scenario.Scene) -> None:
    scene.installation.permissions |= {"checks": "read", "pull_requests": "read", "issues": "read"}
    pull = repository_client(github, scene.repository).get_pull(1)
    with pytest.raises(pygithub.GithubException) as refused:
        pull.create_issue_comment("Hello")
    assert refused.value.status == 403
    assert refused.value.data["message"] == "Resource not accessible by integration"
    assert github.log.writes() == []


def test_repositories_without_the_app_are_not_found(github: GitHub, scene: scenario.Scene) -> None:
    other = scenario.repository(github, name="other")
    token, _ = github.access.issue(scene.installation, scene.installation.permissions, (scene.repository,))
    assert status(github, "/repos/acme/other", token) == 404
    assert status(github, "/repos/acme/none", token) == 404
    github.people.choose_repositories(scene.installation, other)
    assert status(github, "/repos/acme/orders", token) == 404


def test_private_repositories_are_hidden_from_strangers(github: GitHub) -> None:
    scenario.repository(github, name="secret", private=True)
    tokens = [github.access.token_for(github.world.account(login)) for login in ("grace", "mallory")]
    assert [status(github, "/repos/acme/secret", token) for token in tokens] == [200, 404]


def test_what_has_not_changed_is_not_sent_again(github: GitHub, scene: scenario.Scene) -> None:
    token = github.access.token_for(github.world.account("grace"))
    headers = {"Authorization": f"token {token}"}
    first = requests.get(github.api_url + "/repos/acme/orders/pulls/1", headers=headers, timeout=10)
    headers["If-None-Match"] = first.headers["etag"]
    assert requests.get(github.api_url + "/repos/acme/orders/pulls/1", headers=headers, timeout=10).status_code == 304
    github.people.push(scene.repository, "feature", {"x": "y"}, by="ada")
    assert requests.get(github.api_url + "/repos/acme/orders/pulls/1", headers=headers, timeout=10).status_code == 200

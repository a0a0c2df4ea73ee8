"""
The service's own interface, held against its description with requests that fit it and many that do not.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles import hooks
from tests.doubles.github import WEBHOOK_SECRET, GitHub
from tests.promises.conftest import Open
from tests.promises.running import Service

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def interface(service: Service) -> dict[tuple[str, str], Any]:
    """The operations that the service describes, by method and path."""
    described = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    return {(operation.method.upper(), operation.path): operation for operation in operations}


def test_what_others_rely_on_is_there(interface: dict[tuple[str, str], Any]) -> None:
    """The names that the documentation promises."""
    assert {("POST", "/webhooks/github"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")} <= set(
        interface
    )


def test_every_answer_is_described(interface: dict[tuple[str, str], Any], service: Service) -> None:
    """No request makes the service fail, or answer what it does not say that it does."""
    # GitHub's signature can't be described: what fits the description is refused all the same.
    without = [schemathesis.checks.positive_data_acceptance]
    for operation in interface.values():

        @given(case=operation.as_strategy())
        @settings(max_examples=25, deadline=None, derandomize=True, database=None)
        def hold(case: schemathesis.Case) -> None:
            case.call_and_validate(excluded_checks=without)

        hold()
    assert service.is_ready


def test_what_is_signed_may_be_anything(github: GitHub, service: Service, open_: Open) -> None:
    """Real payloads with anything in the place of one of their parts are taken or refused, and stop nothing."""
    at = open_()
    url = f"{service.url}/webhooks/github"
    sent = {delivery.event: delivery for delivery in github.hooks.deliveries}
    numbers = itertools.count()

    @given(data=st.data())
    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    def hold(data: st.DataObject) -> None:
        delivery = sent[data.draw(st.sampled_from(sorted(sent)))]
        payload = json.loads(delivery.body)
        whole, key = payload, data.draw(st.sampled_from(sorted(payload)))
        while isinstance(whole[key], dict) and whole[key] and data.draw(st.booleans()):
            whole, key = whole[key], data.draw(st.sampled_from(sorted(whole[key])))
        whole[key] = data.draw(ANYTHING)
        body = json.dumps(payload).encode()
        headers = {
            **delivery.headers,
            "X-GitHub-Delivery": f"odd-{next(numbers)}",
            "X-Hub-Signature-256": hooks.sign(WEBHOOK_SECRET, body),
        }
        assert hooks.post(url, dataclasses.replace(delivery, body=body, headers=headers)) in (202, 400)

    hold()
    service.rest()
    assert len(at.pull.reviews) == 0

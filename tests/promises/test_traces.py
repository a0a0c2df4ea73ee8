"""
Traces reach a receiver of OTLP over HTTP: one for each delivery, with what its workflows did and whom they called.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.doubles import llm, scenario
from tests.doubles.github import WEBHOOK_SECRET, GitHub
from tests.promises.conftest import QUICK
from tests.promises.running import ROOT, Service

NEEDED = ("COUNTERSIGN_GITHUB_APP_ID", "COUNTERSIGN_GITHUB_PRIVATE_KEY", "COUNTERSIGN_GITHUB_WEBHOOK_SECRET")


class Receiver:
    """What was received."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()

    @property
    def spans(self) -> list[Span]:
        requests = map(ExportTraceServiceRequest.FromString, self.bodies)
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.paths.add(self.path)
            received.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Not to standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield received
        server.shutdown()
        thread.join()


def told(span: Span) -> dict[str, str]:
    """A span's attributes, as text."""
    return {each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes}


def test_a_delivery_is_one_trace(receiver: Receiver, bare: GitHub, tmp_path: Path) -> None:
    """From the request over the workflows and their steps to each call of GitHub and of the model; without secrets."""
    with llm.endpoint() as model:
        model.script = llm.everywhere("Each `customer` is read on its own.")
        words = {"llm_base_url": model.url, "llm_model": "scripted", "otlp_endpoint": receiver.url}
        with Service(bare, tmp_path / "data", **QUICK, **words) as service:
            scenario.scene(bare)
            service.rest()
            assert service.is_ready
            urllib.request.urlopen(f"{service.url}/openapi.json?code=aSecret", timeout=5).close()
        log = service.log.read_text()
    assert receiver.paths == {"/v1/traces"}
    spans = receiver.spans
    (review,) = [span for span in spans if span.name == "review"]
    (request,) = [span for span in spans if span.trace_id == review.trace_id and not span.parent_span_id]
    assert request.name == "POST /webhooks/github"
    assert told(request)["http.response.status_code"] == "202"
    ours = {span.span_id: span for span in spans if span.trace_id == review.trace_id}

    def way(span: Span) -> list[str]:
        above = ours.get(span.parent_span_id)
        return [*(way(above) if above is not None else []), span.name]

    assert all(way(span)[0] == "POST /webhooks/github" for span in ours.values())
    ways = {tuple(way(span)[1:]) for span in ours.values()}
    assert {
        ("deliver", "handle"),
        ("deliver", "review", "begin", "GET"),
        ("deliver", "review", "begin", "POST"),
        ("deliver", "review", "analyse"),
        ("deliver", "review", "publish", "settle"),
        ("deliver", "review", "publish", "show", "PATCH"),
        ("deliver", "review", "publish", "explain", "summarise", "chat scripted"),
    } <= ways
    (chat,) = [span for span in ours.values() if span.name == "chat scripted"]
    assert told(chat)["gen_ai.usage.output_tokens"] == "200"
    assert {told(span).get("url.path", "/openapi.json") for span in spans} == {"/webhooks/github", "/openapi.json"}
    sent = b"".join(receiver.bodies)
    for secret in (WEBHOOK_SECRET, "customer", "PRIVATE KEY", "ghs_", "aSecret"):
        assert secret.encode() not in sent
    assert [line for line in log.splitlines() if json.loads(line)["level"] in ("warning", "error")] == []


def test_without_an_endpoint_nothing_is_imported() -> None:
    """Who sets no endpoint pays nothing, and does not need the extra."""
    code = "import sys, bot.app, bot.llm.client; print([name for name in sys.modules if 'opentelemetry.sdk' in name])"
    ran = subprocess.run((sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_without_the_extra_it_is_said() -> None:
    """An endpoint without the extra keeps the service from starting, and the error says what to install."""
    code = "import sys; sys.modules['opentelemetry.sdk.trace'] = None; from bot import cli; cli.main()"
    ran = subprocess.run(
        (sys.executable, "-c", code, "serve"),
        cwd=ROOT,
        env={**os.environ, "COUNTERSIGN_OTLP_ENDPOINT": "http://127.0.0.1:1", **dict.fromkeys(NEEDED, "1")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode != 0
    assert "pip install countersign[otel]" in ran.stderr
    assert "Traceback" not in ran.stderr

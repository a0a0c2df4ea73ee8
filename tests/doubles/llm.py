"""
An OpenAI-compatible endpoint that answers as it is told to, and keeps what it was asked.

It checks each request as OpenAI would: a model, messages, a strict schema whose objects are closed and whose
properties are all required.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias


class Answer(NamedTuple):
    """What is answered to one request."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})
    seconds: float = 0.0
    """Before the answer begins."""
    drip: float = 0.0
    """Seconds between two bytes of the body."""


Script: TypeAlias = "Callable[[dict[str, Any]], Answer]"


class Endpoint:
    """The endpoint while it runs; `script` may be changed at any time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []
        """Bodies, in order."""
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.script: Script = lambda asked: said("{}")

    @property
    def text(self) -> str:
        """Everything that was ever sent here."""
        return "\n".join((*self.paths, *(str(headers) for headers in self.headers), *map(json.dumps, self.requests)))


def said(content: str | None, *, finish: str = "stop", refusal: str | None = None, usage: bool = True) -> Answer:
    """A completion with this content."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }
    if not usage:
        del completion["usage"]
    return Answer(json.dumps(completion))


def error(status: int, message: str = "no", param: str | None = None, **headers: str) -> Answer:
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": "error", "param": param, "code": None}}
    return Answer(json.dumps(body), status, {name.replace("_", "-"): value for name, value in headers.items()})


def filled(schema: dict[str, Any], text: str) -> Any:
    """An answer that fits a schema, with the same text wherever there is one."""
    if schema["type"] == "string":
        return text
    return {name: filled(value, text) for name, value in schema["properties"].items()}


def schema_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The schema that a request wants its answer to fit."""
    schema: dict[str, Any] = asked["response_format"]["json_schema"]["schema"]
    return schema


def everywhere(text: str) -> Script:
    """Says the same in every place."""
    return lambda asked: said(json.dumps(filled(schema_of(asked), text)))


def in_turn(*answers: Answer) -> Script:
    """One answer after the other; the last one for ever."""
    left = list(answers)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


@contextlib.contextmanager
def endpoint(prefix: str = "/v1") -> Iterator[Endpoint]:
    """Run an endpoint whose paths start with a prefix."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    running = Endpoint(f"http://127.0.0.1:{server.server_port}{prefix}")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            running.requests.append(body)
            running.paths.append(self.path)
            running.headers.append(dict(self.headers))
            problem = "" if self.path.partition("?")[0].endswith("/chat/completions") else "no such path"
            answer = error(404, problem) if problem else refused(body) or running.script(body)
            time.sleep(answer.seconds)
            content = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked may have gone
                for piece in [content] if not answer.drip else (content[at : at + 1] for at in range(len(content))):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(answer.drip)

        def log_message(self, *arguments: object) -> None:
            pass

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refused(asked: dict[str, Any]) -> Answer | None:
    """The error that a request gets which OpenAI would not take."""
    if not asked.get("model") or [message["role"] for message in asked["messages"]] != ["system", "user"]:
        return error(400, "messages")
    wanted = asked.get("response_format")
    if wanted is not None and not (wanted["json_schema"]["strict"] and _is_closed(schema_of(asked))):
        return error(400, "invalid schema")
    return None


def _is_closed(schema: dict[str, Any]) -> bool:
    if schema["type"] == "string":
        return set(schema) == {"type"}
    properties = schema["properties"]
    return (
        schema["additionalProperties"] is False
        and schema["required"] == list(properties)
        and all(_is_closed(value) for value in properties.values())
    )

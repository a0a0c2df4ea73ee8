"""
Git over HTTP: git's own `http-backend`, for those with an installation's token.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tests.doubles.refusals import Refusal

CHUNK = 65_536
USER = "x-access-token"
_CHALLENGE = {"www-authenticate": 'Basic realm="GitHub"'}


async def serve_git(request: Request, authorize: Callable[[str], Path]) -> Response:
    """
    Answer a request below a repository's address, for reading only.

    Args:
        request: with the path below the repository as `rest`.
        authorize: from a token to the repository's directory; raises a `Refusal` where it is not good for that.
    """
    service = request.path_params["rest"]
    token = _token(request.headers.get("authorization"))
    if token is None:
        return Response("", 401, _CHALLENGE)
    try:
        directory = await asyncio.to_thread(authorize, token)
    except Refusal as refusal:
        return Response("", refusal.status, _CHALLENGE if refusal.status == 401 else None)
    if "git-receive-pack" in {service, request.query_params.get("service")}:
        return Response("", 403)
    return await _backend(directory, service, request)


def _token(authorization: str | None) -> str | None:
    """The password of basic credentials whose user is `x-access-token`."""
    kind, _, encoded = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return token if user == USER else None


async def _backend(directory: Path, service: str, request: Request) -> Response:
    """Run git's CGI program for one request; its answer is passed on as it comes."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(directory),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "PATH_INFO": f"/{service}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.url.query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "REMOTE_ADDR": "127.0.0.1",
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
    }
    body = await request.body()
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**environment, "CONTENT_LENGTH": str(len(body))},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = asyncio.create_task(_feed(process.stdin, body))
    status, headers = 200, {}
    while line := (await process.stdout.readline()).strip():
        name, _, value = line.decode().partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[name] = value.strip()
    return StreamingResponse(_rest(process, process.stdout, feeding), status, headers)


async def _feed(stdin: asyncio.StreamWriter, body: bytes) -> None:
    try:
        stdin.write(body)
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the program answered before it had read everything
    finally:
        stdin.close()


async def _rest(
    process: asyncio.subprocess.Process, stdout: asyncio.StreamReader, feeding: asyncio.Task[None]
) -> AsyncIterator[bytes]:
    while chunk := await stdout.read(CHUNK):
        yield chunk
    await feeding
    await process.wait()

"""
`POST /slack/interactions`: where Slack sends what people press.

Slack wants an answer within three seconds. So an act is only made durable before the answer; what comes of it is seen
in the message.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from bot.errors import StorageError
from bot.slack import buttons, signature
from bot.slack.buttons import AskReason, Dismiss, Ignored, Sign
from bot.slack.errors import SlackError

PATH = "/slack/interactions"
MOST_BYTES = 1024 * 1024
"""Of a request; Slack sends the message with it, which is far smaller."""

_log = structlog.get_logger()


def router(
    secret: str,
    take: Callable[[Sign | Dismiss], None],
    ask: Callable[[AskReason], None],
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> APIRouter:
    """
    The route.

    Args:
        secret: What Slack signs with.
        take: Makes an act durable; called again with the same act when Slack sends it again.
        ask: Opens the form that asks for a reason.
        now: UTC.
    """
    routes = APIRouter()

    @routes.post(
        PATH,
        responses={
            400: {"description": "Nothing that Slack sends"},
            401: {"description": "Not signed by Slack, or too long ago"},
            413: {"description": "Larger than what Slack sends"},
            503: {"description": "It could not be taken; Slack tells the person"},
        },
    )
    async def interactions(request: Request) -> Response:
        """Take what somebody pressed in Slack."""
        body = await _read(request)
        if body is None:
            return Response("The request is larger than what Slack sends.\n", 413)
        timestamp, sealed = (request.headers.get(name, "") for name in (signature.TIMESTAMP, signature.SIGNATURE))
        if not signature.is_valid(secret, body, timestamp, sealed, now()):
            return Response("The signature is not that of this app's signing secret, or it is too old.\n", 401)
        try:
            act = buttons.read(body)
            if isinstance(act, AskReason):
                await run_in_threadpool(ask, act)
            elif not isinstance(act, Ignored):
                await run_in_threadpool(take, act)
        except buttons.BadInteraction as exc:
            return Response(f"{exc}\n", 400)
        except (SlackError, StorageError) as exc:
            _log.warning("an interaction could not be taken", problem=str(exc))
            return Response("It could not be taken.\n", 503)
        return Response(status_code=200)

    return routes


async def _read(request: Request) -> bytes | None:
    """The body, or None when it is larger than it may be."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)

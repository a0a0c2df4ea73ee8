"""
What a model is asked, and what comes back.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bot.llm.prompts import Messages


class Question(msgspec.Struct, frozen=True):
    """What is sent."""

    messages: Messages
    schema: dict[str, Any]
    """JSON schema of the answer."""
    temperature: float
    answer_tokens: int
    """The longest answer."""


class Reply(msgspec.Struct, frozen=True):
    """What came back."""

    text: str
    """JSON, as the schema says if the endpoint kept to it."""
    input_tokens: int | None
    """None where the endpoint does not count."""
    output_tokens: int | None

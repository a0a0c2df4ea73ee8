"""
One question to a model behind any OpenAI-compatible endpoint: OpenAI, Azure, a server of one's own.

The model gets no tools and no files. The answer is one JSON object by a strict schema, or there is none.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from bot.llm.errors import CutOff, Garbled, Refused, Unreachable
from bot.llm.questions import Question, Reply

OPENAI = "https://api.openai.com/v1"
_RETRIES = 3
"""Of one question; the library waits between them as `Retry-After` says, or longer each time and never equally long."""


class Model:
    """A model by its name at an endpoint."""

    def __init__(
        self,
        name: str,
        *,
        base_url: str | None = None,
        api_key: str = "",
        api_version: str | None = None,
        ca_file: Path | None = None,
        seconds: float = 60.0,
    ) -> None:
        """
        Args:
            name: The model's, or that of an Azure deployment.
            base_url: The endpoint; OpenAI's without it.
            api_key: May be empty where the endpoint wants none.
            api_version: Azure's `api-version`; set for Azure only.
            ca_file: Authorities to trust instead of the usual ones.
            seconds: For one question with all its retries.
        """
        self.name = name
        self.endpoint = base_url or OPENAI
        self._api_key = api_key or "none"
        self._api_version = api_version
        self._ca_file = ca_file
        self._seconds = seconds

    def ask(self, question: Question) -> Reply:
        """
        Ask once; the endpoint is asked again when it says that it can't answer just now.

        Raises:
            NoAnswer: When there is none that can be used. Says nothing of what was sent or came back.
        """
        return asyncio.run(self._ask(question))

    async def _ask(self, question: Question) -> Reply:
        try:
            async with asyncio.timeout(self._seconds), self._client() as client:
                return _reply(await _complete(client, self.name, question))
        except TimeoutError:
            raise Unreachable(f"the model did not answer within {self._seconds:g} s") from None
        except openai.APITimeoutError:
            raise Unreachable("the model did not answer in time") from None
        except openai.APIStatusError as exc:
            raise Unreachable(f"the model's endpoint answered {exc.status_code}") from None
        except (openai.OpenAIError, ValueError) as exc:  # ValueError: a body that is no JSON, or not what it should be
            raise Unreachable(f"the model's endpoint can't be used ({type(exc).__name__})") from None

    def _client(self) -> openai.AsyncOpenAI:
        trusted = True if self._ca_file is None else ssl.create_default_context(cafile=str(self._ca_file))
        # No redirection: the key and the code are for this endpoint only.
        http = openai.DefaultAsyncHttpxClient(verify=trusted, follow_redirects=False)
        if self._api_version is not None:
            return openai.AsyncAzureOpenAI(
                azure_endpoint=self.endpoint,
                azure_deployment=self.name,
                api_version=self._api_version,
                api_key=self._api_key,
                max_retries=_RETRIES,
                timeout=self._seconds,
                http_client=http,
            )
        return openai.AsyncOpenAI(
            base_url=self.endpoint,
            api_key=self._api_key,
            max_retries=_RETRIES,
            timeout=self._seconds,
            http_client=http,
        )


async def _complete(client: openai.AsyncOpenAI, model: str, question: Question) -> ChatCompletion:
    """Ask, and once more for each option that this endpoint or model does not know."""
    options: dict[str, Any] = {
        "temperature": question.temperature,
        "max_completion_tokens": question.answer_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": question.schema},
        },
    }
    while True:
        try:
            completion: ChatCompletion = await client.chat.completions.create(
                model=model,
                messages=[
                    {"role": "system", "content": question.messages.system},
                    {"role": "user", "content": question.messages.user},
                ],
                **options,
            )
            return completion
        except (openai.BadRequestError, openai.UnprocessableEntityError) as exc:
            said = f"{exc.param} {exc.message}"
            unknown = next((name for name in options if name in said), None)
            if unknown is None:
                raise
            del options[unknown]
            if unknown == "max_completion_tokens":  # the older name of the same
                options["max_tokens"] = question.answer_tokens


def _reply(completion: ChatCompletion) -> Reply:
    if not completion.choices:
        raise Garbled("the model answered nothing")
    choice = completion.choices[0]
    if choice.finish_reason == "length":
        raise CutOff("the model's answer was too long")
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        raise Refused("the model declined to answer")
    text = (choice.message.content or "").strip()
    if not text:
        raise Garbled("the model answered nothing")
    usage = completion.usage
    return Reply(
        text.removeprefix("```json").removeprefix("```").removesuffix("```").strip(),
        usage.prompt_tokens if usage else None,
        usage.completion_tokens if usage else None,
    )

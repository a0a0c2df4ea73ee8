"""
A model whose answers are spans of a trace. Needs the extra `otel`.
"""

from __future__ import annotations

from opentelemetry import trace

from bot.llm.questions import Question, Reply
from bot.llm.writer import Asked


class Traced:
    """A model that is asked as another one; of question and answer, the trace tells only how long they were."""

    def __init__(self, model: Asked) -> None:
        self.name = model.name
        self.endpoint = model.endpoint
        self._model = model
        self._tracer = trace.get_tracer(__name__)

    def ask(self, question: Question) -> Reply:
        # https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
        about = {"gen_ai.operation.name": "chat", "gen_ai.request.model": self.name}
        with self._tracer.start_as_current_span(
            f"chat {self.name}", kind=trace.SpanKind.CLIENT, attributes=about
        ) as span:
            reply = self._model.ask(question)
            if reply.input_tokens is not None and reply.output_tokens is not None:
                span.set_attribute("gen_ai.usage.input_tokens", reply.input_tokens)
                span.set_attribute("gen_ai.usage.output_tokens", reply.output_tokens)
            return reply

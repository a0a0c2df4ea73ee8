"""
What the service does, as traces for OpenTelemetry: one for each delivery, down to the calls that its workflows make.

Needs the extra `otel`. Where no endpoint is set, nothing of this is imported. A trace holds neither texts nor code nor
what follows the path of an address that was asked for, which may be a person's way to sign in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from bot import __version__
from bot.errors import SettingsError

try:
    from opentelemetry import context, trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
except ImportError as exc:
    raise SettingsError(f"traces need the extra: pip install countersign[otel] ({exc.name} is missing)") from exc

Stop: TypeAlias = Callable[[], None]


def start(endpoint: str, ca_file: Path | None, executor: str) -> Stop:
    """
    Send spans to an endpoint, those of calls to GitHub among them. The variables of OpenTelemetry's own SDK hold too.

    Args:
        endpoint: Of OTLP over HTTP, without `/v1/traces`.
        ca_file: Authorities to trust instead of the usual ones, PEM.
        executor: What this process is called.

    Returns:
        Sends what was not sent yet, and ends it.
    """
    about = {SERVICE_NAME: "countersign", SERVICE_VERSION: __version__, SERVICE_INSTANCE_ID: executor}
    provider = TracerProvider(resource=Resource.create(about))
    exporter = OTLPSpanExporter(
        f"{endpoint.rstrip('/')}/v1/traces", certificate_file=str(ca_file) if ca_file is not None else None
    )
    provider.add_span_processor(_WithoutQueries())
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    logging.getLogger("dbos").addFilter(lambda said: "logger provider not set" not in said.getMessage())  # so it is
    RequestsInstrumentor().instrument(tracer_provider=provider)
    return provider.shutdown


class _WithoutQueries(SpanProcessor):
    """Takes from each span what was asked for after a path."""

    def on_start(self, span: Span, parent_context: context.Context | None = None) -> None:
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "")

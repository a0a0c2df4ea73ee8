# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/countersign
COPY constraints.txt pyproject.toml README.md ./
COPY analyzers analyzers
COPY bot bot
COPY prompts prompts
RUN /opt/countersign/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 countersign \
    && install --directory --owner=countersign /data /repo
COPY --from=build /opt/countersign /opt/countersign
ENV PATH="/opt/countersign/bin:$PATH" \
    COUNTERSIGN_DATA_DIR=/data \
    PYTHONUNBUFFERED=1
USER countersign
VOLUME /data
WORKDIR /repo
HEALTHCHECK --interval=30s --timeout=5s CMD ["countersign", "--version"]
ENTRYPOINT ["countersign"]
CMD ["--help"]

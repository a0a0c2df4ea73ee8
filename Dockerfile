# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/countersign
COPY constraints.txt pyproject.toml README.md ./
COPY analyzers analyzers
COPY bot bot
COPY prompts prompts
RUN --mount=type=cache,target=/cache \
    PIP_CACHE_DIR=/cache pip --python /opt/countersign/bin/python install --constraint constraints.txt .

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git tini \
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
EXPOSE 8000
# Of `serve`, on its own port; any other command has ended before it is asked three times.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
# Git leaves children behind; as the first process, tini reaps them.
ENTRYPOINT ["tini", "--", "countersign"]
CMD ["--help"]

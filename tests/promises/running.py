"""
`countersign serve` as a process of its own.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import sqlalchemy

from tests.doubles.github import WEBHOOK_SECRET, GitHub

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds that a test waits for something; what is awaited takes one or two on a quiet machine."""


class Service:
    """The service, told where its GitHub is. It may be killed and started again."""

    def __init__(self, github: GitHub, data: Path, **settings: str | int) -> None:
        self.github = github
        self.data = data
        self.port = _free_port()
        self.log = data / "service.log"
        data.mkdir(exist_ok=True)
        key = data / "key.pem"
        key.write_text(github.access.private_key)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "COUNTERSIGN_DATA_DIR": str(data),
            "COUNTERSIGN_GITHUB_API_URL": github.api_url,
            "COUNTERSIGN_GITHUB_APP_ID": str(github.world.app.id),
            "COUNTERSIGN_GITHUB_PRIVATE_KEY": str(key),
            "COUNTERSIGN_GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
            **{f"COUNTERSIGN_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self._database = sqlalchemy.create_engine(
            self.environment.get("COUNTERSIGN_DATABASE_URL", f"sqlite:///{data}/countersign.sqlite3").replace(
                "postgresql:", "postgresql+psycopg:"
            )
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "bot", "serve", "--port", str(self.port)),
                env=self.environment,
                stderr=log,
                stdout=log,
                cwd=self.data,
            )
        eventually(self._is_ready, because=lambda: self.log.read_text()[-4000:])
        self.github.deliver_to(f"{self.url}/webhooks/github")

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def read_metrics(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def reviews(self, status: str) -> int:
        """How many reviews are in a status."""
        found = re.search(rf'^countersign_reviews{{status="{status}"}} (\d+)', self.read_metrics(), re.MULTILINE)
        return int(found[1]) if found else 0

    def rest(self) -> None:
        """
        Wait until there is nothing to do: every delivery was handled, every workflow has ended, and GitHub shows every
        decision.
        """
        eventually(lambda: not any(self._left()), lambda: f"{self._left()}\n{self.log.read_text()[-6000:]}")

    def _left(self) -> list[str]:
        """What there is to do."""
        schema = "dbos." if self._database.dialect.name == "postgresql" else ""
        with self._database.connect() as connection:
            found = connection.exec_driver_sql(
                f"SELECT workflow_uuid FROM {schema}workflow_status WHERE status NOT IN ('SUCCESS', 'ERROR')"
                " UNION ALL SELECT id FROM deliveries WHERE handled_at IS NULL"
                " UNION ALL SELECT 'batch ' || CAST(id AS TEXT) FROM batches WHERE NOT published"
            )
            return list(found.scalars())

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.github.hooks.url = None

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `countersign` with the same settings."""
        return subprocess.run(
            (sys.executable, "-m", "bot", *arguments), env=self.environment, capture_output=True, text=True, check=False
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.stop()
        self._database.dispose()


def eventually(condition: Callable[[], T], because: Callable[[], object] = lambda: "", seconds: float = PATIENCE) -> T:
    """Wait until something holds, and return it."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, because()
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

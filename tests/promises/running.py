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

    def __init__(self, github: GitHub, data: Path, host: str = "host", **settings: str | float) -> None:
        self.github = github
        self.data = data
        self.port = _free_port()
        self.log = data / f"service-{self.port}.log"
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
            "HOSTNAME": host,
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
        """Run, and take deliveries."""
        self.launch()
        eventually(lambda: self.is_dead or self.is_ready, because=self.log.read_text)
        assert not self.is_dead, self.log.read_text()[-4000:]

    def launch(self) -> None:
        """Run, and take deliveries once it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "bot", "serve", "--port", str(self.port)),
                env=self.environment,
                stderr=log,
                stdout=log,
                cwd=self.data,
            )
        self.github.deliver_to(f"{self.url}/webhooks/github")

    @property
    def is_ready(self) -> bool:
        """Whether it takes deliveries."""
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
        eventually(
            lambda: not self._under_way and not self._unpublished,
            lambda: f"{self._under_way} {self._unpublished}\n{self.log.read_text()[-6000:]}",
        )

    def quiet(self) -> None:
        """Wait until nothing happens any more, although something may be left."""
        eventually(lambda: not self._under_way, lambda: f"{self._under_way}\n{self.log.read_text()[-6000:]}")

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing to do."""
        return not self._under_way and not self._unpublished

    @property
    def is_dead(self) -> bool:
        """Whether its process has ended."""
        return self.process is None or self.process.poll() is not None

    @property
    def executor(self) -> str:
        """The name that it goes by among the workers."""
        found = re.findall(r'"executor": "([^"]+)"', self.log.read_text())
        return str(found[-1])

    def working_on(self, prefix: str) -> set[str]:
        """The names of the processes that work on something."""
        return set(
            self._asked(
                f"SELECT executor_id FROM {self._schema}workflow_status"
                f" WHERE status = 'PENDING' AND workflow_uuid LIKE '{prefix}%%'"
            )
        )

    def handled(self, deliveries: set[str]) -> int:
        """How many of these deliveries were handled."""
        return len(deliveries.intersection(self._asked("SELECT id FROM deliveries WHERE handled_at IS NOT NULL")))

    @property
    def _under_way(self) -> list[str]:
        """Workflows that have not ended, and deliveries that were not handled."""
        return self._asked(
            f"SELECT workflow_uuid FROM {self._schema}workflow_status"
            " WHERE status NOT IN ('SUCCESS', 'ERROR')"
            " AND name IN ('deliver', 'review', 'publish', 'explain', 'elaborate')"
            " UNION ALL SELECT id FROM deliveries WHERE handled_at IS NULL"
        )

    @property
    def _unpublished(self) -> list[str]:
        """Decisions that GitHub does not show."""
        return self._asked("SELECT CAST(id AS TEXT) FROM batches WHERE NOT published")

    @property
    def _schema(self) -> str:
        return "dbos." if self._database.dialect.name == "postgresql" else ""

    def _asked(self, query: str) -> list[str]:
        with self._database.connect() as connection:
            return list(connection.exec_driver_sql(query).scalars())

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

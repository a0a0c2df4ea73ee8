"""
A real PostgreSQL server of one's own, in a temporary folder, for as long as it is needed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ABSENT = "no PostgreSQL server is installed here (Debian: apt-get install postgresql)"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None where there is no server."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server that listens on a socket only; the URL of an empty database."""
    directory = programs()
    assert directory is not None, ABSENT
    with tempfile.TemporaryDirectory(prefix="pg") as folder:  # short: a socket's path has at most 107 bytes
        data = Path(folder, "data")
        user = _user(Path(folder))

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                (directory / program, "--pgdata", data, *arguments),
                user=user,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=60,
            )

        run("initdb", "--username", "countersign", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "start", "--wait", "--log", f"{folder}/log", "--options", options)
        try:
            yield f"postgresql://countersign@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "--mode", "immediate", "--wait")


def _user(folder: Path) -> str | None:
    """Who runs the server: it refuses to run as root, so that its own user takes the folder then."""
    if os.getuid() != 0:
        return None
    name = pwd.getpwnam("postgres").pw_name
    shutil.chown(folder, name)
    return name

"""
The `git` command, in an environment in which nothing that a repository says can run.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO

from analyzers.change import BlobId
from analyzers.errors import GitFailed, GitMissing, GitTimeout, UnreadableObject

MAX_BLOB = 32 * 1024 * 1024
"""Bytes; a larger blob reads as absent. No source text is that large, and several are held in memory at a time."""
TIMEOUT = 120.0
"""Seconds for one command, or for one batch of blobs."""
BATCH = 64
"""Blobs asked for at a time. Their ids fit into a pipe (64 kB), so git never waits for us while we wait for it."""

REGULAR = (b"100644", b"100755")
"""The modes of files, as git prints them; links and submodules have others."""
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=true",
    "core.untrackedCache=false",
    "protocol.allow=never",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # git before 2.45 does not know GIT_NO_LAZY_FETCH; without an allowed protocol its fetch ends before it connects.
    "GIT_ALLOW_PROTOCOL": "none",
}


def shown(path: bytes) -> str:
    """A path as people read it: bytes that are no UTF-8 as `\\xe9`."""
    return path.decode(errors="backslashreplace")


class Git:
    """The `git` command bound to one git directory and a fixed environment."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self._environment = {**inherited, **_ENVIRONMENT, "GIT_DIR": str(git_dir)}

    def popen(self, arguments: Iterable[str], extra: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[bytes]:
        """Start a command with pipes to all its streams."""
        try:
            return subprocess.Popen(
                ["git", *(word for setting in _SETTINGS for word in ("-c", setting)), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**self._environment, **extra},
                cwd=cwd or self.git_dir,
            )
        except FileNotFoundError as exc:
            raise GitMissing("The `git` command was not found: install git, or put it on the PATH.") from exc

    def run(
        self,
        *arguments: str,
        text: bytes = b"",
        extra: Mapping[str, str] = MappingProxyType({}),
        cwd: Path | None = None,
        allowed: tuple[int, ...] = (0,),
    ) -> bytes:
        """
        Run a command to its end and return what it printed.

        Args:
            arguments: Subcommand and arguments.
            text: What the command reads.
            extra: More of the environment.
            cwd: Where it runs; the git directory by default.
            allowed: Exit codes that are answers.

        Raises:
            GitFailed: On any other exit code, with git's own words.
        """
        with self.popen(arguments, extra, cwd) as process:
            try:
                output, errors = process.communicate(text, timeout=TIMEOUT)
            except subprocess.TimeoutExpired as exc:
                process.kill()
                raise GitTimeout(f"`git {arguments[0]}` took over {TIMEOUT:.0f} s in {self.git_dir}.") from exc
        if process.returncode not in allowed:
            words = errors.decode(errors="replace").strip() or f"exit code {process.returncode}"
            raise GitFailed(f"`git {arguments[0]}` failed in {self.git_dir}: {words}")
        return output


class BlobReader:
    """One long-lived `cat-file --batch`; may be used by several threads."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        """Yield every blob with its content, in the order asked; None for one that is absent or over MAX_BLOB."""
        wanted = list(blobs)
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            with self._lock:
                contents = self._exchange(batch)
            yield from zip(batch, contents, strict=True)

    def close(self) -> None:
        """End the process; a later read starts another."""
        with self._lock:
            self._end()

    def _exchange(self, batch: list[BlobId]) -> list[bytes | None]:
        if self._process is None:
            self._process = self._git.popen(("cat-file", "--batch"), {}, None)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end_late() -> None:
            late.set()
            process.kill()

        watchdog = threading.Timer(TIMEOUT, end_late)
        watchdog.start()
        try:
            process.stdin.write("".join(f"{blob}\n" for blob in batch).encode())
            process.stdin.flush()
            return [self._answer(process.stdout, blob) for blob in batch]
        except BaseException as exc:
            # Whatever is left in the pipe belongs to no later question.
            words = self._end()
            if late.is_set():
                raise GitTimeout(f"Reading blobs took over {TIMEOUT:.0f} s in {self._git.git_dir}.") from exc
            if isinstance(exc, (OSError, _Ended)):
                raise UnreadableObject(f"`git cat-file` stopped at {exc}: {words or 'no reason given'}") from exc
            raise
        finally:
            watchdog.cancel()

    def _answer(self, stream: IO[bytes], blob: BlobId) -> bytes | None:
        # `<id> blob <size>\n<content>\n`, or `<id> missing\n`.
        head = stream.readline()
        if head.endswith(b" missing\n"):
            return None
        fields = head.split()
        if len(fields) != 3:
            raise _Ended(blob)
        size = int(fields[2])
        if size > MAX_BLOB:
            for step in range(0, size + 1, MAX_BLOB):
                stream.read(min(MAX_BLOB, size + 1 - step))
            return None
        content = stream.read(size + 1)
        if len(content) != size + 1:
            raise _Ended(blob)
        return content[:-1] if fields[1] == b"blob" else None

    def _end(self) -> str:
        process, self._process = self._process, None
        if process is None:
            return ""
        process.kill()
        _, errors = process.communicate()
        return errors.decode(errors="replace").strip()


class _Ended(Exception):
    """The process ended in the middle of an answer."""

"""
The commits of a pull request, as git objects on disk.

    cache/
    ├── acme-orders-1f0c…/          a bare partial clone: commits, their trees, and the blobs that were asked for
    ├── acme-orders-1f0c….use       locked by whoever reads the clone, together; by whoever removes it, alone
    └── acme-orders-1f0c….fetch     locked by whoever fetches

Nothing is checked out: links, submodules, attributes and odd names stay what they are, entries of trees. No hook, no
configuration but ours, no protocol but HTTP, no redirection to another host. A fork's head is fetched by its id from
the repository that the pull request is in, where GitHub keeps it. The token goes to git in its environment, as a header
for that server only: it stands in no URL, no command line, no file and no message.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from analyzers.errors import GitMissing
from bot.github import errors
from bot.github.errors import Forbidden, GitHubError, NotFound, RateLimited, TooLarge, Unauthorized, Unavailable

LIMIT = 10 * 1024**3
"""Bytes of the whole cache, by default."""
LARGEST_FETCH = 2 * 1024**3
"""Bytes that one fetch may bring, by default."""
MOST_PACKS = 200
"""Of one clone. Git reads from more of them slowly; a clone that has so many is begun anew."""
TIMEOUT = 300.0
"""Seconds for one fetch, by default."""
USER = "x-access-token"
"""Whose password an installation's token is."""
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation

_ID = re.compile(r"[0-9a-f]{40}")
"""GitHub's repositories use SHA-1."""
_REGULAR = ("100644", "100755")
_CONFIG = """\
[core]
\tbare = true
\trepositoryFormatVersion = 1
[extensions]
\tpartialClone = origin
[remote "origin"]
\tpromisor = true
\tpartialCloneFilter = blob:none
"""
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "maintenance.auto": "false",
}
_PROXIES = tuple(f"{kind}_proxy" for kind in ("http", "https", "all", "no"))
_INHERITED = ("PATH", "TMPDIR", *_PROXIES, *(name.upper() for name in _PROXIES))
"""All that git gets to know of our environment."""
_ENVIRONMENT = {
    "LC_ALL": "C",
    "HOME": "/nonexistent",  # no .netrc, no credentials of the user
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


class Checkouts:
    """The cache of clones. Threads and processes of one machine may share its directory."""

    def __init__(
        self,
        directory: Path,
        *,
        limit: int = LIMIT,
        largest_fetch: int = LARGEST_FETCH,
        timeout: float = TIMEOUT,
        ca_file: Path | None = None,
    ) -> None:
        """
        Args:
            directory: Made when it is not there.
            limit: Bytes. Clones that nobody reads go when it is exceeded, those unused for longest first.
            largest_fetch: Bytes.
            timeout: Seconds for one fetch.
            ca_file: Certificates to trust instead of the system's, PEM.
        """
        self._directory = directory
        self._limit = limit
        self._largest_fetch = largest_fetch
        self._timeout = timeout
        self._ca_file = ca_file

    @contextlib.contextmanager
    def checkout(self, clone_url: str, token: str, commits: Sequence[str]) -> Iterator[Checkout]:
        """
        Have the commits of a repository on disk, with their trees, until the context ends.

        Args:
            clone_url: As the webhook gives it.
            token: The installation's.
            commits: Ids; all of them in the repository or in its forks.

        Raises:
            GitHubError: They can't be had: `NotFound` also when the repository does not know one of them.
        """
        clone = self._directory / _name(clone_url)
        git = _Git(clone, clone_url, token, self._largest_fetch, self._timeout, self._ca_file)
        found = Checkout(clone, commits, git)
        clone.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _locked(found.lock_of("use"), fcntl.LOCK_SH):
                os.utime(found.lock_of("use"))
                found.fetch_commits()
                yield found
        finally:
            if found.has_fetched:
                self._make_room()

    def _make_room(self) -> None:
        """Remove clones that nobody reads until the cache is within its limit, and those with too many packs."""
        clones = sorted(self._directory.glob("*.use"), key=lambda path: path.stat().st_mtime)
        sizes = {lock: _size(lock.with_suffix("")) for lock in clones}
        total = sum(size for size, _ in sizes.values())
        for lock, (size, packs) in sizes.items():
            if (total > self._limit or packs > MOST_PACKS) and _remove_unused(lock):
                total -= size


class Checkout:
    """Commits on disk."""

    def __init__(self, git_dir: Path, commits: Sequence[str], git: _Git) -> None:
        self.git_dir = git_dir
        """A bare repository, for reading."""
        self.has_fetched = False
        self._commits = tuple(dict.fromkeys(commits))
        self._git = git
        for commit in self._commits:
            if not _ID.fullmatch(commit):
                raise NotFound(f"{commit!r} is no commit's id.")

    def lock_of(self, purpose: str) -> Path:
        """The file to lock: `use` or `fetch`."""
        return self.git_dir.with_name(f"{self.git_dir.name}.{purpose}")

    def fetch_commits(self) -> None:
        """Get the commits and their trees, unless they are there."""
        with self._fetching():
            missing = [commit for commit in self._commits if not self._git.has(commit)]
            if missing:
                # Kept under a name, so that the next fetch need not bring what they share.
                self._fetch("--depth=1", "origin", *(f"+{commit}:refs/kept/{commit}" for commit in missing))

    def fetch_files(self, wanted: Callable[[str], bool]) -> None:
        """
        Get the contents of files, in one go; those that are there already are not fetched again.

        What is not fetched reads as absent. Links and submodules never are.

        Args:
            wanted: Whether a path is; as `analyzers.change.Tree.entries` names it.
        """
        with self._fetching():
            absent = self._git.absent_blobs(self._commits)
            if not absent:
                return
            listed = (self._git.files(commit) for commit in self._commits)
            blobs = sorted({blob for files in listed for path, blob in files if blob in absent and wanted(path)})
            if blobs:
                self._fetch("--stdin", "origin", text="".join(f"{blob}\n" for blob in blobs), extra=_NO_HAVES)

    @contextlib.contextmanager
    def _fetching(self) -> Iterator[None]:
        with _locked(self.lock_of("fetch"), fcntl.LOCK_EX):
            whole = self.git_dir / "HEAD"
            if not whole.is_file():
                _create(self.git_dir)
            try:
                yield
            except _Damaged:
                whole.unlink(missing_ok=True)  # begun anew when it is asked for again
                raise

    def _fetch(self, *arguments: str, text: str = "", extra: Mapping[str, str] = MappingProxyType({})) -> None:
        self.has_fetched = True
        for left in self.git_dir.glob("objects/pack/tmp_*"):  # of a fetch that was killed
            left.unlink(missing_ok=True)
        self._git.fetch(arguments, text, extra)


_NO_HAVES = {"fetch.negotiationAlgorithm": "noop"}
"""Blobs are asked for by id: there is nothing to negotiate."""


# --- git --------------------------------------------------------------------------------------------------------------


class _Git:
    """The `git` command in one clone."""

    def __init__(self, git_dir: Path, url: str, token: str, largest: int, timeout: float, ca_file: Path | None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username is not None:
            raise NotFound("A repository is cloned over HTTPS, from an address without credentials.")
        self._git_dir = git_dir
        self._largest = largest
        self._timeout = timeout
        self._environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | _ENVIRONMENT
        if ca_file is not None:
            self._environment["GIT_SSL_CAINFO"] = str(ca_file)
        credentials = base64.b64encode(f"{USER}:{token}".encode()).decode()
        self._secrets = (token, credentials)
        self._remote = {
            "remote.origin.url": url,
            f"http.{parts.scheme}://{parts.netloc}/.extraHeader": f"Authorization: Basic {credentials}",
        }

    def has(self, commit: str) -> bool:
        """Whether a commit is there; its trees came with it."""
        return self._run(("rev-parse", "--verify", "--quiet", f"refs/kept/{commit}"), allowed=(0, 1)) != b""

    def absent_blobs(self, commits: Iterable[str]) -> frozenset[str]:
        """The blobs of some commits that are not there."""
        listed = self._run(("rev-list", "--objects", "--no-walk", "--missing=print", *commits))
        return frozenset(line[1:] for line in listed.decode("ascii", "replace").splitlines() if line.startswith("?"))

    def files(self, commit: str) -> Iterator[tuple[str, str]]:
        """Path and blob of each regular file."""
        for entry in self._run(("ls-tree", "-r", "-z", "--full-tree", commit)).split(b"\0")[:-1]:
            head, _, path = entry.partition(b"\t")
            mode, _, blob = head.decode().split(" ")
            if mode in _REGULAR:
                yield path.decode(errors="backslashreplace"), blob

    def fetch(self, arguments: Sequence[str], text: str, extra: Mapping[str, str]) -> None:
        """
        Fetch into the clone.

        Raises:
            GitHubError: It did not work; what that means is read from git's words.
        """
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none")
        # A limit of the shell holds for all that git starts, the writer of the pack among them. Its unit is 512 bytes.
        limited = ("sh", "-c", 'ulimit -f "$0" && exec "$@"', str(self._largest // 512), "git")
        process = subprocess.Popen(
            (*limited, "fetch", *options, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._with({**self._remote, **extra}) | {"GIT_ALLOW_PROTOCOL": "https:http"},
            cwd=self._git_dir,
            start_new_session=True,
        )
        with process:
            try:
                _, words = process.communicate(text.encode(), timeout=self._timeout)
            except BaseException as exc:
                os.killpg(process.pid, signal.SIGKILL)  # its children too: they hold the pipes
                if isinstance(exc, subprocess.TimeoutExpired):
                    raise Unavailable(f"Fetching took over {self._timeout:.0f} s.") from None
                raise
        if process.returncode:
            raise _error_of(self._clean(words))

    def _run(self, arguments: Sequence[str], allowed: tuple[int, ...] = (0,)) -> bytes:
        try:
            done = subprocess.run(
                ("git", *arguments),
                capture_output=True,
                env=self._with({}),
                cwd=self._git_dir,
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"`git {arguments[0]}` took over {self._timeout:.0f} s in a clone.") from None
        except FileNotFoundError as exc:
            raise GitMissing("The `git` command was not found: install git, or put it on the PATH.") from exc
        if done.returncode not in allowed:
            raise _Damaged(f"`git {arguments[0]}` failed in a clone: {self._clean(done.stderr)}")
        return done.stdout

    def _with(self, settings: Mapping[str, str]) -> dict[str, str]:
        configured = dict(_SETTINGS) | dict(settings)
        numbered = {
            name: text
            for number, (key, value) in enumerate(configured.items())
            for name, text in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", value))
        }
        return self._environment | numbered | {"GIT_DIR": ".", "GIT_CONFIG_COUNT": str(len(configured))}

    def _clean(self, words: bytes) -> str:
        """What git said, on one line, without what nobody may read."""
        said = " ".join(words.decode(errors="replace").split()) or "no reason given"
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return said[-500:]


class _Damaged(Unavailable):
    """The clone itself can't be read."""


_MEANINGS: tuple[tuple[str, type[GitHubError]], ...] = (
    (r"returned error: 401|could not read (?:Username|Password)|Authentication failed", Unauthorized),
    (r"returned error: 403", Forbidden),
    (r"returned error: (?:404|410)|repository '.*' not found|not our ref|couldn't find remote ref", NotFound),
    (r"signal 25|File too large|file size limit", TooLarge),
    (r"\bbad (?:object|tree|pack)|corrupt|inflate:|object file .* is empty|invalid sha1 pointer", _Damaged),
)
"""What git's words mean; nothing of these: that it may work later."""


def _error_of(words: str) -> GitHubError:
    message = f"Fetching from GitHub failed: {words}"
    if "returned error: 429" in words:
        return RateLimited(message, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=errors.DEFAULT_WAIT))
    return next((kind for pattern, kind in _MEANINGS if re.search(pattern, words, re.IGNORECASE)), Unavailable)(message)


# --- the cache's files ------------------------------------------------------------------------------------------------


def _name(clone_url: str) -> str:
    """A folder's name for a repository: readable, and another for every address."""
    readable = "-".join(re.findall(r"[A-Za-z0-9]+", urllib.parse.urlsplit(clone_url).path.removesuffix(".git")))
    return f"{readable[:60]}-{hashlib.sha256(clone_url.encode()).hexdigest()[:16]}"


def _create(clone: Path) -> None:
    """An empty clone; a clone is there whole or not at all."""
    shutil.rmtree(clone, ignore_errors=True)
    for folder in ("objects/pack", "objects/info", "refs"):
        (clone / folder).mkdir(parents=True)
    (clone / "config").write_text(_CONFIG)
    (clone / "HEAD").write_text("ref: refs/heads/none\n")


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    """
    Hold a lock on a file until the context ends. The file stays: a lock on a file that was removed would hold nothing.

    Raises:
        BlockingIOError: It is held by another, and the kind says not to wait.
    """
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield


def _size(clone: Path) -> tuple[int, int]:
    """Bytes, and packs; of a clone that goes meanwhile, what was seen of it."""
    size = packs = 0
    for folder, _, names in os.walk(clone):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118  (thousands of them)
                packs += name.endswith(".pack")
    return size, packs


def _remove_unused(lock: Path) -> bool:
    """Remove the clone that belongs to a lock, unless somebody reads it."""
    try:
        with _locked(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            return True
    except BlockingIOError:
        return False

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzers.git import Repository
from bot.github import checkout
from bot.github.checkout import Checkout, Checkouts
from bot.github.client import Client
from bot.github.errors import Forbidden, NotFound, RateLimited, TooLarge, Unauthorized, Unavailable
from tests.doubles import refusals, scenario
from tests.doubles.git import Link
from tests.doubles.github import GitHub as Double
from tests.doubles.scenario import Scene


def _python(path: str) -> bool:
    return path.endswith(".py")


def _command_lines() -> Iterator[bytes]:
    """Of all processes."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield process.read_bytes()
        except OSError:
            continue  # it ended


@pytest.fixture
def url(double: Double, scene: Scene) -> str:
    return f"{double.world.url}/{scene.repository.full_name}.git"


@pytest.fixture
def cache(tmp_path: Path) -> Checkouts:
    return Checkouts(tmp_path / "cache")


def _commits(scene: Scene) -> tuple[str, str]:
    return scene.pull.base_sha, scene.pull.head_sha


def _packs(git_dir: Path) -> int:
    return len(list(git_dir.glob("objects/pack/*.pack")))


def test_what_the_engine_reads(cache: Checkouts, client: Client, scene: Scene, url: str) -> None:
    """The trees are whole; the files that are wanted are there, the others read as absent."""
    with cache.checkout(url, client.token, _commits(scene)) as found:
        found.fetch_files(_python)
        with Repository(found.git_dir) as repository:
            base, head = (repository.commit_tree(commit) for commit in _commits(scene))
            change = repository.change(base, head)
            (changed,) = change.files
            assert (changed.path, len(changed.hunks)) == ("orders/labels.py", 1)
            assert set(head.entries) == set(scenario.ORDER_SERVICE)
            content = {path: head.read(blob) for path, blob in head.entries.items()}
    assert content.pop(".github/CODEOWNERS") is None
    assert content == {
        path: text.encode()
        for path, text in {**scenario.ORDER_SERVICE, **scenario.WITH_N_PLUS_ONE}.items()
        if isinstance(text, str) and _python(path)
    }


def test_nothing_twice(double: Double, cache: Checkouts, client: Client, scene: Scene, url: str) -> None:
    """What is there is not fetched again; a push brings only what is new."""
    with cache.checkout(url, client.token, _commits(scene)) as found:
        found.fetch_files(_python)
    asked = len(double.log.of("git"))
    with cache.checkout(url, "a token that is worth nothing", _commits(scene)) as found:
        found.fetch_files(_python)
        before = _packs(found.git_dir)
    assert len(double.log.of("git")) == asked
    head = double.people.push(scene.repository, "feature", scenario.SHIFTED, by=scenario.AUTHOR)
    with cache.checkout(url, client.token, (scene.pull.base_sha, head)) as found:
        found.fetch_files(_python)
        assert _packs(found.git_dir) == before + 2
        newest = max(found.git_dir.glob("objects/pack/*.pack"), key=lambda pack: pack.stat().st_mtime_ns)
        listed = subprocess.run(
            ("git", "verify-pack", "-v", newest.with_suffix(".idx")), capture_output=True, text=True, check=True
        ).stdout
        assert listed.count(" blob ") == 1


def test_a_fork(double: Double, cache: Checkouts) -> None:
    """A fork's head comes from the repository that the pull request is in; the App is not installed in the fork."""
    scene = scenario.fork_scene(double)
    token = double.access.issue(scene.installation, scene.installation.permissions, (scene.repository,))[0]
    with cache.checkout(f"{double.world.url}/acme/orders.git", token, _commits(scene)) as found:
        found.fetch_files(_python)
        with Repository(found.git_dir) as repository:
            tree = repository.commit_tree(scene.pull.head_sha)
            assert tree.read(tree.entries["orders/labels.py"]) is not None
    with pytest.raises(NotFound), cache.checkout(f"{double.world.url}/mallory/nothing.git", token, _commits(scene)):
        pass


def test_hostile_content(
    double: Double, cache: Checkouts, client: Client, scene: Scene, url: str, tmp_path: Path
) -> None:
    """Links, submodules, attributes, odd names and odd branches write nothing outside the clone and run nothing."""
    ran = tmp_path / "ran"
    git = scene.repository.git
    head = git.commit(
        "-x;touch${IFS}ran",
        {
            "link.py": Link("/etc/passwd"),
            "dir": Link(".."),
            ".gitattributes": "*.py filter=evil diff=evil\n",
            ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = "ext::touch {ran}"\n',
            'new\nline "\\ü.py': "x = 1\n",
            "-rf.py": "x = 2\n",
        },
        "Hostile",
        parent=scene.pull.base_sha,
    )
    with cache.checkout(url, client.token, (head,)) as found:
        found.fetch_files(lambda path: True)
        with Repository(found.git_dir) as repository:
            tree = repository.commit_tree(head)
            assert "link.py" not in tree.entries
            assert tree.read(tree.entries['new\nline "\\ü.py']) == b"x = 1\n"
            assert tree.read(tree.entries["-rf.py"]) == b"x = 2\n"
    assert not ran.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "double"]
    assert not any(path.is_symlink() for path in (tmp_path / "cache").rglob("*"))


@pytest.mark.parametrize(
    "commit", ["main", "HEAD", "--upload-pack=touch ran", "refs/heads/main", "0" * 39, "G" * 40, ""]
)
def test_only_ids(cache: Checkouts, url: str, commit: str) -> None:
    """A commit is named by its id: nothing else reaches the command line."""
    with pytest.raises(NotFound, match="no commit's id"), cache.checkout(url, "token", (commit,)):
        pass


@pytest.mark.parametrize(
    "address",
    ["file:///etc", "ext::sh -c id", "ssh://git@host/x", "https://user:pw@host/x.git", "/srv/x.git", "--upload-pack=x"],
)
def test_only_http(cache: Checkouts, address: str) -> None:
    """Another protocol, or credentials of its own, is no address of GitHub's."""
    with pytest.raises(NotFound, match="cloned over HTTPS"), cache.checkout(address, "token", ("0" * 40,)):
        pass


def test_a_commit_that_is_not_there(cache: Checkouts, client: Client, scene: Scene, url: str) -> None:
    """A commit that the repository does not know is not found; what is asked for next is."""
    with pytest.raises(NotFound), cache.checkout(url, client.token, ("1" * 40,)):
        pass
    with cache.checkout(url, client.token, _commits(scene)) as found:
        assert _packs(found.git_dir) == 1


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (refusals.Refusal(401, ""), Unauthorized),
        (refusals.Refusal(403, ""), Forbidden),
        (refusals.Refusal(404, ""), NotFound),
        (refusals.Refusal(429, ""), RateLimited),
        (refusals.Refusal(500, ""), Unavailable),
        (refusals.Refusal(503, ""), Unavailable),
    ],
)
def test_refusals(
    double: Double, cache: Checkouts, client: Client, scene: Scene, url: str, refusal: refusals.Refusal, kind: type
) -> None:
    """What the server answers to git means what it means elsewhere; afterwards it works again."""
    double.faults.order("git", refusal, times=3)
    with pytest.raises(kind), cache.checkout(url, client.token, _commits(scene)):
        pass
    double.faults.clear()
    with cache.checkout(url, client.token, _commits(scene)):
        pass


def _wrap_git(folder: Path, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a `git` on the PATH that does something first."""
    real = subprocess.run(("sh", "-c", "command -v git"), capture_output=True, text=True, check=True).stdout.strip()
    folder.mkdir()
    wrapper = folder / "git"
    wrapper.write_text(f'#!/bin/sh\n{first}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_the_token_shows_nowhere(
    cache: Checkouts, scene: Scene, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file, message or command line holds the token, nor what it is encoded to."""
    said = tmp_path / "said"
    _wrap_git(tmp_path / "bin", f'printf "%s\\n" "$@" >> {said}', monkeypatch)
    lines: set[bytes] = set()  # of what git starts by itself, as far as it is seen
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            lines.update(_command_lines())

    watcher = threading.Thread(target=watch)
    watcher.start()
    secret = "ghs_thisIsTheSecretToken"
    try:
        with pytest.raises(Unauthorized) as caught, cache.checkout(url, secret, _commits(scene)):
            pass
    finally:
        done.set()
        watcher.join()
    encoded = "Z2hzX3RoaXNJc1RoZVNlY3JldFRva2Vu"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    shown = kept + b"".join(lines) + said.read_bytes() + str(caught.value).encode()
    assert secret.encode() not in shown
    assert encoded.encode() not in shown
    assert b"fetch" in said.read_bytes()


def test_git_gets_no_more_than_it_needs(
    cache: Checkouts, client: Client, scene: Scene, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither our secrets nor the operator's git configuration reach git."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[fetch]\n\tbroken\n[")
    (home / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    seen = tmp_path / "seen"
    _wrap_git(tmp_path / "bin", f"env >> {seen}", monkeypatch)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("COUNTERSIGN_GITHUB_WEBHOOK_SECRET", "hunter2")
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    with cache.checkout(url, client.token, _commits(scene)):
        pass
    assert "hunter2" not in seen.read_text()
    assert not (tmp_path / "trace").exists()


def test_at_once(cache: Checkouts, client: Client, scene: Scene, url: str, double: Double) -> None:
    """Several at once share one clone and fetch one after the other."""
    problems: list[Exception] = []
    dirs: list[Path] = []

    def get() -> None:
        try:
            with cache.checkout(url, client.token, _commits(scene)) as found:
                found.fetch_files(_python)
                dirs.append(found.git_dir)
        except Exception as exc:  # noqa: BLE001  (told by the test)
            problems.append(exc)

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(set(dirs)) == 1
    assert len(dirs) == 4
    assert _packs(dirs[0]) == 2


def test_bounded(tmp_path: Path, double: Double) -> None:
    """Over its limit the cache gives up what was unused for longest, never what somebody reads."""
    directory = tmp_path / "cache"
    scenes = [scenario.scene(double, name=f"service-{number}") for number in range(3)]
    urls = [f"{double.world.url}/{scene.repository.full_name}.git" for scene in scenes]
    tokens = [
        double.access.issue(scene.installation, scene.installation.permissions, (scene.repository,))[0]
        for scene in scenes
    ]

    def dirs() -> list[str]:
        return sorted(path.name.rsplit("-", 1)[0] for path in directory.iterdir() if path.is_dir())

    cache = Checkouts(directory, limit=1)
    with cache.checkout(urls[0], tokens[0], _commits(scenes[0])) as read:
        with cache.checkout(urls[1], tokens[1], _commits(scenes[1])):
            assert dirs() == ["acme-service-0", "acme-service-1"]
        assert dirs() == ["acme-service-0"]
        assert _packs(read.git_dir) == 1
    assert dirs() == []
    with cache.checkout(urls[2], tokens[2], _commits(scenes[2])) as again:
        assert _packs(again.git_dir) == 1


def test_many_packs(tmp_path: Path, client: Client, scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone that grew old is begun anew."""
    monkeypatch.setattr(checkout, "MOST_PACKS", 1)
    cache = Checkouts(tmp_path / "cache")
    with cache.checkout(url, client.token, _commits(scene)) as found:
        pass
    assert found.git_dir.exists()
    with cache.checkout(url, client.token, _commits(scene)) as found:
        found.fetch_files(_python)
    assert not found.git_dir.exists()


def test_a_damaged_clone(cache: Checkouts, client: Client, scene: Scene, url: str) -> None:
    """A clone that git can't read costs one failure; then it is there again."""
    with cache.checkout(url, client.token, _commits(scene)) as found:
        pass
    (pack,) = found.git_dir.glob("objects/pack/*.pack")
    pack.chmod(0o644)
    pack.write_bytes(b"no pack")
    with pytest.raises(Unavailable), cache.checkout(url, client.token, _commits(scene)) as found:
        found.fetch_files(_python)
    with cache.checkout(url, client.token, _commits(scene)) as found:
        found.fetch_files(_python)
        with Repository(found.git_dir) as repository:
            assert repository.commit_tree(scene.pull.head_sha).entries


def test_half_a_clone(cache: Checkouts, client: Client, scene: Scene, url: str) -> None:
    """What a killed process left behind is cleared away."""
    with cache.checkout(url, client.token, _commits(scene)) as found:
        pass
    (found.git_dir / "HEAD").unlink()
    left = found.git_dir / "objects/pack/tmp_pack_x"
    left.write_bytes(b"x" * 100)
    with cache.checkout(url, client.token, _commits(scene)) as found:
        assert _packs(found.git_dir) == 1
        left.write_bytes(b"x" * 100)
        found.fetch_files(_python)
        assert not left.exists()


def test_too_large(tmp_path: Path, client: Client, scene: Scene, url: str) -> None:
    """A fetch that brings more than allowed is ended, and says so."""
    noise = os.urandom(3_000_000)
    head = scene.repository.git.commit("big", {"big.py": noise}, "Big", parent=scene.pull.base_sha)
    cache = Checkouts(tmp_path / "cache", largest_fetch=1_000_000)
    with cache.checkout(url, client.token, (head,)) as found:
        with pytest.raises(TooLarge):
            found.fetch_files(_python)
        found.fetch_files(lambda path: path == "manage.py")
        assert sum(path.stat().st_size for path in found.git_dir.rglob("*") if path.is_file()) < 2_000_000


def test_too_slow(tmp_path: Path) -> None:
    """A fetch that takes too long is ended, with all that it started."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/acme/slow.git"
        cache = Checkouts(tmp_path / "cache", timeout=1.0)
        with pytest.raises(Unavailable, match=r"took over 1 s"), cache.checkout(address, "token", ("0" * 40,)):
            pass
        deadline = time.monotonic() + 10
        while any(address.encode() in line for line in _command_lines()):
            assert time.monotonic() < deadline, "what git started goes on"


def test_a_reader_is_not_disturbed(cache: Checkouts, client: Client, scene: Scene, url: str) -> None:
    """While a checkout lasts its lock is held, and afterwards it is not."""

    def is_free(found: Checkout) -> bool:
        with found.lock_of("use").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with cache.checkout(url, client.token, _commits(scene)) as found:
        assert not is_free(found)
    assert is_free(found)

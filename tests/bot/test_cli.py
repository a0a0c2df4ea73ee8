from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "openai",
    "dbos",
    "fastapi",
    "sqlalchemy",
    "github",
    "libcst",
    "httpx",
    "httpx2",
    "pydantic",
    "sqlglot",
    "jinja2",
)
"""Never imported on the way to a command (COMPONENTS: the command line starts quickly)."""

APP = {
    "COUNTERSIGN_GITHUB_APP_ID": "1",
    "COUNTERSIGN_GITHUB_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----\\n-----END PRIVATE KEY-----",
    "COUNTERSIGN_GITHUB_WEBHOOK_SECRET": "hush",
}
"""What `serve` cannot do without."""


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        (sys.executable, "-m", "bot", *arguments),
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": root, "COUNTERSIGN_DATA_DIR": str(cwd / ".index")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def git(directory: Path, *arguments: str) -> None:
    subprocess.run(
        ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments),
        cwd=directory,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "a.py").write_text("x = 1\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "--quiet", "-m", "a")
    return tmp_path


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that a refusal says, with status 2 and nothing on standard output."""
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("countersign: ")
    return result.stderr.removeprefix("countersign: ").strip()


def test_version(tmp_path: Path) -> None:
    """The version is printed without importing any library."""
    result = run("--version", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "countersign 0.1.0\n", "")
    code = (
        "import sys; sys.argv[1:] = ['--version']\nfrom bot.cli import main\ntry:\n main()\nexcept SystemExit: pass\n"
    )
    code += "print({'typer', 'rich', 'msgspec', 'tree_sitter'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    printed = subprocess.run((sys.executable, "-c", code), cwd=root, check=True, capture_output=True, text=True).stdout
    assert printed == "countersign 0.1.0\nset()\n"


def test_commands_import_nothing_heavy() -> None:
    """Neither the commands nor what they decide with import a heavy package."""
    code = "import sys, bot.cli.commands, bot.review.configuration, bot.review.outcome\n"
    code += "import bot.report.text, bot.report.sarif, bot.report.json, bot.report.markdown\n"
    code += f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    root = Path(__file__).parents[2]
    printed = subprocess.run((sys.executable, "-c", code), cwd=root, check=True, capture_output=True, text=True).stdout
    assert printed == "[]\n"


def test_rules_and_explain(tmp_path: Path) -> None:
    """Rules are listed and explained."""
    listed = run("rules", cwd=tmp_path)
    assert listed.returncode == 0
    assert "query-in-loop" in listed.stdout
    page = run("explain", "query-in-loop", cwd=tmp_path)
    assert page.stdout.startswith("# A query runs once per row\n\n## What happens\n")
    assert refused(run("explain", "query-in-lop", cwd=tmp_path)) == (
        'There is no rule "query-in-lop"; did you mean "query-in-loop"?'
    )


def test_refusals(repository: Path) -> None:
    """Unknown revisions, wrong combinations and wrong configuration are one sentence each, with status 2."""
    assert "`nope`" in refused(run("review", "--head", "nope", cwd=repository))
    assert "`nope`" in refused(run("review", "--base", "nope", cwd=repository))
    assert "--staged compares" in refused(run("review", "--staged", "--base", "main", cwd=repository))
    (repository / ".countersign.toml").write_text('[rules]\nquery-in-lop = "off"\n')
    assert refused(run("config", "show", cwd=repository)) == (
        '.countersign.toml:2: unknown rule "query-in-lop"; did you mean "query-in-loop"?'
    )
    assert run("review", "--format", "loud", cwd=repository).returncode == 2


def test_what_is_not_there(repository: Path) -> None:
    """A path that is not there, or not in the repository, is refused: silence would look like a clean result."""
    assert refused(run("scan", "nothere.py", cwd=repository)) == "nothere.py: there is no such file or directory."
    assert "no such file" in refused(run("effects", "nothere.py", cwd=repository))
    assert "no such file" in refused(run("review", "--repo", "nothere", cwd=repository))
    for path in ("/a.py", "../a.py", "a/../../b"):
        assert "not a path from the repository's root" in refused(run("config", "show", path, cwd=repository))


def test_an_empty_revision_is_none(repository: Path) -> None:
    """`--base "$BASE"` with an unset variable must not review something else."""
    for option in ("--base", "--head"):
        assert "`` is no commit" in refused(run("review", option, "", cwd=repository))
    assert "`` is no commit" in refused(run("config", "show", "--base", "", cwd=repository))


def test_before_the_first_commit(tmp_path: Path) -> None:
    """Everything is new: the working tree and what is staged are reviewed against nothing."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("y = 1\n")
    git(tmp_path, "add", "a.py")
    assert run("review", cwd=tmp_path).stdout == (
        "Countersign  nothing → working tree\n\nNothing to report. · 2 changed files, 2 files analysed\n"
    )
    assert run("review", "--staged", cwd=tmp_path).stdout == (
        "Countersign  nothing → index\n\nNothing to report. · 1 changed file, 1 file analysed\n"
    )
    assert "There is no commit yet" in refused(run("review", "--base", "main", cwd=tmp_path))


def test_a_bare_repository_has_nothing_staged(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    bare = tmp_path_factory.mktemp("bare")
    git(repository, "clone", "--quiet", "--bare", ".", str(bare))
    assert "nothing is staged there" in refused(run("review", "--staged", cwd=bare))
    assert run("review", cwd=bare).returncode == 0


def test_a_shallow_clone_says_what_it_lacks(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (repository / "a.py").write_text("x = 2\n")
    git(repository, "commit", "--quiet", "-am", "b")
    shallow = tmp_path_factory.mktemp("shallow")
    git(repository, "clone", "--quiet", "--depth=1", repository.as_uri(), str(shallow))
    assert "it is a shallow clone" in refused(run("review", "--base", "HEAD~1", cwd=shallow))


def test_odd_names_stay_on_one_line(tmp_path: Path) -> None:
    """A path may hold spaces, line breaks and bytes that are no UTF-8; links out of the tree are not followed."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    text = "from django.db import models\n\n\nclass A(models.Model):\n    pass\n\n\n"
    text += "def f(keys):\n    return [A.objects.get(pk=key) for key in keys]\n"
    for name in (b"a b.py", b"new\nline.py", b"caf\xe9.py"):
        (tmp_path / os.fsdecode(name)).write_text(text)
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    (tmp_path / "broken.py").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.py")
    shown = run("review", cwd=tmp_path)
    assert shown.returncode == 1
    places = {line.strip() for line in shown.stdout.splitlines() if line.endswith(".py:9")}
    assert places == {"a b.py:9", "new␊line.py:9", "caf\\xe9.py:9"}


def test_no_repository(tmp_path: Path) -> None:
    """Outside a repository it says so."""
    assert "not inside a git repository" in refused(run("review", cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path)))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "the service needs COUNTERSIGN_GITHUB_APP_ID, "),
        (APP | {"COUNTERSIGN_DATA_DIR": "/dev/null/data"}, "COUNTERSIGN_DATA_DIR: /dev/null/data cannot be written to"),
        (APP | {"COUNTERSIGN_DATABASE_URL": "postgresql://me@127.0.0.1:9/none"}, "the database cannot be used: "),
    ],
)
def test_a_service_that_cannot_start(tmp_path: Path, wrong: dict[str, str], says: str) -> None:
    """What its host lacks is said before it listens."""
    assert refused(run("serve", cwd=tmp_path, **wrong)).startswith(says)


def test_no_git(repository: Path) -> None:
    """Without git it says so."""
    assert "git" in refused(run("review", cwd=repository, PATH="/nowhere"))


def test_config_show(repository: Path) -> None:
    """Each value is shown with where it came from, for the nearest file, from the working tree or a commit."""
    (repository / "api").mkdir()
    (repository / "api" / ".countersign.toml").write_text('[review]\nfail-on = "high"\n')
    shown = run("config", "show", "api/b.py", cwd=repository).stdout
    assert 'review.fail-on = "high"               # api/.countersign.toml:2\n' in shown
    assert "# api" not in run("config", "show", "b.py", cwd=repository).stdout
    assert "# api" not in run("config", "show", "api/b.py", "--base", "main", cwd=repository).stdout

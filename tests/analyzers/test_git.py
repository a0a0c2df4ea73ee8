"""
Repositories made on the spot, read back as trees and changes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from analyzers.change import ChangedFile, Hunk, Tree
from analyzers.errors import GitMissing, GitTimeout, NotARepository, UnknownRevision, UnreadableObject
from analyzers.git import Repository

WHO = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(cwd: Path, *arguments: str) -> str:
    """Run git as a developer would."""
    done = subprocess.run(["git", *arguments], cwd=cwd, env={**os.environ, **WHO}, capture_output=True, check=True)
    return done.stdout.decode().strip()


def write(root: Path, files: dict[str, str | bytes]) -> None:
    """Write files below a root."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)


def commit(root: Path, files: dict[str, str | bytes]) -> str:
    """Write files, commit all there is and return the commit's id."""
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "a change")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty repository with the branch `main`."""
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    return root


# --- trees ------------------------------------------------------------------------------------------------------------


def test_a_commit_lists_its_regular_files_sorted(root: Path) -> None:
    """Links and submodules are left out; executables are in; the order is that of the paths."""
    write(root, {"b.py": "b", "a/z.py": "z", "a.py": "a", "run.sh": "#!"})
    (root / "run.sh").chmod(0o755)
    (root / "link.py").symlink_to("b.py")
    head = commit(root, {})
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    head = git(root, "commit-tree", git(root, "write-tree"), "-m", "with a submodule")
    with Repository(root) as repository:
        tree = repository.commit_tree(head)
        assert tree.name == head
        assert list(tree.entries) == ["a.py", "a/z.py", "b.py", "run.sh"]
        assert tree.read(tree.entries["a/z.py"]) == b"z"


def test_absent_blobs_read_as_none_and_the_others_are_read(root: Path) -> None:
    """Order and repetitions of the question are kept."""
    commit(root, {"a.py": "a", "empty.py": ""})
    with Repository(root) as repository:
        tree = repository.commit_tree("main")
        a, empty, absent = tree.entries["a.py"], tree.entries["empty.py"], "1" * 40
        assert list(tree.read_many([absent, a, empty, a])) == [(absent, None), (a, b"a"), (empty, b""), (a, b"a")]


def test_many_and_large_blobs_do_not_block_each_other(root: Path) -> None:
    """Questions and answers that are larger than a pipe."""
    commit(root, {f"{number}.py": f"{number}" * 20_000 for number in range(300)})
    with Repository(root) as repository:
        tree = repository.commit_tree("main")
        contents = dict(tree.read_many(tree.entries.values()))
        assert all(contents[blob] == (path[:-3] * 20_000).encode() for path, blob in tree.entries.items())


def test_a_blob_over_the_limit_reads_as_absent(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows it in the same batch is read."""
    monkeypatch.setattr("analyzers.git.command.MAX_BLOB", 1000)
    commit(root, {"a.py": b"x" * 5500, "b.py": b"y" * 1000})
    with Repository(root) as repository:
        tree = repository.commit_tree("main")
        assert [content for _, content in tree.read_many(tree.entries.values())] == [None, b"y" * 1000]


def test_names_that_need_quoting_keep_their_text(root: Path) -> None:
    """Quotes, newlines, tabs and bytes that are no UTF-8; a newline cannot pass for a line of the patch."""
    odd = ['say "hi".py', "two\nlines.py", "tab\there.py", "größe.py", "x\n@@ -1 +7 @@\nindex 00..11"]
    base = commit(root, dict.fromkeys(odd, "a = 1\n"))
    (root / os.fsdecode(b"caf\xe9.py")).write_bytes(b"")
    head = commit(root, dict.fromkeys(odd, "a = 2\n"))
    with Repository(root) as repository:
        change = repository.change(repository.commit_tree(base), repository.commit_tree(head))
        expected = [ChangedFile(path, "modified", path, (Hunk(1, 1, 1, 1),)) for path in odd]
        expected.append(ChangedFile("caf\\xe9.py", "added", "caf\\xe9.py"))
        assert list(change.files) == sorted(expected, key=lambda file: file.path)
        assert "caf\\xe9.py" in change.head.entries


def test_the_index_and_the_working_tree_see_what_is_not_committed(root: Path) -> None:
    """Staged, unstaged, untracked, ignored, deleted and touched files."""
    names = ("staged.py", "both.py", "edited.py", "gone.py", "touched.py")
    commit(root, {**dict.fromkeys(names, "old"), ".gitignore": "*.log\n"})
    write(root, {"staged.py": "new", "both.py": "staged"})
    git(root, "add", ".")
    write(root, {"both.py": "edited", "edited.py": "edited", "fresh/a.py": "fresh", "noise.log": "noise"})
    write(root, {"local.py": "mine", "touched.py": "old"})
    write(root, {".git/info/exclude": "local.py\n"})
    os.utime(root / "touched.py", (1, 1))
    (root / "gone.py").unlink()
    with Repository(root) as repository:
        index, working = repository.index_tree(), repository.working_tree()
        assert contents(index) == {
            ".gitignore": b"*.log\n",
            "both.py": b"staged",
            "edited.py": b"old",
            "gone.py": b"old",
            "staged.py": b"new",
            "touched.py": b"old",
        }
        assert contents(working) == {
            ".gitignore": b"*.log\n",
            "both.py": b"edited",
            "edited.py": b"edited",
            "fresh/a.py": b"fresh",
            "staged.py": b"new",
            "touched.py": b"old",
        }
        assert [(file.path, file.status) for file in repository.change(index, working).files] == [
            ("both.py", "modified"),
            ("edited.py", "modified"),
            ("fresh/a.py", "added"),
            ("gone.py", "deleted"),
        ]
        assert [file.path for file in repository.change(repository.commit_tree("HEAD"), index).files] == [
            "both.py",
            "staged.py",
        ]


def contents(tree: Tree) -> dict[str, bytes | None]:
    """Every file of a tree with its content."""
    return {path: tree.read(blob) for path, blob in tree.entries.items()}


def test_looking_leaves_the_repository_as_it_was(root: Path) -> None:
    """No object is written, the index is not refreshed, and the scratch directory goes."""
    commit(root, {"a.py": "a\n"})
    write(root, {"a.py": "b\n", "b.py": "b\n"})
    before = snapshot_of(root / ".git")
    with Repository(root) as repository:
        repository.change(repository.commit_tree("HEAD"), repository.working_tree())
        scratch = repository.scratch().path
        assert scratch.is_dir()
    assert snapshot_of(root / ".git") == before
    assert not scratch.exists()


def snapshot_of(directory: Path) -> dict[Path, bytes]:
    """Every file below a directory with its content."""
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_file_that_changes_while_it_is_read_is_absent(root: Path) -> None:
    """A blob never has another content than its own."""
    commit(root, {"a.py": "a\n"})
    write(root, {"a.py": "b\n"})
    with Repository(root) as repository:
        working = repository.working_tree()
        blob = working.entries["a.py"]
        write(root, {"a.py": "c\n"})
        assert working.read(blob) is None
        with pytest.raises(UnreadableObject, match="changed while it was read"):
            repository.change(repository.commit_tree("HEAD"), working)


def test_links_out_of_the_working_tree_are_not_followed(root: Path, tmp_path: Path) -> None:
    """Neither a linked file nor a file below a linked directory is read."""
    write(tmp_path, {"secret/a.py": "secret"})
    commit(root, {"inside/a.py": "a", "b.py": "b"})
    (root / "inside" / "a.py").unlink()
    (root / "inside").rmdir()
    (root / "inside").symlink_to(tmp_path / "secret")
    (root / "b.py").unlink()
    (root / "b.py").symlink_to(tmp_path / "secret" / "a.py")
    os.mkfifo(root / "pipe.py")
    with Repository(root) as repository:
        assert dict(repository.working_tree().entries) == {}


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_change_lists_files_with_their_hunks(root: Path) -> None:
    """Added, modified, deleted, renamed with and without an edit, and binary files."""
    long = "".join(f"line {number}\n" for number in range(40))
    base = commit(
        root, {"edit.py": "1\n2\n3\n4\n5\n", "gone.py": "1\n2\n", "old.py": long, "moved.py": "+" + long, "b": b"\0"}
    )
    git(root, "mv", "old.py", "new.py")
    git(root, "mv", "moved.py", "there.py")
    git(root, "rm", "-q", "gone.py")
    renamed = long.replace("line 7\n", "line seven\n")
    head = commit(
        root, {"edit.py": "1\ntwo\n3\n5\n6\n7", "new.py": renamed, "added.py": "@@ -9 +9 @@\n-- x\n", "b": b"\0\1"}
    )
    with Repository(root) as repository:
        change = repository.change(repository.commit_tree(base), repository.commit_tree(head))
    assert list(change.files) == [
        ChangedFile("added.py", "added", "added.py", (Hunk(0, 0, 1, 2),)),
        ChangedFile("b", "modified", "b", (), binary=True),
        ChangedFile("edit.py", "modified", "edit.py", (Hunk(2, 1, 2, 1), Hunk(4, 1, 3, 0), Hunk(5, 0, 5, 2))),
        ChangedFile("gone.py", "deleted", "gone.py", (Hunk(1, 2, 0, 0),)),
        ChangedFile("new.py", "renamed", "old.py", (Hunk(8, 1, 8, 1),)),
        ChangedFile("there.py", "renamed", "moved.py", ()),
    ]


def test_hunks_and_nothing_else_lead_from_base_to_head(root: Path) -> None:
    """For a hundred random edits: base with its hunks replaced is head, and each hunk starts where it says."""
    random = Random(7)
    before = {f"{number:02}.py": random_lines(random, 30) for number in range(100)}
    after = {path: edited(random, lines) for path, lines in before.items()}
    base = commit(root, {path: "".join(lines) for path, lines in before.items()})
    head = commit(root, {path: "".join(lines) for path, lines in after.items()})
    with Repository(root) as repository:
        change = repository.change(repository.commit_tree(base), repository.commit_tree(head))
    assert [file.path for file in change.files] == [path for path in before if before[path] != after[path]]
    for file in change.files:
        old, new = before[file.path], after[file.path]
        built: list[str] = []
        reached = 0
        for hunk in file.hunks:
            first = hunk.old_start - 1 if hunk.old_count else hunk.old_start
            built += old[reached:first]
            assert len(built) == (hunk.new_start - 1 if hunk.new_count else hunk.new_start)
            built += new[len(built) : len(built) + hunk.new_count]
            reached = first + hunk.old_count
        assert built + old[reached:] == new


def random_lines(random: Random, count: int) -> list[str]:
    """Lines that resemble each other and the lines of a patch."""
    return [
        random.choice(["\n", "a\n", "-- b\n", "++ c\n", "@@ -1 +1 @@\n", "index 00..11\n", "\r\n"])
        for _ in range(count)
    ]


def edited(random: Random, lines: list[str]) -> list[str]:
    """The lines with up to three stretches replaced."""
    for _ in range(random.randrange(4)):
        start = random.randrange(len(lines) + 1)
        lines = lines[:start] + random_lines(random, random.randrange(4)) + lines[start + random.randrange(4) :]
    return lines


def test_two_files_with_the_same_edit_have_the_same_hunks(root: Path) -> None:
    """A patch that says the same twice does not double the hunks."""
    base = commit(root, {"a.py": "1\n", "b.py": "1\n"})
    head = commit(root, {"a.py": "2\n", "b.py": "2\n"})
    with Repository(root) as repository:
        change = repository.change(repository.commit_tree(base), repository.commit_tree(head))
    assert [file.hunks for file in change.files] == [(Hunk(1, 1, 1, 1),), (Hunk(1, 1, 1, 1),)]


def test_a_file_that_becomes_a_link_is_deleted(root: Path) -> None:
    """And a link that becomes a file is added; a change of mode alone is no change."""
    write(root, {"file.py": "1\n", "mode.py": "1\n"})
    (root / "link.py").symlink_to("file.py")
    base = commit(root, {})
    (root / "file.py").unlink()
    (root / "file.py").symlink_to("mode.py")
    (root / "link.py").unlink()
    (root / "mode.py").chmod(0o755)
    head = commit(root, {"link.py": "2\n3\n"})
    with Repository(root) as repository:
        change = repository.change(repository.commit_tree(base), repository.commit_tree(head))
    assert list(change.files) == [
        ChangedFile("file.py", "deleted", "file.py", (Hunk(1, 1, 0, 0),)),
        ChangedFile("link.py", "added", "link.py", (Hunk(0, 0, 1, 2),)),
    ]


# --- names ------------------------------------------------------------------------------------------------------------


def test_names_lead_to_commits(root: Path) -> None:
    """Branches, tags and short ids do; trees, options and nonsense do not."""
    first = commit(root, {"a.py": "a"})
    git(root, "tag", "-a", "v1", "-m", "v1")
    git(root, "checkout", "-q", "-b", "topic")
    topic = commit(root, {"a.py": "b"})
    git(root, "checkout", "-q", "main")
    main = commit(root, {"b.py": "b"})
    git(root, "checkout", "-q", "--orphan", "other")
    commit(root, {"c.py": "c"})
    with Repository(root) as repository:
        assert [repository.resolve(name) for name in ("v1", "topic", main[:10])] == [first, topic, main]
        assert repository.merge_base("main", "topic") == first
        assert repository.merge_base("main", "other") is None
        for name in ("nowhere", "", "--all", "main:a.py", "a\0b", "0" * 40):
            with pytest.raises(UnknownRevision, match="is no commit, branch or tag in"):
                repository.resolve(name)


def test_what_commits_say(root: Path) -> None:
    """The newest messages that the base has not, oldest first; a configured signature check is not run."""
    commit(root, {"a.py": "a"})
    git(root, "tag", "v1")
    git(root, "checkout", "-q", "-b", "topic")
    for message in ("first", "Say whose\n\nThe list shows it.\n  Twice.", "last"):
        git(root, "commit", "-q", "--allow-empty", "-m", message)
    git(root, "config", "log.showSignature", "true")
    git(root, "config", "gpg.program", "/nowhere/gpg")
    with Repository(root) as repository:
        assert repository.current_branch() == "topic"
        assert repository.messages("v1", "topic", 2) == ("Say whose\n\nThe list shows it.\n  Twice.", "last")
        assert repository.messages("topic", "v1", 2) == ()
        git(root, "checkout", "-q", "--detach")
        assert repository.current_branch() is None


def test_the_default_branch_is_the_remotes_else_main_else_master(root: Path, tmp_path: Path) -> None:
    """A clone asks what its remote said."""
    with Repository(root) as repository, pytest.raises(UnknownRevision, match="No default branch"):
        repository.default_branch()
    commit(root, {"a.py": "a"})
    with Repository(root) as repository:
        assert repository.default_branch() == "main"
    git(root, "branch", "-m", "main", "trunk")
    git(tmp_path, "clone", "-q", str(root), "clone")
    git(root, "branch", "-m", "trunk", "master")
    with Repository(root) as repository, Repository(tmp_path / "clone") as clone:
        assert repository.default_branch() == "master"
        assert clone.default_branch() == "origin/trunk"
        assert clone.resolve(clone.default_branch()) == repository.resolve("master")


@pytest.mark.parametrize("kind", ["subdirectory", "file", "git directory", "worktree", "bare", "sha256", "split index"])
def test_a_repository_is_found_wherever_it_is(root: Path, tmp_path: Path, kind: str) -> None:
    """Each kind of place leads to the same files."""
    place = {"subdirectory": root / "a", "file": root / "a" / "b.py", "git directory": root / ".git"}.get(kind, root)
    if kind == "sha256":
        place = tmp_path / "new"
        git(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256", "new")
    commit(root if kind != "sha256" else place, {"a/b.py": "b"})
    if kind == "worktree":
        place = tmp_path / "linked"
        git(root, "worktree", "add", "-q", str(place), "-b", "linked")
    if kind == "bare":
        place = tmp_path / "bare.git"
        git(tmp_path, "clone", "-q", "--bare", str(root), str(place))
    if kind == "split index":
        git(root, "update-index", "--split-index")
    with Repository(place) as repository:
        assert contents(repository.commit_tree("main")) == {"a/b.py": b"b"}
        if kind == "bare":
            with pytest.raises(NotARepository, match="bare repository"):
                repository.working_tree()
        else:
            assert repository.work_tree is not None
            write(repository.work_tree, {"new.py": "new"})
            assert contents(repository.index_tree()) == {"a/b.py": b"b"}
            assert contents(repository.working_tree()) == {"a/b.py": b"b", "new.py": b"new"}
            change = repository.change(repository.commit_tree("main"), repository.working_tree())
            assert [file.path for file in change.files] == ["new.py"]


def test_no_repository_is_an_error_that_names_the_place(tmp_path: Path) -> None:
    """The temporary directory is in none."""
    with pytest.raises(NotARepository, match="is not inside a git repository"):
        Repository(tmp_path)


@pytest.mark.parametrize("place", ["elsewhere/.git/worktrees/linked", "a" * 300])
def test_a_link_that_leads_nowhere_is_an_error_that_names_both_ends(tmp_path: Path, place: str) -> None:
    """As in a container that a linked worktree is mounted into without its repository, or where it may not be read."""
    (tmp_path / ".git").write_text(f"gitdir: {place}\n")
    with pytest.raises(NotARepository, match=re.escape(str(tmp_path / place))):
        Repository(tmp_path)


# --- what is not trusted ----------------------------------------------------------------------------------------------


def test_a_partial_clone_is_read_without_the_network(root: Path, tmp_path: Path) -> None:
    """Absent blobs are None; a changed file whose content is absent has no hunks, and the others have theirs."""
    base = commit(root, {"a.py": "a\n" * 20, "same.py": "s", "small.py": "a\n"})
    head = commit(root, {"a.py": "b\n" * 20, "small.py": "b\n"})
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{root}", "partial.git")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:limit=10", f"file://{root}", "small.git")
    with Repository(tmp_path / "partial.git") as repository:
        tree = repository.commit_tree(head)
        assert list(tree.entries) == ["a.py", "same.py", "small.py"]
        assert contents(tree) == {"a.py": None, "same.py": None, "small.py": None}
        files = repository.change(repository.commit_tree(base), tree).files
        assert [(file.path, file.status, file.hunks) for file in files] == [
            ("a.py", "modified", ()),
            ("small.py", "modified", ()),
        ]
        with pytest.raises(UnknownRevision):
            repository.resolve("1" * 40)
    with Repository(tmp_path / "small.git") as repository:
        files = repository.change(repository.commit_tree(base), repository.commit_tree(head)).files
        assert [(file.path, file.hunks) for file in files] == [("a.py", ()), ("small.py", (Hunk(1, 1, 1, 1),))]
    objects = git(tmp_path / "partial.git", "cat-file", "--batch-all-objects", "--batch-check")
    assert " blob " not in objects


def test_no_program_named_by_the_repository_runs(root: Path, tmp_path: Path) -> None:
    """Filters, diff drivers, monitors and hooks that a repository configures stay idle, whatever is asked."""
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    base = commit(root, {"a.py": "a\n", ".gitattributes": "*.py filter=trap diff=trap\n"})
    head = commit(root, {"a.py": "b\n"})
    for key in ("filter.trap.clean", "filter.trap.smudge", "diff.trap.command", "diff.trap.textconv", "core.fsmonitor"):
        git(root, "config", key, str(trap))
    git(root, "config", "diff.external", str(trap))
    git(root, "config", "core.hooksPath", str(tmp_path))
    write(root, {"a.py": "c\n"})
    with Repository(root) as repository:
        repository.change(repository.commit_tree(base), repository.working_tree())
        repository.change(repository.index_tree(), repository.commit_tree(head))
        repository.merge_base(base, head)
        assert contents(repository.working_tree())["a.py"] == b"c\n"
    assert not (tmp_path / "sprung").exists()


def test_variables_of_an_outer_git_do_not_lead_astray(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook runs with GIT_DIR set; the repository that was asked for is the one that is read."""
    commit(root, {"a.py": "a"})
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere"))
    with Repository(root) as repository:
        assert contents(repository.working_tree()) == contents(repository.commit_tree("main")) == {"a.py": b"a"}


def test_without_git_the_error_says_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the command."""
    monkeypatch.setenv("PATH", "")
    with Repository(root) as repository, pytest.raises(GitMissing, match="install git"):
        repository.resolve("HEAD")


@pytest.mark.parametrize("ask", [lambda tree: tree.entries, lambda tree: tree.read("1" * 40)])
def test_a_command_that_hangs_is_ended(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Tree], object]
) -> None:
    """After the time limit, with an error that says so."""
    commit(root, {"a.py": "a"})
    real = shutil.which("git")
    write(
        tmp_path,
        {"bin/git": f'#!/bin/sh\ncase "$*" in *ls-tree* | *cat-file*) exec sleep 20 ;; esac\nexec {real} "$@"\n'},
    )
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setattr("analyzers.git.command.TIMEOUT", 0.5)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with Repository(root) as repository, pytest.raises(GitTimeout, match="took over"):
        ask(repository.commit_tree("main"))

"""
The pipeline: a `Change` in, a `Review` out.

Base and head are both evaluated from the same roots, those that the change reaches on either side. What only the head
has is introduced, what only the base has is fixed, the rest stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from analyzers import differences, frameworks, paths
from analyzers.change import BlobId, Change, Tree
from analyzers.checks import CHECKS, Check
from analyzers.consequences import consequences_of
from analyzers.definitions import definitions_of
from analyzers.effects.roots import EntryEffects, Runner
from analyzers.findings import Finding, Review, Skipped
from analyzers.index import Index, Snapshot
from analyzers.languages import front_end_for
from analyzers.options import Options, OptionsFor, Progress
from analyzers.program.entries import Entries, Root
from analyzers.program.orm import Orm
from analyzers.program.program import Program
from analyzers.program.reach import Changed, Reach
from analyzers.program.symbols import ClassSymbol, FunctionSymbol
from analyzers.remedies import Evaluate, with_fixes
from analyzers.span import Place, Span
from analyzers.suppressions import Allows, concerned

REVIEW_STEPS = 600_000
"""Steps for each side of one review; some 15 seconds. Entry points come first, what is left out is named."""


class Side:
    """One tree as a program that runs roots and remembers what they do."""

    def __init__(self, snapshot: Snapshot, options: Options) -> None:
        self.snapshot = snapshot
        self.program = Program(snapshot, frameworks.assemble(options.models))
        self.entries = Entries(self.program)
        orm = Orm(self.program)
        self.reach = Reach(self.program, self.entries, orm)
        self.runner = Runner(self.program, self.entries, orm)
        self.results: dict[str, EntryEffects] = {}
        self.failures: list[str] = []
        self.partial: set[str] = set()
        """Labels of roots that were not run to their end."""
        self.visited: set[str] = set()
        """Functions that were run from a root that is kept."""
        self.unchanged: set[str] = set()
        """Functions that were run to their end from a root that nothing of the change has a part in."""

    def run(self, root: Root) -> EntryEffects:
        """Run a root; its effects are not kept yet."""
        result = self.runner.run(root)
        if result.failure:
            self.failures.append(result.failure)
            self.partial.add(root.label)
        return result

    def keep(self, result: EntryEffects) -> None:
        """Have the checks look at what a root does."""
        self.visited |= result.visited
        self.results[result.root.id] = result

    def find(self, root: Root) -> Root | None:
        """The same root in this tree."""
        path = root.owner.module.path if root.owner is not None else root.function.module.path
        module = self.program.module(path)
        if module is None:
            return None
        if root.owner is not None:
            for symbol in module.every_class():
                if symbol.qualname == root.owner.qualname:
                    method = symbol.method(root.function.name)
                    return self.entries.of_function(method, symbol) if method is not None else None
            return None
        for function in module.every_function():
            if function.node.qualname == root.function.node.qualname:
                return self.entries.of_function(function)
        return None

    def is_whole(self, path: str) -> bool:
        """Whether it has a file, and could parse all of it."""
        return path in self.snapshot.paths and self.snapshot.diagnostics(path) == 0

    def around(self, place: Place) -> list[Span]:
        """The functions and classes that hold a place, innermost first."""
        module = self.program.module(place.path)
        return module.around(place.span) if module is not None else []

    def class_named(self, path: str, dotted: str) -> str:
        """The class that a name means at the top level of a file, as `path::qualname`; empty if none."""
        module = self.program.module(path)
        symbol = self.program.resolve(module, dotted) if module is not None and dotted else None
        return symbol.id if isinstance(symbol, ClassSymbol) else ""

    def findings(self) -> dict[str, Finding]:
        """What the checks say of every result, one finding for each fingerprint: the surest, of these the worst."""
        found: dict[str, Finding] = {}
        for key in self.results:
            for check in CHECKS:
                for finding in self._checked(check, self.results[key]):
                    known = found.get(finding.fingerprint)
                    weight = finding.confidence, finding.severity
                    if known is None or (known.confidence, known.severity) < weight:
                        found[finding.fingerprint] = finding
        return found

    def _checked(self, check: Check, result: EntryEffects) -> list[Finding]:
        try:
            return list(check(result))
        except Exception as error:  # noqa: BLE001  # a fault of ours in one check leaves the others
            rule = check.__module__.rpartition(".")[2].replace("_", "-")
            self.failures.append(f"`{rule}` was not checked in `{result.root.label}`: {type(error).__name__}: {error}")
            return []


def review(
    change: Change, index: Index, options_for: OptionsFor, progress: Progress | None = None, *, own: bool = False
) -> Review:
    """
    Review a change.

    Args:
        change: What to look at.
        index: Keeps the IR.
        options_for: The switches that hold for a path; own framework models are taken from the root's.
        progress: Told what goes on.
        own: Whether the change is its reader's own, so that what it allows in the code holds.
    """
    options = options_for("")
    changed_paths = {file.path for file in change.files} | {file.old_path for file in change.files}
    base, base_skipped = _prepare(change.base, index, progress, changed_paths)
    head, head_skipped = _prepare(change.head, index, progress, changed_paths)
    sides = (Side(base, options), Side(head, options))
    for side in sides:
        side.runner.left, side.runner.always = REVIEW_STEPS, frozenset(changed_paths)
    files = [file for file in change.files if front_end_for(file.path) is not None]
    touched = [
        side.reach.changed(files, which, other.program)
        for side, which, other in zip(sides, ("old", "new"), sides[::-1], strict=True)
    ]
    roots = _roots_of(sides, touched)
    changed = _changed_ids(*touched)
    for root in roots:
        if progress is not None:
            progress("evaluating", len(sides[1].results), len(roots))
        _run_both(sides, root, changed)
    before, after = sides[0].findings(), sides[1].findings()
    lines = differences.changed_lines(change.files)
    introduced, fixed, standing = differences.compare(before, after, lines, sides[0].partial)
    introduced = differences.deduplicated(
        [differences.placed(finding, lines, sides[1].around) for finding in introduced], lines
    )
    allows = Allows(change.head, head, None if own else change)
    introduced = [_marked(finding, options_for, allows) for finding in introduced]
    introduced = with_fixes(_ordered(introduced), change.head, sides[1], _evaluating(index, options))
    introduced = differences.gathered(introduced, lines)
    standing = [_marked(finding, options_for, allows) for finding in standing]
    allowed = Allows(change.base, base)
    about = concerned(change, [allowed.of(finding) for finding in fixed])
    fixed = [_state(finding, "fixed") for finding in fixed]
    skipped = {item.path: item for item in (*base_skipped, *head_skipped)}
    return Review(
        introduced=tuple(introduced),
        fixed=_ordered(differences.deduplicated(fixed)),
        standing=_ordered(_state(finding, "standing") for finding in standing),
        consequences=consequences_of(sides[0].results, sides[1].results),
        definitions=definitions_of(introduced, sides[1].runner.orm),
        remarks=tuple(allows.remarks(about, complete=not sides[1].failures)),
        allows=tuple(allowed),
        skipped=tuple(skipped[path] for path in sorted(skipped)),
        changed_files=len(change.files),
        analysed_files=len(head.paths),
        failures=tuple(sorted({*sides[0].failures, *sides[1].failures})),
        base=change.base.name,
        head=change.head.name,
    )


def scan(
    tree: Tree, index: Index, options_for: OptionsFor, paths: tuple[str, ...] = (), progress: Progress | None = None
) -> Review:
    """
    Say what stands in a tree.

    Args:
        tree: The files.
        index: Keeps the IR.
        options_for: The switches that hold for a path.
        paths: Files or folders to look at; empty for all. The whole tree is the context.
        progress: Told what goes on.
    """
    snapshot, skipped = _prepare(tree, index, progress, set())
    side = Side(snapshot, options_for(""))
    roots = list(_every_root(side, paths))
    for place, root in enumerate(roots):
        if progress is not None and place % 50 == 0:
            progress("evaluating", place, len(roots))
        if root.kind != "function" or root.function.id not in side.visited:
            side.keep(side.run(root))
    allows = Allows(tree, snapshot)
    found = [
        _marked(finding, options_for, allows) for finding in differences.deduplicated(list(side.findings().values()))
    ]
    return Review(
        standing=_ordered(_state(finding, "standing") for finding in found),
        consequences=(),
        remarks=tuple(
            allows.remarks(lambda allow: _is_within(allow.place.path, paths), complete=not paths and not side.failures)
        ),
        allows=tuple(allows),
        skipped=tuple(sorted(skipped, key=lambda item: item.path)),
        analysed_files=len(snapshot.paths),
        failures=tuple(sorted(set(side.failures))),
        head=tree.name,
    )


def effects(
    tree: Tree, index: Index, options_for: OptionsFor, paths: tuple[str, ...] = (), progress: Progress | None = None
) -> Iterator[EntryEffects]:
    """
    Yield what each root of a tree does, entry points first: what the checks of a scan look at.

    Args:
        tree: The files.
        index: Keeps the IR.
        options_for: The switches that hold for a path.
        paths: As for `scan`.
        progress: Told what goes on.
    """
    snapshot, _ = _prepare(tree, index, progress, set())
    side = Side(snapshot, options_for(""))
    for root in _every_root(side, paths):
        yield side.run(root)


def _prepare(tree: Tree, index: Index, progress: Progress | None, changed: set[str]) -> tuple[Snapshot, list[Skipped]]:
    """Lower what is not kept yet. Files outside the program are named only when the change touches them."""
    wanted: dict[str, BlobId] = {}
    skipped: list[Skipped] = []
    for path, blob in tree.entries.items():
        reason = paths.classify(path)
        if front_end_for(path) is None or reason is not None:
            if path in changed and reason is not None:
                skipped.append(Skipped(path, reason, changed=True))
            continue
        wanted[path] = blob
    skipped += index.prepare(tree, wanted, progress)
    return index.snapshot(wanted), [msgspec.structs.replace(item, changed=item.path in changed) for item in skipped]


def _roots_of(sides: tuple[Side, Side], changed: Sequence[Iterable[Changed]]) -> list[Root]:
    """
    Roots that the change reaches on either side, callers before what they call: that is not run again by itself.
    """
    roots: dict[str, Root] = {}
    levels: dict[str, int] = {}
    for side, items in zip(sides, changed, strict=True):
        for root, level in side.reach.roots(items):
            roots.setdefault(root.id, root)
            levels[root.id] = max(level, levels.get(root.id, 0))
    return sorted(roots.values(), key=lambda root: (root.kind == "function", -levels[root.id], root.id))


def _changed_ids(old: Iterable[Changed], new: Iterable[Changed]) -> frozenset[str]:
    """
    What a run has to meet to be of interest: ids of functions; paths of files in which more changed than functions.
    """
    after = {item.symbol.id: item.symbol for item in new}
    gone = {item.symbol.module.path for item in old if item.symbol.id not in after}
    return frozenset(gone) | {s.id if isinstance(s, FunctionSymbol) else s.module.path for s in after.values()}


def _run_both(sides: tuple[Side, Side], root: Root, changed: frozenset[str]) -> None:
    """
    Run a root on both trees, unless nothing that the change touches has a part in it.

    A plain function that an entry point ran before is not run again: there it had real arguments.
    """
    base, head = sides
    if root.kind == "function" and not root.is_inherited:
        if root.function.id in head.visited & base.visited or root.function.id in head.unchanged:
            return
    here, there = head.find(root), base.find(root)
    result = head.run(here) if here is not None else None
    if result is not None and there is not None and changed.isdisjoint(result.visited | result.touched):
        if not result.failure:
            head.unchanged |= result.visited
        return
    if result is not None:
        head.keep(result)
    if there is not None:
        base.keep(base.run(there))


def _evaluating(index: Index, options: Options) -> Evaluate:
    """Evaluates a tree as the head was, for trying a fix: all of them together may cost as much as one side."""
    left: int | None = REVIEW_STEPS

    def evaluate(tree: Tree, roots: Sequence[Root]) -> Side:
        nonlocal left
        snapshot, _ = _prepare(tree, index, None, set())
        side = Side(snapshot, options)
        side.runner.left = left
        for root in roots:
            found = side.find(root)
            if found is not None:
                side.keep(side.run(found))
        left = side.runner.left
        return side

    return evaluate


def _every_root(side: Side, within: tuple[str, ...]) -> Iterable[Root]:
    roots: dict[str, Root] = {}
    for path in side.program.snapshot.paths:
        if not _is_within(path, within):
            continue
        module = side.program.module(path)
        if module is None:
            continue
        for symbol in module.every_class():
            for root in side.entries.of_class(symbol):
                roots.setdefault(root.id, root)
        for function in module.every_function():
            root = side.entries.of_function(function)
            roots.setdefault(root.id, root)
    return sorted(roots.values(), key=lambda root: (root.kind == "function", root.id))


def _is_within(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is one of some files or lies in one of some folders; with none of them, it always does."""
    return not folders or any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def _marked(finding: Finding, options_for: OptionsFor, allows: Allows) -> Finding:
    """The finding with what a person decided of it beforehand: switched off, accepted, allowed in the code."""
    allow = allows.of(finding)
    options = options_for(finding.place.path)
    severity = options.severities.get(finding.rule, finding.severity)
    suppressed = allowed = None
    if finding.rule in options.disabled:
        suppressed = "the rule is off here"
    elif finding.fingerprint in options.baseline:
        suppressed = "accepted in the baseline"
    elif options.excluded and _excluded(finding.place.path, options.excluded):
        suppressed = "the path is excluded"
    elif allow is not None and allow.added:
        allowed = allow.reason or "no reason is given"
    elif allow is not None:
        suppressed = allow.reason or "allowed in the code"
    return msgspec.structs.replace(finding, severity=severity, suppressed=suppressed, allowed=allowed)


def _excluded(path: str, patterns: tuple[str, ...]) -> bool:
    import pathspec

    return pathspec.PathSpec.from_lines("gitignore", patterns).match_file(path)


def _state(finding: Finding, state: str) -> Finding:
    return msgspec.structs.replace(finding, state=state)


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(findings, key=lambda f: (-f.severity, -f.confidence, f.place.path, f.place.span, f.rule, f.fingerprint))
    )

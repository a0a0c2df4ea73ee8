"""
What the reviewed repository says in its `.countersign.toml` files.

The nearest file wins, for each path and as a whole: what it leaves out has its default, not the value of a file further
up. Files are read from a tree, so that a review of commits reads them from its base and a change cannot switch its own
review off. They are read strictly: whatever is not understood is an error with its file and line.

    mode = "sign-first"                     # the root's file only

    [modes]                                 # the root's file only: other modes for some rules
    query-in-loop = "post-then-sign"

    [rules]
    query-in-loop = "high"                  # or "on", "off"

    [paths]
    exclude = ["legacy/", "*_pb2.py"]       # gitignore patterns, from this file's folder

    [review]
    fail-on = "medium"
    min-confidence = "certain"
    max-inline = 3                          # the root's file only
    gaps = "failure"                        # or "neutral"; the root's file only

    [baseline]
    file = "countersign-baseline.json"      # from this file's folder

    [llm]
    code = "private"                        # or "send", "off"; the root's file only
    exclude = ["billing/"]                  # whose code no language model sees

    [[models]]                              # the root's file only
    file = "tools/billing.toml"             # or the keys of `analyzers/frameworks/*.toml` themselves
"""

from __future__ import annotations

import difflib
import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from analyzers import frameworks
from analyzers.change import Tree
from analyzers.findings import Confidence, Severity
from analyzers.options import Options
from bot.errors import BaselineError, ConfigurationError
from bot.review import baseline
from bot.review.baseline import Baseline
from bot.review.drafts import Mode

FILE_NAME = ".countersign.toml"

MODES: tuple[Mode, ...] = get_args(Mode)
LlmCode = Literal["send", "private", "off"]
LLM_CODES: tuple[LlmCode, ...] = get_args(LlmCode)
Gaps: TypeAlias = Literal["neutral", "failure"]
GAPS: tuple[Gaps, ...] = ("neutral", "failure")

_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "paths": ("exclude",),
    "review": ("fail-on", "min-confidence", "max-inline", "gaps"),
    "baseline": ("file",),
    "llm": ("code", "exclude"),
}
_TOP = ("mode", "modes", "rules", "models", *_SECTIONS)
_ROOT_ONLY = frozenset({"mode", "modes", "review.max-inline", "review.gaps", "models", "llm.code"})

Names: TypeAlias = Mapping[str, Severity | None]


class Configuration(msgspec.Struct, frozen=True):
    """What holds for the files that one `.countersign.toml` governs; without a file, the defaults."""

    path: str = ""
    """The file it was read from; empty for the defaults."""
    mode: Mode = "sign-first"
    """Whether drafts wait for a signature, are posted at once, or not made at all."""
    modes: Mapping[str, Mode] = MappingProxyType({})
    """Another mode, by rule id. Where the mode is `off`, nothing is reviewed at all."""
    rules: Names = MappingProxyType({})
    """Severity by rule id; None switches the rule off."""
    exclude: tuple[str, ...] = ()
    """gitignore patterns from the repository's root."""
    fail_on: Severity = Severity.LOW
    """The least severity that makes a review fail."""
    min_confidence: Confidence = Confidence.LIKELY
    """The least confidence that is reported."""
    max_inline: int = 5
    """How many inline comments a review posts at most."""
    gaps: Gaps = "neutral"
    """What the check concludes when something was not analysed."""
    baseline: Baseline = Baseline()
    """The findings that are accepted."""
    llm_code: LlmCode = "send"
    """Whether a language model sees the code of a finding, only what is said of it, or nothing at all."""
    llm_exclude: tuple[str, ...] = ()
    """gitignore patterns, from the repository's root, of files whose code it never sees."""
    models: tuple[tuple[str, str], ...] = ()
    """Own framework models: (where it was read, TOML text)."""
    lines: Mapping[str, int] = MappingProxyType({})
    """Line of each key that the file sets, by its dotted name; 1-based."""

    @property
    def options(self) -> Options:
        """The same as the engine wants it."""
        return Options(
            disabled=frozenset(rule for rule, severity in self.rules.items() if severity is None),
            severities={rule: severity for rule, severity in self.rules.items() if severity is not None},
            excluded=self.exclude,
            baseline=frozenset(accepted.fingerprint for accepted in self.baseline.accepted),
            models=self.models,
        )

    def mode_of(self, rule: str) -> Mode:
        """How findings of a rule are published."""
        return self.modes.get(rule, self.mode)

    def shown(self, rules: Iterable[str] = ()) -> tuple[tuple[str, str, str], ...]:
        """
        Every value as (dotted name, TOML value, where it came from), in the order of the file's description.

        Args:
            rules: Ids of all rules that are known; those that the file does not name are shown with their default.
        """
        values: dict[str, str] = {"mode": json.dumps(self.mode)}
        values |= {f"modes.{rule}": json.dumps(mode) for rule, mode in sorted(self.modes.items())}
        for rule in sorted({*rules, *self.rules}):
            severity = self.rules.get(rule)
            level = severity.name.lower() if severity is not None else "off" if rule in self.rules else "on"
            values[f"rules.{rule}"] = json.dumps(level)
        values["paths.exclude"] = json.dumps(list(self.exclude), ensure_ascii=False)
        values["review.fail-on"] = json.dumps(self.fail_on.name.lower())
        values["review.min-confidence"] = json.dumps(self.min_confidence.name.lower())
        values["review.max-inline"] = str(self.max_inline)
        values["review.gaps"] = json.dumps(self.gaps)
        values["baseline.file"] = json.dumps(self.baseline.file, ensure_ascii=False)
        values["llm.code"] = json.dumps(self.llm_code)
        values["llm.exclude"] = json.dumps(list(self.llm_exclude), ensure_ascii=False)
        values["models"] = json.dumps([where for where, _ in self.models], ensure_ascii=False)
        return tuple((name, value, self._origin(name)) for name, value in values.items())

    def _origin(self, name: str) -> str:
        line = self.lines.get(name)
        return f"{self.path}:{line}" if line is not None else "default"


class Configurations:
    """All configuration files of one tree; which of them governs a path."""

    def __init__(self, files: Mapping[str, Configuration]) -> None:
        """
        Args:
            files: Configuration by the folder that holds its file; the root is the empty string.
        """
        self._by_folder = {"": _DEFAULT, **files}
        self._options = {folder: configuration.options for folder, configuration in self._by_folder.items()}

    @property
    def root(self) -> Configuration:
        """What holds for the review as a whole: the root's file."""
        return self._by_folder[""]

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """What all of them accept, each file once, by path."""
        found = {each.baseline.file: each.baseline for each in self._by_folder.values() if each.baseline.file}
        return tuple(found[path] for path in sorted(found))

    def for_path(self, path: str) -> Configuration:
        """The configuration of the nearest file at or above a path."""
        return self._by_folder[self._folder_for(path)]

    def options_for(self, path: str) -> Options:
        """The engine's switches for a path."""
        return self._options[self._folder_for(path)]

    def withheld(self, path: str) -> bool:
        """Whether any file's `llm.exclude` keeps a path's code from a language model; the nearest file frees none."""
        import pathspec  # 40 ms that a review without a model does without

        patterns = {pattern for configuration in self._by_folder.values() for pattern in configuration.llm_exclude}
        return pathspec.GitIgnoreSpec.from_lines(sorted(patterns)).match_file(path)

    def _folder_for(self, path: str) -> str:
        folder = posixpath.dirname(path)
        while folder not in self._by_folder:
            folder = posixpath.dirname(folder)
        return folder


_DEFAULT = Configuration()


def read(tree: Tree, rules: Iterable[str]) -> Configurations:
    """
    Read all configuration files of a tree.

    Args:
        tree: Where to read; the base of a change, when commits are reviewed.
        rules: Ids of the rules that may be named.

    Raises:
        ConfigurationError: When a file is not understood, or names a file that is not there.
    """
    known = frozenset(rules)
    return Configurations(
        {
            posixpath.dirname(path): parse(path, _text(tree, path, path, 1), tree, known)
            for path in tree.entries
            if posixpath.basename(path) == FILE_NAME
        }
    )


def parse(path: str, text: str, tree: Tree, rules: frozenset[str]) -> Configuration:
    """
    Read one configuration file.

    Raises:
        ConfigurationError: As `read`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        match = re.search(r"at line (\d+)", str(exc))
        raise ConfigurationError(
            path, int(match[1]) if match else len(text.splitlines()) or 1, f"not TOML: {exc}"
        ) from exc
    return _Reader(path, document, _lines_of(text), tree, rules).read()


class _Reader:
    """One file on its way from TOML to a `Configuration`."""

    def __init__(
        self, path: str, document: Mapping[str, Any], lines: Mapping[str, int], tree: Tree, rules: frozenset[str]
    ) -> None:
        self._path = path
        self._folder = posixpath.dirname(path)
        self._document = document
        self._lines = lines
        self._tree = tree
        self._rules = rules

    def read(self) -> Configuration:
        self._refuse_unknown("", self._document, _TOP)
        for section, keys in _SECTIONS.items():
            self._refuse_unknown(section, self._table(section), keys)
        for section in ("modes", "rules"):
            self._refuse_unknown(section, self._table(section), sorted(self._rules))
        if self._folder and (misplaced := sorted(key for key in _ROOT_ONLY if self._value(key) is not None)):
            raise self._error(
                misplaced[0], f'"{misplaced[0]}" holds for a whole review: set it in the {FILE_NAME} at the root'
            )
        return Configuration(
            path=self._path,
            mode=MODES[self._choice("mode", MODES, _DEFAULT.mode)],
            modes={rule: MODES[self._choice(f"modes.{rule}", MODES, "")] for rule in sorted(self._table("modes"))},
            rules=dict(self._switched()),
            exclude=self._patterns("paths.exclude"),
            fail_on=Severity(self._choice("review.fail-on", _names(Severity), _DEFAULT.fail_on.name.lower())),
            min_confidence=Confidence(
                self._choice("review.min-confidence", _names(Confidence), _DEFAULT.min_confidence.name.lower())
            ),
            max_inline=self._count("review.max-inline", _DEFAULT.max_inline),
            gaps=GAPS[self._choice("review.gaps", GAPS, _DEFAULT.gaps)],
            baseline=self._baseline(self._relative("baseline.file")),
            llm_code=LLM_CODES[self._choice("llm.code", LLM_CODES, _DEFAULT.llm_code)],
            llm_exclude=self._patterns("llm.exclude"),
            models=tuple(self._models()),
            lines=dict(self._lines),
        )

    def _error(self, key: str, problem: str) -> ConfigurationError:
        """An error at the line of a key, or of the nearest thing around it that has one."""
        return ConfigurationError(self._path, _line_of(key, self._lines), problem)

    def _refuse_unknown(self, section: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        names = list(known)
        for key in table:
            if key not in names:
                what = "rule" if section in ("modes", "rules") else "key"
                where = f" in [{section}]" if section and what == "key" else ""
                near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
                hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(names)}"
                raise self._error(f"{section}.{key}".lstrip("."), f'unknown {what} "{key}"{where}; {hint}')

    def _table(self, name: str) -> Mapping[str, Any]:
        value = self._document.get(name, {})
        if not isinstance(value, dict):
            raise self._error(name, f'"{name}" is a section: write [{name}]')
        return value

    def _value(self, key: str) -> Any:
        """The value of a dotted key of this file, or None where it is not set."""
        section, _, name = key.rpartition(".")
        return (self._table(section) if section else self._document).get(name)

    def _choice(self, key: str, choices: tuple[str, ...], default: str) -> int:
        """The number of the chosen word among the choices."""
        value = self._value(key)
        if value is None:
            value = default
        if value not in choices:
            raise self._error(key, f'"{key}" is one of {", ".join(choices)}, not {json.dumps(value, default=str)}')
        return choices.index(value)

    def _switched(self) -> Iterator[tuple[str, Severity | None]]:
        """Rules that are not simply on, each with its severity or with None for off."""
        levels = ("off", "on", *_names(Severity))
        for rule in sorted(self._table("rules")):
            choice = self._choice(f"rules.{rule}", levels, "on")
            if levels[choice] != "on":
                yield rule, Severity(choice - 2) if choice else None

    def _count(self, key: str, default: int) -> int:
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._error(key, f'"{key}" is a whole number from 0')
        return value

    def _string(self, key: str) -> str:
        value = self._value(key)
        if value is not None and (not isinstance(value, str) or not value):
            raise self._error(key, f'"{key}" is a text')
        return value or ""

    def _relative(self, key: str) -> str:
        """A path as the root sees it, named in the file from its own folder."""
        value = self._string(key)
        return self._inside(key, value) if value else ""

    def _inside(self, key: str, path: str) -> str:
        found = posixpath.normpath(posixpath.join(self._folder, path))
        if found.startswith(("../", "/")) or found == "..":
            raise self._error(key, f"{json.dumps(path)} leads out of the repository")
        return found

    def _patterns(self, key: str) -> tuple[str, ...]:
        """Gitignore patterns as the root sees them."""
        value = self._value(key) or []
        if not isinstance(value, list) or not all(isinstance(pattern, str) and pattern for pattern in value):
            raise self._error(key, f'"{key}" is a list of patterns')
        return tuple(_from_root(pattern, self._folder) for pattern in value)

    def _baseline(self, path: str) -> Baseline:
        if not path:
            return Baseline()
        text = _text(self._tree, path, self._path, self._lines.get("baseline.file", 1))
        try:
            return baseline.parse(text, path)
        except BaselineError as exc:
            raise self._error("baseline.file", str(exc)) from exc

    def _models(self) -> Iterator[tuple[str, str]]:
        entries = self._document.get("models", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._error("models", '"models" is a list of sections: write [[models]]')
        for number, entry in enumerate(entries):
            key = f"models.{number}"
            line = self._lines.get(key, self._lines.get("models", 1))
            if "file" not in entry:
                text = _toml(entry)
                if (wrong := _wrong(text)) is not None:
                    raise self._error(f"{key}.{wrong.key}", wrong.problem)
                yield f"{self._path}:{line}", text
            elif len(entry) > 1 or not isinstance(entry["file"], str):
                raise self._error(key, 'an entry of [[models]] that has "file" names a file and has nothing else')
            else:
                path = self._inside(key, entry["file"])
                text = _text(self._tree, path, self._path, self._lines.get(f"{key}.file", line))
                if (wrong := _wrong(text)) is not None:
                    raise ConfigurationError(path, _line_of(wrong.key, _lines_of(text)), wrong.problem)
                yield path, text


def _wrong(text: str) -> frameworks.ModelError | None:
    """What is wrong with a framework model."""
    try:
        frameworks.decode(text, "")
    except frameworks.ModelError as exc:
        return exc
    return None


def _line_of(key: str, lines: Mapping[str, int]) -> int:
    """The line of a key, or of the nearest thing around it that has one."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines.get(key, 1)


def _names(kind: type[Severity | Confidence]) -> tuple[str, ...]:
    """The words of an enumeration, in its order from 0."""
    return tuple(member.name.lower() for member in kind)


def _text(tree: Tree, path: str, named_in: str, line: int) -> str:
    blob = tree.entries.get(path)
    content = tree.read(blob) if blob is not None else None
    if content is None:
        reason = "is not there" if blob is None else "cannot be read: git does not have its content"
        raise ConfigurationError(named_in, line, f"{path} {reason} ({tree.name})")
    try:
        return content.decode()
    except UnicodeDecodeError as exc:
        raise ConfigurationError(path, content[: exc.start].count(b"\n") + 1, "not UTF-8") from exc


def _from_root(pattern: str, folder: str) -> str:
    """
    A gitignore pattern of a folder, as the root would write it.

    With the folder `api`: `*.gen.py` → `/api/**/*.gen.py`, `/old` → `/api/old`, `!keep/x.py` → `!/api/keep/x.py`.
    """
    if not folder:
        return pattern
    negated, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    anchored = "/" in body.rstrip("/")
    return f"{negated}/{folder}/{'' if anchored else '**/'}{body.lstrip('/')}"


_HEADER = re.compile(r"^\s*(?P<open>\[\[?)\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*(?P<name>[\w.'" -]+?)\s*=""")


def _lines_of(text: str) -> Mapping[str, int]:
    """
    Line of each section and key, by dotted name; entries of `[[x]]` are `x.0`, `x.1`, those of `[[x.y]]` `x.1.y.0`.

    `tomllib` keeps no positions. This reads the lines that start a section or a key and skips text of several lines.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    section = ""
    quote = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not quote:
            if header := _HEADER.match(line):
                section = ""
                for part in _plain(header["name"]).split("."):
                    if section in counts:
                        section = f"{section}.{counts[section]}"
                    section = f"{section}.{part}".lstrip(".")
                lines.setdefault(section, number)
                if header["open"] == "[[":
                    counts[section] = counts.get(section, -1) + 1
                    section = f"{section}.{counts[section]}"
                    lines[section] = number
            elif key := _KEY.match(line):
                lines.setdefault(f"{section}.{_plain(key['name'])}".lstrip("."), number)
        for mark in ('"""', "'''"):
            if quote in ("", mark) and line.count(mark) % 2:
                quote = "" if quote else mark
    return lines


def _plain(name: str) -> str:
    """A dotted name without quotes and spaces."""
    return re.sub(r"""['"\s]""", "", name)


def _toml(table: Mapping[str, Any]) -> str:
    """A table as TOML text: one key a line, what is inside it inline."""
    return "".join(f"{json.dumps(key)} = {_toml_value(value)}\n" for key, value in table.items())


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)

from __future__ import annotations

import re
import tomllib

import pytest

from analyzers.findings import Confidence, Severity
from analyzers.options import Options
from bot.errors import ConfigurationError
from bot.review import baseline, configuration
from tests.bot.report import sample
from tests.bot.review.trees import MemoryTree

RULES = ("query-in-loop", "write-in-loop")

FULL = """\
mode = "post-then-sign"

[rules]
query-in-loop = "off"
write-in-loop = "high"

[paths]
exclude = ["legacy/", "/top.py"]

[review]
fail-on = "medium"
min-confidence = "certain"
max-inline = 3
gaps = "failure"

[baseline]
file = "accepted.json"

[[models]]
file = "tools/billing.toml"

[[models]]
name = "stock"
language = "python"

[[models.relations]]
calls = ['stock.Key "x"']
kind = "many"
access = "manager"
generic = true
"""
BILLING = """name = "billing"
language = "python"

[[operations]]
on = "function"
names = ["billing.client.charge"]
does = "send"
kind = "job"
"""
FULL_TREE = MemoryTree(
    {
        ".countersign.toml": FULL,
        "accepted.json": baseline.render([sample.QUERY]),
        "tools/billing.toml": BILLING,
    }
)


def read(files: dict[str, str | bytes | None]) -> configuration.Configurations:
    return configuration.read(MemoryTree(files), RULES)


def test_defaults() -> None:
    """Without a file everything has its default."""
    found = read({"a.py": ""}).for_path("a.py")
    assert found == configuration.Configuration()
    assert found.options == Options()
    assert (found.fail_on, found.min_confidence, found.max_inline) == (Severity.LOW, Confidence.LIKELY, 5)


def test_full() -> None:
    """Every section arrives where it is used."""
    found = configuration.read(FULL_TREE, RULES).root
    assert (found.mode, found.max_inline, found.gaps) == ("post-then-sign", 3, "failure")
    assert (found.fail_on, found.min_confidence) == (Severity.MEDIUM, Confidence.CERTAIN)
    options = found.options
    assert options.disabled == {"query-in-loop"}
    assert options.severities == {"write-in-loop": Severity.HIGH}
    assert options.excluded == ("legacy/", "/top.py")
    assert options.baseline == {sample.QUERY.fingerprint}


def test_on_is_the_default() -> None:
    """A rule that is switched on, as `config show` writes it, is as if it were not named."""
    found = read({".countersign.toml": '[rules]\nquery-in-loop = "on"\n'}).root
    assert found.options == Options()
    assert ("rules.query-in-loop", '"on"', ".countersign.toml:2") in found.shown(RULES)


def test_models() -> None:
    """Own models are TOML text: a file's as it is, an entry's written again with the same meaning."""
    (file, file_text), (entry, entry_text) = configuration.read(FULL_TREE, RULES).root.models
    assert (file, file_text) == ("tools/billing.toml", BILLING)
    assert entry == ".countersign.toml:22"
    assert tomllib.loads(entry_text) == tomllib.loads(FULL)["models"][1]


def test_nearest_file_wins_whole() -> None:
    """The nearest file governs a path; what it leaves out has its default, not the value of a file further up."""
    found = read(
        {
            ".countersign.toml": '[rules]\nquery-in-loop = "off"\n[paths]\nexclude = ["*.gen.py"]\n',
            "services/pay/.countersign.toml": '[paths]\nexclude = ["*.gen.py", "/old", "!old/keep.py"]\n',
        }
    )
    assert found.options_for("services/a.py") == found.options_for("b.py") == found.root.options
    assert found.options_for("b.py").disabled == {"query-in-loop"}
    inner = found.options_for("services/pay/deep/down/c.py")
    assert inner.disabled == frozenset()
    assert inner.excluded == ("/services/pay/**/*.gen.py", "/services/pay/old", "!/services/pay/old/keep.py")
    assert found.for_path("services/payments.py").path == ".countersign.toml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[review]\nfail-onn = "low"\n', '2: unknown key "fail-onn" in [review]; did you mean "fail-on"?'),
        ("[reviews]\n", '1: unknown key "reviews"; did you mean "review"?'),
        ('\n[rules]\nquery-in-lop = "off"\n', '3: unknown rule "query-in-lop"; did you mean "query-in-loop"?'),
        ("[rules]\nzzz = 1\n", '2: unknown rule "zzz"; known are query-in-loop, write-in-loop'),
        (
            '[rules]\nquery-in-loop = "loud"\n',
            '2: "rules.query-in-loop" is one of off, on, info, low, medium, high, critical, not "loud"',
        ),
        ("[review]\nmax-inline = -1\n", '2: "review.max-inline" is a whole number from 0'),
        ('[review]\ngaps = "green"\n', '2: "review.gaps" is one of neutral, failure, not "green"'),
        ("[review]\nmax-inline = true\n", '2: "review.max-inline" is a whole number from 0'),
        ('mode = "loud"\n', '1: "mode" is one of sign-first, post-then-sign, off, not "loud"'),
        ("mode = 3\n", '1: "mode" is one of sign-first, post-then-sign, off, not 3'),
        (
            'x = """\n[rules]\n"""\n',
            '1: unknown key "x"; known are mode, modes, rules, models, paths, review, baseline, llm',
        ),
        ("review = 3\n", '1: "review" is a section: write [review]'),
        ('[paths]\nexclude = "a"\n', '2: "paths.exclude" is a list of patterns'),
        ('[baseline]\nfile = "none.json"\n', "2: none.json is not there (memory)"),
        ('[baseline]\nfile = "../up.json"\n', '2: "../up.json" leads out of the repository'),
        ("[baseline]\nfile = 3\n", '2: "baseline.file" is a text'),
        ("[models]\n", '1: "models" is a list of sections: write [[models]]'),
        (
            '[[models]]\nfile = "a.toml"\nname = "b"\n',
            '1: an entry of [[models]] that has "file" names a file and has nothing else',
        ),
        ("\n\nmode = \n", "3: not TOML: Invalid value (at line 3, column 8)"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """What is not understood is one sentence with file, line and, for a misspelling, the nearest name."""
    with pytest.raises(ConfigurationError) as caught:
        read({".countersign.toml": text})
    assert str(caught.value) == f".countersign.toml:{message}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("does =", "doos =", '7: not a framework model: {} unknown field `doos` - {}; did you mean "does"?'),
        ('"send"', '"sent"', "7: not a framework model: Invalid enum value 'sent' - {}; did you mean \"send\"?"),
        ('["billing.client.charge"]', "3", "6: not a framework model: Expected `array`, got `int` - {}"),
        ('language = "python"\n', "", "1: not a framework model: {} missing required field `language`"),
        (
            "operations",
            "operation",
            '4: not a framework model: {} unknown field `operation`; did you mean "operations"?',
        ),
    ],
)
def test_wrong_models(old: str, new: str, message: str) -> None:
    """An own model that is wrong is told with its line and the nearest name, in its file and in the configuration."""
    text = BILLING.replace(old, new, 1)
    pattern = re.escape(message).replace(re.escape("{}"), ".*")
    with pytest.raises(ConfigurationError, match=rf"^billing\.toml:{pattern}$"):
        read({".countersign.toml": '[[models]]\nfile = "billing.toml"\n', "billing.toml": text})
    before = '[[models]]\nname = "a"\nlanguage = "php"\n[[models]]\n'
    number = int(message.partition(":")[0])
    line = 4 if number == 1 else number + 4
    with pytest.raises(ConfigurationError, match=rf"^\.countersign\.toml:{line}{pattern[1:]}$"):
        read({".countersign.toml": before + text.replace("[[", "[[models.")})


def test_unreadable_files() -> None:
    """An absent or undecodable file is named."""
    with pytest.raises(ConfigurationError, match=r"^\.countersign\.toml:1: .* git does not have its content"):
        read({".countersign.toml": None})
    with pytest.raises(ConfigurationError, match=r"^a/\.countersign\.toml:2: not UTF-8"):
        read({"a/.countersign.toml": b"\n\xff"})
    with pytest.raises(ConfigurationError, match=r"^\.countersign\.toml:2: accepted\.json:1: not JSON"):
        read({".countersign.toml": '[baseline]\nfile = "accepted.json"\n', "accepted.json": "{"})


@pytest.mark.parametrize(
    "text", ['mode = "off"\n', "[review]\nmax-inline = 9\n", '[review]\ngaps = "failure"\n', "[[models]]\n"]
)
def test_review_wide_values_are_the_roots(text: str) -> None:
    """What holds for a whole review cannot be said by a folder."""
    with pytest.raises(ConfigurationError, match=r"set it in the \.countersign\.toml at the root"):
        read({"a/.countersign.toml": text})


def test_shown() -> None:
    """Each value is shown with the file and line that set it, or as a default."""
    rows = {name: (value, origin) for name, value, origin in configuration.read(FULL_TREE, RULES).root.shown(RULES)}
    assert rows["mode"] == ('"post-then-sign"', ".countersign.toml:1")
    assert rows["rules.query-in-loop"] == ('"off"', ".countersign.toml:4")
    assert rows["review.max-inline"] == ("3", ".countersign.toml:13")
    assert rows["models"] == ('["tools/billing.toml", ".countersign.toml:22"]', ".countersign.toml:19")
    assert {origin for _, _, origin in configuration.Configuration().shown(RULES)} == {"default"}


def test_what_a_language_model_may_see() -> None:
    """The root says whether code goes along at all; any file keeps paths back, and none gives back another's."""
    found = read(
        {
            ".countersign.toml": '[llm]\ncode = "private"\nexclude = ["billing/", "*.key.py"]\n',
            "api/.countersign.toml": '[llm]\nexclude = ["keys/"]\n',
        }
    )
    assert found.root.llm_code == "private"
    paths = ("billing/a.py", "api/keys/a.py", "api/x.key.py", "keys/a.py", "api/a.py")
    assert [found.withheld(path) for path in paths] == [True, True, True, False, False]
    assert not read({}).withheld("billing/a.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[llm]\ncode = "all"\n', '.countersign.toml:2: "llm.code" is one of send, private, off, not "all"'),
        ('[llm]\nexclude = "x"\n', '.countersign.toml:2: "llm.exclude" is a list of patterns'),
        ('[llm]\nmodel = "x"\n', '.countersign.toml:2: unknown key "model" in [llm]; '),
    ],
)
def test_refusals_about_a_language_model(text: str, message: str) -> None:
    """What is not understood is named with its line."""
    with pytest.raises(ConfigurationError) as raised:
        read({".countersign.toml": text})
    assert str(raised.value).startswith(message)

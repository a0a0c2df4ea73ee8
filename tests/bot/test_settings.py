"""
Settings come from the environment and a file, are checked, and never give a secret away.
"""

from __future__ import annotations

import copy
import pickle
import traceback
from pathlib import Path

import msgspec
import pytest

from bot import settings
from bot.errors import SettingsError
from bot.settings import Secret, Settings

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "countersign.toml"
    path.write_text('# ours\nllm-model = "small"\ngithub-app-id = 12\nreviews-at-once = 3\n')
    return path


def refused(environment: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(SettingsError) as raised:
        settings.read(environment, file)
    return str(raised.value)


def test_nothing_is_set() -> None:
    """Without any setting the defaults hold, and the service says what it needs."""
    read = settings.read({"PATH": "/bin", "COUNTERSIGN_LLM_MODEL": ""})
    assert read == Settings()
    assert list(read.shown()) == []
    assert read.database.startswith("sqlite:////")
    assert read.database.endswith("/countersign/countersign.sqlite3")
    assert read.private_key is None
    assert read.missing() == (
        "COUNTERSIGN_GITHUB_APP_ID",
        "COUNTERSIGN_GITHUB_PRIVATE_KEY",
        "COUNTERSIGN_GITHUB_WEBHOOK_SECRET",
    )


def test_the_environment_has_the_last_word(file: Path) -> None:
    """A file's values hold where the environment says nothing; an option names the file, or else a variable does."""
    environment = {"COUNTERSIGN_REVIEWS_AT_ONCE": "5", "COUNTERSIGN_DATA_DIR": "/srv/data"}
    read = settings.read(environment, file)
    assert (read.llm_model, read.github_app_id, read.reviews_at_once) == ("small", 12, 5)
    assert read.database == "sqlite:////srv/data/countersign.sqlite3"
    assert read.index_file == Path("/srv/data/index.sqlite3")
    assert settings.read({**environment, "COUNTERSIGN_SETTINGS": str(file)}) == read
    assert dict(read.shown()) == {
        "COUNTERSIGN_DATA_DIR": "/srv/data",
        "COUNTERSIGN_GITHUB_APP_ID": "12",
        "COUNTERSIGN_REVIEWS_AT_ONCE": "5",
        "COUNTERSIGN_LLM_MODEL": "small",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\n\nllm-modle = 'x'", ":3: llm-modle is no setting; did you mean llm-model?"),
        ("[github]\napp-id = 1", ":1: github is no setting"),
        ("plain = true", ":1: plain is no setting"),
        ("github-app-id = 'x'", ":1: github-app-id: expected `int | null`, got `str`"),
        ("\nreviews-at-once = 0", ":2: reviews-at-once: expected `int` >= 1"),
        ("github-webhook-secret = 5", ":1: github-webhook-secret: expected `str`"),
        ("a = ", "the settings file is not TOML"),
        ("[[slack-channels]]\nid = 'C1'\nchanel = 'x'", ":1: slack-channels: object contains unknown field `chanel`"),
        ("[[slack-channels]]\ndigest = '0 9 * * *'", ":1: slack-channels: a channel has either an id or a webhook"),
        ("[[slack-channels]]\nid = 'C1'\ndigest = '0 99 * * *'", "'0 99 * * *' is no schedule as in a crontab"),
        ("[[slack-channels]]\nid = 'C1'\ntime-zone = '../UTC'", "'../UTC' is no time zone"),
    ],
)
def test_a_wrong_file_is_refused(file: Path, text: str, says: str) -> None:
    """What is not understood is named with its line and the nearest key."""
    file.write_text(text)
    message = refused({}, file)
    assert says in message
    assert str(file) in message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused({}, tmp_path / "absent.toml")
    assert "No such file" in refused({"COUNTERSIGN_SETTINGS": str(tmp_path / "absent.toml")})


def test_wrong_values_are_refused() -> None:
    """A variable is named, its value is not repeated."""
    assert refused({"COUNTERSIGN_REVIEW_MINUTES": "soon"}) == "COUNTERSIGN_REVIEW_MINUTES: expected `int`, got `str`"


def test_unknown_variables_are_known() -> None:
    """A misspelt variable is found with the one that was meant."""
    environment = {"COUNTERSIGN_WEBHOOK_SECRET": "x", "COUNTERSIGN_LLM_MODEL": "x", "HOME": "/", "COUNTERSIGN_X": ""}
    assert settings.unknown(environment) == (
        ("COUNTERSIGN_WEBHOOK_SECRET", "COUNTERSIGN_GITHUB_WEBHOOK_SECRET"),
        ("COUNTERSIGN_X", ""),
    )


def test_secrets_stay_secret() -> None:
    """No way of showing settings shows a secret; only asking for it does."""
    words = {name: f"hush-{name}" for name in settings.NAMES if "Secret" in Settings.__annotations__[name]}
    assert len(words) == 8
    read = settings.read({settings.variable(name): word for name, word in words.items()})
    shown = [repr(read), str(read), f"{read.llm_api_key}", repr(dict(read.shown())), repr(msgspec.structs.asdict(read))]
    assert [text for text in shown if "hush" in text] == []
    assert {name: getattr(read, name).reveal() for name in words} == words
    with pytest.raises(TypeError):
        msgspec.json.encode(read)
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            write(read)


def test_a_secret_equals_itself() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


def test_the_private_key_is_found(tmp_path: Path) -> None:
    """It may be the PEM itself, with newlines however they were written, or a file."""
    path = tmp_path / "key.pem"
    path.write_text(PEM)
    for said in (PEM, PEM.strip(), PEM.replace("\n", "\\n"), str(path)):
        key = settings.read({"COUNTERSIGN_GITHUB_PRIVATE_KEY": said}).private_key
        assert key == Secret(PEM), said


@pytest.mark.parametrize(
    "said", ["MIIEsecret", "/no/such/secret", "-----BEGIN CERTIFICATE-----\nsecret", "x" * 5000 + "secret"]
)
def test_no_private_key_is_refused(said: str) -> None:
    """What is no key is refused without repeating it, not even in a traceback."""
    read = settings.read({"COUNTERSIGN_GITHUB_PRIVATE_KEY": said})
    with pytest.raises(SettingsError, match="COUNTERSIGN_GITHUB_PRIVATE_KEY") as raised:
        _ = read.private_key
    assert "secret" not in "".join(traceback.format_exception(raised.value))


def test_channels(file: Path) -> None:
    """Places in Slack come one by one from the environment, or as tables of the file; a webhook stays a secret."""
    file.write_text(
        "[[slack-channels]]\nid = 'C2'\ndigest = '30 8 * * 1'\ntime-zone = 'Europe/Berlin'\n"
        "teams = ['@acme/payments']\n"
        "[[slack-channels]]\nwebhook = 'https://hooks.slack.com/services/T/B/hush'\nseverity = 'high'\n"
    )
    read = settings.read({"COUNTERSIGN_SLACK_CHANNEL": "C1", "COUNTERSIGN_SLACK_MESSAGES": "critical"}, file)
    first, second, third = read.channels
    assert (first.name, first.messages, first.digest) == ("C1", "critical", "")
    assert (second.name, second.time_zone, second.teams) == ("C2", "Europe/Berlin", ("@acme/payments",))
    assert third.webhook == Secret("https://hooks.slack.com/services/T/B/hush")
    assert "hush" not in repr(read) + third.name + str(dict(read.shown()))
    as_json = '[{"id": "C3", "messages": "all"}]'
    assert settings.read({"COUNTERSIGN_SLACK_CHANNELS": as_json}).channels[0].messages == "all"
    assert "no schedule" in refused({"COUNTERSIGN_SLACK_CHANNEL": "C1", "COUNTERSIGN_SLACK_DIGEST": "daily"})
    assert "slack_channels".upper() in refused({"COUNTERSIGN_SLACK_CHANNELS": "C3"})

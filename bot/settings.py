"""
How this installation is set up: read once, then passed down. Nothing else reads the environment.

Each field of `Settings` is a variable of the environment, `COUNTERSIGN_` and its name in capitals, and a key of the
settings file, its name with hyphens:

    COUNTERSIGN_GITHUB_APP_ID=1234          github-app-id = 1234

The environment has the last word; a variable that is set to nothing counts as unset. The README lists all of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import zoneinfo
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from bot.errors import SettingsError

PREFIX = "COUNTERSIGN_"
FILE_VARIABLE = "COUNTERSIGN_SETTINGS"
"""Names the settings file, where no option does."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Amount = Annotated[float, msgspec.Meta(ge=0)]


class Secret:
    """A text that is never shown by accident: not printed, not logged, not in a traceback, not serialised."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


class SlackChannel(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A place in Slack, and what is told there. Without a filter, everything is."""

    id: str = ""
    """The channel's id, `C0123456789`; buttons and messages that are kept up to date need the app in it."""
    webhook: Secret | None = None
    """Or an incoming webhook's URL, where there is no app: what is posted through it stays as it is."""
    digest: str = ""
    """When the digest is posted, as in a crontab: `0 9 * * 1-5`; empty for never."""
    time_zone: str = "UTC"
    """Of the digest's times: `Europe/Berlin`."""
    messages: Literal["all", "critical", "none"] = "none"
    """Reviews that get a message of their own: those with drafts that wait, those with a critical one."""
    repositories: tuple[str, ...] = ()
    """`owner/name`, with `*`."""
    teams: tuple[str, ...] = ()
    """Owners of the files, as CODEOWNERS names them: `@acme/payments`."""
    severity: Literal["info", "low", "medium", "high", "critical"] = "info"
    """The least that is told."""

    def __post_init__(self) -> None:
        if bool(self.id) == (self.webhook is not None):
            raise ValueError("a channel has either an id or a webhook")
        if self.digest:
            from cronsim import CronSim, CronSimError  # who has no digest has no need of it

            try:
                CronSim(self.digest, dt.datetime(2000, 1, 1))
            except CronSimError as exc:
                raise ValueError(f"{self.digest!r} is no schedule as in a crontab: {exc}") from exc
        try:
            zoneinfo.ZoneInfo(self.time_zone)
        except (ValueError, zoneinfo.ZoneInfoNotFoundError) as exc:
            raise ValueError(f"{self.time_zone!r} is no time zone") from exc

    @property
    def name(self) -> str:
        """What the channel is known by; of a webhook, a name that does not give it away."""
        if self.webhook is None:
            return self.id
        return f"webhook-{hashlib.sha256(self.webhook.reveal().encode()).hexdigest()[:12]}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings; a default is what holds where nothing is said."""

    data_dir: Path | None = None
    """Where everything is kept: the database, the index, checkouts."""
    database_url: Secret | None = None
    """`sqlite:///FILE`, or `postgresql://…` for several hosts; it may hold a password."""
    github_app_id: Positive | None = None
    """The App's id."""
    github_private_key: Secret | None = None
    """The App's private key: PEM, or the path of a PEM file."""
    github_webhook_secret: Secret | None = None
    """What GitHub signs deliveries with."""
    github_client_id: str | None = None
    """The App's client id, with which people sign in to the signing desk."""
    github_client_secret: Secret | None = None
    """A client secret of the App; sessions are sealed with it too."""
    web_url: str | None = None
    """Where people reach the signing desk: `https://HOST`, at the root of its host."""
    github_api_url: str = "https://api.github.com"
    """Of a GitHub Enterprise Server: `https://HOST/api/v3`."""
    ca_file: Path | None = None
    """PEM file of certificate authorities to trust instead of the usual ones."""
    payload_megabytes: Positive = 25
    """The largest delivery that is read; GitHub sends at most 25."""
    reviews_at_once: Positive = 2
    """How many reviews one process of the service runs side by side."""
    review_minutes: Positive = 15
    """How long the analysis of one change may take."""
    review_megabytes: Positive = 4096
    """How much memory the analysis of one change may take."""
    checkout_gigabytes: Positive = 20
    """How much room the clones may take on disk before the one that was not used for longest goes."""
    reviews_per_installation: Positive = 8
    """How many reviews of one installation are under way at once, on all hosts together."""
    commands_per_hour: Positive = 60
    """How many comments with commands are heard from one person; more are passed over."""
    retry_seconds: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """How long the first retry waits after GitHub did not answer; each further one waits twice as long."""
    sweep_seconds: Positive = 300
    """How often is looked for what was missed, and for reactions."""
    silence_seconds: Positive = 30
    """How long a process may give no sign of life before another takes over its work."""
    otlp_endpoint: str | None = None
    """Where traces are sent to, over HTTP: `http://HOST:4318`; needs the extra `otel`."""
    llm_base_url: str | None = None
    """The language model's endpoint, OpenAI-compatible."""
    llm_api_key: Secret | None = None
    """The endpoint's key."""
    llm_model: str | None = None
    """The model's name there; without one none is asked."""
    llm_api_version: str | None = None
    """Azure's `api-version`; then the endpoint is Azure's and the model a deployment."""
    llm_private: bool = False
    """Whether the model is told findings only, and no code."""
    llm_seconds: Positive = 60
    """How long one question may take, with all its retries."""
    llm_at_once: Positive = 2
    """How many questions one process asks side by side."""
    llm_per_minute: Positive = 30
    """How many questions all processes ask in a minute."""
    llm_temperature: Amount | None = None
    """Instead of the prompt's own."""
    llm_evidence_tokens: Positive | None = None
    """The most evidence that one question holds, instead of the prompt's own."""
    llm_answer_tokens: Positive | None = None
    """The longest answer, instead of the prompt's own."""
    llm_input_price: Amount = 0.0
    """Of a million tokens that are sent, in any currency."""
    llm_output_price: Amount = 0.0
    """Of a million tokens of answers."""
    llm_review_budget: Amount | None = None
    """The most that one review may cost."""
    llm_repository_budget: Amount | None = None
    """The most that one repository may cost in a calendar month."""
    llm_month_budget: Amount | None = None
    """The most that all of it may cost in a calendar month."""
    slack_bot_token: Secret | None = None
    """The Slack app's token."""
    slack_signing_secret: Secret | None = None
    """What Slack signs its requests with."""
    slack_api_url: str = "https://slack.com/api/"
    """Where Slack's methods are."""
    slack_channel: str | None = None
    """The id of the channel to post to."""
    slack_webhook_url: Secret | None = None
    """An incoming webhook to post to, where there is no app."""
    slack_digest: str = ""
    """When the digest is posted there: `0 9 * * 1-5`; empty for never."""
    slack_time_zone: str = "UTC"
    """Of these times."""
    slack_messages: Literal["all", "critical", "none"] = "none"
    """Which reviews get a message of their own there."""
    slack_channels: tuple[SlackChannel, ...] = ()
    """More channels, each told what concerns it; in the environment, as JSON."""
    plain: bool = False
    """`NO_COLOR`, set to anything but nothing: no colours (https://no-color.org). Not in the file."""

    @property
    def index_file(self) -> Path:
        """The one SQLite file that keeps IR by blob id. It may be deleted at any time."""
        return self.cache_dir / "index.sqlite3"

    @property
    def cache_dir(self) -> Path:
        """Where things are kept that can be made again; without a data directory, the user's cache folder."""
        if self.data_dir is not None:
            return self.data_dir
        import platformdirs  # on first use: `--version` has no need of it

        return platformdirs.user_cache_path("countersign", appauthor=False)

    @property
    def database(self) -> str:
        """The database's URL; without one, a file in the data directory or else in the user's data folder."""
        if self.database_url is not None:
            return self.database_url.reveal()
        import platformdirs

        folder = self.data_dir or platformdirs.user_data_path("countersign", appauthor=False)
        return f"sqlite:///{folder / 'countersign.sqlite3'}"

    @property
    def private_key(self) -> Secret | None:
        """
        The App's private key in PEM, read from its file where the setting names one.

        Raises:
            SettingsError: When that file cannot be read, or holds no private key.
        """
        if self.github_private_key is None:
            return None
        name = "github_private_key"
        text = self.github_private_key.reveal()
        if "-----BEGIN" not in text:
            try:
                text = Path(text).expanduser().read_text("utf-8")
            except (OSError, ValueError):
                raise SettingsError(
                    f"{variable(name)} is neither a private key in PEM nor the path of a file that can be read"
                ) from None  # the cause would tell the path, which may be a key that lost its first line
        # Where newlines can't be written (an `.env` file), `\n` stands for them.
        text = text.replace("\\n", "\n").strip() + "\n"
        if not re.match(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n", text):
            raise SettingsError(f"{variable(name)} is no private key in PEM")
        return Secret(text)

    @property
    def channels(self) -> tuple[SlackChannel, ...]:
        """
        All places in Slack.

        Raises:
            ValueError: The schedule or the time zone of the first is none.
        """
        own = [(self.slack_channel or "", None)] if self.slack_channel else []
        webhooks = [("", self.slack_webhook_url)] if self.slack_webhook_url is not None else []
        single = (
            SlackChannel(
                id=id_,
                webhook=webhook,
                digest=self.slack_digest,
                time_zone=self.slack_time_zone,
                messages=self.slack_messages,
            )
            for id_, webhook in (*own, *webhooks)
        )
        return (*single, *self.slack_channels)

    def missing(self) -> tuple[str, ...]:
        """The variables of what `countersign serve` cannot do without and that is not set."""
        needed = ("github_app_id", "github_private_key", "github_webhook_secret")
        return tuple(variable(name) for name in needed if getattr(self, name) is None)

    @property
    def has_desk(self) -> bool:
        """
        Whether there is a signing desk: what it needs is set.

        Raises:
            SettingsError: Only a part of it is set, or its address is none.
        """
        needed = ("github_client_id", "github_client_secret", "web_url")
        missing = [variable(name) for name in needed if getattr(self, name) is None]
        if len(missing) == len(needed):
            return False
        if missing:
            raise SettingsError(f"the signing desk needs {', '.join(missing)}")
        if not re.fullmatch(r"https?://[^/?#@]+/?", self.web_url or ""):
            raise SettingsError(f"{variable('web_url')} is not of the form https://HOST")
        return True

    @property
    def desk_url(self) -> str:
        """Where the signing desk is, without a slash at its end; empty where there is none."""
        return (self.web_url or "").rstrip("/") if self.has_desk else ""

    def shown(self) -> Iterator[tuple[str, str]]:
        """Each setting that is not its default, as (variable, value); a secret's value is only said to be there."""
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            if field.name != "plain" and value != field.default:
                yield variable(field.name), "set" if isinstance(value, Secret) else str(value)


NAMES = tuple(name for name in Settings.__struct_fields__ if name != "plain")
"""Those that may be set, in the order of the documentation."""


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def key(name: str) -> str:
    """The settings file's key of a setting."""
    return name.replace("_", "-")


def read(environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """
    Read the settings from environment variables and from a file.

    Args:
        environment: All variables.
        file: The settings file; by default the one that the environment names, or none.

    Raises:
        SettingsError: When a value or the file is not as it must be; it names which, and never a value.
    """
    if file is None and environment.get(FILE_VARIABLE):
        file = Path(environment[FILE_VARIABLE]).expanduser()
    said: dict[str, tuple[str, object]] = {} if file is None else dict(_in_file(file))
    for name in NAMES:
        if value := environment.get(variable(name)):
            said[name] = (variable(name), value)
    types = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    values = {name: _converted(where, value, types[name]) for name, (where, value) in said.items()}
    settings = Settings(**values, plain=bool(environment.get("NO_COLOR")))
    try:
        settings.channels  # noqa: B018  # what is wrong with one is said now, not when it is posted to
    except ValueError as exc:
        raise SettingsError(f"{variable('slack_digest')}, {variable('slack_time_zone')}: {exc}") from exc
    return settings


def unknown(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Variables that look like settings but are none, each with the nearest name that is one, or with nothing."""
    known = [FILE_VARIABLE.removeprefix(PREFIX), *map(str.upper, NAMES)]
    rests = (name.removeprefix(PREFIX) for name in sorted(environment) if name.startswith(PREFIX))
    nearest = ((rest, _nearest(rest, known)) for rest in rests if rest not in known)
    return tuple((PREFIX + rest, name and PREFIX + name) for rest, name in nearest)


def _in_file(file: Path) -> Iterator[tuple[str, tuple[str, object]]]:
    """Each setting of a file: its name, and where it stands with what is said."""
    import tomllib  # most runs read no file

    try:
        text = file.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as exc:
        raise SettingsError(f"the settings file cannot be read: {file}: {exc.strerror or exc}") from exc
    except ValueError as exc:
        raise SettingsError(f"the settings file is not TOML: {file}: {exc}") from exc
    keys = {key(name): name for name in NAMES}
    for said, value in document.items():
        where = f"{file}:{_line(text, said)}: {said}"
        if said not in keys:
            nearest = _nearest(said, list(keys))
            raise SettingsError(f"{where} is no setting" + (f"; did you mean {nearest}?" if nearest else ""))
        yield keys[said], (where, value)


def _converted(where: str, value: object, wanted: Any) -> Any:
    try:
        if isinstance(value, str) and wanted == tuple[SlackChannel, ...]:
            value = msgspec.json.decode(value)
        return msgspec.convert(value, wanted, strict=False, dec_hook=_decode)
    except msgspec.DecodeError as exc:
        raise SettingsError(f"{where}: {str(exc)[0].lower()}{str(exc)[1:]}") from exc


def _decode(wanted: type, value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("Expected `str`")
    return Path(value).expanduser().absolute() if wanted is Path else wanted(value)


def _line(text: str, said: str) -> int:
    """The line of a key at the top of a TOML file; 1-based."""
    found = re.search(rf"""^[\[ \t"']*{re.escape(said)}\b""", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _nearest(name: str, known: list[str]) -> str:
    import difflib  # only who errs needs it

    return next(iter(difflib.get_close_matches(name, known, n=1)), "")

"""
Two hundred secrets of many kinds, planted where programs keep them. They are drawn by lot, always the same ones.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

_UPPER, _LOWER, _DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
_MIXED = _UPPER + _LOWER + _DIGITS


class Planted(NamedTuple):
    """A secret in a line or more of code."""

    kind: str
    secret: str
    """What must be gone."""
    code: str
    """Python."""


class _Lot:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, alphabet: str, length: int) -> str:
        """Text of a length, with digits in it as all such text has."""
        text = [self._random.choice(alphabet) for _ in range(length)]
        digits = [char for char in alphabet if char in _DIGITS]
        for at in self._random.sample(range(length), min(3, length)) if digits else ():
            text[at] = self._random.choice(digits)
        return "".join(text)

    def word(self) -> str:
        """A password as people choose them."""
        name = self._random.choice(("tiger", "sommer", "monkey", "dragon", "qwertz", "letmein", "arsenal", "shadow"))
        return f"{name.capitalize()}{self._random.randrange(100, 9999)}{self._random.choice('!#?*+')}"

    def base64(self, size: int) -> str:
        return base64.b64encode(self._random.randbytes(size)).decode()


_TOKENS: dict[str, Callable[[_Lot], str]] = {
    "aws key id": lambda lot: "AKIA" + lot.of(_UPPER + "234567", 16),
    "github": lambda lot: "ghp_" + lot.of(_MIXED, 36),
    "github fine-grained": lambda lot: "github_pat_" + lot.of(_MIXED, 22) + "_" + lot.of(_MIXED, 59),
    "gitlab": lambda lot: "glpat-" + lot.of(_MIXED, 20),
    "slack bot": lambda lot: f"xoxb-{lot.of(_DIGITS, 12)}-{lot.of(_DIGITS, 12)}-{lot.of(_MIXED, 24)}",
    "slack app": lambda lot: (
        f"xapp-1-A{lot.of(_UPPER + _DIGITS, 10)}-{lot.of(_DIGITS, 13)}-{lot.of(_LOWER + _DIGITS, 64)}"
    ),
    "stripe": lambda lot: "sk_live_" + lot.of(_MIXED, 24),
    "stripe restricted": lambda lot: "rk_live_" + lot.of(_MIXED, 24),
    "stripe webhook": lambda lot: "whsec_" + lot.of(_MIXED, 32),
    "openai": lambda lot: "sk-proj-" + lot.of(_MIXED, 48),
    "anthropic": lambda lot: "sk-ant-api03-" + lot.of(_MIXED, 80),
    "hugging face": lambda lot: "hf_" + lot.of(_MIXED, 34),
    "google": lambda lot: "AIza" + lot.of(_MIXED + "-_", 35),
    "google oauth": lambda lot: "ya29." + lot.of(_MIXED + "-_", 60),
    "sendgrid": lambda lot: f"SG.{lot.of(_MIXED, 22)}.{lot.of(_MIXED, 43)}",
    "twilio": lambda lot: "SK" + lot.of("0123456789abcdef", 32),
    "mailchimp": lambda lot: lot.of("0123456789abcdef", 32) + "-us21",
    "npm": lambda lot: "npm_" + lot.of(_MIXED, 36),
    "pypi": lambda lot: "pypi-AgEIcHlwaS5vcmc" + lot.of(_MIXED, 60),
    "shopify": lambda lot: "shpat_" + lot.of("0123456789abcdef", 32),
    "digitalocean": lambda lot: "dop_v1_" + lot.of("0123456789abcdef", 64),
    "telegram": lambda lot: f"{lot.of('123456789', 9)}:AA{lot.of(_MIXED, 33)}",
    "jwt": lambda lot: f"eyJhbGciOiJIUzI1NiJ9.eyJ{lot.of(_MIXED, 40)}.{lot.of(_MIXED, 43)}",
    "vault": lambda lot: "hvs." + lot.of(_MIXED, 24),
    "linear": lambda lot: "lin_api_" + lot.of(_MIXED, 40),
    "postman": lambda lot: f"PMAK-{lot.of('0123456789abcdef', 24)}-{lot.of('0123456789abcdef', 34)}",
    "new relic": lambda lot: "NRAK-" + lot.of(_UPPER + _DIGITS, 27),
    "square": lambda lot: "sq0csp-" + lot.of(_MIXED, 43),
    "docker hub": lambda lot: "dckr_pat_" + lot.of(_MIXED, 27),
    "sentry": lambda lot: "sntrys_" + lot.of(_MIXED, 60),
    "random base64": lambda lot: lot.base64(32),
    "random hex": lambda lot: lot.of("0123456789abcdef", 40),
}
"""By kind: what says what it is, or looks drawn by lot, wherever it stands."""
_WHERE = (
    "client = Client({0!r})",
    "send(order, via='{0}')  # the live one",
    "# rotate {0} before the release",
    "CONFIG = {{'live': ['{0}']}}",
)
_NAMED: dict[str, str] = {
    "django secret key": "SECRET_KEY = 'django-insecure-{0}'",
    "password": "password = '{0}'",
    "password in a call": "connect(host='db', password='{0}')",
    "password in a dict": "DATABASES = {{'default': {{'NAME': 'shop', 'PASSWORD': '{0}'}}}}",
    "password by default": "DB_PASSWORD = os.environ.get('DB_PASSWORD', '{0}')",
    "password typed": "class Settings:\n    db_password: str = '{0}'",
    "password in a field": "class Settings:\n    api_secret: str = Field('{0}')",
    "password compared": "if given == expected_password or '{0}' == password:\n    pass",
    "password in a comment": "# the admin's password: {0}",
    "passphrase": "load_key(path, passphrase=b'{0}')",
    "token in an attribute": "self.auth_token = '{0}'",
    "token by key": "headers['X-Api-Token'] = '{0}'",
    "api key": 'API_KEY = "{0}"',
    "client secret": "oauth.register('shop', client_secret='{0}')",
    "signing key": "signer = Signer(signing_key='{0}')",
    "webhook secret": "WEBHOOK_SECRET: Final[str] = '{0}'",
    "url of a database": "DATABASE_URL = 'postgres://shop:{0}@db.internal:5432/shop'",
    "url of a queue": "broker = 'amqp://worker:{0}@queue//'",
    "url of redis": "cache = 'redis://:{0}@cache:6379/0'",
    "connection string": "engine = create('Server=db;Database=shop;User Id=sa;Password={0};Encrypt=yes')",
    "azure storage": "blob = 'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={0};'",
    "signature in a query": "url = 'https://shop.blob.core.example/x?sv=2022&sig={0}'",
    "token in a query": "url = 'https://api.example/v1/orders?access_token={0}'",
    "bearer": "headers = {{'Authorization': 'Bearer {0}'}}",
    "basic": "headers = {{'Authorization': 'Basic {0}'}}",
    "slack webhook": "url = 'https://hooks.slack.com/services/T00000000/B00000000/{0}'",
    "sentry dsn": "sentry_sdk.init('https://{0}@o1.ingest.example/12')",
    "a description in a string": "note = 'log in with password={0}'",
}
_RANDOM_ONLY = frozenset({"azure storage", "signature in a query", "token in a query", "bearer", "basic", "sentry dsn"})


def planted() -> Iterator[Planted]:
    """All of them: 128 tokens, 56 by what they are given to, 16 private keys."""
    lot = _Lot(7)
    for kind, draw in _TOKENS.items():
        for where in _WHERE:
            secret = draw(lot)
            yield Planted(kind, secret, where.format(secret))
    for kind, code in _NAMED.items():
        for _ in range(2):
            secret = lot.of(_MIXED, 32) if kind in _RANDOM_ONLY else lot.word()
            yield Planted(kind, secret, code.format(secret))
    for number in range(16):
        body = "\n".join(lot.base64(48) for _ in range(3))
        kind = ("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY")[number % 4]
        key = f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"
        code = f'KEY = """{key}"""' if number < 8 else f"KEY = {key!r}"
        yield Planted(kind.lower(), body.splitlines()[1], code)

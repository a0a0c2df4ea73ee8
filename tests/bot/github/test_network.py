"""
What stands between us and GitHub: another certificate authority, a proxy, a redirection.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.github.checkout import Checkouts
from bot.github.client import GitHub
from bot.github.errors import NotFound, Unavailable

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()
COMMIT = "1" * 40


class _Server(http.server.ThreadingHTTPServer):
    """Knows the App and no repository, or sends everybody elsewhere; remembers what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.elsewhere = ""

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us ends the connection."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    APP: ClassVar = json.dumps({"id": 1, "slug": "countersign"}).encode()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        known = self.path.endswith("/app") and not self.server.elsewhere
        self.send_response(301 if self.server.elsewhere else 200 if known else 404)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere + self.path)
        self.send_header("Content-Length", str(len(self.APP) if known else 0))
        self.end_headers()
        self.wfile.write(self.APP if known else b"")

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextlib.contextmanager
def _running() -> Iterator[_Server]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[_Server]:
    with _running() as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ours")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), critical=False)
        .sign(KEY, hashes.SHA256())
    )
    file = tmp_path / "authority.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + PEM.encode())
    return file


def test_our_own_authority(server: _Server, authority: Path, tmp_path: Path) -> None:
    """A server is trusted when its authority is named, and only then; by git too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://127.0.0.1:{server.server_port}"
    assert GitHub(1, PEM, api_url=f"{url}/api/v3", ca_file=authority).identity.slug == "countersign"
    with pytest.raises(Unavailable, match="SSLError"):
        _ = GitHub(1, PEM, api_url=f"{url}/api/v3").identity
    trusting, other = (Checkouts(tmp_path / "cache", ca_file=file) for file in (authority, None))
    with pytest.raises(NotFound), trusting.checkout(f"{url}/acme/orders.git", "token", (COMMIT,)):
        pass
    with pytest.raises(Unavailable, match="certificate"), other.checkout(f"{url}/acme/orders.git", "token", (COMMIT,)):
        pass


def test_a_proxy(server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ask a proxy that the environment names, for a host that only the proxy knows."""
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    host = "http://github.example.invalid"
    assert GitHub(1, PEM, api_url=f"{host}/api/v3").identity.slug == "countersign"
    with (
        pytest.raises(NotFound),
        Checkouts(tmp_path / "cache").checkout(f"{host}/acme/orders.git", "token", (COMMIT,)),
    ):
        pass
    assert [path.partition("?")[0] for path in server.asked] == [
        "http://github.example.invalid:80/api/v3/app",
        "http://github.example.invalid/acme/orders.git/info/refs",
    ]


def test_a_redirection(server: _Server, tmp_path: Path) -> None:
    """Credentials go to the server they are for, wherever it sends us."""
    with _running() as other:
        server.elsewhere = f"http://localhost:{other.server_port}"
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(Unavailable, match="leads elsewhere"):
            _ = GitHub(1, PEM, api_url=f"{url}/api/v3").identity
        with (
            pytest.raises(Unavailable, match="301"),
            Checkouts(tmp_path / "cache").checkout(f"{url}/acme/orders.git", "token", (COMMIT,)),
        ):
            pass
        assert len(server.asked) == 2
        assert other.asked == []

"""Whom a line believes: certificates of the channel's authority only, and nothing that the environment says."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.exchange.municipal.channels import Connection
from app.exchange.municipal.sending import Failed, Line
from app.kernel import calendar
from tests.exchange.municipal.carrying import SECRET


class Busy(BaseHTTPRequestHandler):
    """Comes back later, at a date."""

    protocol_version = "HTTP/1.1"
    cookies: list[str | None] = []  # noqa: RUF012  one server at a time

    def do_GET(self) -> None:
        self.cookies.append(self.headers.get("Cookie"))
        self.send_response(503)
        self.send_header("Retry-After", (calendar.now() + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"))
        self.send_header("Set-Cookie", "city=1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def certificate(folder: Path) -> Path:
    """A certificate for this machine that is its own authority, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "city")])
    now = calendar.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "city.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@contextmanager
def secured(pem: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def asked(address: str, authority: Path | None, times: int = 1) -> Failed:
    settings = Connection.model_validate(
        {"address": address, "key_id": "tests", "secret": SECRET, "authority": authority, "answer_seconds": 5}
    )
    with closing(Line(settings)) as line:
        for _ in range(times):
            answer = line.exchange("GET", "/records")
    assert isinstance(answer, Failed)
    return answer


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_only_the_channels_own_authority_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    Busy.cookies.clear()
    with secured(pem) as address:
        good = asked(address, pem, times=2)
        assert good.code == "http_503"
        assert good.retry_after is not None
        assert timedelta(seconds=80) < good.retry_after <= timedelta(seconds=90)
        assert Busy.cookies == [None, None]
        assert asked(address, None).code == "certificate"
        assert asked(address.replace("127.0.0.1", "localhost"), pem).code == "certificate"

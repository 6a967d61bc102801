"""SEC-05, SEC-06: certificates are checked by name although an address is called, and https has a deadline too."""

from __future__ import annotations

import datetime
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lti_1p3_provider import checks
from lti_1p3_provider.conf import CA_VARIABLES
from lti_1p3_provider.doctor import causes
from lti_1p3_provider.errors import PlatformUnreachable, TrustUnreadable
from lti_1p3_provider.lti import transport
from lti_1p3_provider.lti.deadline import Deadline
from lti_1p3_provider.lti.trusted import bundle

PUBLIC_ADDRESS = "93.184.215.14"


class Speaker(BaseHTTPRequestHandler):
    """Answers at once, or byte by byte."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            if self.path == "/drip":
                time.sleep(0.05)

    def log_message(self, *args: object) -> None:
        pass


def certificate(folder: Path) -> Path:
    """Make a certificate for platform.example that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("platform.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def forget_connections() -> None:
    """Close what is pooled."""
    transport._private.cache_clear()
    transport._public.cache_clear()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Return the port of a server that speaks https, and its certificate."""
    path = certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Speaker)
    httpd.handle_error = lambda *args: None  # type: ignore[method-assign]
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield httpd.server_port, path
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture(params=["public", "private"])
def port(request, server, settings, monkeypatch) -> int:
    """Let names of platforms lead to the server: by a public address, or as hosts that the operator allowed."""
    number, real = server[0], socket.socket.connect
    hosts = [f"{name}.example" for name in ("platform", "other")]
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = hosts if request.param == "private" else []
    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC_ADDRESS, number))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [address])
    monkeypatch.setattr(socket.socket, "connect", lambda self, _: real(self, ("127.0.0.1", number)))
    forget_connections()  # none of another test is taken up
    yield number
    forget_connections()


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch) -> None:
    """Whatever authorities this machine names are not asked."""
    for name in CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def trusted(server, settings) -> None:
    """Make the server's certificate a root that is trusted."""
    settings.LTI_1P3_PROVIDER_CA_BUNDLE = str(server[1])


def test_sec_05_a_certificate_that_nobody_signed_is_refused(port):
    with pytest.raises(PlatformUnreachable, match="SSLError"):
        transport.send("GET", f"https://platform.example:{port}/", timeout=5)


@pytest.mark.usefixtures("trusted")
def test_sec_05_a_certificate_is_checked_by_the_name_although_an_address_is_called(port):
    assert transport.send("GET", f"https://platform.example:{port}/", timeout=5).body == b"x" * 100
    with pytest.raises(PlatformUnreachable, match="SSLError"):
        transport.send("GET", f"https://other.example:{port}/", timeout=5)


def fetch(port: int) -> bytes:
    return transport.send("GET", f"https://platform.example:{port}/", timeout=5).body


@pytest.mark.parametrize("where", ["LTI_1P3_PROVIDER_CA_BUNDLE", *CA_VARIABLES])
def test_sec_05_an_authority_of_the_site_is_trusted_and_checks_names_all_the_same(
    port, server, settings, monkeypatch, where
):
    with pytest.raises(PlatformUnreachable, match="SSLError"):
        fetch(port)
    if where in CA_VARIABLES:
        monkeypatch.setenv(where, str(server[1]))
    else:
        settings.LTI_1P3_PROVIDER_CA_BUNDLE = server[1]  # a Path, too
    assert fetch(port) == b"x" * 100
    with pytest.raises(PlatformUnreachable, match="SSLError"):
        transport.send("GET", f"https://other.example:{port}/", timeout=5)
    assert problems() == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("host", ["platform.example.", "PLATFORM.example", "Platform.Example."])
def test_sec_05_a_certificate_is_checked_by_the_name_in_its_usual_spelling(port, host):
    assert transport.send("GET", f"https://{host}:{port}/", timeout=5).ok


def test_sec_05_the_setting_comes_before_the_environment(port, server, settings, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing"))
    settings.LTI_1P3_PROVIDER_CA_BUNDLE = str(server[1])
    assert fetch(port) == b"x" * 100


def test_sec_05_what_is_empty_names_no_authority(settings, monkeypatch):
    settings.LTI_1P3_PROVIDER_CA_BUNDLE = ""
    monkeypatch.setenv("SSL_CERT_FILE", "")
    assert bundle() is True


def test_sec_05_a_folder_of_authorities_is_taken_as_such(port, server, settings, tmp_path):
    digest = subprocess.run(
        ["openssl", "x509", "-noout", "-subject_hash", "-in", server[1]], capture_output=True, text=True, check=True
    ).stdout.strip()
    (tmp_path / f"{digest}.0").write_bytes(server[1].read_bytes())
    settings.LTI_1P3_PROVIDER_CA_BUNDLE = str(tmp_path)
    assert fetch(port) == b"x" * 100


def problems() -> list[str]:
    """Return what the system checks say about authorities."""
    return [one.msg for one in checks.check_settings(None) if one.id == "lti_1p3_provider.E012"]


@pytest.mark.parametrize("where", ["LTI_1P3_PROVIDER_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"\xff\x00"])
def test_sec_05_authorities_that_cannot_be_read_are_an_error_of_the_site(
    port, settings, monkeypatch, tmp_path, where, content
):
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_bytes(content)
    settings.LTI_1P3_PROVIDER_CA_BUNDLE = str(path) if where.startswith("LTI") else None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with pytest.raises(TrustUnreadable, match=f"{where} cannot be read: "):
        fetch(port)
    (problem,) = problems()
    assert problem.startswith(f"{where} cannot be read: ")


def test_sec_05_a_path_that_is_none_is_an_error_of_the_site(port, settings):
    settings.LTI_1P3_PROVIDER_CA_BUNDLE = "a\x00b"
    with pytest.raises(TrustUnreadable, match="it is no path"):
        fetch(port)


@pytest.mark.parametrize("trust", [True, False])
def test_a_certificate_is_named_as_the_cause_wherever_it_fails(port, trust, request):
    if trust:
        request.getfixturevalue("trusted")
    host = "other.example" if trust else "platform.example"
    with pytest.raises(PlatformUnreachable) as refused:
        transport.send("GET", f"https://{host}:{port}/", timeout=5)
    said = causes.says(refused.value)
    assert said.startswith("platform_unreachable, certificate: ")
    assert ("other.example" in said) is trust
    assert "certificate is not accepted" in causes.advice(refused.value, f"https://{host}/", "?")


def test_no_other_failure_blames_the_certificate():
    with pytest.raises(PlatformUnreachable) as refused:
        transport.send("GET", "http://127.0.0.1:9/", timeout=5)
    assert causes.certificate_problem(refused.value) == ""


@pytest.mark.usefixtures("trusted")
def test_sec_06_a_slow_answer_over_https_is_cut_off(port):
    begun = time.monotonic()
    with pytest.raises(PlatformUnreachable, match=r"no whole answer in 0\.2 s"):
        transport.send("GET", f"https://platform.example:{port}/drip", timeout=0.2)
    assert time.monotonic() - begun < 2


@pytest.mark.usefixtures("trusted")
def test_sec_06_a_slow_answer_on_a_connection_that_was_used_before_is_cut_off(port):
    assert transport.send("GET", f"https://platform.example:{port}/", timeout=5).ok
    begun = time.monotonic()
    with pytest.raises(PlatformUnreachable, match=r"no whole answer in 0\.2 s"):
        transport.send("GET", f"https://platform.example:{port}/drip", timeout=0.2)
    assert time.monotonic() - begun < 2


def test_sec_06_a_connection_that_the_other_side_broke_off_needs_no_cutting():
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    with Deadline(0.2) as deadline:
        deadline.hold(ours)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no good-bye
        theirs.close()
        time.sleep(0.5)
    assert deadline.passed
    ours.close()
    listener.close()


def test_sec_06_a_connection_that_is_made_too_late_is_cut_off():
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with Deadline(0.05) as deadline:
        time.sleep(0.3)
        deadline.hold(ours)
        assert ours.recv(1) == b""
    ours.close()
    theirs.close()


def test_sec_06_a_connection_whose_time_is_not_over_is_left_alone():
    ours, theirs = socket.socketpair()
    with Deadline(0.2) as deadline:
        deadline.hold(ours)
    time.sleep(0.4)
    theirs.send(b"x")
    assert (ours.recv(1), deadline.passed) == (b"x", False)
    ours.close()
    theirs.close()

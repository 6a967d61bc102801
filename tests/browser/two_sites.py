"""LMS and platform as two sites with https, as learners meet them, and browsers that treat the LMS's cookies variously.

Chromium finds all names below ``localhost`` on loopback, and takes each of them for a site of its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import lti_1p3_provider
from demo.stack import Stack, free_port

from .commands import StackOfTests
from .visitor import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Page

LMS, PLATFORM = "lms.localhost", "platform.localhost"
FOUND_LMS, FOUND_PLATFORM = "localhost", "127.0.0.1"  # two sites too, and processes find them as well
# Of the stand-in LMS.
SETTINGS = {
    "LTI_AGGREGATE_SCORE_PASSBACK_DELAY": "1",
    "LTI_1P3_PROVIDER_RETRY_BASE_SEC": "1",  # a busy machine is no reason to wait for half a minute
}
CERTIFICATE = "two-sites.pem"
BLOCK, BLOCK_THIRD_PARTY = 2, 1  # Chromium's content setting and its cookie control mode

# Milliseconds for which a launch's page waits for the platform's storage: in people's browsers, and in those of tests,
# where somebody answers, on however busy a machine, and where nobody ever does.
CHECK = Path(lti_1p3_provider.__file__).parent / "static" / "lti_1p3_provider" / "browser_check.js"
USUAL = [int(found) for found in re.findall(r"PATIENCE = (\d+);", CHECK.read_text(encoding="utf-8"))]
ANSWERED, UNHEARD = 25_000, 300
WAIT = """
{ const wait = window.setTimeout;
  window.setTimeout = (what, after, ...more) =>
    wait(what, %s.includes(after) && document.getElementById("lti-data") ? %s : after, ...more); }
"""


def tls(directory: Path) -> ssl.SSLContext:
    """Return a server's context with a certificate that nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(name) for name in (LMS, PLATFORM, FOUND_LMS)]
    names.append(x509.IPAddress(ipaddress.ip_address(FOUND_PLATFORM)))  # type: ignore[arg-type]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "two sites")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    kept = directory / CERTIFICATE
    kept.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(kept)
    return context


class Fronts:
    """Take https on loopback and hand on what comes to processes that speak http. A context manager."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context, self._loop = context, asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Fronts:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE / 1000)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @staticmethod
    async def _end() -> None:
        """Drop what is still open: browsers keep connections."""
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for one in open_ones:
            one.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    def open(self, behind: int) -> int:
        """Begin to take https for the process at the port ``behind``; return the port to ask."""

        async def begin() -> int:
            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=self._context)
            return int(server.sockets[0].getsockname()[1])

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                there, away = await asyncio.open_connection("127.0.0.1", behind)
            except OSError:
                writer.close()
                return
            with suppress(asyncio.CancelledError):  # at the end, which is no failure
                await asyncio.gather(_pump(reader, away), _pump(there, writer))

        return asyncio.run_coroutine_threadsafe(begin(), self._loop).result(PATIENCE / 1000)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError, ssl.SSLError):
        writer.close()


@contextmanager
def running(directory: Path, config: pytest.Config, *, found: bool = False) -> Iterator[Stack]:
    """Run the demo behind https: two processes, each a site of its own. ``found``: they too reach each other there."""
    ports = free_port(), free_port()
    hosts = (FOUND_LMS, FOUND_PLATFORM) if found else (LMS, PLATFORM)
    with Fronts(tls(directory)) as fronts:
        places = [f"https://{host}:{fronts.open(port)}" for host, port in zip(hosts, ports, strict=True)]
        stack = StackOfTests(directory, *ports, *places, *places[1:] if found else ())
        try:
            with pytest.MonkeyPatch.context() as environment:
                for name, value in SETTINGS.items():
                    environment.setenv(name, value)
                environment.delenv("DJANGO_SETTINGS_MODULE", raising=False)  # ours is for the tests' own process
                if found:
                    environment.setenv("REQUESTS_CA_BUNDLE", str(directory / CERTIFICATE))
                stack.start(config)
            yield stack
        finally:
            stack.stop()


@dataclass(frozen=True)
class Kind:
    """How a browser treats cookies of the LMS in the platform's pages, and what the platform offers there."""

    blocks_third_party: bool = False
    takes_partitioned: bool = True
    storage: str = ""
    announced: bool = True
    storage_answers: str = "data"

    @property
    def query(self) -> str:
        """For the address of a course page."""
        announced = "yes" if self.announced else "no"
        return f"storage={self.storage}&storage_answers={self.storage_answers}&storage_announced={announced}"

    def be_patient(self, page: Page) -> None:
        """Let what a page opens from now on wait for as long as it makes sense; storage that is there but silent is
        waited for as long as people wait for it."""
        if not self.storage or self.storage_answers != "nothing":
            page.add_init_script(WAIT % (USUAL, ANSWERED if self.storage else UNHEARD))

    def write_preferences(self, profile: Path) -> None:
        """Tell Chromium, before it starts with this profile."""
        told: dict[str, Any] = {"cookie_controls_mode": BLOCK_THIRD_PARTY if self.blocks_third_party else 0}
        if not self.takes_partitioned:  # a rule of the person's own covers partitioned cookies too
            rule = {f"https://{FOUND_LMS},https://{FOUND_PLATFORM}": {"setting": BLOCK}}
            told["content_settings"] = {"exceptions": {"cookies": rule}}
        preferences = profile / "Default" / "Preferences"
        preferences.parent.mkdir(parents=True)
        preferences.write_text(json.dumps({"profile": told}))

"""Which addresses of a platform may be called at all: https, or a host that the operator named.

Addresses are compared as origins. Case, a default port, a dot at the end of a full name, and the two forms of an
internationalized name make no difference. The IP address behind the name is checked when the connection is made, in
``lti.transport``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

import idna

from lti_1p3_provider.conf import conf

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_NAME = 253  # of a host
AROUND = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff" + "".join(filter(str.isspace, map(chr, range(0x3001))))


@lru_cache(maxsize=512)
def split_url(url: str) -> SplitResult | None:
    """Return the parts of an http(s) URL without credentials, control characters or backslashes; else None."""
    if any(character <= " " or character in "\\\x7f" for character in url):
        return None
    try:
        parts = urlsplit(url)
        port_is_sane = parts.port is None or parts.port > 0
    except ValueError:
        return None
    sane = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and port_is_sane
    return parts if sane else None


class Origin(NamedTuple):
    """Scheme, host and port, in the spelling in which they are compared. An IPv6 host has no brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self._bracketed}{port}"

    @property
    def host_and_port(self) -> str:
        """The host with its port, also where that is the default one."""
        return f"{self._bracketed}:{self.port}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@lru_cache(maxsize=512)
def origin_of(url: str) -> Origin | None:
    """Return where an http(s) URL leads, None if it is not one."""
    parts = split_url(url)
    if parts is None:
        return None
    return Origin(parts.scheme, _host(str(parts.hostname)), parts.port or DEFAULT_PORTS[parts.scheme])


def _host(name: str) -> str:
    """Return a host in lower case and ASCII, without the dot at its end, and an IPv6 address in its short form. Other
    text stays as it is."""
    if ":" in name:
        with suppress(ValueError):
            name = str(IPv6Address(name))
    if not name.isascii() and len(name) <= MAX_NAME:
        with suppress(UnicodeError):
            name = idna.encode(name, uts46=True).decode()  # as requests does
    return name.lower().removesuffix(".")


def is_private_host(parts: SplitResult) -> bool:
    """Tell whether the operator allows this host by name, with or without its port."""
    there = origin_of(parts.geturl())
    if there is None:
        return False
    return not {there.host, there.host_and_port}.isdisjoint(map(_host_and_port, conf.private_hosts))


def _host_and_port(named: str) -> str:
    """Return a host that the operator named in the spelling of ``Origin``; its port may be missing."""
    name, colon, port = named.rpartition(":")
    has_port = colon and port.isascii() and port.isdigit() and (":" not in name or name.endswith("]"))
    return f"{_host(name)}:{int(port)}" if has_port else _host(named.removeprefix("[").removesuffix("]"))


def problem_with(url: str) -> str | None:
    """Return what is wrong with a platform's address, in a sentence for an admin; None if it may be called."""
    parts = split_url(url)
    if parts is None:
        return "This is not a web address: it must look like https://host/path, without spaces or a password."
    if parts.scheme != "https" and not is_private_host(parts):
        return "The address must begin with https:// (or its host be listed in LTI_1P3_PROVIDER_PRIVATE_HOSTS)."
    return None


HOST = re.compile(r"([a-z][a-z0-9+.-]*:)?//[^/?#]*", re.IGNORECASE)  # and what is before it
SOURCE = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def is_source(text: str) -> bool:
    """Tell whether this is an origin, possibly with a wildcard, fit for a CSP header."""
    return bool(SOURCE.fullmatch(text.lower()))


def is_within(url: str, sources: Iterable[str]) -> bool:
    """Tell whether ``url`` is on one of the origins; ``https://*.example.com`` stands for any host below it."""
    there = origin_of(url)
    return there is not None and any(_covers(source, there) for source in sources)


def _covers(source: str, there: Origin) -> bool:
    scheme, _, host = source.partition("://")
    below = host.startswith("*.")
    wanted = origin_of(f"{scheme}://{host[2:]}" if below else source)
    if wanted is None or not below:
        return wanted == there
    return wanted._replace(host="") == there._replace(host="") and there.host.endswith(f".{wanted.host}")


def origin(url: str) -> str:
    """Return scheme, host and port of ``url``; empty if it is not a web address."""
    return str(origin_of(url) or "")


def is_same(url: str, other: str) -> bool:
    """Tell whether two addresses are the same, apart from the spelling of their origins."""
    return url == other or plain(url) == plain(other)


def plain(url: str) -> str:
    """Return an address with its origin in the spelling that certificates and servers know."""
    there, parts = origin_of(url), split_url(url)
    if there is None or parts is None:
        return url
    return parts._replace(netloc=str(there).partition("://")[2], path=parts.path or "/", fragment="").geturl()


def resolved(base: str, address: str) -> str:
    """Return a complete address for one in an answer; ``base`` is where the answer came from. Empty if it cannot be
    read."""
    try:
        return urljoin(base, trimmed(address))
    except ValueError:
        return ""


def trimmed(address: str) -> str:
    """Return an address without what was copied together with it: white space, and what nobody sees. A blank in its
    path or after it means ``%20``; a host has none."""
    address = address.strip(AROUND)
    host = HOST.match(address)
    start = host.end() if host else 0
    return address[:start] + address[start:].replace(" ", "%20")

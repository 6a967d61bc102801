"""Which addresses of a platform may be called at all: https, or a host that the operator named.

The address behind the name is checked when the connection is made, in ``lti.transport``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from lti_1p3_provider.conf import conf


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


def is_private_host(parts: SplitResult) -> bool:
    """Tell whether the operator allows this host by name, with or without its port."""
    return bool(conf.private_hosts & {str(parts.hostname), parts.netloc.lower()})


def problem_with(url: str) -> str | None:
    """Return what is wrong with a platform's address, in a sentence for an admin; None if it may be called."""
    parts = split_url(url)
    if parts is None:
        return "This is not a web address: it must look like https://host/path, without spaces or a password."
    if parts.scheme != "https" and not is_private_host(parts):
        return "The address must begin with https:// (or its host be listed in LTI_1P3_PROVIDER_PRIVATE_HOSTS)."
    return None


SOURCE = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def is_source(text: str) -> bool:
    """Tell whether this is an origin, possibly with a wildcard, fit for a CSP header."""
    return bool(SOURCE.fullmatch(text.lower()))


def is_within(url: str, sources: Iterable[str]) -> bool:
    """Tell whether ``url`` lies on one of the origins; ``https://*.example.com`` means any host below it."""
    place = origin(url)
    scheme, _, host = place.partition("://")
    for source in sources:
        wanted_scheme, _, wanted = source.lower().partition("://")
        if scheme == wanted_scheme and (host == wanted or (wanted.startswith("*.") and host.endswith(wanted[1:]))):
            return True
    return False


def origin(url: str) -> str:
    """Return scheme, host and port of ``url``, or nothing if it is not a web address."""
    parts = split_url(url)
    return f"{parts.scheme}://{parts.netloc.lower()}" if parts else ""

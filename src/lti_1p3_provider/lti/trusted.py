"""Which certificate authorities are trusted: the public ones, or those in a file that the site names."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import TrustUnreadable


def bundle() -> bool | str:
    """Return the path of the site's authorities; True for the public ones.

    Raises:
        TrustUnreadable
    """
    if reason := problem():
        raise TrustUnreadable(reason)
    return conf.ca_bundle[1] if conf.ca_bundle else True


def problem() -> str:
    """Return in a sentence what is wrong with the file, empty if nothing is."""
    if conf.ca_bundle is None:
        return ""
    name, path = conf.ca_bundle
    try:
        state = os.stat(path)
        reason = _problem_of(path, state.st_mtime_ns, state.st_size)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
    return f"{name} cannot be read: {reason}" if reason else ""


@lru_cache(maxsize=8)
def _problem_of(path: str, _changed: int, _size: int) -> str:
    """Read a file of certificates. 200 of them take some milliseconds, so each state of a file is read once.

    Raises:
        OSError: it may not be read.
    """
    if os.path.isdir(path):
        return ""  # one file for each authority, under the name that OpenSSL looks for
    with open(path, "rb"):
        pass
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, ValueError):
        return "it holds no certificates in PEM form"
    return ""

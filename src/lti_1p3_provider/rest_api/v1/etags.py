"""Preconditions (RFC 9110, 13): a client that read something before changing it learns whether it is still the same."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from lti_1p3_provider.errors import ApiChangedMeanwhile

TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
CODINGS = ("-gzip", "-br", "-zstd")  # what proxies append that compress an answer
LENGTH = 32  # hex digits


def of(said: Any) -> str:
    """Return the tag of an answer. Equal answers have equal tags."""
    return f'"{hashlib.sha256(JSONRenderer().render(said)).hexdigest()[:LENGTH]}"'


def require(request: Any, tag: str | None) -> None:
    """Return if the request's conditions hold; ``tag`` is of the present state, None if the thing does not exist.

    Raises:
        ApiChangedMeanwhile
    """
    wanted, unwanted = (request.headers.get(name) for name in ("If-Match", "If-None-Match"))
    if wanted is not None and not _names(wanted, tag):
        raise ApiChangedMeanwhile("If-Match")
    if unwanted is not None and _names(unwanted, tag):
        raise ApiChangedMeanwhile("If-None-Match")


def answer(request: Any, said: Any, status: int = 200) -> Response:
    """Return an answer with its tag, without the body if the client has it already."""
    tag = of(said)
    unchanged = request.method in ("GET", "HEAD") and _names(request.headers.get("If-None-Match", ""), tag)
    response = Response(None, 304) if unchanged else Response(said, status)
    response["ETag"] = tag
    return response


def _names(header: str, tag: str | None) -> bool:
    """Tell whether a condition names the tag. Proxies that compress answers make it a weak one, or append their coding
    to it; it still names the values, which are all that is changed.

    If-Match is to be compared strongly (RFC 9110, 13.1.1). A weak tag is accepted there only because we never send one:
    it is our own tag, weakened on its way.
    """
    if tag is None:
        return False
    if header.strip() == "*":
        return True
    return any(_without_coding(found) == tag.strip('"') for found in TAG.findall(header))


def _without_coding(tag: str) -> str:
    return next((tag.removesuffix(coding) for coding in CODINGS if tag.endswith(coding)), tag)

"""Decompresses answers, up to a limit. Some platforms compress without being asked. (RFC 9110, 8.4)"""

from __future__ import annotations

import zlib

from lti_1p3_provider.errors import AnswerUnreadable

DEFLATED = frozenset(("gzip", "x-gzip", "deflate"))
MAX_CODINGS = 3
WITH_HEADER, BARE = 47, -15  # zlib's names for: gzip or zlib, whichever it is; and for neither


def decoded(body: bytes, codings: str, most: int) -> bytes:
    """Return the body without its codings, ``most`` bytes at most. It stays as it is if we do not know the coding, or
    if it is not coded although the header says so.

    Raises:
        AnswerUnreadable: it becomes larger, or breaks off.
    """
    names = [name.strip().lower() for name in codings.split(",")]
    for name in reversed([name for name in names if name not in ("", "identity")][:MAX_CODINGS]):
        if name not in DEFLATED:
            return body
        body = _inflated(body, most)
    return body


def _inflated(body: bytes, most: int) -> bytes:
    """What begins like neither gzip nor zlib may be bare, or not coded at all: then it is found out by its end."""
    try:
        return _all_parts(body, most)
    except zlib.error:
        pass
    bare = zlib.decompressobj(BARE)
    try:
        found = bare.decompress(body, most + 1)
    except zlib.error:
        return body
    if len(found) > most:
        raise AnswerUnreadable(f"the answer is larger than {most} bytes")
    return found if bare.eof and not bare.unused_data else body


def _all_parts(body: bytes, most: int) -> bytes:
    """A gzip file may have several parts; what follows the last is padding."""
    found = b""
    while body and (not found or body.startswith(b"\x1f\x8b")):
        part = zlib.decompressobj(WITH_HEADER)
        found += part.decompress(body, most + 1 - len(found))
        if len(found) > most:
            raise AnswerUnreadable(f"the answer is larger than {most} bytes")
        if not part.eof:
            raise AnswerUnreadable("the answer's compression breaks off")
        body = part.unused_data
    return found

"""Reads the keys that a request names, strictly enough to be sure which content they mean."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, RawPostDataException
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import AsideUsageKey, CourseKey, UsageKey

LIKE_A_KEY = re.compile(
    r"(?:(?:course|block|ccx|ccx-block|library|lib-block|aside-usage|asset|def)-v\d+|lib|lb|lct|aside-usage|i4x):",
    re.IGNORECASE,
)
MAX_DECODINGS = 3
MAX_REMEMBERED = 1000  # keys, by their texts
MAX_BYTES = 256 * 1024  # of a body that is read for its keys
JSON, FORMS = "application/json", ("application/x-www-form-urlencoded", "multipart/form-data")


class Unreadable(Exception):
    """There is something where a key belongs, and nobody can be sure what it means. The message says what is wrong."""


def looks_like_one(text: str) -> bool:
    """Tell whether a text begins like a key, even if it was encoded several times."""
    for _ in range(MAX_DECODINGS):
        if LIKE_A_KEY.match(text):
            return True
        if (decoded := unquote(text)) == text:
            return False
        text = decoded
    return bool(LIKE_A_KEY.match(text))


def course(text: str) -> CourseKey:
    """Return a course's key. A space is a plus that was not encoded.

    Raises:
        Unreadable: it is not one, or names a branch or version, which may show drafts.
    """
    try:
        key = _course(text)
    except InvalidKeyError as error:
        raise Unreadable("a course key that cannot be read") from error
    _published(key)
    return key


def block(text: str, within: CourseKey | None = None) -> UsageKey:
    """Return a block's key. Its slashes may be quoted (``;_``). An aside stands for the block that it is about.

    ``within``: the course that the request names, too. A key without a run belongs to that course.

    Raises:
        Unreadable: it is not one, names a branch or version, or is a block of another course than ``within``.
    """
    try:
        key = _block(text)
    except InvalidKeyError as error:
        raise Unreadable("a usage key that cannot be read") from error
    while isinstance(key, AsideUsageKey):
        key = key.usage_key
    _published(key.context_key)
    if within is None:
        return key
    if getattr(key.context_key, "run", "") is None:
        key = key.map_into_course(within)
    if key.context_key != within:
        raise Unreadable("a block of one course, and another course")
    return key


def either(text: str) -> CourseKey | UsageKey:
    """Return a text that looks like a key, as a course's or a block's.

    Raises:
        Unreadable: see ``course`` and ``block``.
    """
    try:
        return course(text)
    except Unreadable:
        return block(text)


def in_query(request: HttpRequest) -> list[CourseKey | UsageKey]:
    """Return the keys in the request's query, whatever the parameters are called.

    Raises:
        Unreadable: one looks like a key and cannot be read.
    """
    texts = (part.strip() for values in request.GET.lists() for value in values[1] for part in value.split(","))
    return [either(text) for text in texts if looks_like_one(text)]


def in_body(request: HttpRequest, fields: Iterable[str]) -> list[CourseKey | UsageKey]:
    """Return the keys in some fields of a form or a JSON object. If a field holds an object, its names count.

    Raises:
        Unreadable: the body, or something in one of these fields.
    """
    values = _fields(request)
    found: list[Any] = []
    for name in fields:
        value = values.get(name) or []
        found += value if isinstance(value, list) else value.keys() if isinstance(value, dict) else [value]
    return [either(str(text)) for text in found]


def name_in_token(token: str) -> str | None:
    """Return the username in a JWT (``preferred_username``), None if it cannot be read. The token is not verified."""
    parts = token.split(".")
    if len(parts) < 2:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    name = claims.get("preferred_username") if isinstance(claims, dict) else None
    return name if isinstance(name, str) else None


@lru_cache(MAX_REMEMBERED)  # to read one takes 50 µs
def _course(text: str) -> CourseKey:
    return CourseKey.from_string(text.replace(" ", "+"))


@lru_cache(MAX_REMEMBERED)
def _block(text: str) -> UsageKey:
    return UsageKey.from_string(re.sub(";[;_]", _unquoted, text.replace(" ", "+")))


def _published(key: Any) -> None:
    if getattr(key, "branch", None) or getattr(key, "version_guid", None):
        raise Unreadable("a key with a branch or version")


def _unquoted(found: re.Match[str]) -> str:
    return ";" if found[0] == ";;" else "/"


def _fields(request: HttpRequest) -> dict[str, Any]:
    """Return what a form or JSON object holds. A field of a form is a list."""
    if request.content_type in FORMS:
        return {name: list(values) for name, values in request.POST.lists()}
    try:
        body = request.body
        if len(body) > MAX_BYTES:
            raise Unreadable("a body that is too long")
        found = json.loads(body.decode("utf-8")) if body.strip() else {}
    except (ValueError, RawPostDataException, RecursionError) as error:
        raise Unreadable("a body that cannot be read") from error
    if not isinstance(found, dict):
        raise Unreadable("a body that is no object")
    return found

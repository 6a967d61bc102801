"""JSON of strangers. Duplicate names, NaN, great depth and anything but an object are refused. Its size is limited
elsewhere."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

MAX_DEPTH = 20
MAX_DIGITS = 1000  # Python reads no more than 4300
MAX_ENTRIES = 20_000  # of a list that is a whole document


def parse_object(text: str | bytes, *, is_signed: bool = True) -> dict[str, Any]:
    """Return the JSON object in ``text``. Of one that nobody signed, texts may hold characters that JSON wants escaped.

    Raises:
        ValueError: it is not one, or not a sane one.
    """
    value = _parse(text, **STRICT, strict=is_signed)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    _limit(value)
    return value


def parse_objects(text: str | bytes) -> list[dict[str, Any]]:
    """Return the JSON objects of the list in ``text``. An invalid entry is left out, because the list is a whole
    course's and must not be lost for one entry. Numbers that are too large become infinite, and texts may contain
    characters that JSON requires to be escaped.

    Raises:
        ValueError: it is no list, or a list without any object.
    """
    return _objects(_parse(text, **LENIENT))[0]


def parse_objects_in(text: str | bytes, name: str) -> tuple[list[dict[str, Any]], int]:
    """Return the JSON objects of the list ``name`` in the object in ``text``, read as ``parse_objects`` does, and how
    many entries were left out.

    Raises:
        ValueError: it is no object, has no such list, or one without any object.
    """
    value = _parse(text, **LENIENT)
    if not isinstance(value, dict) or isinstance(value, _Twice) or name not in value:
        raise ValueError(f"not a JSON object with one {name}")
    return _objects(value[name])


def listed(value: object) -> list[Any] | None:
    """Return a list's entries, None if it is no list. PHP writes a list from which something was taken away as an
    object, whose names are the numbers of what is left."""
    if isinstance(value, dict) and value and all(name.isascii() and name.isdigit() for name in value):
        return list(value.values())
    return value if isinstance(value, list) else None


def _objects(value: object) -> tuple[list[dict[str, Any]], int]:
    entries = None if isinstance(value, _Twice) else listed(value)
    objects = [one for one in entries or () if isinstance(one, dict)]
    if entries is None or len(entries) > MAX_ENTRIES or (entries and not objects):
        raise ValueError(f"not a list of at most {MAX_ENTRIES} JSON objects")
    sane = [one for one in objects if _is_sane(one)]
    return sane, len(entries) - len(sane)


class _Twice(dict[str, Any]):
    """An object in which a name appears twice."""


def _is_sane(value: object) -> bool:
    try:
        _limit(value)
    except ValueError:
        return False
    return True


def _parse(text: str | bytes, **hooks: Any) -> Any:
    try:
        return json.loads(text, **hooks)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _marked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Twice(members)


def whole(text: str) -> float:
    """Return the whole number in ``text``; one that is too large for anything is infinite."""
    return int(text) if len(text) <= MAX_DIGITS else math.copysign(math.inf, -1 if text[0] == "-" else 1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name appears twice in an object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


STRICT: Mapping[str, Any] = {"object_pairs_hook": _unique, "parse_constant": _no_constant, "parse_float": _finite}
LENIENT: Mapping[str, Any] = {"object_pairs_hook": _marked, "parse_int": whole, "strict": False}


def _limit(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for node in level for child in _members(node) if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _members(node: object) -> Collection[object]:
    if isinstance(node, _Twice):
        raise ValueError("a name appears twice in an object")
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()

"""JSON of strangers: duplicate names, NaN, great depth and anything but an object are refused. How much there is of it
is for the limits of bytes to say."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any, NoReturn

MAX_DEPTH = 20
MAX_ENTRIES = 20_000  # of a list that is a whole document


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object in ``text``.

    Raises:
        ValueError: it is not one, or not a sane one.
    """
    value = _parse(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    _limit(value)
    return value


def parse_objects(text: str | bytes) -> list[dict[str, Any]]:
    """Return the JSON objects of the list in ``text``.

    Raises:
        ValueError: it is not one, or not a sane one.
    """
    value = _parse(text)
    if not isinstance(value, list) or len(value) > MAX_ENTRIES or not all(isinstance(one, dict) for one in value):
        raise ValueError(f"not a list of at most {MAX_ENTRIES} JSON objects")
    for one in value:
        _limit(one)
    return value


def _parse(text: str | bytes) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _limit(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for node in level for child in _members(node) if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _members(node: object) -> Collection[object]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()

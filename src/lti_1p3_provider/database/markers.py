"""Finds the places of values in SQL that Django wrote, so that the values of later calls can be put there.

The SQL is written for *markers*: values of the same kinds (a number, a text, a time, a list of numbers) that occur
nowhere else. A parameter that is a marker is the place of the value that it stands for. All other parameters are
constants of the statement. None has no marker, because SQL says ``IS NULL`` there: it is part of the statement.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
Made = TypeVar("Made")


class Described(Generic[P, Made]):
    """A function that describes a statement. The caller gives a value for each of its arguments."""

    def __init__(self, describe: Callable[P, Made]) -> None:
        self._describe: Callable[..., Made] = describe
        self._names = dict.fromkeys(inspect.signature(describe).parameters)
        update_wrapper(self, describe)  # type: ignore[arg-type]

    def _values(self, args: tuple[object, ...], named: Mapping[str, object]) -> dict[str, Any]:
        """Return the values of a call by name.

        Raises:
            TypeError: there is a value too many or too few.
        """
        values = {**dict(zip(self._names, args, strict=False)), **named}
        if len(args) + len(named) != len(self._names) or values.keys() != self._names.keys():
            raise TypeError(f"values for {', '.join(self._names)} are wanted")
        return values


@dataclass(frozen=True, slots=True)
class Text:
    """SQL, split at its parameters. Each parameter comes with the name of the value that replaces it, if one does."""

    parts: tuple[str, ...]
    places: tuple[tuple[Any, str | None], ...]

    def filled(self, values: Mapping[str, Any], connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and its parameters, with these values in their places. An empty list becomes NULL."""
        given = {name: _parameters(value, connection) for name, value in values.items()}
        params: list[Any] = []
        sql = [self.parts[0]]
        for (param, name), following in zip(self.places, self.parts[1:], strict=True):
            several = given[name] if name else [param]
            params += several
            sql += [", ".join(["%s"] * len(several)) or "NULL", following]
        return "".join(sql), tuple(params)


def marked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a marker for each value; None stays None.

    Raises:
        TypeError: a value is of another kind.
    """
    return {name: _marker(name, number, value) for number, (name, value) in enumerate(values.items())}


def parted(sql: str, params: Iterable[Any], markers: Mapping[str, Any], using: str) -> Text:
    """Return SQL that was written for markers, with the places of their values.

    Raises:
        TypeError: a value has no place, because something else was done with it than comparing or writing it.
    """
    by_marker = {_parameters(marker, connections[using])[0]: name for name, marker in markers.items()}
    places = tuple((param, by_marker.get(param)) for param in params)
    if {name for _, name in places if name} != {name for name, marker in markers.items() if marker is not None}:
        raise TypeError("each value must be compared with a column, or become one")
    return Text(tuple(sql.split("%s")), places)


def _marker(name: str, number: int, value: object) -> object:
    match value:
        case None:
            return None
        case str():
            return f"\0{name}"
        case datetime():
            return datetime(1000, 1, 1 + number, tzinfo=UTC)
        case float():
            return -(10.0**9) - number - 0.5
        case int():
            return -(10**9) - number
        case list():
            return [-(10**9) - number]
    raise TypeError(f"{name} is neither a number nor a text, a moment or a list of numbers")


def _parameters(value: Any, connection: Any) -> list[Any]:
    """Return the parameters that a value is written as."""
    if isinstance(value, datetime):
        return [connection.ops.adapt_datetimefield_value(value)]
    return value if isinstance(value, list) else [value]

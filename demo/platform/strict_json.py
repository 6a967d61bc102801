"""JSON without the extras of Python's parser."""

import json
from typing import Any, NoReturn

MAX_NUMBER = 1e300


def loads(data: bytes | str) -> Any:
    """Decode; NaN, Infinity and absurd nesting are refused. Raises ValueError."""
    try:
        return json.loads(data, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("too deep") from error


def is_number(value: object) -> bool:
    """True for a JSON number that fits a float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER


def _finite(text: str) -> float:
    value = float(text)
    if not is_number(value):
        raise ValueError(f"{text} is too large")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

"""Tables of cases that share one world: to make a world for each case takes longer than to try the case.

This is for cases that leave nothing which another could take for its own. Any other table is for
``pytest.mark.parametrize``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., None]


def every(names: str, cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Return a decorator as ``pytest.mark.parametrize`` is one, but for one test with one set of fixtures: it tries all
    cases, one after another, and names those that fail. With several ``names``, separated by commas, a case has as many
    values. Of two decorators, the test tries all combinations.

    Raises:
        ValueError: there are no cases, so the test could not fail.
    """
    wanted, table = [name.strip() for name in names.split(",")], list(cases)
    if not table:
        raise ValueError(f"no cases of {names}")

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def all_of_them(**fixtures: Any) -> None:
            failures = []
            for case in table:
                values = case if len(wanted) > 1 else (case,)
                try:
                    test(**fixtures, **dict(zip(wanted, values, strict=True)))
                except (Exception, pytest.fail.Exception) as error:
                    error.add_note(f"{names} = {case!r}")
                    failures.append(error)
            if failures:
                raise failures[0] if len(failures) == 1 else BaseExceptionGroup("cases that failed", failures)

        taken = inspect.signature(test)
        others = [taken.parameters[name] for name in taken.parameters if name not in wanted]
        all_of_them.__signature__ = taken.replace(parameters=others)  # type: ignore[attr-defined]
        return all_of_them

    return decorate

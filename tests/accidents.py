"""Things that go wrong inside: a statement that the database refuses, a request that ends in any error, a function of
ours in which something is raised. Nothing is replaced: the code that runs is the app's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.db import connection
from django.db.models import Model
from requests import PreparedRequest
from requests.adapters import HTTPAdapter


@contextmanager
def database_fails(error: Exception, where: str, at: int = 1, times: int = 1) -> Iterator[list[str]]:
    """Inside, of the statements that have ``where`` in them the ``at``-th fails, and ``times - 1`` after it. Yields
    those that did. Names may be quoted as in any database."""
    met: list[str] = []
    failed: list[str] = []

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if _standard(where) in _standard(sql):
            met.append(sql)
            if at <= len(met) < at + times:
                failed.append(sql)
                raise error
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield failed


def _standard(sql: str) -> str:
    return sql.replace("`", '"')  # as MariaDB quotes names


@contextmanager
def after_a_look(model: type[Model], happens: Callable[[], object], at: int = 1) -> Iterator[list[str]]:
    """Inside, something happens once, right after the ``at``-th look into a table: what another process commits."""
    looks: list[str] = []

    def look(run: Callable[..., Any], sql: str, *others: Any) -> Any:
        found = run(sql, *others)
        if sql.startswith("SELECT") and f'FROM "{model._meta.db_table}"' in _standard(sql):
            looks.append(sql)
            if len(looks) == at:
                happens()
        return found

    with connection.execute_wrapper(look):
        yield looks


@contextmanager
def request_fails(error: BaseException, where: str) -> Iterator[list[str]]:
    """Inside, the first request whose address has ``where`` in it ends in an error, in the thread that makes it."""
    failed: list[str] = []
    send = HTTPAdapter.send

    def sent(self: HTTPAdapter, request: PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if where in str(request.url) and not failed:
            failed.append(str(request.url))
            raise error
        return send(self, request, *args, **kwargs)

    HTTPAdapter.send = sent  # type: ignore[method-assign]
    try:
        yield failed
    finally:
        HTTPAdapter.send = send  # type: ignore[method-assign]


@contextmanager
def raised_in(function: Callable[..., Any], error: BaseException) -> Iterator[list[str]]:
    """Inside, the first call of ``function`` in this thread raises as it begins, as a defect in it would."""
    code = function.__code__  # type: ignore[attr-defined]
    failed: list[str] = []

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is code and not failed:
            failed.append(code.co_name)
            raise error  # Python then looks no more

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield failed
    finally:
        sys.settrace(before)

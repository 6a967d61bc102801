"""Reads rows by a unique identity, with SQL that Django writes once instead of at each read.

Writing a SELECT with its joins takes Django longer than the database needs to answer it, and a launch is a handful of
such reads, always the same (``docs/decisions/0010-sql-is-written-once.md``). Django's own ``ModelIterable`` makes the
rows, so what comes back is what the queryset would have returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import router
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.query import Query

Row = TypeVar("Row", bound=Model)
Value = int | str


class Lookup(Generic[Row]):
    """At most ``limit`` rows of a queryset of ``model``.

    ``describe`` makes the queryset out of named integers and texts. It is called once for a database, so it may compare
    columns with them and nothing else: no other filter for another value.
    """

    def __init__(self, model: type[Row], describe: Callable[..., QuerySet[Row]], limit: int = 1) -> None:
        self._model = model
        self._describe = describe
        self._limit = limit
        self._statements: dict[str, _Statement] = {}

    def one(self, **values: Value) -> Row | None:
        """Return the row, or None; unlike ``first()`` it does not make the database sort."""
        return next(iter(self.all(**values)), None)

    def all(self, **values: Value) -> list[Row]:
        """Return the rows, in no order."""
        using = router.db_for_read(self._model)
        statement = self._statements.get(using)
        if statement is None:
            statement = self._statements[using] = self._written(using, values)
        return list(ModelIterable(statement.source(self._model, using, values)))

    def _written(self, using: str, values: Mapping[str, Value]) -> _Statement:
        markers: dict[str, Value] = {
            name: f"\0{name}" if isinstance(value, str) else -(10**9) - number
            for number, (name, value) in enumerate(values.items())
        }
        names = {marker: name for name, marker in markers.items()}
        query = self._describe(**markers).using(using)[: self._limit].query
        compiler = query.get_compiler(using)
        sql, params = compiler.as_sql()
        places = tuple((param, names.get(param)) for param in params)
        if {name for _, name in places if name} != set(values):
            raise TypeError("each value must be compared with a column")
        learned = {name: value for name, value in vars(compiler).items() if name != "connection"}  # that is a thread's
        return _Statement(query, sql, places, learned)


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL, its parameters (each with the name of the value that takes its place), and what reading its rows needs."""

    query: Query
    sql: str
    places: tuple[tuple[Any, str | None], ...]
    learned: Mapping[str, Any]

    def source(self, model: type[Model], using: str, values: Mapping[str, Value]) -> Any:
        """Return what ``ModelIterable`` wants of a queryset, with a compiler that has nothing left to write."""
        params = tuple(values[name] if name else param for param, name in self.places)
        compiler = self.query.get_compiler(using)
        vars(compiler).update(self.learned, as_sql=lambda: (self.sql, params))
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        return SimpleNamespace(model=model, db=using, query=query, _known_related_objects={})

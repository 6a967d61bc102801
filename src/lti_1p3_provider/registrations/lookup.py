"""Reads and changes rows by a unique identity, with SQL that is written once instead of each time.

Writing a SELECT with its joins takes Django longer than the database needs to answer it, and a launch is a handful of
such reads, always the same (``docs/decisions/0010-sql-is-written-once.md``). Django's own ``ModelIterable`` makes the
rows, so what comes back is what the queryset would have returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connections, router, transaction
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
        columns = [column for column, _, _ in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)  # of columns into Python's types; the same for each connection
        return _Statement(query, sql, places, {**learned, "get_converters": lambda columns: converters})


class _Writing:
    """A statement that changes rows of ``model``. Values of its columns go in as their fields prepare them."""

    def __init__(self, model: type[Model], columns: tuple[str, ...]) -> None:
        self._model = model
        self._fields: dict[str, Any] = {name: model._meta.get_field(name) for name in columns}
        self._written: dict[str, str] = {}

    def make(self, **values: object) -> int:
        """Make it, with a value for each column that was named; return how many rows it found or added.

        Raises:
            TypeError: there is a value too many or too few.
        """
        if values.keys() != self._fields.keys():
            raise TypeError(f"values for {sorted(self._fields)} are wanted")
        using = router.db_for_write(self._model)
        connection = connections[using]
        sql = self._written.get(using) or self._written.setdefault(using, self._sql(connection.ops.quote_name))
        params = [field.get_db_prep_save(values[name], connection=connection) for name, field in self._fields.items()]
        with transaction.mark_for_rollback_on_error(using), connection.cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)

    def _sql(self, quote: Callable[[str], str]) -> str:
        raise NotImplementedError


class Change(_Writing):
    """The UPDATE of some columns in those rows in which other columns have given values: ``where``."""

    def __init__(self, model: type[Model], where: tuple[str, ...], columns: tuple[str, ...]) -> None:
        super().__init__(model, (*columns, *where))
        self._where = where

    def _sql(self, quote: Callable[[str], str]) -> str:
        equal = {name: f"{quote(field.column)} = %s" for name, field in self._fields.items()}
        where = " AND ".join(equal[name] for name in self._where)
        columns = ", ".join(text for name, text in equal.items() if name not in self._where)
        return f"UPDATE {quote(self._model._meta.db_table)} SET {columns} WHERE {where}"  # noqa: S608


class Addition(_Writing):
    """The INSERT of a row, with all of its columns but the primary key."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__(model, tuple(field.name for field in model._meta.concrete_fields if not field.primary_key))

    def _sql(self, quote: Callable[[str], str]) -> str:
        columns = ", ".join(quote(field.column) for field in self._fields.values())
        places = ", ".join("%s" for _ in self._fields)
        return f"INSERT INTO {quote(self._model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608


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

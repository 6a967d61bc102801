"""Reads and changes rows with SQL that is written once instead of each time.

Writing a SELECT with its joins takes Django longer than the database needs to answer it, and a launch is a handful of
such reads, always the same (``docs/decisions/0010-sql-is-written-once.md``). Django's own ``ModelIterable`` makes the
rows, so what comes back is what the queryset would have returned.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connections, router, transaction
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.query import Query
from django.db.models.sql.subqueries import UpdateQuery

Row = TypeVar("Row", bound=Model)
Value = int | float | str | datetime | list[int]


class Lookup(Generic[Row]):
    """At most ``limit`` rows of a queryset of ``model``; all, if that is None. ``locks``: it locks rows.

    ``describe`` makes the queryset out of named integers, texts, moments (with a zone) and lists of integers. It is
    called once for a database, so it may compare columns with them and nothing else: no other filter for another value.
    A list says which rows are wanted: if it is empty, nobody is asked and there are none.
    """

    def __init__(
        self,
        model: type[Row],
        describe: Callable[..., QuerySet[Row, Any]],
        limit: int | None = 1,
        *,
        locks: bool = False,
    ) -> None:
        self._model = model
        self._describe = describe
        self._limit = limit
        self._locks = locks
        self._statements: dict[tuple[str, int | None], _Statement] = {}

    def one(self, **values: Value) -> Row | None:
        """Return the row, or None; unlike ``first()`` it does not make the database sort."""
        return next(iter(self.all(**values)), None)

    def all(self, **values: Value) -> list[Row]:
        """Return the rows, in the queryset's order."""
        if [] in values.values():
            return []
        using, compiler = self._ready(self._limit, values)
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        source: Any = SimpleNamespace(model=self._model, db=using, query=query, _known_related_objects={})
        return list(ModelIterable(source))

    def columns(self, limit: int | None = None, **values: Value) -> list[tuple[Any, ...]]:
        """Return the columns that the queryset names with ``values()``, of at most ``limit`` rows if that is given."""
        if [] in values.values() or limit == 0:
            return []
        _, compiler = self._ready(self._limit if limit is None else limit, values)
        return list(compiler.results_iter(tuple_expected=True))

    def _ready(self, limit: int | None, values: Mapping[str, Value]) -> tuple[str, Any]:
        """Return the database's name, and a compiler that has nothing left to write."""
        using = (router.db_for_write if self._locks else router.db_for_read)(self._model)
        if self._locks and not connections[using].in_atomic_block:
            raise transaction.TransactionManagementError("rows are locked in a transaction only")
        statement = self._statements.get((using, limit))
        if statement is None:
            statement = self._statements[using, limit] = self._written(using, limit, values)
        return using, statement.compiler(using, values)

    def _written(self, using: str, limit: int | None, values: Mapping[str, Value]) -> _Statement:
        markers, names = _markers(values, using)
        query = self._describe(**markers).using(using)[:limit].query
        compiler = query.get_compiler(using)
        sql, params = compiler.as_sql()
        places = _places(params, names, values)
        learned = {name: value for name, value in vars(compiler).items() if name != "connection"}  # that is a thread's
        columns = [column for column, _, _ in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)  # of columns into Python's types; the same for each connection
        return _Statement(
            query, tuple(sql.split("%s")), places, {**learned, "get_converters": lambda columns: converters}
        )


class Revision(Generic[Row]):
    """An UPDATE with expressions. ``describe`` makes the queryset, and what its columns become, out of named values, as
    for a ``Lookup``; none of them may be None."""

    def __init__(
        self, model: type[Row], describe: Callable[..., tuple[QuerySet[Row, Any], Mapping[str, object]]]
    ) -> None:
        self._model = model
        self._describe = describe
        self._written: dict[str, tuple[tuple[str, ...], tuple[tuple[Any, str | None], ...]]] = {}

    def make(self, **values: Value) -> int:
        """Make it; return how many rows it found. In an empty list there are none."""
        using = router.db_for_write(self._model)
        connection = connections[using]
        if using not in self._written:
            self._written[using] = self._write(using, values)
        sql, params = _filled(*self._written[using], values, connection)
        with transaction.mark_for_rollback_on_error(using), connection.cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)

    def _write(
        self, using: str, values: Mapping[str, Value]
    ) -> tuple[tuple[str, ...], tuple[tuple[Any, str | None], ...]]:
        markers, names = _markers(values, using)
        rows, columns = self._describe(**markers)
        query: Any = rows.using(using).query.chain(UpdateQuery)
        query.add_update_values(dict(columns))
        query.annotations = {}
        sql, params = query.get_compiler(using).as_sql()
        return tuple(sql.split("%s")), _places(params, names, values)


def _markers(values: Mapping[str, Value], using: str) -> tuple[dict[str, Value], dict[Any, str]]:
    """Return values of the same kinds, and which name each of them is the parameter of."""
    markers = {name: _marker(name, number, value) for number, (name, value) in enumerate(values.items())}
    return markers, {_adapted(marker, connections[using])[0]: name for name, marker in markers.items()}


def _places(
    params: Iterable[Any], names: Mapping[Any, str], values: Mapping[str, Value]
) -> tuple[tuple[Any, str | None], ...]:
    places = tuple((param, names.get(param)) for param in params)
    if {name for _, name in places if name} != set(values):
        raise TypeError("each value must be compared with a column, or become one")
    return places


def _filled(
    parts: tuple[str, ...], places: tuple[tuple[Any, str | None], ...], values: Mapping[str, Value], connection: Any
) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL and its parameters, with these values in their places. NULL stands for an empty list."""
    given = {name: _adapted(value, connection) for name, value in values.items()}
    params: list[Any] = []
    sql = [parts[0]]
    for (param, name), following in zip(places, parts[1:], strict=True):
        several = given[name] if name else [param]
        params += several
        sql += [", ".join(["%s"] * len(several)) or "NULL", following]
    return "".join(sql), tuple(params)


def _marker(name: str, number: int, value: Value) -> Value:
    """Return a value of the same kind that nobody compares with."""
    if isinstance(value, str):
        return f"\0{name}"
    if isinstance(value, datetime):
        return datetime(1000, 1, 1 + number, tzinfo=UTC)
    if isinstance(value, float):
        return -(10.0**9) - number - 0.5
    return [-(10**9) - number] if isinstance(value, list) else -(10**9) - number


class _Writing(ABC):
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

    @abstractmethod
    def _sql(self, quote: Callable[[str], str]) -> str:
        """Return the statement, with a place for each column in the order of ``_fields``."""


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
    """SQL, parted at its parameters (each with the name of the value that takes its place), and what reading its rows
    needs."""

    query: Query
    sql: tuple[str, ...]
    places: tuple[tuple[Any, str | None], ...]
    learned: Mapping[str, Any]

    def compiler(self, using: str, values: Mapping[str, Value]) -> Any:
        """Return a compiler that has nothing left to write."""
        compiler = self.query.get_compiler(using)
        written = _filled(self.sql, self.places, values, compiler.connection)
        vars(compiler).update(self.learned, as_sql=lambda: written)
        return compiler


def _adapted(value: Value, connection: Any) -> list[Any]:
    """Return the parameters that a value becomes."""
    if isinstance(value, datetime):
        return [connection.ops.adapt_datetimefield_value(value)]
    return value if isinstance(value, list) else [value]
